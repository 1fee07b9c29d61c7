package dtrapi_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"lanyard/backend/access"
	"lanyard/backend/account"
	"lanyard/backend/activity"
	"lanyard/backend/token"
)

// Each request that would change or tell something, by each who may not.
func TestWhoMayNot(t *testing.T) {
	w := newWorld(t)
	ctx := context.Background()
	mine, secret := w.pat(t, w.ada, "ada's", "repo:admin")
	other, _ := w.pat(t, w.bob, "bob's", "repo:admin")
	_, rootToken := w.pat(t, w.root, "root's", "repo:admin")
	type request struct{ method, target, body string }
	all := []request{
		{"GET", tokens, ""}, {"GET", tokens + "?username=ada", ""}, {"POST", tokens, `{"tokenLabel":"x"}`}, {"DELETE", tokens, ""},
		{"GET", tokens + "/" + other.ID, ""}, {"PATCH", tokens + "/" + other.ID, `{"isActive":false}`}, {"DELETE", tokens + "/" + other.ID, ""},
	}
	own := []request{{"PATCH", tokens + "/" + mine.ID, `{"tokenLabel":"x"}`}, {"DELETE", tokens + "/" + mine.ID, ""}}
	for _, c := range append(all, own...) {
		w.ask(t, "", "", c.method, c.target, c.body).refused(t, 401, "NOT_AUTHENTICATED", "user name and password")
		w.ask(t, "ada", "wrong"+c.target, c.method, c.target, c.body).refused(t, 401, "NOT_AUTHENTICATED", "wrong user name or password")
		w.ask(t, "ada", secret, c.method, c.target, c.body).refused(t, 403, "NOT_AUTHORIZED", "a token never manages tokens")
		w.ask(t, "root", rootToken, c.method, c.target, c.body).refused(t, 403, "NOT_AUTHORIZED", "a token never manages tokens")
		w.now = w.now.Add(time.Minute) // wrong passwords wait
	}
	for _, c := range all[4:] {
		w.ask(t, "ada", password, c.method, c.target, c.body).refused(t, 404, "NO_SUCH_API_TOKEN", "no such token")
	}
	for _, c := range []request{
		{"POST", tokens + "?username=bob", `{"tokenLabel":"x"}`}, {"DELETE", tokens + "?username=bob", ""}, {"DELETE", tokens + "?username=nobody", ""},
	} {
		w.ask(t, "ada", password, c.method, c.target, c.body).refused(t, 403, "NOT_AUTHORIZED", "another user's tokens are for administrators")
	}
	for _, c := range []request{{"POST", tokens + "?username=nobody", `{}`}, {"DELETE", tokens + "?username=nobody", ""}} {
		w.ask(t, "root", password, c.method, c.target, c.body).refused(t, 404, "NO_SUCH_USER", "no such user")
	}
	for owner, want := range map[string]string{w.ada.ID: "ada's", w.bob.ID: "bob's", w.root.ID: "root's"} {
		held, err := w.tokens.List(ctx, owner)
		if err != nil || len(held) != 1 || held[0].Description != want || !held[0].Active {
			t.Errorf("changed: %+v, %v", held, err)
		}
	}
}

// A token looks at itself and at nothing else.
func TestATokenLooksAtItself(t *testing.T) {
	w := newWorld(t)
	mine, secret := w.pat(t, w.ada, "ci", "repo:read")
	other, _ := w.pat(t, w.ada, "other", "repo:read")
	var got apiToken
	if w.ask(t, "ada", secret, "GET", tokens+"/"+mine.ID, "").into(t, &got); got.TokenLabel != "ci" || got.LastUsed != w.now.Format(time.RFC3339) {
		t.Errorf("%+v", got)
	}
	w.ask(t, "ada", secret, "GET", tokens+"/"+other.ID, "").refused(t, 403, "NOT_AUTHORIZED", "looks at itself")
	w.ask(t, "ada", secret, "GET", tokens+"/nonsense", "").refused(t, 403, "NOT_AUTHORIZED", "looks at itself")
}

