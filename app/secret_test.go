//go:build linux

package app

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"lanyard/backend/keychain"
)

// The page never gets a stored secret: one is planted, and everything that the
// page can call, and everything that it is told, is searched for it.
func TestThePageGetsNoStoredSecret(t *testing.T) {
	w := newWorld(t)
	v := w.signIn()
	secrets := w.secrets(v)
	w.search("the events of a sign-in", w.screen.events, secrets)

	for _, bound := range w.Bound() {
		of := reflect.ValueOf(bound)
		if of.NumMethod() == 0 {
			t.Errorf("%T has no methods", bound)
		}
		for i := range of.NumMethod() {
			name := fmt.Sprintf("%s.%s", of.Type().Elem().Name(), of.Type().Method(i).Name)
			t.Run(name, func(t *testing.T) {
				if name != "Session.SignOut" { // whatever an earlier method ended is begun again
					w.again(&secrets)
				}
				for _, args := range arguments(of.Method(i).Type(), w, v.TokenID) {
					var said []any
					for _, out := range of.Method(i).Call(args) {
						if err, ok := out.Interface().(error); ok {
							said = append(said, err.Error(), explain(err))
							continue
						}
						said = append(said, out.Interface())
					}
					w.search(name, said, secrets)
				}
			})
		}
	}
	w.search("the events", w.screen.events, secrets)
	w.search("the clipboard", w.screen.copied, secrets)
}

// secrets are all that the keychain holds of a session, and what is in memory.
func (w *world) secrets(v SessionView) []string {
	w.Helper()
	token, err := w.core.Computer.Keychain.GetToken(w.Context(), v.Server, v.Account)
	if err != nil {
		w.Fatal(err)
	}
	session, err := w.core.Computer.Keychain.GetSession(w.Context(), v.Server, v.Account)
	if err != nil {
		w.Fatal(err)
	}
	return []string{token.Secret.Reveal(), session.Refresh.Reveal(), w.core.held.Token}
}

// again makes sure that somebody is signed in, with secrets to look for: their
// own, and a marked one that a service would never make.
func (w *world) again(secrets *[]string) {
	w.Helper()
	v := w.current()
	if v.State != "active" {
		v = w.signIn()
	}
	const marked = "lyd_auto_PLANTEDplantedPLANTEDplanted01234567"
	token, err := w.core.Computer.Keychain.GetToken(w.Context(), v.Server, v.Account)
	if err != nil {
		w.Fatal(err)
	}
	*secrets = append(*secrets, w.secrets(v)...)
	token.Secret = keychain.Secret(marked)
	if err := w.core.Computer.Keychain.PutToken(w.Context(), v.Server, v.Account, token); err != nil {
		w.Fatal(err)
	}
	*secrets = append(*secrets, marked)
}

func (w *world) search(where string, said any, secrets []string) {
	w.Helper()
	text, err := json.Marshal(said)
	if err != nil {
		w.Errorf("%s: %v", where, err)
	}
	all := string(text) + fmt.Sprintf("%v %+v %#v", said, said, said)
	for _, secret := range secrets {
		if secret == "" || len(secret) < 20 {
			continue
		}
		if strings.Contains(all, secret) {
			w.Errorf("%s has a secret: %.200s", where, all)
		}
	}
}

// arguments are what the page might call a method with.
func arguments(method reflect.Type, w *world, token string) [][]reflect.Value {
	texts := map[reflect.Type][]any{
		reflect.TypeFor[string]():          {token, w.service.URL, ""},
		reflect.TypeFor[[]string]():        {[]string{token}, []string{"x"}, []string(nil)},
		reflect.TypeFor[bool]():            {false, true, false},
		reflect.TypeFor[int]():             {0, 1, -1},
		reflect.TypeFor[NewTokenView]():    {NewTokenView{Description: "x", Scope: "read"}, NewTokenView{}, NewTokenView{Scope: "admin"}},
		reflect.TypeFor[EditView]():        {EditView{Description: "x"}, EditView{Scope: "read"}, EditView{}},
		reflect.TypeFor[ActivityQuery]():   {ActivityQuery{}, ActivityQuery{Kind: "token", Before: token}, ActivityQuery{Kind: "x"}},
		reflect.TypeFor[PreferencesView](): {PreferencesView{Theme: "dark", LogLevel: "debug", StartAtLogin: true}, PreferencesView{}, PreferencesView{Theme: "system", LogLevel: "info"}},
		reflect.TypeFor[PasteView]():       {PasteView{Host: "localhost:1", Username: "anna", Secret: token, NoCheck: true}, PasteView{Host: w.service.URL, Username: "anna", Secret: token}, PasteView{}},
	}
	if method.NumIn() == 0 {
		return [][]reflect.Value{nil}
	}
	var all [][]reflect.Value
	for round := range 3 {
		var args []reflect.Value
		for i := range method.NumIn() {
			args = append(args, reflect.ValueOf(texts[method.In(i)][round]))
		}
		if method.NumIn() == 2 && method.In(0).Kind() == reflect.String && method.In(1).Kind() == reflect.Bool && round == 1 {
			args[1] = reflect.ValueOf(false) // a code would wait for somebody to type it
		}
		all = append(all, args)
	}
	return all
}

