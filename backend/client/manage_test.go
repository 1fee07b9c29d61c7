package client_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"lanyard/backend/account"
	"lanyard/backend/client"
	"lanyard/backend/e2e/service"
)

// administrator makes ada, who administers the service, and signs her in.
func (w *world) administrator() (access string) {
	w.Helper()
	if _, err := w.Accounts().Create(w.Context(), account.New{Name: "ada", Password: service.Password, Admin: true}); err != nil {
		w.Fatal(err)
	}
	anna := w.anna
	defer func() { w.anna = anna }()
	w.anna = w.Sit("ada")
	return w.signIn().Access
}

// The tokens of an account: limits, scopes, several at once, rotation, which.
func TestTokensBeyondDockers(t *testing.T) {
	inBubble(t, func(w *world) {
		ctx, access := w.Context(), w.signIn().Access
		h := w.server.Holder(access, "")
		ci, err := h.Create(ctx, client.NewToken{Label: "ci", Scopes: []string{"repo:write"}, Repositories: []string{"anna/app", "team/*"}})
		if err != nil || !slices.Equal(ci.Repositories, []string{"anna/app", "team/*"}) || ci.Secret == "" {
			w.Fatalf("%v %v", ci.Repositories, err)
		}
		for i := range 120 { // more than a page
			if _, err := h.Create(ctx, client.NewToken{Label: fmt.Sprintf("job %d", i), Scopes: []string{"repo:read"}}); err != nil {
				w.Fatal(err)
			}
		}
		if ci, err = h.Change(ctx, ci.UUID, client.Patch{Scopes: []string{"repo:read"}}); err != nil || !slices.Equal(ci.Scopes, []string{"repo:read"}) {
			w.Errorf("scopes: %v %v", ci.Scopes, err)
		}
		list, err := h.List(ctx, client.TokenQuery{Search: "job", Sort: "description", Status: "active", Source: "manual"})
		if err != nil || len(list.Tokens) != 120 || list.Tokens[0].Label != "job 0" || list.Active != 121 || list.Inactive != 0 {
			w.Errorf("%d tokens, %d active, %d not: %v", len(list.Tokens), list.Active, list.Inactive, err)
		}
		two := []string{list.Tokens[0].UUID, list.Tokens[1].UUID}
		if got, err := h.All(ctx, client.Deactivate, two); err != nil || len(got) != 2 || got[0].Status() != "inactive" {
			w.Errorf("deactivate: %v %v", got, err)
		}
		if _, err := h.All(ctx, client.DeleteAll, []string{two[0], strings.Repeat("0", 36)}); !errors.Is(err, client.ErrNotFound) {
			w.Errorf("one is missing: %v", err)
		}
		if got, err := h.All(ctx, client.DeleteAll, two); err != nil || len(got) != 0 {
			w.Errorf("delete: %v %v", got, err)
		}
		rotated, err := h.Rotate(ctx, ci.UUID, time.Hour)
		if err != nil || rotated.Secret == "" || rotated.Secret == ci.Secret || rotated.Previous == nil || rotated.Previous.Until.IsZero() {
			w.Fatalf("%+v %v", rotated.Previous, err)
		}
		if got, earlier, err := w.server.Which(ctx, access, rotated.Secret); err != nil || got.UUID != ci.UUID || earlier || got.Secret != "" {
			w.Errorf("which: %v %v %v", got, earlier, err)
		}
		if _, _, err := w.server.Which(ctx, access, "lyd_pat_nobodys"); !errors.Is(err, client.ErrNotFound) {
			w.Errorf("nobody's: %v", err)
		}
	})
}

