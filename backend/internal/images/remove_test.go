package images_test

import (
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"lanyard/backend/internal/images"
)

func TestDeleteTag(t *testing.T) {
	r := start(t)
	token := r.everything(t, "alice/app")
	first := r.image(t, "alice/app", token, "1", "amd64", "layer")
	r.image(t, "alice/app", token, "same", "amd64", "layer")
	if err := r.images.DeleteTag(t.Context(), "alice/app", "1"); err != nil {
		t.Fatal(err)
	}
	if resp, _ := r.do(t, http.MethodGet, "/v2/alice/app/manifests/1", token, nil, ""); resp.StatusCode != http.StatusNotFound {
		t.Errorf("the tag is there: %s", resp.Status)
	}
	for _, ref := range []string{"same", first.Digest} {
		if resp, _ := r.do(t, http.MethodGet, "/v2/alice/app/manifests/"+ref, token, nil, ""); resp.StatusCode != http.StatusOK {
			t.Errorf("%s went with it: %s", ref, resp.Status)
		}
	}
	if err := r.images.DeleteTag(t.Context(), "alice/app", "1"); !errors.Is(err, images.ErrNotFound) {
		t.Errorf("again: %v", err)
	}
}

func TestDeleteRepository(t *testing.T) {
	r := start(t)
	token := r.everything(t, "alice/app", "alice/app/sub")
	r.push(t, "alice/app", token)
	r.push(t, "alice/app/sub", token)
	if err := r.images.DeleteRepository(t.Context(), "alice/app"); err != nil {
		t.Fatal(err)
	}
	if names, err := r.images.Repositories(t.Context(), "", 10); err != nil || !slices.Equal(names, []string{"alice/app/sub"}) {
		t.Errorf("left: %q %v", names, err)
	}
	if resp, _ := r.do(t, http.MethodGet, "/v2/alice/app/manifests/1", token, nil, ""); resp.StatusCode != http.StatusNotFound {
		t.Errorf("pull: %s", resp.Status)
	}
	if resp, _ := r.do(t, http.MethodGet, "/v2/alice/app/sub/manifests/1", token, nil, ""); resp.StatusCode != http.StatusOK {
		t.Errorf("pull of the other: %s", resp.Status)
	}
	r.push(t, "alice/app", token)
	if _, err := r.images.Tag(t.Context(), "alice/app", "1"); err != nil {
		t.Errorf("pushed again: %v", err)
	}
}

// Names that climb, are too long or of another case reach no file.
func TestNamesThatCannotBe(t *testing.T) {
	r := start(t)
	r.push(t, "alice/app", r.everything(t, "alice/app"))
	secret := filepath.Join(filepath.Dir(r.dir), "secret")
	if err := os.MkdirAll(filepath.Join(secret, "_manifests", "tags", "1", "current"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"", "..", "../secret", "alice/../../secret", "/alice/app", "alice/app/", "alice/App", "alice//app", "alice/_manifests", strings.Repeat("a", 300), "alice/app:1", "a\x00b", "alice/äpp"} {
		for what, do := range map[string]func() error{
			"tags":   func() error { return second2(r.images.Tags(t.Context(), name, "", 10)) },
			"tag":    func() error { return second2(r.images.Tag(t.Context(), name, "1")) },
			"size":   func() error { return second2(r.images.Size(t.Context(), name)) },
			"delete": func() error { return r.images.DeleteRepository(t.Context(), name) },
			"untag":  func() error { return r.images.DeleteTag(t.Context(), name, "1") },
		} {
			if err := do(); !errors.Is(err, images.ErrInvalid) {
				t.Errorf("%s of %q: %v", what, name, err)
			}
		}
	}
	for _, tag := range []string{"", "..", "../1", "1/current", "-1", strings.Repeat("a", 129), "1\n"} {
		if err := r.images.DeleteTag(t.Context(), "alice/app", tag); !errors.Is(err, images.ErrInvalid) {
			t.Errorf("delete tag %q: %v", tag, err)
		}
		if _, err := r.images.Tag(t.Context(), "alice/app", tag); !errors.Is(err, images.ErrInvalid) {
			t.Errorf("tag %q: %v", tag, err)
		}
	}
	if _, err := r.images.Repositories(t.Context(), "../secret", 10); !errors.Is(err, images.ErrInvalid) {
		t.Errorf("repositories after one that cannot be: %v", err)
	}
	if _, err := r.images.Tags(t.Context(), "alice/none", "", 10); !errors.Is(err, images.ErrNotFound) {
		t.Errorf("no such repository: %v", err)
	}
	if _, err := os.Stat(filepath.Join(secret, "_manifests", "tags", "1")); err != nil {
		t.Error(err)
	}
}
