package main

import (
	"os"
	"testing"
)

// A release takes no orders from WEBKIT_INSPECTOR_*, however many there are.
func TestUnsetOrders(t *testing.T) {
	for _, name := range []string{"WEBKIT_INSPECTOR_SERVER", "WEBKIT_INSPECTOR_HTTP_SERVER", "WEBKIT_INSPECTOR_LATER"} {
		t.Setenv(name, "127.0.0.1:1")
	}
	t.Setenv("WEBKIT_OTHER", "kept")
	if err := unsetOrders(os.Environ()); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"WEBKIT_INSPECTOR_SERVER", "WEBKIT_INSPECTOR_HTTP_SERVER", "WEBKIT_INSPECTOR_LATER"} {
		if _, set := os.LookupEnv(name); set != takesOrders {
			t.Errorf("%s is set: %v", name, set)
		}
	}
	if os.Getenv("WEBKIT_OTHER") != "kept" {
		t.Error("another variable is gone")
	}
}