// A token describes, rotates and ends itself, and nothing else.
func TestATokenAboutItself(t *testing.T) {
	inBubble(t, func(w *world) {
		ctx, access := w.Context(), w.signIn().Access
		made, err := w.server.Create(ctx, access, client.NewToken{Label: "ci", Scopes: []string{"repo:read"}})
		if err != nil {
			w.Fatal(err)
		}
		login := client.Login{Username: "anna", Secret: made.Secret}
		if shown := fmt.Sprintf("%v %+v %#v", login, login, login); strings.Contains(shown, made.Secret) {
			w.Errorf("printed: %s", shown)
		}
		self, err := w.server.Self(ctx, login)
		if err != nil || self.UUID != made.UUID || self.Username != "anna" || self.Secret != "" {
			w.Errorf("%+v %v", self, err)
		}
		next, err := w.server.RotateSelf(ctx, login, 0)
		if err != nil || next.Secret == "" || next.Secret == made.Secret {
			w.Fatalf("rotate: %v", err)
		}
		if _, err := w.server.Self(ctx, login); !errors.Is(err, client.ErrEnded) {
			w.Errorf("the earlier secret: %v", err)
		}
		login.Secret = next.Secret
		e, err := w.server.ExplainSelf(ctx, login, client.Question{Repository: "anna/app", Action: "push"})
		if err != nil || e.Allowed || !strings.Contains(e.Token, "pull") || !strings.Contains(e.Why, "access permissions") {
			w.Errorf("%+v %v", e, err)
		}
		if err := w.server.RevokeSelf(ctx, login); err != nil {
			w.Errorf("revoke: %v", err)
		}
		if _, err := w.server.Self(ctx, login); !errors.Is(err, client.ErrEnded) && !errors.Is(err, client.ErrNotFound) {
			w.Errorf("revoked: %v", err)
		}
	})
}

// Organisations, teams, repositories and rights, and who may not.
func TestOrganizationsAndRights(t *testing.T) {
	inBubble(t, func(w *world) {
		ctx, ada := w.Context(), w.administrator()
		anna, s := w.signIn().Access, w.server
		right, public := "write", "public"
		for name, err := range map[string]error{
			"by a member": func() error {
				_, err := s.CreateOrganization(ctx, anna, client.NewOrganization{Name: "mine"})
				return err
			}(),
			"another's activity": func() error { _, err := s.Activity(ctx, anna, client.ActivityQuery{User: "ada"}); return err }(),
			"another's tokens":   func() error { _, err := s.Holder(anna, "ada").List(ctx, client.TokenQuery{}); return err }(),
		} {
			if !errors.Is(err, client.ErrDenied) {
				w.Errorf("%s: %v", name, err)
			}
		}
		steps := []func() error{
			func() error {
				_, err := s.CreateOrganization(ctx, ada, client.NewOrganization{Name: "acme", Description: "Acme Ltd"})
				return err
			},
			func() error { return s.SetMember(ctx, ada, "acme", "anna", false) },
			func() error { return s.CreateTeam(ctx, ada, "acme", client.TeamPatch{Name: "dev"}) },
			func() error { return s.ChangeTeam(ctx, ada, "acme", "dev", client.TeamPatch{Right: &right}) },
			func() error { return s.AddToTeam(ctx, ada, "acme", "dev", "anna") },
			func() error {
				_, err := s.CreateRepository(ctx, ada, client.RepositoryPatch{Name: "acme/deep/app"})
				return err
			},
			func() error {
				_, err := s.ChangeRepository(ctx, ada, "acme/deep/app", client.RepositoryPatch{Visibility: &public})
				return err
			},
			func() error {
				_, err := s.Give(ctx, ada, "acme/deep/app", client.Given{Team: "dev", Right: "admin"})
				return err
			},
		}
		for i, step := range steps {
			if err := step(); err != nil {
				w.Fatalf("step %d: %v", i, err)
			}
		}
		o, err := s.Organization(ctx, anna, "acme")
		if team, ok := o.Team("dev"); err != nil || o.Role != "member" || !ok || team.Right != "write" || !slices.Equal(team.Members, []string{"anna"}) {
			w.Errorf("%+v %v", o, err)
		}
		all, err := s.Repositories(ctx, anna, "acme")
		if err != nil || len(all) != 1 || all[0].Name != "acme/deep/app" || all[0].Visibility != "public" || all[0].Right != "admin" {
			w.Errorf("%+v %v", all, err)
		}
		r, err := s.Take(ctx, anna, "acme/deep/app", client.Given{Team: "dev"})
		if err != nil || len(r.Given) != 0 {
			w.Errorf("%+v %v", r.Given, err)
		}
		if e, err := s.Explain(ctx, ada, client.Question{Repository: "acme/deep/app", Action: "push", User: "anna"}); err != nil || !e.Allowed || !strings.Contains(e.Account, "acme/dev") {
			w.Errorf("%+v %v", e, err)
		}
		if _, err := s.Tags(ctx, anna, "acme/deep/app"); !errors.Is(err, client.ErrNotFound) || err.Error() == "list tags: not found" {
			w.Errorf("tags of another registry: %v", err)
		}
		if err := s.DeleteOrganization(ctx, ada, "acme"); !errors.Is(err, client.ErrRefused) {
			w.Errorf("it has repositories: %v", err)
		}
		for i, step := range []func() error{
			func() error { return s.DeleteRepository(ctx, ada, "acme/deep/app") },
			func() error { return s.RemoveFromTeam(ctx, ada, "acme", "dev", "anna") },
			func() error { return s.DeleteTeam(ctx, ada, "acme", "dev") },
			func() error { return s.RemoveMember(ctx, ada, "acme", "anna") },
			func() error { return s.DeleteOrganization(ctx, ada, "acme") },
		} {
			if err := step(); err != nil {
				w.Errorf("undoing, step %d: %v", i, err)
			}
		}
		if _, err := s.Organization(ctx, ada, "acme"); !errors.Is(err, client.ErrNotFound) {
			w.Errorf("deleted: %v", err)
		}
	})
}

