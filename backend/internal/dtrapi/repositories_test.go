package dtrapi_test

import (
	"context"
	"strings"
	"testing"

	"lanyard/backend/access"
	"lanyard/backend/account"
	"lanyard/backend/activity"
	"lanyard/backend/token"
)

// library makes an organisation acme of ada's, and repositories.
func (w *world) library(t *testing.T) {
	t.Helper()
	ctx := context.Background()
	as := func(a account.Account) access.Actor {
		return access.Actor{By: activity.By{Account: a.ID, Name: a.Name}, Admin: a.Admin}
	}
	if _, err := w.access.CreateOrganization(ctx, as(w.root), "acme", "", w.ada.ID); err != nil {
		t.Fatal(err)
	}
	for _, one := range []struct {
		by     account.Account
		name   string
		public bool
	}{{w.root, "base", true}, {w.ada, "acme/app", false}, {w.ada, "ada/app", false}, {w.ada, "ada/open", true}, {w.bob, "bob/app", false}} {
		if _, err := w.access.CreateRepository(ctx, as(one.by), one.name, "about "+one.name, one.public); err != nil {
			t.Fatal(err)
		}
	}
	err := w.access.Seen(ctx,
		access.Seen{Action: access.Pull, Repository: "ada/app", Subject: "ada", At: w.now}, access.Seen{Action: access.Pull, Repository: "ada/app", Subject: "ada", At: w.now},
		access.Seen{Action: access.Push, Repository: "ada/app", Subject: "ada", At: w.now},
	)
	if err == nil {
		err = w.access.Flush(ctx)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func (w *world) repositories(t *testing.T, user, secret, query string) (all []repository, names string, answer reply) {
	t.Helper()
	var body struct{ Repositories []repository }
	answer = w.ask(t, user, secret, "GET", images+query, "")
	answer.into(t, &body)
	for _, r := range body.Repositories {
		names += " " + strings.TrimPrefix(r.Namespace+"/"+r.Name, "/")
	}
	return body.Repositories, strings.TrimSpace(names), answer
}

func TestRepositoriesThatOneMaySee(t *testing.T) {
	w := newWorld(t)
	w.library(t)
	_, full := w.pat(t, w.ada, "full", "repo:read")
	_, public := w.pat(t, w.ada, "public", "repo:public_read")
	_, limited, err := w.tokens.Create(context.Background(), w.ada.ID, token.Spec{Description: "limited", Scopes: []string{"repo:read"}, Repositories: []string{"acme/*"}})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ user, secret, want string }{
		{"ada", password, "acme/app ada/app ada/open base"},
		{"ada", full, "acme/app ada/app ada/open base"},
		{"ada", public, "ada/open base"},
		{"ada", limited.Reveal(), "acme/app"},
		{"bob", password, "ada/open base bob/app"},
		{"root", password, "ada/open base"},
	} {
		if _, got, _ := w.repositories(t, c.user, c.secret, ""); got != c.want {
			t.Errorf("%s: %s, want %s", c.user, got, c.want)
		}
	}
	all, _, _ := w.repositories(t, "ada", password, "/?pageSize=100")
	for i, want := range []repository{
		{"", "acme", "organization", "app", "private", 0, 0}, {"", "ada", "user", "app", "private", 2, 1},
		{"", "ada", "user", "open", "public", 0, 0}, {"", "", "user", "base", "public", 0, 0},
	} {
		got := all[i]
		if len(got.ID) != 36 {
			t.Errorf("id %q", got.ID)
		}
		if got.ID = ""; got != want {
			t.Errorf("%+v, want %+v", got, want)
		}
	}
	if body := w.ask(t, "ada", password, "GET", images, "").body; !strings.Contains(body, `"shortDescription":"about ada/app","longDescription":""`) ||
		!strings.Contains(body, `"scanOnPush":false,"immutableTags":false,"enableManifestLists":true`) {
		t.Error(body)
	}
}

func TestPagesOfRepositories(t *testing.T) {
	w := newWorld(t)
	w.library(t)
	var seen []string
	start := ""
	for pages := 0; pages == 0 || start != ""; pages++ {
		_, names, answer := w.repositories(t, "ada", password, "?pageSize=1&count=true&pageStart="+start)
		if answer.header.Get("X-Resource-Count") != "4" {
			t.Errorf("count %q", answer.header.Get("X-Resource-Count"))
		}
		seen, start = append(seen, names), answer.header.Get("X-Next-Page-Start")
	}
	if got := strings.Join(seen, " "); got != "acme/app ada/app ada/open base" {
		t.Errorf("page by page: %s", got)
	}
	// A start that is gone, or another's, is a place all the same.
	for start, want := range map[string]string{"ada/b": "ada/open base", "bob/app": "", "ada/open": "ada/open base"} {
		if _, got, _ := w.repositories(t, "ada", password, "?pageStart="+start); got != want {
			t.Errorf("%s: %s, want %s", start, got, want)
		}
	}
}

func TestNobodyAndNothing(t *testing.T) {
	w := newWorld(t)
	if body := w.ask(t, "ada", password, "GET", images, "").body; strings.TrimSpace(body) != `{"repositories":[]}` {
		t.Error(body)
	}
	if body := w.ask(t, "ada", password, "GET", tokens, "").body; strings.TrimSpace(body) != `[]` {
		t.Error(body)
	}
	w.ask(t, "", "", "GET", images, "").refused(t, 401, "NOT_AUTHENTICATED", "sign in")
	if got := w.ask(t, "ada", password, "HEAD", images, ""); got.status != 200 {
		t.Errorf("HEAD: %d", got.status)
	}
}
