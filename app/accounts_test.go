//go:build linux

package app

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"lanyard/backend/e2e/keyring"
	"lanyard/backend/ledger"
)

// Two people of one server, and a pasted token.
func TestAccounts(t *testing.T) {
	w := newWorld(t)
	w.signIn()
	if accounts, err := w.App.accounts.List(); err != nil || len(accounts) != 1 || !accounts[0].Active || !accounts[0].Own || accounts[0].State != "active" || accounts[0].Ends == "" {
		t.Fatalf("%+v %v", accounts, err)
	}
	pasted, err := w.App.start.Paste(PasteView{Host: "localhost:1", Username: "robot", Secret: "some-token-of-theirs", Ends: stamp(time.Now().AddDate(0, 1, 0)), NoCheck: true})
	if err != nil || pasted.Host != "localhost:1" || pasted.LastFour != "eirs" || pasted.Checked || pasted.Replaced {
		t.Fatalf("%+v %v", pasted, err)
	}
	w.service.Person(t, "ben")
	w.mu.Lock()
	w.browse = w.service.Sit("ben").Allow
	w.mu.Unlock()
	if v := w.signIn(); v.Account != "ben" {
		t.Fatalf("who signed in last is shown: %+v", v)
	}
	list := func() map[string]AccountView {
		t.Helper()
		accounts, err := w.App.accounts.List()
		if err != nil {
			t.Fatal(err)
		}
		by := map[string]AccountView{}
		for _, a := range accounts {
			by[a.Name] = a
		}
		return by
	}
	all := list()
	if len(all) != 3 || all["anna"].Active || !all["ben"].Active || len(all["anna"].ActiveAt) != 0 || len(all["ben"].ActiveAt) != 1 || !all["robot"].Pasted || all["robot"].Ends == "" || all["robot"].Own {
		t.Fatalf("%+v", all)
	}
	if v, err := w.App.accounts.Switch(all["anna"].ID); err != nil || v.Account != "anna" || len(v.Registries) != 1 {
		t.Errorf("%+v %v", v, err)
	}
	if all = list(); !all["anna"].Active || len(all["ben"].ActiveAt) != 0 {
		t.Errorf("%+v", all)
	}
	w.stands("active")
	for _, id := range []string{"", "anna", "x@https://elsewhere.example"} {
		if _, err := w.App.accounts.Switch(id); codeOf(err) != "not_found" {
			t.Errorf("%q: %v", id, err)
		}
		if _, err := w.App.accounts.Remove(id); codeOf(err) != "not_found" {
			t.Errorf("%q: %v", id, err)
		}
	}
	if r, err := w.App.accounts.Remove(all["ben"].ID); err != nil || !r.Removed || !r.Revoked || r.Account != "ben" {
		t.Errorf("%+v %v", r, err)
	}
	if r, err := w.App.accounts.Remove(all["robot"].ID); err != nil || !r.Removed || r.Revoked {
		t.Errorf("%+v %v", r, err)
	}
	if all = list(); len(all) != 1 || !all["anna"].Active {
		t.Errorf("%+v", all)
	}
	w.stands("active")
}

func TestPasteRefuses(t *testing.T) {
	w := newWorld(t)
	good := PasteView{Host: "localhost:1", Username: "robot", Secret: "some-token-of-theirs", NoCheck: true}
	for name, c := range map[string]struct {
		change func(*PasteView)
		code   string
	}{
		"no host":          {func(p *PasteView) { p.Host = "" }, "refused"},
		"a path":           {func(p *PasteView) { p.Host = "localhost:1/team/app" }, "refused"},
		"no name":          {func(p *PasteView) { p.Username = "" }, "refused"},
		"no token":         {func(p *PasteView) { p.Secret = "" }, "refused"},
		"a line break":     {func(p *PasteView) { p.Secret = "a\nb" }, "refused"},
		"a past end":       {func(p *PasteView) { p.Ends = "2020-01-01T00:00:00Z" }, "refused"},
		"no moment":        {func(p *PasteView) { p.Ends = "tomorrow" }, "refused"},
		"nobody answers":   {func(p *PasteView) { p.NoCheck = false }, "offline"},
		"it does not take": {func(p *PasteView) { p.NoCheck, p.Host = false, strings.TrimPrefix(w.service.URL, "http://") }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			p := good
			c.change(&p)
			_, err := w.App.start.Paste(p)
			if code := codeOf(err); code == "" || c.code != "" && code != c.code || strings.Contains(err.Error(), good.Secret) {
				t.Errorf("%v", err)
			}
			if all, err := w.App.accounts.List(); err != nil || len(all) > 0 {
				t.Errorf("it is kept: %+v %v", all, err)
			}
		})
	}
}