func TestCredentials(t *testing.T) {
	w := newWorld(t)
	ctx := context.Background()
	no := false
	off, inactive := w.pat(t, w.ada, "off", "repo:read")
	_, good := w.pat(t, w.ada, "good", "repo:read")
	_, disabled := w.pat(t, w.bob, "disabled", "repo:read")
	turned, rotated := w.pat(t, w.ada, "turned", "repo:read")
	short, expiring, err := w.tokens.Create(ctx, w.ada.ID, token.Spec{Description: "short", Expires: w.now.Add(time.Hour).Format(time.RFC3339)})
	if err == nil {
		_, err = w.tokens.Change(ctx, w.ada.ID, off.ID, token.Patch{Active: &no}, activity.By{})
	}
	if err == nil {
		_, _, err = w.tokens.Rotate(ctx, w.ada.ID, turned.ID, 0, activity.By{})
	}
	if err := errors.Join(err, w.accounts.SetDisabled(ctx, w.bob.ID, true)); err != nil {
		t.Fatal(err, short)
	}
	w.now = w.now.Add(2 * time.Hour)
	for name, c := range map[string]struct{ user, secret, words string }{
		"a deactivated token":          {"ada", inactive, "deactivated"},
		"an expired token":             {"ada", expiring.Reveal(), "has expired; make another"},
		"a rotated token":              {"ada", rotated, "replaced by another"},
		"a disabled account's token":   {"bob", disabled, "disabled"},
		"a disabled account":           {"bob", password, "disabled"},
		"a token under another's name": {"root", good, "not known here"},
		"a token cut off":              {"ada", good[:20], "not a whole token"},
		"nobody":                       {"mallory", password, "wrong user name"},
		"no password":                  {"ada", "", "user name and password"},
	} {
		t.Run(name, func(t *testing.T) {
			for _, target := range []string{images, tokens} {
				w.ask(t, c.user, c.secret, "GET", target, "").refused(t, 401, "NOT_AUTHENTICATED", c.words)
			}
		})
	}
	for name, header := range map[string][]string{"Bearer": {"Bearer " + good}, "no base64": {"Basic !"}, "two": {"Basic YWRhOng=", "Basic YWRhOnk="}} {
		t.Run(name, func(t *testing.T) {
			w.ask(t, "", "", "GET", images, "", func(r *http.Request) { r.Header["Authorization"] = header }).refused(t, 401, "NOT_AUTHENTICATED", "Basic")
		})
	}
	for _, secret := range []string{inactive, good, disabled, rotated, expiring.Reveal(), password} {
		if strings.Contains(w.logged.String(), secret) {
			t.Error("a secret is in the log")
		}
	}
}

