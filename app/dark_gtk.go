//go:build linux && cgo && webkit2_41

package app

/*
#cgo pkg-config: gtk+-3.0
#include <gtk/gtk.h>

// What the desktop says of light and dark (XDG Desktop Portal, Settings).
#define PORTAL    "org.freedesktop.portal.Desktop"
#define PATH      "/org/freedesktop/portal/desktop"
#define SETTINGS  "org.freedesktop.portal.Settings"
#define NAMESPACE "org.freedesktop.appearance"
#define KEY       "color-scheme"

enum { NO_PREFERENCE, DARK, LIGHT };

// What the person chose counts before what the desktop says. Both are touched
// on GTK's own thread alone.
static gint chosen = NO_PREFERENCE;
static gint said = NO_PREFERENCE;

static void dark_apply(void) {
	gint scheme = chosen != NO_PREFERENCE ? chosen : said;
	GtkSettings *settings = gtk_settings_get_default();
	if (settings != NULL && scheme != NO_PREFERENCE)
		g_object_set(settings, "gtk-application-prefer-dark-theme", scheme == DARK, NULL);
	else if (settings != NULL)
		gtk_settings_reset_property(settings, "gtk-application-prefer-dark-theme");
}

static gboolean dark_choose_now(gpointer scheme) {
	chosen = GPOINTER_TO_INT(scheme);
	dark_apply();
	return G_SOURCE_REMOVE;
}

static gboolean dark_apply_now(gpointer nothing) {
	dark_apply();
	return G_SOURCE_REMOVE;
}

// GTK's loop does not run yet. It comes to this before it paints.
static void dark_expect(int will_choose, int will_say) {
	chosen = will_choose;
	said = will_say;
	g_idle_add_full(G_PRIORITY_HIGH, dark_apply_now, NULL, NULL);
}

static void dark_choose(int scheme) { gdk_threads_add_idle(dark_choose_now, GINT_TO_POINTER(scheme)); }

// GTK 3 knows a theme, and nothing of the desktop's choice; WebKit asks GTK.
static void dark_set(GVariant *value) {
	while (g_variant_is_of_type(value, G_VARIANT_TYPE_VARIANT)) {
		GVariant *in = g_variant_get_variant(value);
		g_variant_unref(value);
		value = in;
	}
	if (g_variant_is_of_type(value, G_VARIANT_TYPE_UINT32)) {
		guint32 scheme = g_variant_get_uint32(value);
		if (scheme == DARK || scheme == LIGHT) {
			said = scheme;
			dark_apply();
		}
	}
	g_variant_unref(value);
}

static void dark_read(GObject *bus, GAsyncResult *result, gpointer nothing) {
	GVariant *answer = g_dbus_connection_call_finish(G_DBUS_CONNECTION(bus), result, NULL);
	if (answer == NULL)
		return; // no portal, or one without it
	dark_set(g_variant_get_child_value(answer, 0));
	g_variant_unref(answer);
}

static void dark_changed(GDBusConnection *bus, const gchar *sender, const gchar *path, const gchar *interface,
		const gchar *signal, GVariant *said, gpointer nothing) {
	const gchar *key = NULL;
	if (!g_variant_is_of_type(said, G_VARIANT_TYPE("(ssv)")))
		return;
	g_variant_get_child(said, 1, "&s", &key);
	if (g_strcmp0(key, KEY) == 0)
		dark_set(g_variant_get_child_value(said, 2));
}

static void dark_follow(GObject *source, GAsyncResult *result, gpointer nothing) {
	GDBusConnection *bus = g_bus_get_finish(result, NULL);
	if (bus == NULL)
		return;
	g_dbus_connection_signal_subscribe(bus, PORTAL, SETTINGS, "SettingChanged", PATH, NAMESPACE,
		G_DBUS_SIGNAL_FLAGS_NONE, dark_changed, NULL, NULL);
	g_dbus_connection_call(bus, PORTAL, PATH, SETTINGS, "Read", g_variant_new("(ss)", NAMESPACE, KEY),
		G_VARIANT_TYPE("(v)"), G_DBUS_CALL_FLAGS_NONE, -1, NULL, dark_read, NULL);
}

static gboolean dark_begin(gpointer nothing) {
	// Without an address GLib would start a bus of its own.
	if (g_getenv("DBUS_SESSION_BUS_ADDRESS") != NULL)
		g_bus_get(G_BUS_TYPE_SESSION, NULL, dark_follow, NULL);
	return G_SOURCE_REMOVE;
}

static void dark_start(void) { gdk_threads_add_idle(dark_begin, NULL); }
*/
import "C"

// followDesktop makes the window dark when the desktop is, as long as it lives.
func followDesktop() { C.dark_start() }

// expect is what will be chosen or said, once there is a window.
func expect(theme string, dark bool) {
	switch {
	case theme == themeDark:
		C.dark_expect(C.DARK, C.NO_PREFERENCE)
	case theme == themeLight:
		C.dark_expect(C.LIGHT, C.NO_PREFERENCE)
	case dark:
		C.dark_expect(C.NO_PREFERENCE, C.DARK)
	}
}

// choose is the person's word, which counts before the desktop's; "": the
// desktop's.
func choose(theme string) {
	switch theme {
	case themeDark:
		C.dark_choose(C.DARK)
	case themeLight:
		C.dark_choose(C.LIGHT)
	default:
		C.dark_choose(C.NO_PREFERENCE)
	}
}
