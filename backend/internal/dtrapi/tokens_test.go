package dtrapi_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"lanyard/backend/account"
	"lanyard/backend/activity"
	"lanyard/backend/grant"
	"lanyard/backend/token"
)

func TestCreate(t *testing.T) {
	w := newWorld(t)
	var made apiToken
	w.ask(t, "ada", password, "POST", tokens, `{"tokenLabel":"ci","isActive":false,"later":1}`).into(t, &made)
	if made.Token == "" || made.TokenLabel != "ci" || !made.IsActive || made.GeneratedBy != "manual" || made.CreatorUa != "curl/8.5" ||
		made.LastUsed != "0001-01-01T00:00:00Z" || made.CreatedAt != "2026-11-23T09:00:00Z" || strings.Contains(made.HashedToken, made.Token) {
		t.Errorf("%+v", made)
	}
	kept, err := w.tokens.Find(context.Background(), made.Token)
	if err != nil || kept.ID != made.HashedToken || kept.Owner != w.ada.ID || !slices.Equal(kept.Scopes, []token.Scope{token.ScopeAdmin}) || !kept.ExpiresAt.IsZero() {
		t.Errorf("%+v, %v", kept, err)
	}
	for _, body := range []string{`{}`, `{"tokenLabel":null}`} {
		w.ask(t, "ada", password, "POST", tokens, body).into(t, &made)
		if made.TokenLabel != "API token" {
			t.Errorf("%s: %+v", body, made)
		}
	}
	for _, answer := range []reply{w.ask(t, "ada", password, "GET", tokens, ""), w.ask(t, "ada", password, "GET", tokens+"/"+made.HashedToken, "")} {
		if answer.status != http.StatusOK || strings.Contains(answer.body, made.Token) || strings.Contains(answer.body, `"token"`) {
			t.Errorf("the secret is shown again: %s", answer.body)
		}
	}
	if strings.Contains(w.logged.String(), made.Token) {
		t.Error("the secret is in the log")
	}
}

// What an administrator does for another is in both activities.
func TestAnAdministratorActsForAnother(t *testing.T) {
	w := newWorld(t)
	ctx := context.Background()
	var made apiToken
	w.ask(t, "root", password, "POST", tokens+"?username=Ada", `{"tokenLabel":"for ada"}`).into(t, &made)
	if kept, err := w.tokens.Get(ctx, w.ada.ID, made.HashedToken); err != nil || kept.Description != "for ada" {
		t.Fatalf("%+v, %v", kept, err)
	}
	one := tokens + "/" + made.HashedToken
	var got apiToken
	w.ask(t, "root", password, "GET", tokens+"/"+strings.ToUpper(made.HashedToken), "").into(t, &got)
	w.ask(t, "root", password, "PATCH", one, `{"isActive":false,"tokenLabel":"off"}`).into(t, &got)
	if got.IsActive || got.TokenLabel != "off" {
		t.Errorf("%+v", got)
	}
	if gone := w.ask(t, "root", password, "DELETE", one, ""); gone.status != http.StatusOK || gone.body != "" {
		t.Errorf("%d %s", gone.status, gone.body)
	}
	w.ask(t, "root", password, "GET", one, "").refused(t, 404, "NO_SUCH_API_TOKEN", "that you may see")
	for _, owner := range []account.Account{w.ada, w.root} {
		log := &activity.Log{Store: w.db, Now: func() time.Time { return w.now }}
		events, err := log.Page(ctx, owner.ID, activity.Query{Most: 10, Action: "token."})
		if err != nil || len(events) < 4 {
			t.Fatalf("%s: %+v, %v", owner.Name, events, err)
		}
		for _, e := range events {
			if e.Actor != w.root.ID || e.ActorName != "root" || e.Account != w.ada.ID || e.Addr != "192.0.2.1" || e.Agent != "curl/8.5" {
				t.Errorf("%s: %+v", owner.Name, e)
			}
		}
	}
}