// An account with a second factor manages its tokens where that is asked for.
func TestThePasswordOfAnAccountWithASecondFactor(t *testing.T) {
	w := newWorld(t)
	w.dtr.Logins = w.logins
	made, secret := w.pat(t, w.ada, "mine", "repo:read")
	err := w.db.ChangeAccount(context.Background(), w.ada.ID, func(a account.Account, _ bool) (account.Account, error) {
		a.Factors.TOTP = account.TOTP{Seed: []byte("sealed"), Since: w.now}
		return a, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ method, target string }{{"GET", images}, {"GET", tokens}, {"DELETE", tokens + "/" + made.ID}} {
		w.ask(t, "ada", password, c.method, c.target, "").refused(t, 401, "NOT_AUTHENTICATED", "second factor")
	}
	if got := w.ask(t, "ada", secret, "GET", images, ""); got.status != http.StatusOK {
		t.Errorf("with a token: %d %s", got.status, got.body)
	}
}

// The budget of wrong passwords is the pages' and the registry's, too.
func TestGuessingIsSlowedDown(t *testing.T) {
	w := newWorld(t)
	w.dtr.Logins = w.logins
	if got := w.ask(t, "ada", password, "GET", tokens, ""); got.status != http.StatusOK {
		t.Fatalf("%d %s", got.status, got.body)
	}
	for i := range 10 {
		if i%2 == 0 {
			w.ask(t, "Ada@example.org", fmt.Sprint(i), "GET", tokens, "").refused(t, 401, "NOT_AUTHENTICATED", "wrong")
		} else if _, err := w.accounts.SignIn(context.Background(), "ada", fmt.Sprint(i), "192.0.2.1"); !errors.Is(err, account.ErrWrong) {
			t.Fatal(err)
		}
	}
	got := w.ask(t, "ada", password, "GET", tokens, "")
	got.refused(t, 429, "TOO_MANY_REQUESTS", "half a minute")
	if got.header.Get("Retry-After") == "" {
		t.Error("does not say when")
	}
}

func TestBadRequests(t *testing.T) {
	w := newWorld(t)
	made, _ := w.pat(t, w.ada, "mine", "repo:read")
	one := tokens + "/" + made.ID
	long := strings.Repeat("a", 101)
	for name, c := range map[string]struct {
		method, target, body string
		change               func(*http.Request)
		status               int
		code, words          string
	}{
		"an unknown path":          {method: "GET", target: "/api/v0/accounts", status: 404, code: "NO_SUCH_PATH", words: "no such path"},
		"below a token":            {method: "GET", target: one + "/x", status: 404, code: "NO_SUCH_PATH", words: "no such path"},
		"another method":           {method: "PUT", target: tokens, status: 405, code: "NOT_ALLOWED", words: "Allow"},
		"another on a token":       {method: "POST", target: one, body: `{}`, status: 405, code: "NOT_ALLOWED", words: "Allow"},
		"making a repository":      {method: "POST", target: images, body: `{}`, status: 405, code: "NOT_ALLOWED", words: "Allow"},
		"XML, please":              {method: "GET", target: tokens, change: header("Accept", "application/xml, text/html"), status: 406, code: "NOT_ACCEPTABLE", words: "application/json"},
		"a form":                   {method: "POST", target: tokens, body: "tokenLabel=x", change: header("Content-Type", "application/x-www-form-urlencoded"), status: 415, code: "UNSUPPORTED_MEDIA_TYPE", words: "Content-Type: application/json"},
		"a text":                   {method: "PATCH", target: one, body: `{"isActive":false}`, change: header("Content-Type", "text/plain"), status: 415, code: "UNSUPPORTED_MEDIA_TYPE", words: "Content-Type"},
		"of no type":               {method: "POST", target: tokens, status: 415, code: "UNSUPPORTED_MEDIA_TYPE", words: "Content-Type"},
		"no body":                  {method: "POST", target: tokens, change: header("Content-Type", "application/json"), status: 400, code: "INVALID_PARAMETERS", words: "not a JSON object"},
		"a list":                   {method: "POST", target: tokens, body: `[]`, status: 400, code: "INVALID_PARAMETERS", words: "not a JSON object"},
		"broken":                   {method: "POST", target: tokens, body: `{"tokenLabel":`, status: 400, code: "INVALID_PARAMETERS", words: "broken JSON"},
		"something behind":         {method: "POST", target: tokens, body: `{} {}`, status: 400, code: "INVALID_PARAMETERS", words: "broken JSON"},
		"not UTF-8":                {method: "POST", target: tokens, body: "{\"tokenLabel\":\"\xff\"}", status: 400, code: "INVALID_PARAMETERS", words: "UTF-8"},
		"too large":                {method: "POST", target: tokens, body: `{"tokenLabel":"` + strings.Repeat("a", 64<<10) + `"}`, status: 413, code: "TOO_LARGE", words: "64 KiB"},
		"a label that is a number": {method: "POST", target: tokens, body: `{"tokenLabel":1}`, status: 400, code: "INVALID_PARAMETERS", words: "tokenLabel is of the wrong type"},
		"a label that is too long": {method: "POST", target: tokens, body: `{"tokenLabel":"` + long + `"}`, status: 400, code: "INVALID_PARAMETERS", words: "longer than 100"},
		"an empty label":           {method: "POST", target: tokens, body: `{"tokenLabel":" "}`, status: 400, code: "INVALID_PARAMETERS", words: "description is needed"},
		"a control character":      {method: "POST", target: tokens, body: `{"tokenLabel":"a\u0007"}`, status: 400, code: "INVALID_PARAMETERS", words: "control characters"},
		"active that is a text":    {method: "PATCH", target: one, body: `{"isActive":"no"}`, status: 400, code: "INVALID_PARAMETERS", words: "isActive is of the wrong type"},
		"nothing to change":        {method: "PATCH", target: one, body: `{"scopes":["repo:admin"]}`, status: 400, code: "INVALID_PARAMETERS", words: "nothing to change"},
		"a new label, too long":    {method: "PATCH", target: one, body: `{"tokenLabel":"` + long + `"}`, status: 400, code: "INVALID_PARAMETERS", words: "longer than 100"},
		"a token nobody has":       {method: "GET", target: tokens + "/00000000-0000-0000-0000-000000000000", status: 404, code: "NO_SUCH_API_TOKEN", words: "no such token"},
		"no id":                    {method: "DELETE", target: tokens + "/%00%2e%2e", status: 404, code: "NO_SUCH_API_TOKEN", words: "no such token"},
		"a page of none":           {method: "GET", target: tokens + "?pageSize=0", status: 400, code: "INVALID_PARAMETERS", words: "pageSize is a number from 1 to 1000"},
		"a page of too many":       {method: "GET", target: images + "?pageSize=1001", status: 400, code: "INVALID_PARAMETERS", words: "pageSize"},
		"a page of words":          {method: "GET", target: images + "?pageSize=", status: 400, code: "INVALID_PARAMETERS", words: "pageSize"},
		"a count of words":         {method: "GET", target: tokens + "?count=many", status: 400, code: "INVALID_PARAMETERS", words: "count is true or false"},
		"a start too long":         {method: "GET", target: tokens + "?pageStart=" + strings.Repeat("a", 256), status: 400, code: "INVALID_PARAMETERS", words: "X-Next-Page-Start"},
		"a start with control":     {method: "GET", target: tokens + "?pageStart=%00", status: 400, code: "INVALID_PARAMETERS", words: "X-Next-Page-Start"},
		"a start that is no name":  {method: "GET", target: images + "?pageStart=Ada/../x", status: 400, code: "INVALID_PARAMETERS", words: "name of a repository"},
		"no user name":             {method: "GET", target: tokens + "?username=", status: 400, code: "INVALID_PARAMETERS", words: "names one user"},
		"two user names":           {method: "DELETE", target: tokens + "?username=ada&username=bob", status: 400, code: "INVALID_PARAMETERS", words: "names one user"},
		"made by whom":             {method: "DELETE", target: tokens + "?generatedby=org", status: 400, code: "INVALID_PARAMETERS", words: "auto or manual"},
		"made by nobody":           {method: "DELETE", target: tokens + "?generatedby=", status: 400, code: "INVALID_PARAMETERS", words: "auto or manual"},
		"used before what":         {method: "DELETE", target: tokens + "?usedbefore=yesterday", status: 400, code: "INVALID_PARAMETERS", words: "such as 2026-01-31"},
		"used before nothing":      {method: "DELETE", target: tokens + "?usedbefore=", status: 400, code: "INVALID_PARAMETERS", words: "such as 2026-01-31"},
	} {
		t.Run(name, func(t *testing.T) {
			change := c.change
			if change == nil {
				change = func(*http.Request) {}
			}
			w.ask(t, "ada", password, c.method, c.target, c.body, change).refused(t, c.status, c.code, c.words)
		})
	}
	w.ask(t, "root", password, "DELETE", tokens, "").refused(t, 400, "INVALID_PARAMETERS", "username or usedbefore is needed")
	w.ask(t, "root", password, "DELETE", tokens+"?generatedby=manual", "").refused(t, 400, "INVALID_PARAMETERS", "username or usedbefore is needed")
	held, err := w.tokens.List(context.Background(), w.ada.ID)
	if err != nil || len(held) != 1 || held[0].Description != "mine" || !held[0].Active {
		t.Errorf("changed: %+v, %v", held, err)
	}
	if allow := w.ask(t, "ada", password, "PUT", tokens, "").header.Get("Allow"); allow != "DELETE, GET, HEAD, POST" {
		t.Errorf("Allow: %s", allow)
	}
}

func header(name, value string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set(name, value) }
}

