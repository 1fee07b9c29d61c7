package images_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"lanyard/backend/internal/images"
)

// The test's own program is also a collection that can be killed.
func TestMain(m *testing.M) {
	if len(os.Args) == 3 && os.Args[1] == "collect" {
		if _, err := images.Collect(context.Background(), os.Args[2], false, time.Now(), nil); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// Killed at each file that it removes, a collection has broken no image; the
// folder can be served at once, and the next collection does the rest.
func TestKilledWhileCollecting(t *testing.T) {
	r := start(t)
	token := r.everything(t, "alice/app", "alice/other")
	child := r.image(t, "alice/app", token, "", "arm64", "arm")
	r.image(t, "alice/app", token, "latest", "amd64", "shared", "old")
	r.image(t, "alice/app", token, "latest", "amd64", "shared", "new")
	r.index(t, "alice/app", token, "multi", child.on("linux", "arm64", ""))
	r.image(t, "alice/app", token, "gone", "amd64", "gone", "shared")
	r.image(t, "alice/other", token, "1", "amd64", "old")
	r.image(t, "alice/other", token, "gone", "amd64", "gone too")
	if err := errors.Join(r.images.DeleteTag(t.Context(), "alice/app", "gone"), r.images.DeleteTag(t.Context(), "alice/other", "gone"), r.images.Close()); err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	whole := filepath.Join(t.TempDir(), "whole")
	if err := os.CopyFS(whole, os.DirFS(r.dir)); err != nil {
		t.Fatal(err)
	}
	if _, err := images.Collect(t.Context(), whole, false, time.Now(), nil); err != nil {
		t.Fatal(err)
	}
	want := links(t, whole)
	killed := 0
	for n := 1; ; n++ {
		dir := filepath.Join(t.TempDir(), "images")
		if err := os.CopyFS(dir, os.DirFS(r.dir)); err != nil {
			t.Fatal(err)
		}
		cmd := exec.CommandContext(t.Context(), "strace", "-f", "-qq", "-o", "/dev/null", "-e", fmt.Sprintf("inject=unlinkat:signal=SIGKILL:when=%d", n), self, "collect", dir)
		cmd.Env = append(os.Environ(), "GOMAXPROCS=1") // strace counts by thread
		out, err := cmd.CombinedOutput()
		if err == nil {
			break
		}
		if exit := (*exec.ExitError)(nil); !errors.As(err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
			t.Fatalf("at %d: %v\n%s", n, err, out)
		}
		killed++
		r.serves(t, dir, token, fmt.Sprintf("killed at %d", n))
		if _, err := images.Collect(t.Context(), dir, false, time.Now(), nil); err != nil {
			t.Errorf("killed at %d, the next one: %v", n, err)
		}
		if got := links(t, dir); !slices.Equal(got, want) {
			t.Errorf("killed at %d, the next one left\n%s\nwant\n%s", n, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	}
	if killed < 10 {
		t.Errorf("it was killed %d times only", killed)
	}
}

// serves pulls all that has a tag from a registry over dir.
func (r *rig) serves(t *testing.T, dir, token, when string) {
	t.Helper()
	c := r.config
	c.Dir = dir
	registry, err := images.New(c)
	if err != nil {
		t.Fatalf("%s: %v", when, err)
	}
	defer func() {
		if err := registry.Close(); err != nil {
			t.Error(err)
		}
	}()
	other := *r
	other.handler = registry
	for _, image := range []string{"alice/app:latest", "alice/app:multi", "alice/other:1"} {
		repository, tag, _ := strings.Cut(image, ":")
		if got := other.pulls(t, repository, token, tag); got != http.StatusOK {
			t.Errorf("%s, %s: %d", when, image, got)
		}
	}
}

// links are the files of a registry's folder: empty folders say nothing.
func links(t *testing.T, dir string) []string {
	t.Helper()
	var all []string
	for _, name := range strings.Split(files(t, dir), "\n") {
		if info, err := os.Stat(filepath.Join(dir, name)); err != nil || !info.IsDir() {
			all = append(all, name)
		}
	}
	return all
}
