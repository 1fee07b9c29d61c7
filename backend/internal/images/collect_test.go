package images_test

import (
	"errors"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"lanyard/backend/internal/images"
)

// clock is a registry's, which tests move.
type clock struct{ ahead atomic.Int64 }

func (c *clock) now() time.Time          { return time.Now().Add(time.Duration(c.ahead.Load())) }
func (c *clock) move(by time.Duration)   { c.ahead.Add(int64(by)) }
func (c *clock) config(i *images.Config) { i.Now = c.now }
func (r *rig) has(t *testing.T, d string) bool {
	t.Helper()
	hex := strings.TrimPrefix(d, "sha256:")
	_, err := os.Stat(filepath.Join(r.dir, "docker/registry/v2/blobs/sha256", hex[:2], hex, "data"))
	return err == nil
}

// pull is all of an image, so that what is missing is found.
func (r *rig) pulls(t *testing.T, repository, token, ref string) int {
	t.Helper()
	resp, answer := r.do(t, http.MethodGet, "/v2/"+repository+"/manifests/"+ref, token, nil, "")
	if resp.StatusCode != http.StatusOK {
		return resp.StatusCode
	}
	for _, field := range strings.Split(answer, `"digest":"`)[1:] {
		d, _, _ := strings.Cut(field, `"`)
		kind := "blobs"
		if strings.Contains(resp.Header.Get("Content-Type"), "index") {
			kind = "manifests"
		}
		if part, text := r.do(t, http.MethodGet, "/v2/"+repository+"/"+kind+"/"+d, token, nil, ""); part.StatusCode != http.StatusOK || digest([]byte(text)) != d {
			return part.StatusCode
		}
	}
	return http.StatusOK
}

func TestCollect(t *testing.T) {
	var c clock
	r := startAs(t, c.config)
	token := r.everything(t, "alice/app", "alice/other")
	old := r.image(t, "alice/app", token, "latest", "amd64", "shared", "old")
	r.image(t, "alice/app", token, "latest", "amd64", "shared", "new")
	gone := r.image(t, "alice/app", token, "gone", "amd64", "gone")
	child := r.image(t, "alice/app", token, "", "arm64", "arm")
	r.index(t, "alice/app", token, "multi", child.on("linux", "arm64", ""))
	r.image(t, "alice/other", token, "1", "amd64", "shared", "old")
	if err := r.images.DeleteTag(t.Context(), "alice/app", "gone"); err != nil {
		t.Fatal(err)
	}
	before := files(t, r.dir)
	dry, err := r.images.GC(t.Context(), true)
	if err != nil {
		t.Fatal(err)
	}
	if after := files(t, r.dir); after != before {
		t.Errorf("a dry run changed\n%s\nto\n%s", before, after)
	}
	// The layer "old" and its manifest are the other repository's too.
	want := images.Report{DryRun: true, Repositories: 2, Manifests: 2, Blobs: 2, Bytes: gone.Size + int64(len("gone"))}
	if dry != want {
		t.Errorf("dry: %+v, want %+v", dry, want)
	}
	report, err := r.images.GC(t.Context(), false)
	if want.DryRun = false; err != nil || report != want {
		t.Errorf("%+v %v, want %+v", report, err, want)
	}
	for ref, status := range map[string]int{"latest": 200, "multi": 200, child.Digest: 200, "gone": 404, gone.Digest: 404, old.Digest: 404} {
		if got := r.pulls(t, "alice/app", token, ref); got != status {
			t.Errorf("%s: %d, want %d", ref, got, status)
		}
	}
	if got := r.pulls(t, "alice/other", token, "1"); got != http.StatusOK {
		t.Errorf("the other repository's: %d", got)
	}
	if r.has(t, digest([]byte("gone"))) || !r.has(t, digest([]byte("old"))) {
		t.Error("the wrong blobs are there")
	}
	if strings.Contains(files(t, r.dir), "latest/index/sha256/"+strings.TrimPrefix(old.Digest, "sha256:")) {
		t.Error("the tag remembers what it was")
	}
	if report, err := r.images.GC(t.Context(), false); err != nil || report != (images.Report{Repositories: 2}) {
		t.Errorf("again: %+v %v", report, err)
	}
	// What was collected can be pushed again: nothing remembers that it was there.
	r.image(t, "alice/app", token, "gone", "amd64", "gone")
	if got := r.pulls(t, "alice/app", token, "gone"); got != http.StatusOK {
		t.Errorf("pushed again: %d", got)
	}
}

// files are the paths of all of a folder.
func files(t *testing.T, dir string) string {
	t.Helper()
	var all []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		all = append(all, strings.TrimPrefix(path, dir))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(all, "\n")
}

func TestCollectAfterARepositoryIsDeleted(t *testing.T) {
	r := start(t)
	token := r.everything(t, "alice/app")
	d := r.image(t, "alice/app", token, "1", "amd64", "layer")
	if err := r.images.DeleteRepository(t.Context(), "alice/app"); err != nil {
		t.Fatal(err)
	}
	// A folder that is no repository is in nobody's way.
	if err := os.MkdirAll(filepath.Join(r.dir, "docker/registry/v2/repositories/Lost+found/_layers/sha256"), 0o700); err != nil {
		t.Fatal(err)
	}
	report, err := r.images.GC(t.Context(), false)
	if err != nil || report.Blobs != 3 || r.has(t, d.Digest) {
		t.Errorf("%+v %v", report, err)
	}
}

