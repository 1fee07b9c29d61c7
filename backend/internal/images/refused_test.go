package images_test

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

// Where the token says that just this was asked for and refused, asking again is no
// use: 403. Else 401, at which a client asks for more.
func TestForbiddenWhereItWasRefused(t *testing.T) {
	r := start(t)
	pull := access{"repository", "alice/app", []string{"pull"}}
	r.push(t, "alice/app", r.sign(t, r.claims("alice", access{"repository", "alice/app", []string{"pull", "push"}})))
	for name, c := range map[string]struct {
		refused []access
		want    int
	}{
		"nothing was refused":     {nil, http.StatusUnauthorized},
		"just this was refused":   {[]access{{"repository", "alice/app", []string{"push"}}}, http.StatusForbidden},
		"another act was refused": {[]access{{"repository", "alice/app", []string{"delete"}}}, http.StatusUnauthorized},
		"another's was refused":   {[]access{{"repository", "bob/app", []string{"push"}}}, http.StatusUnauthorized},
	} {
		t.Run(name, func(t *testing.T) {
			claims := struct {
				claims
				Refused []access `json:"refused,omitempty"`
			}{r.claims("alice", pull), c.refused}
			token, err := r.keys.SignRegistry(claims, time.Now())
			if err != nil {
				t.Fatal(err)
			}
			resp, answer := r.do(t, http.MethodPost, "/v2/alice/app/blobs/uploads/", token, nil, "")
			if resp.StatusCode != c.want || !strings.Contains(answer, `"DENIED"`) || !strings.Contains(answer, "alice may not push alice/app") {
				t.Errorf("%s %s", resp.Status, answer)
			}
			// The answer to HEAD has no body: there the words are in a header.
			if warning := resp.Header.Get("Warning"); warning != "" {
				t.Errorf("said twice: %s", warning)
			}
			// What was granted is done, whatever was refused beside it.
			if resp, answer := r.do(t, http.MethodGet, "/v2/alice/app/manifests/1", token, nil, ""); resp.StatusCode != http.StatusOK {
				t.Errorf("%s %s", resp.Status, answer)
			}
		})
	}
}

// An answer to HEAD has no body: the reason is a warning there (distribution spec, Warnings), the same to
// whatever is there and whatever is not.
func TestRefusedHeadWarns(t *testing.T) {
	r := start(t)
	r.push(t, "alice/app", r.sign(t, r.claims("alice", access{"repository", "alice/app", []string{"pull", "push"}})))
	token := r.sign(t, r.claims("alice", access{"repository", "alice/other", []string{"pull"}}))
	for _, path := range []string{"/v2/alice/app/manifests/1", "/v2/alice/app/manifests/none"} {
		resp, answer := r.do(t, http.MethodHead, path, token, nil, "")
		if resp.StatusCode != http.StatusUnauthorized || answer != "" {
			t.Errorf("%s %s", resp.Status, answer)
		}
		if got := resp.Header.Get("Warning"); !strings.HasPrefix(got, `299 - "alice may not pull alice/app`) || !strings.HasSuffix(got, `"`) {
			t.Errorf("%s: Warning: %s", path, got)
		}
	}
}
