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
			// What was granted is done, whatever was refused beside it.
			if resp, answer := r.do(t, http.MethodGet, "/v2/alice/app/manifests/1", token, nil, ""); resp.StatusCode != http.StatusOK {
				t.Errorf("%s %s", resp.Status, answer)
			}
		})
	}
}