// A token of an organisation, for owners alone.
func TestTokensOfAnOrganization(t *testing.T) {
	inBubble(t, func(w *world) {
		ctx, ada, s := w.Context(), w.administrator(), w.server
		if _, err := s.CreateOrganization(ctx, ada, client.NewOrganization{Name: "acme"}); err != nil {
			w.Fatal(err)
		}
		made, err := s.CreateOrgToken(ctx, ada, "acme", client.NewOrgToken{
			Label: "ci", Resources: []client.Resource{{Type: "TYPE_REPO", Path: "acme/*", Scopes: []string{"scope-image-pull"}}},
		})
		if err != nil || made.Secret == "" || strings.Contains(fmt.Sprintf("%v %+v %#v", made, made, made), made.Secret) {
			w.Fatalf("%v %v", made, err)
		}
		all, err := s.OrgTokens(ctx, ada, "acme")
		if err != nil || len(all) != 1 || all[0].Secret != "" || all[0].CreatedBy != "ada" || all[0].StatusAt(w.Now()) != "active" {
			w.Errorf("%+v %v", all, err)
		}
		if one, err := s.OrgToken(ctx, ada, "acme", made.ID); err != nil || one.Resources[0].Path != "acme/*" {
			w.Errorf("%+v %v", one, err)
		}
		if one, err := s.SetOrgToken(ctx, ada, "acme", made.ID, false); err != nil || one.StatusAt(w.Now()) != "inactive" {
			w.Errorf("%+v %v", one, err)
		}
		if _, err := s.OrgTokens(ctx, w.signIn().Access, "acme"); !errors.Is(err, client.ErrNotFound) && !errors.Is(err, client.ErrDenied) {
			w.Errorf("by a stranger: %v", err)
		}
		if err := s.DeleteOrgToken(ctx, ada, "acme", made.ID); err != nil {
			w.Error(err)
		}
	})
}

