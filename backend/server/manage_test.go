package server

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"lanyard/backend/account"
	"lanyard/backend/client"
)

// The other half's client against the whole service: what one sends the other
// understands, and the other way round.
func TestTheClientManages(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := running(t, func(c *Config) {
		if c.Address, err = NewAddress("", listener.Addr().String(), false); err != nil {
			t.Fatal(err)
		}
	})
	web := &http.Server{Handler: s, ReadHeaderTimeout: time.Minute}
	go func() { _ = web.Serve(listener) }()
	t.Cleanup(func() { _ = web.Close() })
	ctx, base := t.Context(), s.config.Address.Public.String()
	const password = "correct horse battery staple"
	access := map[string]string{}
	for _, name := range []string{"ada", "bob"} {
		if _, err := s.accounts.Create(ctx, account.New{Name: name, Password: password, Admin: name == "ada"}); err != nil {
			t.Fatal(err)
		}
		response, err := http.Post(base+"/v2/auth/token", "application/json", strings.NewReader(fmt.Sprintf(`{"identifier":%q,"secret":%q}`, name, password)))
		if err != nil {
			t.Fatal(err)
		}
		var out struct {
			Token string `json:"access_token"`
		}
		if err := json.NewDecoder(response.Body).Decode(&out); err != nil || out.Token == "" {
			t.Fatalf("%d, %v", response.StatusCode, err)
		}
		response.Body.Close()
		access[name] = out.Token
	}
	ada, bob := access["ada"], access["bob"]
	c, err := client.Open(ctx, base, nil)
	if err != nil {
		t.Fatal(err)
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	_, err = c.CreateOrganization(ctx, ada, client.NewOrganization{Name: "acme"})
	must(err)
	right := "write"
	must(c.SetMember(ctx, ada, "acme", "bob", false))
	must(c.CreateTeam(ctx, ada, "acme", client.TeamPatch{Name: "dev", Right: &right}))
	must(c.AddToTeam(ctx, ada, "acme", "dev", "bob"))
	o, err := c.Organization(ctx, bob, "acme")
	must(err)
	if dev, ok := o.Team("dev"); !ok || dev.Right != "write" || fmt.Sprint(dev.Members, o.Role, o.Owners) != "[bob]member[ada]" {
		t.Errorf("%+v", o)
	}
	made, err := c.CreateRepository(ctx, bob, client.RepositoryPatch{Name: "bob/app"})
	must(err)
	given, err := c.Give(ctx, bob, "bob/app", client.Given{User: "ada", Right: "read"})
	must(err)
	if made.Right != "admin" || len(given.Given) != 1 || given.Given[0] != (client.Given{User: "ada", Right: "read"}) {
		t.Errorf("%+v, then %+v", made, given)
	}
	_, err = c.Take(ctx, bob, "bob/app", client.Given{User: "ada"})
	must(err)
	if all, err := c.Repositories(ctx, bob, ""); err != nil || len(all) != 1 || all[0].Visibility != "private" {
		t.Errorf("%+v, %v", all, err)
	}
	own := c.Holder(bob, "")
	one, err := own.Create(ctx, client.NewToken{Label: "CI", Scopes: []string{"repo:read"}})
	must(err)
	login := client.Login{Username: "bob", Secret: one.Secret}
	if e, err := c.ExplainSelf(ctx, login, client.Question{Repository: "bob/app", Action: "push"}); err != nil || e.Allowed || e.Rule != "own" || e.Why == "" {
		t.Errorf("%+v, %v", e, err)
	}
	fresh, err := c.RotateSelf(ctx, login, time.Hour)
	must(err)
	if found, previous, err := c.Which(ctx, bob, one.Secret); err != nil || !previous || found.UUID != one.UUID || fresh.Secret == one.Secret {
		t.Errorf("%+v, %v, %v", found, previous, err)
	}
	if list, err := c.Holder(ada, "bob").List(ctx, client.TokenQuery{}); err != nil || len(list.Tokens) != 1 {
		t.Errorf("an administrator sees %+v, %v", list, err)
	}
	oat, err := c.CreateOrgToken(ctx, ada, "acme", client.NewOrgToken{
		Label: "CI", Resources: []client.Resource{{Type: "TYPE_REPO", Path: "acme/*", Scopes: []string{"scope-image-pull"}}},
	})
	must(err)
	if _, err := c.SetOrgToken(ctx, ada, "acme", oat.ID, false); err != nil {
		t.Error(err)
	}
	if all, err := c.OrgTokens(ctx, ada, "acme"); err != nil || len(all) != 1 || all[0].Active {
		t.Errorf("%+v, %v", all, err)
	}
	if all, err := c.Activity(ctx, bob, client.ActivityQuery{Action: "token.rotated"}); err != nil || len(all) != 1 || all[0].Details["via"] != "token" {
		t.Errorf("%+v, %v", all, err)
	}
	lines := 0
	must(c.ExportActivity(ctx, bob, client.ActivityQuery{}, func(client.Event) error { lines++; return nil }))
	if lines < 5 {
		t.Errorf("%d lines of activity", lines)
	}
	must(c.RevokeSelf(ctx, client.Login{Username: "bob", Secret: fresh.Secret}))
	must(c.DeleteRepository(ctx, bob, "bob/app"))
	must(c.DeleteOrganization(ctx, ada, "acme"))
}
