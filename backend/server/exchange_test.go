package server

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"lanyard/backend/access"
	"lanyard/backend/account"
	"lanyard/backend/grant"
	"lanyard/backend/internal/openapi"
	"lanyard/backend/internal/openapitest"
	"lanyard/backend/token"
)

// answered is what came back.
type answered struct {
	status int
	header http.Header
	body   string
}

func (a answered) members(t *testing.T) map[string]any {
	t.Helper()
	var out map[string]any
	if err := json.Unmarshal([]byte(a.body), &out); err != nil {
		t.Fatalf("%d %.200s: %v", a.status, a.body, err)
	}
	return out
}

// send makes one exchange and holds it against the documents. header: pairs.
func (w *town) send(method, path, body string, header ...string) (answered, error) {
	r := httptest.NewRequest(method, openapi.Written+path, strings.NewReader(body))
	for i := 0; i+1 < len(header); i += 2 {
		if header[i+1] == "" {
			r.Header.Del(header[i])
			continue
		}
		r.Header.Set(header[i], header[i+1])
	}
	asked := r.Clone(r.Context())
	recorder := httptest.NewRecorder()
	w.ServeHTTP(recorder, r)
	out := answered{recorder.Code, recorder.Result().Header, recorder.Body.String()}
	if out.status == http.StatusMovedPermanently || out.status == http.StatusTemporaryRedirect { // the mux, to the path's clean form
		return out, nil
	}
	if err := openapitest.Conforms(asked, []byte(body), out.status, out.header, []byte(out.body)); err != nil {
		return out, fmt.Errorf("%s %s %.200s: %d %.300s: %w", method, path, body, out.status, out.body, err)
	}
	return out, nil
}

// kept is all that there is of name, and of nobody else, in words; "" as name:
// all that is left.
func (w *town) kept(name string) string {
	w.Helper()
	ctx := w.Context()
	var b strings.Builder
	owner := w.acme.ID
	if name != "" {
		one := must[account.Account](w.T)(w.db.Account(ctx, w.of[name].account.ID))
		owner = one.ID
		fmt.Fprintf(&b, "%s %s %v %v %v\n", one.Name, one.Email, one.Password, one.Disabled, one.Admin)
	}
	for _, t := range must[token.Holding](w.T)(w.db.Holding(ctx, owner)).Tokens {
		t.LastUsed, t.Previous = token.Use{}, nil // of a rotation, the hash tells
		fmt.Fprintf(&b, "%+v\n", t)
	}
	for _, s := range must[[]grant.Session](w.T)(w.db.SessionsOf(ctx, owner)) {
		fmt.Fprintf(&b, "%s %s %s\n", s.ID, s.EndedAt, s.Why)
	}
	for _, o := range must[[]access.Organization](w.T)(w.db.Organizations(ctx)) {
		if name == "" {
			fmt.Fprintf(&b, "%+v\n", o)
		}
	}
	for _, r := range must[[]access.Repository](w.T)(w.db.Repositories(ctx, "", 1000)) {
		if mine, _, _ := strings.Cut(r.Name, "/"); mine == name || name == "" && w.of[mine] == nil {
			fmt.Fprintf(&b, "%+v\n", r)
		}
	}
	return b.String()
}

// all is everything that is kept, by whose it is.
func (w *town) all() map[string]string {
	out := map[string]string{"": w.kept("")}
	for name := range w.of {
		out[name] = w.kept(name)
	}
	return out
}
