//go:build linux

package app

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"lanyard/backend/client"
)

// What can be done to tokens besides making them.
func TestTokens(t *testing.T) {
	w := newWorld(t)
	v := w.signIn()
	tokens := w.App.tokens
	ci, err := tokens.Create(NewTokenView{Description: "ci", Scope: "write", Repositories: []string{"anna/app", "anna/lib/*"}})
	if err != nil || ci.Account != "anna" || ci.Registry != strings.TrimPrefix(w.service.URL, "http://") || len(ci.Token.Repositories) != 2 {
		t.Fatalf("%+v %s %s %v", ci.Token, ci.Account, ci.Registry, err)
	}

	t.Run("edit", func(t *testing.T) {
		one, err := tokens.Edit(ci.Token.ID, EditView{Description: "ci of app", Scope: "read"})
		if err != nil || one.Description != "ci of app" || one.Access != "Read" {
			t.Errorf("%+v %v", one, err)
		}
		if one, err = tokens.Edit(ci.Token.ID, EditView{Description: "ci"}); err != nil || one.Access != "Read" {
			t.Errorf("without a scope that is another: %+v %v", one, err)
		}
		if _, err := tokens.Edit(ci.Token.ID, EditView{Description: "ci", Scope: "root"}); codeOf(err) != "refused" {
			t.Errorf("an unknown scope: %v", err)
		}
		if _, err := tokens.Edit("x", EditView{Description: "ci"}); codeOf(err) == "" {
			t.Error("one that there is not was edited")
		}
	})
	t.Run("pin", func(t *testing.T) {
		if one, err := tokens.Pin(v.TokenID, true); err != nil || !one.Pinned || !one.ThisComputer {
			t.Errorf("%+v %v", one, err)
		}
		if one, err := tokens.Pin(v.TokenID, false); err != nil || one.Pinned {
			t.Errorf("%+v %v", one, err)
		}
	})
	t.Run("rotate", func(t *testing.T) {
		next, err := tokens.Rotate(ci.Token.ID, 2)
		if err != nil || next.Secret == ci.Secret || next.Secret == "" || next.Token.Previous == nil || next.Token.Previous.LastFour != ci.Token.LastFour {
			t.Fatalf("%+v %v", next.Token, err)
		}
		for secret, previous := range map[string]bool{ci.Secret: true, next.Secret: false} {
			if which, err := tokens.Which(secret); err != nil || which.Token == nil || which.Token.ID != ci.Token.ID || which.Previous != previous {
				t.Errorf("%+v %v", which, err)
			}
		}
		for _, hours := range []int{-1, 24*30 + 1} {
			if fresh, err := tokens.Rotate(ci.Token.ID, hours); codeOf(err) != "refused" || fresh.Secret != "" {
				t.Errorf("%d hours: %v", hours, err)
			}
		}
	})
	t.Run("which", func(t *testing.T) {
		if which, err := tokens.Which("lyd_pat_000000000000000000000000000000000"); err != nil || which.Token != nil || which.Says == "" {
			t.Errorf("%+v %v", which, err)
		}
		for name, secret := range map[string]string{"nothing": "", "two lines": "a\nb", "blank": "a b", "5 kB": strings.Repeat("x", 5000)} {
			if _, err := tokens.Which(secret); codeOf(err) != "refused" {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
	t.Run("several", func(t *testing.T) {
		other, err := tokens.Create(NewTokenView{Description: "other", Scope: "read"})
		if err != nil {
			t.Fatal(err)
		}
		if err := tokens.SetActive([]string{other.Token.ID, "00000000-0000-0000-0000-000000000000"}, false); codeOf(err) == "" {
			t.Error("one of two that there is not: it was done to the other")
		}
		count := func(want string) {
			t.Helper()
			list, err := tokens.List()
			if err != nil {
				t.Fatal(err)
			}
			var is []string
			for _, one := range list.Tokens {
				is = append(is, one.Description+" "+one.Status)
			}
			if got := strings.Join(is, ", "); !strings.HasPrefix(got, want) {
				t.Errorf("%s, want %s", got, want)
			}
		}
		count("other active, ci active")
		both := []string{other.Token.ID, ci.Token.ID}
		if err := tokens.SetActive(both, false); err != nil {
			t.Error(err)
		}
		count("other inactive, ci inactive")
		if err := tokens.SetActive(both, true); err != nil {
			t.Error(err)
		}
		if err := tokens.Delete(both); err != nil {
			t.Error(err)
		}
		count("Lanyard on") // this computer's own
		for _, ids := range [][]string{nil, make([]string, client.MostAtOnce+1)} {
			if err := tokens.Delete(ids); codeOf(err) != "refused" {
				t.Errorf("%d: %v", len(ids), err)
			}
		}
	})
}

// A secret is written where the person says, for them alone.
func TestSaveSecret(t *testing.T) {
	w := newWorld(t)
	if v, err := w.App.tokens.SaveSecret("lyd_pat_secret"); err != nil || v.File != "" {
		t.Errorf("the person thought better of it: %+v %v", v, err)
	}
	w.screen.saveTo = t.TempDir()
	file := filepath.Join(w.screen.saveTo, "token.txt")
	write(t, file, "of before, and longer than what comes", 0o644)
	v, err := w.App.tokens.SaveSecret("lyd_pat_secret")
	if err != nil || v.File != file {
		t.Fatalf("%+v %v", v, err)
	}
	text, err := os.ReadFile(file)
	info, wrong := os.Stat(file)
	if err != nil || wrong != nil || string(text) != "lyd_pat_secret" || info.Mode().Perm() != 0o600 {
		t.Errorf("%q, %v, %v, %v", text, info.Mode(), err, wrong)
	}
	for name, to := range map[string]string{"a folder that is not there": filepath.Join(t.TempDir(), "none"), "a device": "/dev"} {
		w.screen.saveTo = to
		if name == "a device" {
			w.screen.saveAs = "/dev/null"
		}
		if v, err := w.App.tokens.SaveSecret("lyd_pat_secret"); codeOf(err) != "failed" || v.File != "" || strings.Contains(err.Error(), "secret") || strings.Contains(err.Error(), ".lanyard-") {
			t.Errorf("%s: %+v %v", name, v, err)
		}
	}
	if all, _ := filepath.Glob(filepath.Join(filepath.Dir(file), ".lanyard-*")); len(all) > 0 {
		t.Errorf("it left %q behind", all)
	}
}