// The ledger, as Home shows it.
func TestHome(t *testing.T) {
	w := newWorldWith(t, keyring.Options{})
	if v, err := w.App.home.Look(); err != nil || len(v.Uses) != 0 || v.Uses == nil || v.ElsewhereFrom == nil || v.Hub != nil {
		t.Errorf("%+v %v", v, err)
	}
	l := ledger.Ledger{Dir: w.core.Computer.Dirs.State}
	at := time.Date(2027, 1, 31, 12, 0, 0, 0, time.UTC)
	for i, u := range []ledger.Use{
		{Tool: "/usr/bin/docker", Host: "localhost:8460", Account: "anna", Server: w.service.URL, LastFour: "abcd", Folder: "/src/app"},
		{Tool: "", Host: "ghcr.io", Refused: "the keychain is locked"},
		{Tool: "/opt/evil\x1b[2J", Host: "x\u202e"},
	} {
		u.At = at.Add(time.Duration(i) * time.Hour)
		if err := os.MkdirAll(l.Dir, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := l.Append(u); err != nil {
			t.Fatal(err)
		}
	}
	v, err := w.App.home.Look()
	if err != nil || len(v.Uses) != 3 {
		t.Fatalf("%+v %v", v, err)
	}
	if u := v.Uses[2]; u.Tool != "docker" || u.Host != "localhost:8460" || u.At != "2027-01-31T12:00:00Z" || u.Account != "anna" || u.Folder != "/src/app" {
		t.Errorf("%+v", u)
	}
	if u := v.Uses[1]; u.Tool != "" || u.Refused != "the keychain is locked" {
		t.Errorf("%+v", u)
	}
	if u := v.Uses[0]; strings.ContainsAny(u.Tool+u.Host, "\x1b\u202e") {
		t.Errorf("%+v", u)
	}
}

func TestActivity(t *testing.T) {
	w := newWorld(t)
	w.signIn()
	for range perPart / 2 { // two events each
		fresh, err := w.App.tokens.Create(NewTokenView{Description: "x", Scope: "read"})
		if err == nil {
			err = w.App.tokens.Delete([]string{fresh.Token.ID})
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	all, err := w.App.activity.List(ActivityQuery{Kind: "token"})
	if err != nil || len(all.Events) != perPart || !all.More || !all.Events[0].Self || all.Events[0].Details == nil {
		t.Fatalf("%d, %v, %v", len(all.Events), all.More, err)
	}
	rest, err := w.App.activity.List(ActivityQuery{Kind: "token", Before: all.Events[perPart-1].ID})
	if err != nil || len(rest.Events) == 0 || rest.More || rest.Events[0].ID == all.Events[perPart-1].ID {
		t.Errorf("%+v %v", rest, err)
	}
	for _, e := range append(all.Events, rest.Events...) {
		if !strings.HasPrefix(e.Action, "token.") {
			t.Errorf("%+v", e)
		}
	}
	if sessions, err := w.App.activity.List(ActivityQuery{Kind: "session"}); err != nil || len(sessions.Events) != 1 || sessions.Events[0].Action != "session.began" {
		t.Errorf("%+v %v", sessions, err)
	}
	if _, err := w.App.activity.List(ActivityQuery{Kind: "token.created&username=ben"}); codeOf(err) != "refused" {
		t.Errorf("%v", err)
	}

	if v, err := w.App.activity.Export(); err != nil || v.File != "" || v.Count != 0 {
		t.Errorf("the person thought better of it: %+v %v", v, err)
	}
	w.screen.saveTo = t.TempDir()
	v, err := w.App.activity.Export()
	text, wrong := os.ReadFile(v.File)
	if err != nil || wrong != nil || v.Count <= perPart || strings.Count(string(text), "\n") != v.Count || filepath.Dir(v.File) != w.screen.saveTo {
		t.Errorf("%+v %v %v", v, err, wrong)
	}
	w.service.Stop()
	before := text
	if _, err := w.App.activity.Export(); codeOf(err) != "offline" {
		t.Errorf("%v", err)
	}
	if text, err := os.ReadFile(v.File); err != nil || string(text) != string(before) {
		t.Errorf("what was there is lost: %v", err)
	}
}
