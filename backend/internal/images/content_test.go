package images_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"lanyard/backend/internal/images"
)

const (
	ociIndex  = "application/vnd.oci.image.index.v1+json"
	ociConfig = "application/vnd.oci.image.config.v1+json"
	ociLayer  = "application/vnd.oci.image.layer.v1.tar+gzip"
)

// everything is a token for all of a few repositories.
func (r *rig) everything(t testing.TB, repositories ...string) string {
	t.Helper()
	var rights []access
	for _, name := range repositories {
		rights = append(rights, access{"repository", name, []string{"pull", "push", "delete"}})
	}
	return r.sign(t, r.claims("alice", rights...))
}

type descriptor struct {
	MediaType string            `json:"mediaType"`
	Digest    string            `json:"digest"`
	Size      int64             `json:"size"`
	Platform  map[string]string `json:"platform,omitempty"`
}

// image pushes one of these layers for an architecture, under a tag or, "",
// by its digest, and returns what an index says of it.
func (r *rig) image(t testing.TB, repository, token, ref, architecture string, layers ...string) descriptor {
	t.Helper()
	config := fmt.Appendf(nil, `{"architecture":%q,"os":"linux","rootfs":{"type":"layers","diff_ids":[]}}`, architecture)
	m := map[string]any{
		"schemaVersion": 2, "mediaType": ociManifest,
		"config": descriptor{MediaType: ociConfig, Digest: r.upload(t, repository, token, config), Size: int64(len(config))},
	}
	parts := []descriptor{}
	for _, layer := range layers {
		parts = append(parts, descriptor{MediaType: ociLayer, Digest: r.upload(t, repository, token, []byte(layer)), Size: int64(len(layer))})
	}
	m["layers"] = parts
	return r.put(t, repository, token, ref, ociManifest, m)
}

// index pushes one that names manifests.
func (r *rig) index(t *testing.T, repository, token, ref string, parts ...descriptor) descriptor {
	t.Helper()
	return r.put(t, repository, token, ref, ociIndex, map[string]any{"schemaVersion": 2, "mediaType": ociIndex, "manifests": parts})
}

func (r *rig) put(t testing.TB, repository, token, ref, kind string, manifest map[string]any) descriptor {
	t.Helper()
	text, err := json.Marshal(manifest)
	if err != nil {
		t.Fatal(err)
	}
	d := descriptor{MediaType: kind, Digest: digest(text), Size: int64(len(text))}
	if ref == "" {
		ref = d.Digest
	}
	if resp, answer := r.do(t, http.MethodPut, "/v2/"+repository+"/manifests/"+ref, token, text, kind); resp.StatusCode != http.StatusCreated {
		t.Fatalf("push a manifest: %s %s", resp.Status, answer)
	}
	return d
}

func (d descriptor) on(os, architecture, variant string) descriptor {
	d.Platform = map[string]string{"os": os, "architecture": architecture}
	if variant != "" {
		d.Platform["variant"] = variant
	}
	return d
}

func TestTags(t *testing.T) {
	r := start(t)
	token := r.everything(t, "alice/app")
	before := time.Now().Add(-time.Second)
	amd := r.image(t, "alice/app", token, "amd", "amd64", "shared layer", "of amd64")
	arm := r.image(t, "alice/app", token, "", "arm64", "shared layer", "of arm64, longer")
	attestation := r.image(t, "alice/app", token, "", "unknown")
	index := r.index(t, "alice/app", token, "1.0",
		amd.on("linux", "amd64", ""), arm.on("linux", "arm64", "v8"), attestation.on("unknown", "unknown", ""))

	configs := len(`{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[]}}`)
	one, err := r.images.Tag(t.Context(), "alice/app", "amd")
	if err != nil {
		t.Fatal(err)
	}
	if want := amd.Size + int64(configs+len("shared layer")+len("of amd64")); one.Size != want || one.Digest != amd.Digest ||
		one.MediaType != ociManifest || !slices.Equal(one.Platforms, []string{"linux/amd64"}) || one.PushedAt.Before(before) {
		t.Errorf("%+v, want %d bytes", one, want)
	}
	all, err := r.images.Tags(t.Context(), "alice/app", "", 10)
	if err != nil || len(all) != 2 || all[0].Name != "1.0" || !slices.Equal(all[1].Platforms, one.Platforms) {
		t.Fatalf("%+v %v", all, err)
	}
	// The shared layer counts once.
	want := index.Size + amd.Size + arm.Size + attestation.Size + int64(2*configs+len(`{"architecture":"unknown","os":"linux","rootfs":{"type":"layers","diff_ids":[]}}`)+
		len("shared layer")+len("of amd64")+len("of arm64, longer"))
	if all[0].Size != want || all[0].MediaType != ociIndex || !slices.Equal(all[0].Platforms, []string{"linux/amd64", "linux/arm64/v8"}) {
		t.Errorf("%+v, want %d bytes", all[0], want)
	}
	if size, err := r.images.Size(t.Context(), "alice/app"); err != nil || size != want {
		t.Errorf("the repository has %d bytes, want %d: %v", size, want, err)
	}
}

