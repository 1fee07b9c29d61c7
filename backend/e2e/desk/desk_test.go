//go:build linux

package desk

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"lanyard/backend/internal/keyringtest"
)

func newDesk(t *testing.T) *Desk {
	t.Helper()
	tools := os.Getenv("LANYARD_TOOLS")
	if tools == "" {
		tools = "../../../build/tools"
	}
	d, err := New(t.TempDir(), filepath.Join(tools, "bin"), keyringtest.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.Close)
	return d
}

// The person fills in a page that a program opened; nothing of it stays.
func TestBrowser(t *testing.T) {
	got := make(chan string, 1)
	page := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		if r.Method == http.MethodPost {
			got <- r.FormValue("code")
			_, _ = w.Write([]byte(`<title>b</title><p id="thanks">Thank you.`))
			return
		}
		_, _ = w.Write([]byte(`<title>a</title><form method="post"><input type="hidden" name="code" value="0"><input name="code"><button>Send`))
	}))
	defer page.Close()
	d := newDesk(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	open := d.Program(ctx, filepath.Join(d.bin, "xdg-open"), page.URL)
	if err := open.Start(); err != nil {
		t.Fatal(err)
	}
	b, err := d.Browser(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Do(Type("code", "ABC-1"), Press("button"), Wait("#thanks")); err != nil {
		t.Fatal(err)
	}
	select {
	case code := <-got:
		if code != "ABC-1" && code != "0" {
			t.Errorf("typed %q", code)
		}
	default:
		t.Error("nothing was sent")
	}
	if text, err := b.Text(); err != nil || !strings.Contains(text, "Thank you.") {
		t.Errorf("the page says %q, %v", text, err)
	}
	if where, err := b.Location(); err != nil || !strings.HasPrefix(where, page.URL) {
		t.Errorf("it is at %q, %v", where, err)
	}
	picture := filepath.Join(t.TempDir(), "a.png")
	if err := b.Picture(picture); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(picture); err != nil || info.Size() < 500 {
		t.Errorf("the picture: %v, %v", info, err)
	}
	b.Leave()
	if err := open.Wait(); err != nil || ctx.Err() != nil {
		t.Errorf("the browser ended with %v, %v", err, ctx.Err())
	}
	d.Close()
	if left := d.Processes(); len(left) != 0 {
		t.Errorf("left running: %v", left)
	}
}

// What the person's programs leave behind is found, however it was started, and ended.
func TestSweep(t *testing.T) {
	d := newDesk(t)
	cmd := d.Program(t.Context(), "/bin/sh", "-c", "env -i setsid sleep 600 & wait")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	seen := func() bool {
		for _, p := range d.Processes() {
			if p.Name == "sleep" {
				return true
			}
		}
		return false
	}
	for end := time.Now().Add(10 * time.Second); !seen(); {
		if time.Now().After(end) {
			t.Fatalf("not found among %v", d.Processes())
		}
	}
	d.Close()
	_ = cmd.Wait() // killed
	if left := d.Processes(); len(left) != 0 {
		t.Errorf("left running: %v", left)
	}
}

// skopeo, which checks every digest, reads what WriteImage wrote.
func TestWriteImage(t *testing.T) {
	d := newDesk(t)
	from, to := filepath.Join(d.Home, "image"), filepath.Join(d.Home, "again")
	digest, err := WriteImage(from, "1", "hello")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Must(d.Shell(t.Context(), "skopeo copy oci:"+from+":1 docker-archive:"+to)); err != nil { // unpacks it
		t.Fatal(err)
	}
	o, err := Must(d.Shell(t.Context(), "skopeo inspect --format '{{.Digest}}' oci:"+from+":1"))
	if err != nil || strings.TrimSpace(o.Out) != digest {
		t.Errorf("%q is not %q, %v", o.Out, digest, err)
	}
	if other, err := WriteImage(filepath.Join(d.Home, "other"), "1", "world"); err != nil || other == digest {
		t.Errorf("another text has the same digest, %v", err)
	}
}
