//go:build linux && cgo && webkit2_41

package app

/*
#cgo pkg-config: webkit2gtk-4.1
#include <webkit2/webkit2.h>

static void zoom_in(GtkWidget *widget, gpointer level) {
	if (WEBKIT_IS_WEB_VIEW(widget))
		webkit_web_view_set_zoom_level(WEBKIT_WEB_VIEW(widget), GPOINTER_TO_INT(level) / 100.0);
	else if (GTK_IS_CONTAINER(widget))
		gtk_container_forall(GTK_CONTAINER(widget), zoom_in, level);
}

static gboolean zoom_now(gpointer level) {
	GList *windows = gtk_window_list_toplevels();
	for (GList *one = windows; one != NULL; one = one->next)
		zoom_in(GTK_WIDGET(one->data), level);
	g_list_free(windows);
	return G_SOURCE_REMOVE;
}

static void zoom(int percent) { gdk_threads_add_idle(zoom_now, GINT_TO_POINTER(percent)); }
*/
import "C"

import "fmt"

// webview is what draws the pages.
func webview() string {
	return fmt.Sprintf("WebKitGTK %d.%d.%d", C.webkit_get_major_version(), C.webkit_get_minor_version(), C.webkit_get_micro_version())
}

// zooms: WebKitGTK has no zoom of its own that a person could reach.
const zooms = true

// zoom has the webview draw its pages larger or smaller; 100 is as they are.
func zoom(percent int) { C.zoom(C.int(percent)) }
