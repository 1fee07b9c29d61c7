package images_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	rights "lanyard/backend/access"
	"lanyard/backend/internal/images"
)

// seen collects what a registry tells.
type seen chan rights.Seen

func (s seen) config(c *images.Config) { c.Seen = func(e rights.Seen) { s <- e } }

// all ends the registry, which tells the rest first.
func (s seen) all(t *testing.T, r *rig) []rights.Seen {
	t.Helper()
	if err := r.images.Close(); err != nil {
		t.Fatal(err)
	}
	close(s)
	var all []rights.Seen
	for e := range s {
		all = append(all, e)
	}
	return all
}

func TestWhatIsSeen(t *testing.T) {
	told := make(seen, 100)
	now := time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)
	r := startAs(t, func(c *images.Config) { told.config(c); c.Now = func() time.Time { return now } })
	token := r.everything(t, "alice/app")
	d := r.image(t, "alice/app", token, "1", "amd64", "layer")
	get := func(method, ref string) {
		t.Helper()
		r.do(t, method, "/v2/alice/app/manifests/"+ref, token, nil, "")
	}
	get(http.MethodHead, "1")
	get(http.MethodGet, "1")
	get(http.MethodGet, d.Digest)
	get(http.MethodGet, "none")
	r.do(t, http.MethodGet, "/v2/alice/app/manifests/1", "", nil, "")
	r.do(t, http.MethodGet, "/v2/alice/app/blobs/"+digest([]byte("layer")), token, nil, "")
	r.do(t, http.MethodPut, "/v2/alice/app/manifests/2", token, []byte("{}"), ociManifest)
	r.do(t, http.MethodGet, "/v2/alice/app/tags/list", token, nil, "")
	get(http.MethodDelete, "1")
	get(http.MethodDelete, d.Digest)
	get(http.MethodDelete, d.Digest)

	one := rights.Seen{Registry: r.host, Repository: "alice/app", Subject: "alice", Addr: "127.0.0.1", Agent: "Go-http-client/1.1", At: now}
	want := []rights.Seen{one, one, one, one, one}
	want[0].Action, want[0].Tag, want[0].Digest, want[0].Size = rights.Push, "1", d.Digest, d.Size
	want[1].Action, want[1].Tag, want[1].Digest, want[1].Size = rights.Pull, "1", d.Digest, d.Size
	want[2].Action, want[2].Digest, want[2].Size = rights.Pull, d.Digest, d.Size
	want[3].Action, want[3].Tag = rights.Delete, "1"
	want[4].Action, want[4].Digest = rights.Delete, d.Digest
	got := told.all(t, r)
	if !slices.EqualFunc(got, want, same) {
		t.Errorf("seen\n%+v\nwant\n%+v", got, want)
	}
}

func same(a, b rights.Seen) bool { return fmt.Sprintf("%+v", a) == fmt.Sprintf("%+v", b) }

// An index, its manifest for this machine: one pull. A name that has the word
// manifests in it is taken apart all the same.
func TestAPullOfAnIndexIsSeenOnce(t *testing.T) {
	told := make(seen, 100)
	r := startAs(t, told.config)
	const repository = "alice/manifests/app"
	token := r.everything(t, repository)
	child := r.image(t, repository, token, "", "arm64", "layer")
	index := r.index(t, repository, token, "1", child.on("linux", "arm64", ""))
	for _, ref := range []string{"1", child.Digest, child.Digest} {
		if code := r.direct(t, repository, ref, token); code != http.StatusOK {
			t.Fatal(code)
		}
	}
	var pulls []rights.Seen
	for _, e := range told.all(t, r) {
		if e.Repository != repository {
			t.Errorf("of %s", e.Repository)
		}
		if e.Action == rights.Pull {
			pulls = append(pulls, e)
		}
	}
	if len(pulls) != 1 || pulls[0].Tag != "1" || pulls[0].Digest != index.Digest || !slices.Equal(pulls[0].Parts, []string{child.Digest}) {
		t.Errorf("pulls %+v", pulls)
	}
}

// Whoever keeps the events may be slow: no answer waits for it, and what
// could not be kept is in the log.
func TestSeenSlowsNobodyDown(t *testing.T) {
	release := make(chan struct{})
	r := startAs(t, func(c *images.Config) { c.Seen = func(rights.Seen) { <-release } })
	token := r.everything(t, "alice/app")
	r.image(t, "alice/app", token, "1", "amd64")
	for range 1100 {
		if code := r.direct(t, "alice/app", "1", token); code != http.StatusOK {
			t.Fatal(code)
		}
	}
	close(release)
	r.until(t, func() bool {
		r.direct(t, "alice/app", "1", token)
		return r.logged.String() != ""
	})
	if log := r.logged.String(); !strings.Contains(log, "faster than they were noted") || !strings.Contains(log, "lost=") {
		t.Errorf("log: %s", log)
	}
}

// direct pulls a manifest without a network between.
func (r *rig) direct(t testing.TB, repository, ref, token string) int {
	req := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+r.host+"/v2/"+repository+"/manifests/"+ref, nil)
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Accept", ociManifest+", "+ociIndex)
	w := httptest.NewRecorder()
	r.images.ServeHTTP(w, req)
	return w.Code
}

// What it costs a pull that somebody is told of it: both in turns, since the
// files that each of them reads take far longer, and not always the same.
func BenchmarkManifest(b *testing.B) {
	type one struct {
		*rig
		token string
		took  []time.Duration
	}
	var pair []*one
	for _, change := range []func(*images.Config){func(*images.Config) {}, func(c *images.Config) { c.Seen = func(rights.Seen) {} }} {
		o := &one{rig: startAs(b, change)}
		o.token = o.everything(b, "alice/app")
		o.image(b, "alice/app", o.token, "1", "amd64", "layer")
		pair = append(pair, o)
	}
	for b.Loop() {
		for _, o := range pair {
			begun := time.Now()
			if code := o.direct(b, "alice/app", "1", o.token); code != http.StatusOK {
				b.Fatal(code)
			}
			o.took = append(o.took, time.Since(begun))
		}
	}
	for i, name := range []string{"µs-nobody-told", "µs-told"} {
		slices.Sort(pair[i].took)
		b.ReportMetric(float64(pair[i].took[len(pair[i].took)/2].Nanoseconds())/1000, name)
	}
}