// What happened, by page and as lines, is the same.
func TestActivity(t *testing.T) {
	inBubble(t, func(w *world) {
		ctx, access := w.Context(), w.signIn().Access
		for i := range 130 { // more than a page
			if _, err := w.server.Create(ctx, access, client.NewToken{Label: fmt.Sprint(i), Scopes: []string{"repo:read"}}); err != nil {
				w.Fatal(err)
			}
		}
		q := client.ActivityQuery{Action: "token.created"}
		all, err := w.server.Activity(ctx, access, q)
		if err != nil || len(all) != 130 || all[0].Label != "129" || all[0].ActorName != "anna" {
			w.Fatalf("%d %v", len(all), err)
		}
		q.Most = 7
		if some, err := w.server.Activity(ctx, access, q); err != nil || len(some) != 7 {
			w.Errorf("%d %v", len(some), err)
		}
		var lines []client.Event
		err = w.server.ExportActivity(ctx, access, client.ActivityQuery{Action: "token.created"}, func(e client.Event) error {
			lines = append(lines, e)
			return nil
		})
		if err != nil || len(lines) != len(all) || lines[0].ID != all[0].ID || lines[129].ID != all[129].ID {
			w.Errorf("%d lines: %v", len(lines), err)
		}
		if err := w.server.ExportActivity(ctx, "nobody's", client.ActivityQuery{}, nil); !errors.Is(err, client.ErrEnded) {
			w.Errorf("without a session: %v", err)
		}
	})
}

// odd answers each path as a broken service does, once the service was found.
func (w *world) odd(answer func(r *http.Request) (*http.Response, error)) *client.Server {
	w.Helper()
	s, err := client.Open(w.Context(), w.URL, roundTrip(func(r *http.Request) (*http.Response, error) {
		if strings.HasPrefix(r.URL.Path, "/v2/") {
			return answer(r)
		}
		return w.network.RoundTrip(r)
	}))
	if err != nil {
		w.Fatal(err)
	}
	return s
}

func answering(status int, body io.Reader) (*http.Response, error) {
	return &http.Response{StatusCode: status, Status: http.StatusText(status), Body: io.NopCloser(body), Header: http.Header{}}, nil
}

// Answers that no service should give are told, and do no harm.
func TestBrokenAnswers(t *testing.T) {
	inBubble(t, func(w *world) {
		list := func(s *client.Server) error { _, err := s.Repositories(w.Context(), "x", ""); return err }
		lines := func(s *client.Server) error {
			return s.ExportActivity(w.Context(), "x", client.ActivityQuery{}, func(client.Event) error { return nil })
		}
		for name, c := range map[string]struct {
			status int
			body   io.Reader
			do     func(*client.Server) error
			want   error
		}{
			"a page":                   {200, strings.NewReader("<html>"), list, client.ErrNotServer},
			"a next that is none":      {200, strings.NewReader(`{"next":"https://evil.example/"}`), list, client.ErrNotServer},
			"a next that is unsound":   {200, strings.NewReader(`{"next":"://"}`), list, client.ErrNotServer},
			"another type":             {200, strings.NewReader(`{"results":{}}`), list, client.ErrNotServer},
			"not found, in its words":  {404, strings.NewReader(`{"message":"the registry is another one"}`), list, client.ErrNotFound},
			"it cannot":                {500, strings.NewReader("<html>"), list, client.ErrServer},
			"a redirect":               {302, strings.NewReader(""), list, client.ErrRefused},
			"too much":                 {200, io.LimitReader(endless('x'), 9<<20), list, client.ErrNotServer},
			"lines that are none":      {200, strings.NewReader("{}\n<html>\n"), lines, client.ErrNotServer},
			"a line without end":       {200, io.LimitReader(endless('x'), 9<<20), lines, client.ErrNotServer},
			"lines, and it cannot":     {500, strings.NewReader("<html>"), lines, client.ErrServer},
			"lines that are cut off":   {200, io.MultiReader(strings.NewReader("{}\n"), broken{}), lines, client.ErrUnreachable},
			"lines for somebody else":  {403, strings.NewReader(`{"message":"no"}`), lines, client.ErrDenied},
			"a page that repeats next": {200, strings.NewReader(`{"next":"?page_size=100"}`), list, client.ErrNotServer},
		} {
			s := w.odd(func(*http.Request) (*http.Response, error) { return answering(c.status, c.body) })
			if err := c.do(s); !errors.Is(err, c.want) {
				w.Errorf("%s: %v, want %v", name, err, c.want)
			}
		}
	})
}

