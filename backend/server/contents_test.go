package server

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"testing"

	"lanyard/backend/access"
	"lanyard/backend/account"
	"lanyard/backend/internal/hubapi"
	"lanyard/backend/internal/images"
	"lanyard/backend/store/memstore"
	"lanyard/backend/token"
)

const manifestType = "application/vnd.oci.image.manifest.v1+json"

// push puts an image without layers into the registry inside.
func push(t *testing.T, s *Server, name, secret, repository, tag string) {
	t.Helper()
	basic := "Basic " + base64.StdEncoding.EncodeToString([]byte(name+":"+secret))
	scope := url.Values{"service": {"localhost:8460"}, "scope": {"repository:" + repository + ":pull,push"}}
	var granted struct{ Token string }
	if err := json.NewDecoder(ask(s, http.MethodGet, "http://localhost:8460/token?"+scope.Encode(), "", "Authorization", basic).Body).Decode(&granted); err != nil {
		t.Fatal(err)
	}
	send := func(method, target, body, contentType string, status int) *http.Response {
		t.Helper()
		out := ask(s, method, target, body, "Authorization", "Bearer "+granted.Token, "Content-Type", contentType)
		if out.StatusCode != status {
			text, _ := io.ReadAll(out.Body)
			t.Fatalf("%s %s: %d %s", method, target, out.StatusCode, text)
		}
		return out
	}
	at := "http://localhost:8460/v2/" + repository
	config := `{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[]}}`
	digest := fmt.Sprintf("sha256:%x", sha256.Sum256([]byte(config)))
	upload, err := url.Parse(send(http.MethodPost, at+"/blobs/uploads/", "", "", http.StatusAccepted).Header.Get("Location"))
	if err != nil {
		t.Fatal(err)
	}
	q := upload.Query()
	q.Set("digest", digest)
	send(http.MethodPut, "http://localhost:8460"+upload.Path+"?"+q.Encode(), config, "application/octet-stream", http.StatusCreated)
	send(http.MethodPut, at+"/manifests/"+tag, fmt.Sprintf(
		`{"schemaVersion":2,"mediaType":%q,"config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":%q,"size":%d},"layers":[]}`,
		manifestType, digest, len(config)), manifestType, http.StatusCreated)
}

// What the Hub's surface sees of the registry inside, and forgets with it.
func TestContents(t *testing.T) {
	db := memstore.New()
	s := running(t, func(c *Config) { c.Store = db })
	if err := db.CreateAccount(t.Context(), account.Account{ID: "ada-id", Name: "ada"}, false); err != nil {
		t.Fatal(err)
	}
	_, secret, err := s.tokens.Create(t.Context(), "ada-id", token.Spec{Description: "x", Scopes: []string{"repo:admin"}})
	if err != nil {
		t.Fatal(err)
	}
	for _, tag := range []string{"v1", "v2"} {
		push(t, s, "ada", secret.Reveal(), "ada/app", tag)
	}
	ctx, inside := t.Context(), s.inside
	tags, err := inside.Tags(ctx, "ada/app", "v1", 10)
	if err != nil || len(tags) != 1 || tags[0].Name != "v2" || tags[0].MediaType != manifestType || tags[0].Size == 0 || tags[0].PushedAt.IsZero() || fmt.Sprint(tags[0].Platforms) != "[linux/amd64]" {
		t.Errorf("%+v, %v", tags, err)
	}
	if size, n, err := inside.Size(ctx, "ada/app"); err != nil || n != 2 || size != tags[0].Size {
		t.Errorf("%d bytes, %d tags, %v", size, n, err)
	}
	if err := inside.DeleteTag(ctx, "ada/app", "v1"); err != nil {
		t.Error(err)
	}
	for what, c := range map[string]struct{ got, want error }{
		"a tag that is gone":        {inside.DeleteTag(ctx, "ada/app", "v1"), access.ErrNotFound},
		"a tag that is none":        {inside.DeleteTag(ctx, "ada/app", "../v2"), access.ErrInvalid},
		"a tag of no repository":    {inside.DeleteTag(ctx, "ada/none", "v1"), access.ErrNotFound},
		"a repository that is none": {inside.DeleteRepository(ctx, "Ada"), access.ErrInvalid},
		"no such repository":        {inside.DeleteRepository(ctx, "ada/none"), access.ErrNotFound},
		"while it collects":         {translated(fmt.Errorf("delete: %w", images.ErrCollecting)), hubapi.ErrCollecting},
		"nothing":                   {translated(nil), nil},
	} {
		if !errors.Is(c.got, c.want) {
			t.Errorf("%s: %v, want %v", what, c.got, c.want)
		}
	}
	if err := inside.DeleteRepository(ctx, "ada/app"); err != nil {
		t.Error(err)
	}
	if _, err := inside.Tags(ctx, "ada/app", "", 10); !errors.Is(err, access.ErrNotFound) {
		t.Errorf("after that: %v", err)
	}
}
