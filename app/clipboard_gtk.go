//go:build linux && cgo && webkit2_41

package app

/*
#cgo pkg-config: gtk+-3.0
#include <gtk/gtk.h>
#include <string.h>

// The hint by which KDE's and GNOME's clipboard managers know what not to keep.
#define HINT "x-kde-passwordManagerHint"

enum { AS_TEXT, AS_HINT };

typedef struct { gint id; gchar *text; } secret;

// The secret that is on the clipboard, by its number; 0: none of ours. GTK
// tells when another program, or this one, has put something else there.
static gint there;

static void secret_give(GtkClipboard *c, GtkSelectionData *data, guint as, gpointer of) {
	if (as == AS_HINT)
		gtk_selection_data_set(data, gdk_atom_intern_static_string(HINT), 8, (const guchar *)"secret", 6);
	else
		gtk_selection_data_set_text(data, ((secret *)of)->text, -1);
}

static void secret_free(GtkClipboard *c, gpointer of) {
	secret *s = of;
	g_atomic_int_compare_and_exchange(&there, s->id, 0);
	memset(s->text, 0, strlen(s->text));
	g_free(s->text);
	g_free(s);
}

// Only the clipboard: what is merely selected (PRIMARY) is not touched, or the
// next middle click would paste it.
static gboolean secret_put(gpointer of) {
	secret *s = of;
	GtkClipboard *c = gtk_clipboard_get(GDK_SELECTION_CLIPBOARD);
	GtkTargetList *list = gtk_target_list_new(NULL, 0);
	gint n = 0;
	gtk_target_list_add_text_targets(list, AS_TEXT);
	gtk_target_list_add(list, gdk_atom_intern_static_string(HINT), 0, AS_HINT);
	GtkTargetEntry *table = gtk_target_table_new_from_list(list, &n);
	// It frees the one before first.
	if (gtk_clipboard_set_with_data(c, table, n, secret_give, secret_free, s))
		g_atomic_int_set(&there, s->id);
	else
		secret_free(c, s);
	gtk_target_table_free(table, n);
	gtk_target_list_unref(list);
	return G_SOURCE_REMOVE;
}

static gboolean secret_clear(gpointer id) {
	if (g_atomic_int_get(&there) == GPOINTER_TO_INT(id))
		gtk_clipboard_clear(gtk_clipboard_get(GDK_SELECTION_CLIPBOARD));
	return G_SOURCE_REMOVE;
}

// Of GTK, all is done in its own thread.
static gint secret_copy(const char *text, gsize length) {
	static gint copies;
	gint id = g_atomic_int_add(&copies, 1) + 1;
	secret *s = g_new0(secret, 1);
	s->id = id;
	s->text = g_strndup(text, length);
	gdk_threads_add_idle(secret_put, s);
	return id;
}

static void secret_take(gint id) { gdk_threads_add_idle(secret_clear, GINT_TO_POINTER(id)); }

static gint secret_there(void) { return g_atomic_int_get(&there); }
*/
import "C"

import "unsafe"

// CopySecret puts it on the clipboard with the mark, and knows from GTK when
// something else takes its place.
func (s *wailsScreen) CopySecret(secret string) (take func() bool, err error) {
	if _, ok := s.window(); !ok {
		return func() bool { return false }, nil
	}
	text := []byte(secret + "\x00")
	id := C.secret_copy((*C.char)(unsafe.Pointer(&text[0])), C.gsize(len(secret)))
	clear(text)
	return func() bool {
		if C.secret_there() != id {
			return false
		}
		C.secret_take(id)
		return true
	}, nil
}
