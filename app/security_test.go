//go:build linux

package app

import (
	"net/http"
	"strings"
	"testing"

	"lanyard/backend/client"
	"lanyard/backend/e2e/keyring"
	"lanyard/backend/e2e/service"
)

func TestSecurity(t *testing.T) {
	w := newWorld(t)
	w.signIn()
	w.elsewhere("box")
	v, err := w.App.security.Look()
	if err != nil || len(v.Sessions) != 2 || v.Factors == nil || v.SignIns == nil {
		t.Fatalf("%+v %v", v, err)
	}
	var here, there SessionRowView
	for _, s := range v.Sessions {
		if s.ThisComputer {
			here = s
		} else {
			there = s
		}
	}
	if there.Machine != "box" || there.OS != "linux" {
		t.Errorf("%+v", there)
	}
	if here.ID == "" || there.ID == "" || here.Machine == "" || here.Began == "" || here.Ends == "" || here.TokenLastFour == "" || here.Address == "" {
		t.Fatalf("%+v, %+v", here, there)
	}
	if _, err := (&http.Client{}).Head(w.service.URL); err != nil {
		t.Fatal(err)
	}
	if status, err := w.service.Login("anna", "not the password"); err != nil || status == http.StatusOK {
		t.Fatal(status, err)
	}
	if v, err = w.App.security.Look(); err != nil || len(v.SignIns) == 0 || v.SignIns[0].At == "" {
		t.Errorf("%+v %v", v.SignIns, err)
	}
	for _, id := range []string{"", "x", "../../users/login", "00000000-0000-0000-0000-000000000000"} {
		if err := w.App.security.End(id); codeOf(err) == "" {
			t.Errorf("%q was ended", id)
		}
	}
	w.stands("active")
	if err := w.App.security.End(there.ID); err != nil {
		t.Error(err)
	}
	if v, err = w.App.security.Look(); err != nil || len(v.Sessions) != 1 {
		t.Errorf("%+v %v", v.Sessions, err)
	}
	w.elsewhere("box")
	if n, err := w.App.security.EndOthers(); err != nil || n.Ended != 1 {
		t.Errorf("%+v %v", n, err)
	}
	w.stands("active")
	other := w.elsewhere("box")
	if _, err := other.Server.EndOtherSessions(t.Context(), other.Token); err != nil {
		t.Fatal(err)
	}
	if over := w.stands("ended"); over.By != "person" || over.When == "" {
		t.Errorf("%+v", over)
	}
	w.signIn()
	if err := w.App.security.OpenPage(); err != nil || w.pages()[len(w.pages())-1] != w.service.URL+"/account/security" {
		t.Errorf("%q %v", w.pages(), err)
	}
}

// A service of an earlier version: what it does not know is said, and the rest
// goes on.
func TestAnEarlierServer(t *testing.T) {
	early := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			switch p := r.URL.Path; {
			case strings.HasPrefix(p, "/v2/access/sessions"), strings.HasPrefix(p, "/v2/access/changes"), strings.HasPrefix(p, "/v2/access/factors"),
				strings.HasSuffix(p, "/uses"), strings.HasSuffix(p, "/reach"):
				http.NotFound(rw, r)
			case p == "/.well-known/lanyard":
				described := &rewritten{ResponseWriter: rw}
				next.ServeHTTP(described, r)
				_, _ = rw.Write([]byte(strings.Replace(string(described.body), `"api":2,`, "", 1)))
			default:
				next.ServeHTTP(rw, r)
			}
		})
	}
	w := newWorldAt(t, keyring.Options{}, service.Options{Around: early})
	w.service.Person(t, "anna")
	w.browse = w.service.Sit("anna").Allow
	v := w.signIn()
	if v.State != "active" || v.ServerVersion != "too_old" {
		t.Errorf("%+v", v)
	}
	if _, err := w.App.security.Look(); codeOf(err) != "too_old" {
		t.Errorf("%v", err)
	}
	if _, err := w.App.security.EndOthers(); codeOf(err) != "too_old" {
		t.Errorf("%v", err)
	}
	list, err := w.App.tokens.List()
	if err != nil || len(list.Tokens) != 1 {
		t.Fatalf("%+v %v", list, err)
	}
	if one, err := w.App.tokens.Show(list.Tokens[0].ID); err != nil || one.Uses == nil || one.Reach == nil || len(one.Activity) == 0 {
		t.Errorf("%+v %v", one, err)
	}
	if home, err := w.App.home.Look(); err != nil || home.Elsewhere != 0 {
		t.Errorf("%+v %v", home, err)
	}
}

// rewritten keeps an answer's body back.
type rewritten struct {
	http.ResponseWriter
	body []byte
}

func (r *rewritten) Write(text []byte) (int, error) {
	r.body = append(r.body, text...)
	return len(text), nil
}

// A token, with where it was used from and what it reaches.
func TestShowToken(t *testing.T) {
	w := newWorldAt(t, keyring.Options{}, service.Options{Storage: t.TempDir()})
	w.service.Person(t, "anna")
	w.browse = w.service.Sit("anna").Allow
	w.signIn()
	fresh, err := w.App.tokens.Create(NewTokenView{Description: "ci", Scope: "read"})
	if err != nil {
		t.Fatal(err)
	}
	if status, err := w.service.Login("anna", fresh.Secret); err != nil || status != http.StatusOK {
		t.Fatal(status, err)
	}
	v, err := w.App.tokens.Show(fresh.Token.ID)
	if err != nil || v.Token.Description != "ci" || len(v.Uses) != 1 || v.Uses[0].Count != 1 || v.Uses[0].At == "" || v.Reach == nil || len(v.Activity) != 1 {
		t.Errorf("%+v %v", v, err)
	}
	if _, err := w.App.tokens.Show("00000000-0000-0000-0000-000000000000"); codeOf(err) != "not_found" {
		t.Errorf("%v", err)
	}
	w.search("the detail", v, []string{fresh.Secret})
}

// Who else uses this computer's token.
func TestElsewhere(t *testing.T) {
	for name, c := range map[string]struct {
		ip   string
		want bool
	}{
		"the loopback": {"127.0.0.1", false}, "as the service sees us": {"203.0.113.7", false}, "our own": {"192.0.2.1", false},
		"another": {"198.51.100.9", true}, "another of version 6": {"2001:db8::9", true}, "nothing": {"", false}, "no address": {"x", false},
	} {
		got := notFromHere(tokenUses(c.ip), "203.0.113.7", []string{"192.0.2.1"})
		if (len(got) == 1) != c.want {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func tokenUses(ip string) []client.TokenUse { return []client.TokenUse{{IP: ip, Count: 1}} }