func TestWhoseTokens(t *testing.T) {
	w := newWorld(t)
	for i, one := range []account.Account{w.root, w.ada, w.ada, w.bob} {
		w.pat(t, one, one.Name+strconv.Itoa(i), "repo:read")
	}
	w.generated(t, w.bob, "den")
	session, _ := w.generated(t, w.bob, "attic")
	if err := w.grants.End(context.Background(), session.ID, grant.WhySignedOut); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ user, query, want string }{
		{"ada", "", "ada1 ada2"},
		{"ada", "?username=ada", "ada1 ada2"},
		{"ada", "?username=ADA", "ada1 ada2"},
		{"ada", "?username=ada@example.org", "ada1 ada2"},
		{"bob", "", "Lanyard on den bob3"},
		{"root", "", "Lanyard on den ada1 ada2 bob3 root0"},
		{"root", "?username=root", "root0"},
		{"root", "?username=ada", "ada1 ada2"},
		{"root", "?username=ada&pageStart=ffffffff-ffff-ffff-ffff-ffffffffffff", ""},
	} {
		var all []apiToken
		answer := w.ask(t, c.user, password, "GET", tokens+c.query, "")
		if answer.into(t, &all); labels(all) != c.want {
			t.Errorf("%s%s: %s", c.user, c.query, labels(all))
		}
		if !strings.HasPrefix(answer.body, "[") {
			t.Errorf("%s%s: no bare array: %s", c.user, c.query, answer.body)
		}
	}
	w.ask(t, "ada", password, "GET", tokens+"?username=bob", "").refused(t, 403, "NOT_AUTHORIZED", "for administrators")
	w.ask(t, "ada", password, "GET", tokens+"?username=nobody", "").refused(t, 403, "NOT_AUTHORIZED", "for administrators")
	w.ask(t, "root", password, "GET", tokens+"?username=nobody", "").refused(t, 404, "NO_SUCH_USER", "no such user")
}

// Pages follow each other by the header that DTR's clients read, and stay right
// while tokens come and go.
func TestPages(t *testing.T) {
	w := newWorld(t)
	for i := range 23 {
		w.pat(t, []account.Account{w.ada, w.bob}[i%2], fmt.Sprint("t", i), "repo:read")
	}
	for query, want := range map[string]int{"?pageSize=5&count=true&": 23, "?username=ada&pageSize=5&count=1&": 12} {
		seen := map[string]bool{}
		start := ""
		for pages := 0; pages == 0 || start != ""; pages++ {
			var page []apiToken
			answer := w.ask(t, "root", password, "GET", tokens+query+"pageStart="+start, "")
			answer.into(t, &page)
			if got := answer.header.Get("X-Resource-Count"); got != strconv.Itoa(want) {
				t.Errorf("%s: count %q, want %d", query, got, want)
			}
			for _, one := range page {
				if seen[one.HashedToken] {
					t.Errorf("%s: %s twice", query, one.TokenLabel)
				}
				seen[one.HashedToken] = true
			}
			if start = answer.header.Get("X-Next-Page-Start"); start != "" && len(page) != 5 {
				t.Errorf("%s: a page of %d", query, len(page))
			}
		}
		if len(seen) != want {
			t.Errorf("%s: %d of %d", query, len(seen), want)
		}
	}
	var first []apiToken
	answer := w.ask(t, "root", password, "GET", tokens, "")
	if answer.into(t, &first); len(first) != 10 || answer.header.Get("X-Resource-Count") != "" {
		t.Errorf("%d by default, count %q", len(first), answer.header.Get("X-Resource-Count"))
	}
	next := answer.header.Get("X-Next-Page-Start")
	owner, err := w.db.TokensFrom(context.Background(), next, 1)
	if err == nil {
		err = w.tokens.Delete(context.Background(), owner[0].Owner, activity.By{}, next)
	}
	if err != nil {
		t.Fatal(err)
	}
	var rest []apiToken
	w.ask(t, "root", password, "GET", tokens+"?pageSize=100&pageStart="+next, "").into(t, &rest)
	if len(rest) != 12 {
		t.Errorf("the first of the next page went meanwhile: %d follow", len(rest))
	}
}

func TestChangeAndDelete(t *testing.T) {
	w := newWorld(t)
	made, _ := w.pat(t, w.ada, "mine", "repo:read")
	one := tokens + "/" + made.ID
	for body, want := range map[string]apiToken{
		`{"isActive":false}`:                       {TokenLabel: "mine"},
		`{"isActive":true,"tokenLabel":"renamed"}`: {TokenLabel: "renamed", IsActive: true},
	} {
		var got apiToken
		w.ask(t, "ada", password, "PATCH", one, `{"isActive":true,"tokenLabel":"mine"}`).into(t, &got)
		w.ask(t, "ada", password, "PATCH", one+"/", body).into(t, &got)
		if got.IsActive != want.IsActive || got.TokenLabel != want.TokenLabel {
			t.Errorf("%s: %+v", body, got)
		}
	}
	if kept, err := w.tokens.Get(context.Background(), w.ada.ID, made.ID); err != nil || kept.Scopes[0] != token.ScopeRead {
		t.Errorf("changed further: %+v, %v", kept, err)
	}
	session, auto := w.generated(t, w.ada, "den")
	for _, id := range []string{made.ID, auto.ID} {
		if got := w.ask(t, "ada", password, "DELETE", tokens+"/"+id, ""); got.status != http.StatusOK || got.body != "" {
			t.Errorf("%d %s", got.status, got.body)
		}
		w.ask(t, "ada", password, "DELETE", tokens+"/"+id, "").refused(t, 404, "NO_SUCH_API_TOKEN", "")
	}
	if _, err := w.grants.Live(context.Background(), session.ID); !errors.Is(err, grant.ErrEnded) {
		t.Errorf("the session of a deleted token: %v", err)
	}
}

