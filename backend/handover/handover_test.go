package handover_test

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/docker/docker-credential-helpers/credentials"

	"lanyard/backend/handover"
)

func open(t *testing.T, held map[string]handover.Credential) (*handover.Desk, handover.Helper) {
	t.Helper()
	dir, err := os.MkdirTemp("", "lyd-") // short, as a socket's path is
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	d, err := handover.Open(dir, held)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close() })
	return d, handover.Helper{Socket: d.Socket}
}

func TestWhatIsStoredIsHeld(t *testing.T) {
	d, h := open(t, map[string]handover.Credential{"old": {Username: "ann", Secret: "one"}})
	if user, secret, err := h.Get("old"); user != "ann" || secret != "one" || err != nil {
		t.Errorf("get: %q %v", user, err)
	}
	if err := h.Add(&credentials.Credentials{ServerURL: "https://index.docker.io/v1/", Username: "ann", Secret: "two"}); err != nil {
		t.Error(err)
	}
	if all, err := h.List(); err != nil || len(all) != 2 || all["https://index.docker.io/v1/"] != "ann" {
		t.Errorf("list: %v %v", all, err)
	}
	for range 2 { // the second finds nothing, which is no error
		if err := h.Delete("old"); err != nil {
			t.Error(err)
		}
	}
	if _, _, err := h.Get("old"); !credentials.IsErrCredentialsNotFound(err) {
		t.Errorf("get of nothing: %v", err)
	}
	if held := d.Held(); len(held) != 1 || held["https://index.docker.io/v1/"].Secret != "two" {
		t.Errorf("held: %v", held)
	}
}

func TestManyAtOnce(t *testing.T) {
	d, h := open(t, nil)
	var all sync.WaitGroup
	for i := range 50 {
		all.Go(func() {
			if err := h.Add(&credentials.Credentials{ServerURL: fmt.Sprint(i), Username: "ann", Secret: "x"}); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if len(d.Held()) != 50 {
		t.Errorf("%d are held", len(d.Held()))
	}
}

func TestNobodyThere(t *testing.T) {
	d, h := open(t, nil)
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	if _, _, err := h.Get("x"); err == nil || credentials.IsErrCredentialsNotFound(err) {
		t.Errorf("get: %v", err)
	}
}

// Garbage, a question without an end, and one that is never asked: the desk
// goes on, and closes.
func TestBadQuestions(t *testing.T) {
	d, h := open(t, nil)
	for _, text := range []string{"", "{", "no json\n", `{"action":"get","key":"` + strings.Repeat("x", 128<<10) + `"}`} {
		conn, err := net.Dial("unix", d.Socket)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = conn.Write([]byte(text)) // it may hang up first
		_ = conn.Close()
	}
	if err := h.Delete("x"); err != nil {
		t.Error(err)
	}
}

func TestFolderOpenToOthers(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "d")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if _, err := handover.Open(dir, nil); err == nil {
		t.Error("opened in a folder that everybody may enter")
	}
	if left, _ := os.ReadDir(dir); len(left) != 0 {
		t.Errorf("left %v", left)
	}
}

func TestSecretsAreNotPrinted(t *testing.T) {
	c := handover.Credential{Username: "ann", Secret: "marked"}
	for _, format := range []string{"%v", "%+v", "%#v", "%s"} {
		if text := fmt.Sprintf(format, c); strings.Contains(text, "marked") {
			t.Errorf("%s prints %s", format, text)
		}
	}
}