// What is no image for a machine has no platform, and a configuration that is
// a large file is not read.
func TestTagsOfOtherThings(t *testing.T) {
	r := start(t)
	token := r.everything(t, "alice/chart")
	for name, config := range map[string]string{
		"text":   "not JSON",
		"list":   `["linux"]`,
		"nobody": `{}`,
		"large":  `{"os":"linux","architecture":"` + strings.Repeat("x", 2<<20) + `"}`,
	} {
		r.put(t, "alice/chart", token, name, ociManifest, map[string]any{
			"schemaVersion": 2, "mediaType": ociManifest, "layers": []descriptor{},
			"config": descriptor{MediaType: ociConfig, Digest: r.upload(t, "alice/chart", token, []byte(config)), Size: int64(len(config))},
		})
		tag, err := r.images.Tag(t.Context(), "alice/chart", name)
		if err != nil || tag.Platforms != nil || tag.Size < int64(len(config)) {
			t.Errorf("%s: %+v %v", name, tag, err)
		}
	}
}

func TestPages(t *testing.T) {
	r := start(t)
	var repositories, tags []string
	for _, name := range []string{"alice/app", "alice/app/sub", "alice/app0", "alice/b", "bob/a", "alpine", "alice/app/0"} {
		repositories = append(repositories, name)
		r.push(t, name, r.everything(t, name))
	}
	token := r.everything(t, "alice/b")
	for i := range 7 {
		tags = append(tags, fmt.Sprintf("v%d", i))
		r.image(t, "alice/b", token, tags[i], "amd64")
	}
	tags = append([]string{"1"}, tags...)
	for most := 1; most <= 8; most++ {
		var got []string
		for after := ""; ; after = got[len(got)-1] {
			page, err := r.images.Repositories(t.Context(), after, most)
			if err != nil || len(page) > most {
				t.Fatalf("pages of %d: %v %v", most, page, err)
			}
			if got = append(got, page...); len(page) < most {
				break
			}
		}
		slices.Sort(got)
		slices.Sort(repositories)
		if !slices.Equal(got, repositories) {
			t.Errorf("pages of %d: %q", most, got)
		}
		got = nil
		for after := ""; ; after = got[len(got)-1] {
			page, err := r.images.Tags(t.Context(), "alice/b", after, most)
			if err != nil || len(page) > most {
				t.Fatalf("pages of %d: %v %v", most, page, err)
			}
			for _, tag := range page {
				got = append(got, tag.Name)
			}
			if len(page) < most {
				break
			}
		}
		if !slices.Equal(got, tags) {
			t.Errorf("pages of %d: %q", most, got)
		}
	}
	// A page that ends where something was deleted goes on behind it.
	if err := r.images.DeleteRepository(t.Context(), "alice/b"); err != nil {
		t.Fatal(err)
	}
	if page, err := r.images.Repositories(t.Context(), "alice/b", 10); err != nil || !slices.Equal(page, []string{"alpine", "bob/a"}) {
		t.Errorf("%q %v", page, err)
	}
}

func TestAnEmptyRegistry(t *testing.T) {
	r := start(t)
	if names, err := r.images.Repositories(t.Context(), "", 10); err != nil || len(names) != 0 {
		t.Errorf("%q %v", names, err)
	}
	if report, err := r.images.GC(t.Context(), false); err != nil || report != (images.Report{}) {
		t.Errorf("%+v %v", report, err)
	}
}

func TestAContextEndsALongLook(t *testing.T) {
	r := start(t)
	r.push(t, "alice/app", r.everything(t, "alice/app"))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for what, err := range map[string]error{
		"repositories": second2(r.images.Repositories(ctx, "", 10)),
		"tags":         second2(r.images.Tags(ctx, "alice/app", "", 10)),
		"size":         second2(r.images.Size(ctx, "alice/app")),
		"gc":           second2(r.images.GC(ctx, false)),
	} {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func TestALongListOfTags(t *testing.T) {
	r := start(t)
	token := r.everything(t, "alice/app")
	d := r.image(t, "alice/app", token, "v", "amd64", "layer")
	// As a registry has them, without as many pushes.
	tags := filepath.Join(r.dir, "docker/registry/v2/repositories/alice/app/_manifests/tags")
	for i := range 600 {
		folder := filepath.Join(tags, fmt.Sprintf("v%04d", i), "current")
		if err := errors.Join(os.MkdirAll(folder, 0o700), os.WriteFile(filepath.Join(folder, "link"), []byte(d.Digest), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	// One that was being deleted when the power went.
	if err := os.MkdirAll(filepath.Join(tags, "v0500half"), 0o700); err != nil {
		t.Fatal(err)
	}
	page, err := r.images.Tags(t.Context(), "alice/app", "v0499", 3)
	if err != nil || len(page) != 3 || page[0].Name != "v0500" || page[1].Name != "v0501" || page[2].Name != "v0502" {
		t.Errorf("%+v %v", page, err)
	}
	if err := r.images.DeleteTag(t.Context(), "alice/app", "v0500half"); err != nil {
		t.Errorf("the rest of a deletion cannot be deleted: %v", err)
	}
}

func second2[T any](_ T, err error) error { return err }