func TestTheLimitOfTokens(t *testing.T) {
	w := newWorld(t)
	w.tokens.Limits.Manual = 1
	w.pat(t, w.ada, "one", "repo:read")
	w.ask(t, "ada", password, "POST", tokens, `{"tokenLabel":"two"}`).refused(t, 409, "LIMIT_REACHED", "at most 1 tokens")
}

// failing is a store on a disk that is gone.
type failing struct{ err error }

func (f failing) TokensFrom(context.Context, string, int) ([]token.Token, error) { return nil, f.err }
func (f failing) Facts(context.Context, []string) (access.Known, error)          { return nil, f.err }

func TestFaultsOfTheService(t *testing.T) {
	w := newWorld(t)
	w.dtr.Store = failing{errors.New("read /secret/place: input/output error")}
	for _, target := range []string{tokens, tokens + "?username=" + url.QueryEscape("root") + "&count=true&pageStart=x", images} {
		got := w.ask(t, "root", password, "GET", target, "")
		if strings.Contains(target, "username") {
			if got.status != http.StatusOK {
				t.Errorf("%s: %d %s", target, got.status, got.body)
			}
			continue
		}
		got.refused(t, 503, "UNAVAILABLE", "cannot answer")
		if strings.Contains(got.body, "/secret/place") || !strings.Contains(w.logged.String(), "level=ERROR") {
			t.Errorf("answer %s, log %s", got.body, w.logged.String())
		}
	}
}