// A push that has brought its layers, and not yet its manifest, can end.
func TestCollectAmidAPush(t *testing.T) {
	var c clock
	r := startAs(t, c.config)
	token := r.everything(t, "alice/app")
	layer := r.upload(t, "alice/app", token, []byte("a layer"))
	if report, err := r.images.GC(t.Context(), false); err != nil || report.Waiting != 1 || report.Blobs != 0 {
		t.Errorf("%+v %v", report, err)
	}
	if d := r.image(t, "alice/app", token, "1", "amd64", "a layer"); r.pulls(t, "alice/app", token, "1") != http.StatusOK {
		t.Errorf("the push did not end well: %+v", d)
	}
	waiting := r.upload(t, "alice/app", token, []byte("another layer"))
	c.move(time.Hour + time.Minute)
	if report, err := r.images.GC(t.Context(), false); err != nil || report.Waiting != 0 || report.Blobs != 1 {
		t.Errorf("an hour later: %+v %v", report, err)
	}
	if r.has(t, waiting) || !r.has(t, layer) {
		t.Error("the wrong layer went")
	}
}

func TestUploadsNeverFinished(t *testing.T) {
	var c clock
	r := startAs(t, c.config)
	token := r.everything(t, "alice/app")
	begin := func() string {
		resp, answer := r.do(t, http.MethodPost, "/v2/alice/app/blobs/uploads/", token, nil, "")
		if resp.StatusCode != http.StatusAccepted {
			t.Fatalf("%s %s", resp.Status, answer)
		}
		return resp.Header.Get("Docker-Upload-UUID")
	}
	id := begin()
	uploads := filepath.Join(r.dir, "docker/registry/v2/repositories/alice/app/_uploads")
	// One that was cut off before it could say when it began.
	if err := os.Mkdir(filepath.Join(uploads, "11111111-1111-4111-8111-111111111111"), 0o700); err != nil {
		t.Fatal(err)
	}
	c.move(23 * time.Hour)
	if report, err := r.images.GC(t.Context(), false); err != nil || report.Uploads != 0 {
		t.Errorf("on the same day: %+v %v", report, err)
	}
	c.move(time.Hour + time.Minute)
	if report, err := r.images.GC(t.Context(), false); err != nil || report.Uploads != 2 {
		t.Errorf("a day later: %+v %v", report, err)
	}
	if _, err := os.Stat(filepath.Join(uploads, id)); err == nil {
		t.Error("the upload is there")
	}
}

// A manifest that cannot be read may need anything: nothing is removed on a
// guess, and deleting its tag helps.
func TestCollectWithADamagedManifest(t *testing.T) {
	r := start(t)
	token := r.everything(t, "alice/app", "alice/b")
	d := r.image(t, "alice/app", token, "1", "amd64", "layer")
	gone := r.image(t, "alice/b", token, "1", "amd64", "other")
	if err := r.images.DeleteTag(t.Context(), "alice/b", "1"); err != nil {
		t.Fatal(err)
	}
	hex := strings.TrimPrefix(d.Digest, "sha256:")
	if err := os.WriteFile(filepath.Join(r.dir, "docker/registry/v2/blobs/sha256", hex[:2], hex, "data"), []byte(`{"schemaVersion":2,`), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := r.images.GC(t.Context(), false)
	if err == nil || !strings.Contains(err.Error(), "alice/app") || !strings.Contains(err.Error(), "tag 1") || !strings.Contains(err.Error(), "delete that tag") {
		t.Errorf("%v", err)
	}
	if !r.has(t, gone.Digest) || !r.has(t, digest([]byte("layer"))) {
		t.Error("blobs were removed")
	}
	if err := r.images.DeleteTag(t.Context(), "alice/app", "1"); err != nil {
		t.Fatal(err)
	}
	if report, err := r.images.GC(t.Context(), false); err != nil || report.Manifests != 2 {
		t.Errorf("%+v %v", report, err)
	}
}

func TestCollectWithoutAService(t *testing.T) {
	r := start(t)
	token := r.everything(t, "alice/app")
	d := r.image(t, "alice/app", token, "1", "amd64", "layer")
	if err := r.images.DeleteTag(t.Context(), "alice/app", "1"); err != nil {
		t.Fatal(err)
	}
	collect := func(dir string) (images.Report, error) {
		return images.Collect(t.Context(), dir, false, time.Now(), nil)
	}
	if _, err := collect(r.dir); !errors.Is(err, images.ErrInUse) || !r.has(t, d.Digest) {
		t.Errorf("beside a service: %v", err)
	}
	if err := r.images.Close(); err != nil {
		t.Fatal(err)
	}
	if report, err := collect(r.dir); err != nil || report.Blobs != 3 || r.has(t, d.Digest) {
		t.Errorf("%+v %v", report, err)
	}
	for name, dir := range map[string]string{"no folder": filepath.Join(r.dir, "none"), "another's folder": t.TempDir(), "a file": "/dev/null"} {
		if _, err := collect(dir); !errors.Is(err, images.ErrFolder) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