func TestAnExpiredTokenIsOnlyDeleted(t *testing.T) {
	w := newWorld(t)
	made, _, err := w.tokens.Create(context.Background(), w.ada.ID, token.Spec{Description: "short", Expires: w.now.Add(time.Hour).Format(time.RFC3339)})
	if err != nil {
		t.Fatal(err)
	}
	w.now = w.now.Add(2 * time.Hour)
	var got apiToken
	if w.ask(t, "ada", password, "GET", tokens+"/"+made.ID, "").into(t, &got); got.IsActive {
		t.Error("an expired token is active")
	}
	w.ask(t, "ada", password, "PATCH", tokens+"/"+made.ID, `{"isActive":true}`).refused(t, 409, "API_TOKEN_ENDED", "only be deleted")
	if got := w.ask(t, "ada", password, "DELETE", tokens+"/"+made.ID, ""); got.status != http.StatusOK {
		t.Errorf("%d %s", got.status, got.body)
	}
}

func TestClean(t *testing.T) {
	for name, c := range map[string]struct{ user, query, left string }{
		"one's own generated ones":       {"ada", "", "ada-hand bob-hand bob-new bob-old"},
		"by name":                        {"ada", "?username=ada", "ada-hand bob-hand bob-new bob-old"},
		"those made by hand":             {"ada", "?generatedby=manual", "Lanyard on ada-new Lanyard on ada-old bob-hand bob-new bob-old"},
		"used before a time":             {"ada", "?usedbefore=2026-11-24T00:00:00Z", "Lanyard on ada-new ada-hand bob-hand bob-new bob-old"},
		"used before a day":              {"ada", "?usedbefore=2026-11-24", "Lanyard on ada-new ada-hand bob-hand bob-new bob-old"},
		"used before another day":        {"ada", "?usedbefore=2020-01-01", "Lanyard on ada-new Lanyard on ada-old ada-hand bob-hand bob-new bob-old"},
		"another's":                      {"root", "?username=bob", "Lanyard on ada-new Lanyard on ada-old ada-hand bob-hand"},
		"everybody's, before a day":      {"root", "?usedbefore=2026-11-24", "Lanyard on ada-new ada-hand bob-hand bob-new"},
		"everybody's by hand, from then": {"root", "?usedbefore=2026-11-25&generatedby=manual", "Lanyard on ada-new Lanyard on ada-old bob-new bob-old"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			for _, one := range []account.Account{w.ada, w.bob} {
				w.pat(t, one, one.Name+"-hand", "repo:read")
				w.generated(t, one, one.Name+"-old")
			}
			w.now = w.now.Add(24 * time.Hour)
			for _, one := range []account.Account{w.ada, w.bob} {
				w.generated(t, one, one.Name+"-new")
			}
			if got := w.ask(t, c.user, password, "DELETE", tokens+c.query, ""); got.status != http.StatusOK || got.body != "" {
				t.Fatalf("%d %s", got.status, got.body)
			}
			var left []apiToken
			w.ask(t, "root", password, "GET", tokens+"?pageSize=100", "").into(t, &left)
			if got := labels(left); got != sorted(c.left) {
				t.Errorf("left %s\nwant %s", got, sorted(c.left))
			}
		})
	}
}

// sorted puts labels, of which "Lanyard on x" are three words, in order; the
// ones of bob's computers are written short.
func sorted(text string) string {
	text = strings.NewReplacer("Lanyard on ", "Lanyard\x00on\x00", "bob-new", "Lanyard\x00on\x00bob-new", "bob-old", "Lanyard\x00on\x00bob-old").Replace(text)
	all := strings.Fields(text)
	slices.Sort(all)
	return strings.ReplaceAll(strings.Join(all, " "), "\x00", " ")
}