// A token that was just generated is the one secret, and lives in one answer.
func TestFresh(t *testing.T) {
	w := newWorld(t)
	w.signIn()
	fresh, err := w.App.tokens.Create(NewTokenView{Description: "ci", Scope: "write", Expires: "2027-01-31T12:00:00Z"})
	if err != nil || len(fresh.Secret) < 20 || !strings.HasSuffix(fresh.Secret, fresh.Token.LastFour) || fresh.Token.Access != "Read, Write" ||
		fresh.Token.Source != "manual" || fresh.Token.Expires != "2027-01-31T12:00:00Z" || fresh.Token.ThisComputer {
		t.Fatalf("%+v %v", fresh.Token, err)
	}
	if text := fmt.Sprintf("%v %+v %#v", fresh, fresh, fresh); strings.Contains(text, fresh.Secret) {
		t.Errorf("it is printed: %s", text)
	}
	if status, err := w.service.Login("anna", fresh.Secret); status != 200 || err != nil {
		t.Errorf("it is answered %d, %v", status, err)
	}
	list, err := w.App.tokens.List()
	if err != nil || len(list.Tokens) != 2 || list.Active != 2 || list.Deactivated != 0 || list.Tokens[0].ID != fresh.Token.ID {
		t.Fatalf("%+v %v", list, err)
	}
	if own := list.Tokens[1]; !own.ThisComputer || own.Source != "auto" || own.Access != "Read, Write, Delete" || own.Machine == "" || own.Created == "" {
		t.Errorf("%+v", own)
	}
	w.search("the list", list, []string{fresh.Secret})

	if err := w.App.tokens.SetActive([]string{fresh.Token.ID}, false); err != nil {
		t.Error(err)
	}
	if status, err := w.service.Login("anna", fresh.Secret); status != 401 || err != nil {
		t.Errorf("deactivated, it is answered %d, %v", status, err)
	}
	if list, err := w.App.tokens.List(); err != nil || list.Active != 1 || list.Deactivated != 1 {
		t.Errorf("%+v %v", list, err)
	}
	if err := w.App.tokens.Delete([]string{fresh.Token.ID}); err != nil {
		t.Error(err)
	}
	if err := w.App.tokens.Delete([]string{fresh.Token.ID}); explain(err).Code != "not_found" {
		t.Errorf("deleting it again: %v", err)
	}
}

// Descriptions that people may give, and may not.
func TestDescriptions(t *testing.T) {
	w := newWorld(t)
	w.signIn()
	first, err := w.App.tokens.Create(NewTokenView{Description: "first", Scope: "read"})
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		text string
		code string // "": taken
	}{
		"markup":         {`<img src=x onerror="alert(1)">`, ""},
		"emoji":          {"🚀 laptop 👩‍💻", ""},
		"64 characters":  {strings.Repeat("x", 64), ""},
		"100 characters": {strings.Repeat("é", 100), ""},
		"101 characters": {strings.Repeat("x", 101), "refused"},
		"nothing":        {"", "refused"},
		"a line break":   {"two\nlines", "refused"},
	} {
		t.Run(name, func(t *testing.T) {
			one, err := w.App.tokens.Edit(first.Token.ID, EditView{Description: c.text})
			if c.code == "" && err != nil || c.code != "" && explain(err).Code != c.code {
				t.Errorf("%+v %v", one, err)
			}
			if c.code != "" && explain(err).Message == "" {
				t.Error("refused without a reason")
			}
		})
	}
	for name, n := range map[string]NewTokenView{
		"an unknown scope": {Description: "x", Scope: "root"},
		"a prefixed scope": {Description: "x", Scope: "repo:read"},
		"no scope":         {Description: "x"},
		"no date":          {Description: "x", Scope: "read", Expires: "tomorrow"},
		"a past date":      {Description: "x", Scope: "read", Expires: "2020-01-01T00:00:00Z"},
		"ten years":        {Description: "x", Scope: "read", Expires: "2036-01-01T00:00:00Z"},
	} {
		t.Run(name, func(t *testing.T) {
			if fresh, err := w.App.tokens.Create(n); codeOf(err) != "refused" || fresh.Secret != "" {
				t.Errorf("%+v %v", fresh.Token, err)
			}
		})
	}
}

func codeOf(err error) string {
	if err == nil {
		return ""
	}
	return explain(err).Code
}

// A token in memory that the service no longer takes is exchanged, not mourned.
func TestAStaleAccessTokenIsRenewed(t *testing.T) {
	w := newWorld(t)
	w.signIn()
	w.core.held.Token = "stale"
	if _, err := w.App.tokens.List(); err != nil {
		t.Error(err)
	}
	w.core.held.Token = "stale"
	w.stands("active")
}
