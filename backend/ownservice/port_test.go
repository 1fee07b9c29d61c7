package ownservice

import (
	"os"
	"path/filepath"
	"testing"
)

// Where it does not run, the service is known by the port it keeps.
func TestOwns(t *testing.T) {
	s := &Service{Data: t.TempDir()}
	if port, err := KeptPort(s.Data); port != "" || err != nil {
		t.Errorf("before it first ran: %q %v", port, err)
	}
	if s.Owns(t.Context(), "http://localhost:") {
		t.Error("before it first ran, it owns an address")
	}
	file := filepath.Join(s.Data, PortFile)
	for name, text := range map[string]string{"empty": "", "no port": "{}", "no JSON": "8460"} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if port, err := KeptPort(s.Data); err == nil {
			t.Errorf("%s: %q", name, port)
		}
	}
	if err := os.WriteFile(file, []byte(`{"port": "8461"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if port, err := KeptPort(s.Data); port != "8461" || err != nil {
		t.Errorf("%q %v", port, err)
	}
	for address, want := range map[string]bool{"http://localhost:8461": true, "http://localhost:8460": false, "https://localhost:8461": false, "http://127.0.0.1:8461": false} {
		if s.Owns(t.Context(), address) != want {
			t.Errorf("%s: %v", address, !want)
		}
	}
}
