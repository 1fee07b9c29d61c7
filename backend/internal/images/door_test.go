package images_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"lanyard/backend/internal/images"
)

// A collection waits for what is being pushed; until it is over all changes
// are refused, and pulls are not.
func TestReadOnlyWhileCollecting(t *testing.T) {
	r := start(t)
	token := r.everything(t, "alice/app")
	d := r.image(t, "alice/app", token, "1", "amd64", "layer")
	end := r.slowPush(t, token)

	// First one that gives up waiting.
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := r.images.GC(ctx, false); !errors.Is(err, images.ErrUploading) {
		t.Errorf("with a push under way: %v", err)
	}
	r.upload(t, "alice/app", token, []byte("open again"))

	collected := make(chan error, 1)
	go func() { _, err := r.images.GC(t.Context(), false); collected <- err }()
	r.until(t, func() bool { return r.shut(t, token) })
	for name, row := range map[string]struct{ method, path string }{
		"begin an upload":   {http.MethodPost, "/v2/alice/app/blobs/uploads/"},
		"go on with one":    {http.MethodPatch, "/v2/alice/app/blobs/uploads/1"},
		"finish one":        {http.MethodPut, "/v2/alice/app/blobs/uploads/1"},
		"push a manifest":   {http.MethodPut, "/v2/alice/app/manifests/3"},
		"delete a manifest": {http.MethodDelete, "/v2/alice/app/manifests/" + d.Digest},
		"delete a blob":     {http.MethodDelete, "/v2/alice/app/blobs/" + d.Digest},
	} {
		resp, answer := r.do(t, row.method, row.path, token, []byte("x"), "")
		if resp.StatusCode != http.StatusTooManyRequests || resp.Header.Get("Retry-After") == "" ||
			!strings.Contains(answer, `"UNAVAILABLE"`) || !strings.Contains(answer, "garbage collection") {
			t.Errorf("%s: %s %s", name, resp.Status, answer)
		}
	}
	if err := r.images.DeleteTag(t.Context(), "alice/app", "1"); !errors.Is(err, images.ErrCollecting) {
		t.Errorf("delete a tag: %v", err)
	}
	if err := r.images.DeleteRepository(t.Context(), "alice/app"); !errors.Is(err, images.ErrCollecting) {
		t.Errorf("delete a repository: %v", err)
	}
	for _, dry := range []bool{true, false} {
		if _, err := r.images.GC(t.Context(), dry); !errors.Is(err, images.ErrCollecting) {
			t.Errorf("a second one, dry %t: %v", dry, err)
		}
	}
	if got := r.pulls(t, "alice/app", token, "1"); got != http.StatusOK {
		t.Errorf("pull: %d", got)
	}
	end()
	if err := <-collected; err != nil {
		t.Fatal(err)
	}
	r.image(t, "alice/app", token, "3", "amd64", "layer")
}

// A folder is another's only when nothing of ours writes to it any more.
func TestCloseWaitsForAPush(t *testing.T) {
	r := start(t)
	token := r.everything(t, "alice/app")
	end := r.slowPush(t, token)
	collected := make(chan error, 1)
	go func() { _, err := r.images.GC(t.Context(), false); collected <- err }()
	r.until(t, func() bool { return r.shut(t, token) })
	closed := make(chan error, 1)
	go func() { closed <- r.images.Close() }()
	if err := <-collected; !errors.Is(err, context.Canceled) {
		t.Errorf("the collection: %v", err)
	}
	r.until(t, func() bool {
		_, answer := r.do(t, http.MethodDelete, "/v2/alice/app/manifests/none", token, nil, "")
		return strings.Contains(answer, "being stopped")
	})
	if _, err := images.Collect(t.Context(), r.dir, false, time.Now(), nil); !errors.Is(err, images.ErrInUse) {
		t.Errorf("another's collection: %v", err)
	}
	end()
	if err := <-closed; err != nil {
		t.Error(err)
	}
	if _, err := images.Collect(t.Context(), r.dir, false, time.Now(), nil); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}

// Two services over one folder would not know of each other's pushes when one
// collects.
func TestOneServiceOverAFolder(t *testing.T) {
	r := start(t)
	c := images.Config{Dir: r.dir}
	if other, err := images.New(c); !errors.Is(err, images.ErrInUse) {
		t.Errorf("a second one: %v %v", other, err)
	}
}

// slowPush begins one of a manifest that comes to its end when it is told to.
func (r *rig) slowPush(t *testing.T, token string) (end func()) {
	t.Helper()
	reader, writer := io.Pipe()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPut, "http://"+r.host+"/v2/alice/app/manifests/slow", reader)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	ended := make(chan error, 1)
	go func() {
		resp, err := http.DefaultClient.Do(req)
		if err == nil {
			err = resp.Body.Close()
		}
		ended <- err
	}()
	<-r.inside
	return func() {
		if err := errors.Join(writer.Close(), <-ended); err != nil {
			t.Error(err)
		}
	}
}

// shut says whether changes are refused.
func (r *rig) shut(t *testing.T, token string) bool {
	resp, _ := r.do(t, http.MethodDelete, "/v2/alice/app/manifests/none", token, nil, "")
	return resp.StatusCode == http.StatusTooManyRequests
}

// until polls for what another goroutine does soon.
func (r *rig) until(t *testing.T, done func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(20 * time.Second)
	for !done() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatal("it did not come to that")
		}
	}
}
