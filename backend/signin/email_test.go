package signin

import (
	"bytes"
	"strings"
	"testing"

	"lanyard/backend/account"
	"lanyard/backend/e2e/service"
	"lanyard/backend/helper"
	"lanyard/backend/keychain"
)

// Whoever types an e-mail address is kept, and served to the tools, under the
// name of the account.
func TestSignInByEMail(t *testing.T) {
	w := newWorld(t)
	_, err := w.service.Accounts().Create(t.Context(), account.New{Name: "bert", Email: "Bert@Example.org", Password: service.Password})
	w.must(err)
	result, err := w.flow(w.service, "bert@example.org").Run(t.Context())
	w.must(err)
	if result.Account != (Account{w.service.URL, "bert"}) {
		t.Errorf("signed in as %s", result.Account)
	}
	w.has(w.entries(w.service, "bert")...)
	if token, err := w.computer.Keychain.GetToken(t.Context(), w.service.URL, "bert"); err != nil || token.Username != "bert" {
		t.Errorf("the token is %q's: %v", token.Username, err)
	}
	if _, held := w.state().Entries[keychain.TokenName(w.service.URL, "bert@example.org")]; held {
		t.Error("the address has an entry of its own")
	}
	var out, errs bytes.Buffer
	status := helper.Helper{Getenv: w.env, Now: w.computer.Now}.Run([]string{"get"}, strings.NewReader(result.Hosts[0]+"\n"), &out, &errs)
	if status != 0 || !strings.Contains(out.String(), `"Username":"bert"`) {
		t.Errorf("the tool is told %d, and on stderr %q", status, errs.String())
	}
}
