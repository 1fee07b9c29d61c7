package images_test

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// What a person sees whose push meets a collection, by the clients they have.
func TestClientsWhileCollecting(t *testing.T) {
	r := start(t)
	token := r.everything(t, "alice/app")
	home := t.TempDir()
	layer := filepath.Join(home, "layer.tar")
	var content bytes.Buffer
	archive := tar.NewWriter(&content)
	if err := errors.Join(archive.WriteHeader(&tar.Header{Name: "hello", Mode: 0o644, Size: 5}), second(archive.Write([]byte("hello"))), archive.Close(),
		os.WriteFile(layer, content.Bytes(), 0o600),
		os.WriteFile(filepath.Join(home, "config.json"), fmt.Appendf(nil, `{"auths":{%q:{"auth":"YWxpY2U6eA=="}}}`, r.host), 0o600)); err != nil {
		t.Fatal(err)
	}
	image := r.host + "/alice/app"
	for _, args := range [][]string{
		{"crane", "append", "-f", layer, "-t", image + ":1"},
		{"regctl", "registry", "set", "--tls", "disabled", r.host},
		{"skopeo", "copy", "--src-tls-verify=false", "docker://" + image + ":1", "dir:" + filepath.Join(home, "image")},
	} {
		if out, err := run(t, home, args[0], args[1:]...); err != nil {
			t.Fatalf("%s: %v\n%s", strings.Join(args, " "), err, out)
		}
	}
	end := r.slowPush(t, token)
	collected := make(chan error, 1)
	go func() { _, err := r.images.GC(t.Context(), false); collected <- err }()
	r.until(t, func() bool { return r.shut(t, token) })
	// These give up soon, and tell the person why.
	for _, args := range [][]string{
		{"crane", "tag", image + ":1", "2"},
		{"skopeo", "copy", "--dest-tls-verify=false", "dir:" + filepath.Join(home, "image"), "docker://" + image + ":2"},
	} {
		if out, err := run(t, home, args[0], args[1:]...); err == nil || !strings.Contains(out, "the registry is read-only while its garbage collection runs") {
			t.Errorf("%s: %v\n%s", args[0], err, out)
		}
	}
	// These wait until it is over.
	patient := [][]string{
		{"regctl", "image", "copy", image + ":1", image + ":regctl"},
		{"oras", "push", "--plain-http", image + ":oras", "--disable-path-validation", layer},
	}
	ended := make(chan error, len(patient))
	for len(r.busy) > 0 {
		<-r.busy
	}
	for _, args := range patient {
		go func() {
			out, err := run(t, home, args[0], args[1:]...)
			if err != nil {
				err = fmt.Errorf("%s: %w\n%s", args[0], err, out)
			}
			ended <- err
		}()
		for agent := ""; !strings.Contains(agent, args[0]); {
			select {
			case agent = <-r.busy:
			case <-time.After(20 * time.Second):
				t.Fatalf("%s was not asked to try again", args[0])
			}
		}
	}
	end()
	if err := <-collected; err != nil {
		t.Fatal(err)
	}
	for range patient {
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
}