// The next page is asked of the same server, whatever address it gives.
func TestPagesStayAtTheServer(t *testing.T) {
	inBubble(t, func(w *world) {
		var asked []string
		s := w.odd(func(r *http.Request) (*http.Response, error) {
			asked = append(asked, r.URL.String())
			next := ""
			if len(asked) < 3 {
				next = fmt.Sprintf("https://evil.example/elsewhere?after=%d", len(asked))
			}
			text, err := json.Marshal(map[string]any{"next": next, "results": []any{map[string]string{"name": "a\x1b[2J"}}})
			if err != nil {
				return nil, err
			}
			return answering(200, strings.NewReader(string(text)))
		})
		all, err := s.Repositories(w.Context(), "x", "acme")
		if err != nil || len(all) != 3 || all[0].Name != "a[2J" {
			w.Fatalf("%+v %v", all, err)
		}
		for _, address := range asked {
			if !strings.HasPrefix(address, w.URL+"/v2/access/repositories?") {
				w.Errorf("asked for %s", address)
			}
		}
	})
}

// Lines may come for as long as they come; silence is an end.
func TestLinesThatStop(t *testing.T) {
	inBubble(t, func(w *world) {
		s := w.odd(func(r *http.Request) (*http.Response, error) {
			return answering(200, &slowly{r.Context(), 0})
		})
		got := 0
		err := s.ExportActivity(w.Context(), "x", client.ActivityQuery{}, func(client.Event) error { got++; return nil })
		if !errors.Is(err, client.ErrUnreachable) || got != 30 || !strings.Contains(err.Error(), "no answer within") {
			w.Errorf("%d lines: %v", got, err)
		}
	})
}

// slowly says a line every ten seconds, thirty times, and nothing more.
type slowly struct {
	ctx  context.Context
	said int
}

func (s *slowly) Read(p []byte) (int, error) {
	wait := 10 * time.Second
	if s.said == 30 {
		wait = time.Hour
	}
	select {
	case <-s.ctx.Done():
		return 0, s.ctx.Err()
	case <-time.After(wait):
		s.said++
		return copy(p, "{}\n"), nil
	}
}

type endless byte

func (e endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(e)
	}
	return len(p), nil
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

// Tags of the registry inside: by page, cleaned, and deleted by name.
func TestTags(t *testing.T) {
	inBubble(t, func(w *world) {
		var asked []string
		s := w.odd(func(r *http.Request) (*http.Response, error) {
			asked = append(asked, r.Method+" "+r.URL.RequestURI())
			switch len(asked) {
			case 1:
				return answering(200, strings.NewReader(`{"next":"`+w.URL+`/v2/access/tags/acme/deep/app?after=v1","results":[{"name":"v1","digest":"sha256:aa","media_type":"m","size":5,"platforms":["linux/amd64\u001b[2J"],"pushed_at":"2026-11-01T10:00:00.000000Z"}]}`))
			case 2:
				return answering(200, strings.NewReader(`{"next":null,"results":[{"name":"v2","pushed_at":null}]}`))
			}
			return answering(204, strings.NewReader(""))
		})
		all, err := s.Tags(w.Context(), "x", "acme/deep/app")
		if err != nil || len(all) != 2 || all[0].Size != 5 || all[0].Platforms[0] != "linux/amd64[2J" || all[0].PushedAt == nil || all[1].PushedAt != nil {
			w.Errorf("%+v %v", all, err)
		}
		if err := s.DeleteTag(w.Context(), "x", "acme/deep/app", "v1"); err != nil {
			w.Error(err)
		}
		want := []string{"GET /v2/access/tags/acme/deep/app?page_size=100", "GET /v2/access/tags/acme/deep/app?after=v1", "DELETE /v2/access/tags/acme/deep/app?tag=v1"}
		if !slices.Equal(asked, want) {
			w.Errorf("asked %q", asked)
		}
	})
}
