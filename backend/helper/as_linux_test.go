package helper

import (
	"maps"
	"strings"
	"testing"

	"lanyard/backend/internal/keyringtest"
	"lanyard/backend/keychain"
	"lanyard/backend/machine"
)

// bob is signed in at the same server, after ann, or before her.
func (d *desk) bob() {
	d.t.Helper()
	d.must(d.keys.PutToken(d.t.Context(), server, "bob@example.org", keychain.Token{Username: "bob@example.org", Secret: "lyd_auto_bob", Ends: birth.Add(90 * day)}))
	d.update(func(s *machine.State) { s.Added(keychain.TokenName(server, "bob@example.org"), birth) })
}

// One command under another account: it selects among the accounts that are
// here, for the hosts of that account's server, and for nothing else.
func TestAs(t *testing.T) {
	d := newDesk(t, keyringtest.Options{})
	d.bob()
	d.signIn(host)
	d.update(func(s *machine.State) { s.Serve("other.example", "https://other.example", "ann") })
	d.must(d.keys.PutToken(t.Context(), "https://other.example", "ann", keychain.Token{Username: "ann", Secret: secret}))
	before := d.state()
	d.serves(host)

	t.Setenv(machine.AsVariable, machine.AccountRef(server, "bob@example.org"))
	if out, _, status := d.run("get", "http://"+host); status != 0 || !strings.Contains(out, `"lyd_auto_bob"`) {
		t.Errorf("as bob: %d %s", status, out)
	}
	d.serves("other.example") // bob's server has nothing to do with it
	if got := d.list(); !maps.Equal(got, map[string]string{host: "bob@example.org", "other.example": "ann"}) {
		t.Errorf("list: %v", got)
	}
	d.done("store", storing(host, "bob@example.org", "lyd_auto_bob"))
	if out, _, status := d.run("store", storing(host, "ann", secret)); status != 1 || strings.Contains(out, "canary") {
		t.Errorf("stored over bob's: %d %s", status, out)
	}
	if reason := d.done("erase", host); !strings.Contains(reason, "nothing was logged out") {
		t.Errorf("docker logout inside: %q", reason)
	}
	if after := d.state(); !maps.Equal(before.Registries, after.Registries) {
		t.Errorf("the active accounts changed: %v", after.Registries)
	}

	for name, ref := range map[string]string{
		"somebody who is not signed in": "eve@" + server,
		"no server":                     "bob",
		"no name":                       "@" + server,
		"a server and no host":          "bob@",
		"a server that is not known":    "ann@https://nowhere.example",
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv(machine.AsVariable, ref)
			d.refuses(host, "names no account")
		})
	}
	t.Run("empty is nobody", func(t *testing.T) {
		t.Setenv(machine.AsVariable, "")
		d.serves(host)
	})
}

// What a person signed out of is not served by its name either.
func TestAsBuried(t *testing.T) {
	d := newDesk(t, keyringtest.Options{})
	d.bob()
	d.signIn(host)
	d.update(func(s *machine.State) { s.Bury(keychain.TokenName(server, "bob@example.org"), birth) })
	t.Setenv(machine.AsVariable, machine.AccountRef(server, "bob@example.org"))
	d.refuses(host, "signed out")
}

func TestAccountRef(t *testing.T) {
	for _, c := range [][2]string{{"https://a.example", "ann"}, {"a.example:5000", "ann@example.org"}, {"[::1]:5000", "a@b@c"}} {
		s, a, ok := machine.ParseAccountRef(machine.AccountRef(c[0], c[1]))
		if !ok || s != c[0] || a != c[1] {
			t.Errorf("%q became %q %q %v", c, s, a, ok)
		}
	}
}
