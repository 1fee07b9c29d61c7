//go:build linux

package signin

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"lanyard/backend/client"
	"lanyard/backend/internal/keyringtest"
	"lanyard/backend/keychain"
	"lanyard/backend/machine"
	"lanyard/backend/registryauth"
)

const ownSecret = "ghp_0123456789abcdefWXYZ"

// turnOff is docker logout.
func (w *world) turnOff(host string) {
	w.Helper()
	err := w.computer.state().Update(func(s *machine.State) error {
		r := s.Registries[host]
		r.Off = true
		s.Registries[host] = r
		return nil
	})
	if err != nil {
		w.Fatal(err)
	}
}

// anyRegistry is one that takes otto's own token, and asks for it by Basic.
func anyRegistry(t *testing.T) (host string, asked *int) {
	t.Helper()
	asked = new(int)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if user, secret, ok := r.BasicAuth(); ok {
			*asked++
			if user == "otto" && secret == ownSecret {
				return
			}
		}
		w.Header().Set("WWW-Authenticate", `Basic realm="here"`)
		w.WriteHeader(http.StatusUnauthorized)
		fmt.Fprint(w, `{"errors":[{"code":"UNAUTHORIZED","message":"bad credentials"}]}`)
	}))
	t.Cleanup(server.Close)
	return strings.TrimPrefix(server.URL, "http://"), asked
}

func TestPaste(t *testing.T) {
	w := newWorld(t)
	host, asked := anyRegistry(t)
	ends := time.Now().Add(5 * 24 * time.Hour).UTC().Truncate(time.Second)
	got, err := w.computer.Paste(t.Context(), Paste{Host: "http://" + strings.ToUpper(host) + "/v2/", Username: "otto", Secret: ownSecret, Ends: ends})
	want := Pasted{Account: Account{host, "otto"}, LastFour: "WXYZ", Checked: true}
	if err != nil || got != want || *asked == 0 {
		t.Fatalf("%+v, %v", got, err)
	}
	w.has(keychain.TokenName(host, "otto"))
	held, err := w.computer.Keychain.GetToken(t.Context(), host, "otto")
	if err != nil || held != (keychain.Token{Username: "otto", Secret: ownSecret, Ends: ends}) {
		t.Errorf("%#v, %v", held, err)
	}
	if k := w.named("otto"); !k.Pasted || !slices.Equal(k.Active, []string{host}) {
		t.Errorf("%+v", k)
	}
	if !slices.Equal(w.docker.set, []string{host}) {
		t.Errorf("the tools are set up for %v", w.docker.set)
	}
	w.secretless(ownSecret)
	if served, err := w.computer.Served(); err != nil || !slices.Equal(served, []string{host}) {
		t.Errorf("set up again for %v, %v", served, err)
	}

	// Again: the earlier one gives way, and is one entry.
	if got, err := w.computer.Paste(t.Context(), Paste{Host: host, Username: "otto", Secret: ownSecret}); err != nil || !got.Replaced {
		t.Fatalf("%+v, %v", got, err)
	}
	w.has(keychain.TokenName(host, "otto"))
	// Somebody else's at the same registry: it is the active one, and says so.
	if got, err := w.computer.Paste(t.Context(), Paste{Host: host, Username: "rita@example.org", Secret: "r", NoCheck: true}); err != nil || got.Before != "otto@"+host || got.Checked {
		t.Fatalf("%+v, %v", got, err)
	}
	if _, err := w.computer.Switch(t.Context(), w.named("otto@"+host), ""); err != nil {
		t.Fatal(err)
	}
	if _, err := Named(w.known(), "rita@example.org"); err != nil {
		t.Errorf("a name with an @: %v", err)
	}

	r, err := w.computer.Discard(t.Context(), w.named("otto").Account)
	if err != nil || !r.Removed || r.LastFour != "WXYZ" || r.Revoked || r.Refused || !slices.Equal(r.Hosts, []string{host}) {
		t.Errorf("%+v, %v", r, err)
	}
	w.has(keychain.TokenName(host, "rita@example.org"))
	if len(w.docker.set) != 0 {
		t.Errorf("the tools are set up for %v", w.docker.set)
	}
	if k := w.named(host); k.Name != "rita@example.org" { // the one that is left there
		t.Errorf("%+v", k)
	}
	if _, err := w.computer.Discard(t.Context(), w.named("rita@example.org").Account); err != nil {
		t.Fatal(err)
	}
	w.clean()
}

// What the registry refuses changes nothing, here or in docker's configuration.
func TestPasteIsCheckedFirst(t *testing.T) {
	w := newWorld(t)
	host, _ := anyRegistry(t)
	for name, c := range map[string]struct {
		p    Paste
		want error
	}{
		"wrong token":             {Paste{Host: host, Username: "otto", Secret: "wrong"}, registryauth.ErrRefused},
		"wrong name":              {Paste{Host: host, Username: "anna", Secret: ownSecret}, registryauth.ErrRefused},
		"nobody there":            {Paste{Host: "localhost:1", Username: "otto", Secret: ownSecret}, registryauth.ErrUnreachable},
		"no host":                 {Paste{Host: "", Username: "otto", Secret: ownSecret}, machine.ErrHost},
		"a file":                  {Paste{Host: "file:///etc/passwd", Username: "otto", Secret: ownSecret}, machine.ErrHost},
		"a script":                {Paste{Host: "javascript:alert(1)", Username: "otto", Secret: ownSecret}, machine.ErrHost},
		"a flag":                  {Paste{Host: "-oProxyCommand", Username: "otto", Secret: ownSecret}, machine.ErrHost},
		"a password in it":        {Paste{Host: "https://otto:x@" + host, Username: "otto", Secret: ownSecret}, machine.ErrHost},
		"a path":                  {Paste{Host: host + "/otto/app", Username: "otto", Secret: ownSecret}, machine.ErrHost},
		"no name":                 {Paste{Host: host, Secret: ownSecret}, ErrUsername},
		"a name with a colon":     {Paste{Host: host, Username: "otto:x", Secret: ownSecret}, ErrUsername},
		"a name with a line":      {Paste{Host: host, Username: "otto\nx", Secret: ownSecret}, ErrUsername},
		"a name that is a kind":   {Paste{Host: host, Username: "<token>", Secret: ownSecret}, ErrUsername},
		"a name without end":      {Paste{Host: host, Username: strings.Repeat("o", 129), Secret: ownSecret}, ErrUsername},
		"no token":                {Paste{Host: host, Username: "otto"}, ErrSecret},
		"a token with a control":  {Paste{Host: host, Username: "otto", Secret: "a\x00b"}, ErrSecret},
		"an end that has passed":  {Paste{Host: host, Username: "otto", Secret: ownSecret, Ends: time.Now().Add(-time.Hour)}, ErrPast},
		"one that would not fit":  {Paste{Host: host, Username: "otto", Secret: keychain.Secret(strings.Repeat("x", 2001))}, ErrSecret},
		"unchecked, and no token": {Paste{Host: host, Username: "otto", NoCheck: true}, ErrSecret},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := w.computer.Paste(t.Context(), c.p)
			if !errors.Is(err, c.want) {
				t.Errorf("%v, want %v", err, c.want)
			}
			if err != nil && strings.Contains(err.Error(), ownSecret) {
				t.Error("the error holds the token")
			}
		})
	}
	w.clean()
	if len(w.docker.set) != 0 {
		t.Errorf("the tools are set up for %v", w.docker.set)
	}
}

// A registry that asks nobody for a name: the token is kept, and not said to
// be good.
func TestPasteWhereNobodyIsAsked(t *testing.T) {
	w := newWorld(t)
	open := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	t.Cleanup(open.Close)
	got, err := w.computer.Paste(t.Context(), Paste{Host: strings.TrimPrefix(open.URL, "http://"), Username: "otto", Secret: ownSecret})
	if err != nil || got.Checked {
		t.Errorf("%+v, %v", got, err)
	}
}

// A token made by hand at a Lanyard service is a token like any other's, and
// leaves the session there alone.
func TestPasteAtALanyardServer(t *testing.T) {
	w := newWorld(t)
	hosts := w.signIn().Hosts
	access, err := w.computer.Access(t.Context(), Account{w.service.URL, "anna"})
	if err != nil {
		t.Fatal(err)
	}
	pat, err := access.Server.Create(t.Context(), access.Token, client.NewToken{Label: "ci", Scopes: []string{"repo:read"}})
	if err != nil {
		t.Fatal(err)
	}
	got, err := w.computer.Paste(t.Context(), Paste{Host: hosts[0], Username: "anna", Secret: keychain.Secret(pat.Secret), NoCheck: true})
	if err != nil || got.Before != "anna@"+w.service.URL {
		t.Fatalf("%+v, %v", got, err)
	}
	if r := w.state().Registries[hosts[0]]; r.Server != hosts[0] {
		t.Errorf("%+v serves", r)
	}
	if _, err := Named(w.known(), "anna"); !errors.Is(err, ErrAmbiguous) {
		t.Errorf("%v", err)
	}
	if _, err := w.computer.Discard(t.Context(), w.named("anna@"+hosts[0]).Account); err != nil {
		t.Fatal(err)
	}
	if alive, sessions, err := w.service.Alive("anna"); err != nil || len(sessions) != 1 || len(alive) == 0 {
		t.Errorf("%v in %v, %v", alive, sessions, err)
	}
	w.has(w.entries(w.service, "anna")...)
}

// It ends here on the day that was given, as a session does.
func TestPastedTokenEnds(t *testing.T) {
	w := newWorld(t)
	host, _ := anyRegistry(t)
	if _, err := w.computer.Paste(t.Context(), Paste{Host: host, Username: "otto", Secret: ownSecret, Ends: time.Now().Add(time.Hour)}); err != nil {
		t.Fatal(err)
	}
	if over, err := w.computer.Expire(t.Context()); err != nil || len(over) != 0 {
		t.Fatal(over, err)
	}
	w.clock = 2 * time.Hour
	if over, err := w.computer.Expire(t.Context()); err != nil || len(over) != 1 || over[0] != (Account{host, "otto"}) {
		t.Fatal(over, err)
	}
	w.clean()
}

func TestPasteWithoutAKeychain(t *testing.T) {
	w := newWorldWith(t, keyringtest.Options{NoDaemon: true})
	host, asked := anyRegistry(t)
	_, err := w.computer.Paste(t.Context(), Paste{Host: host, Username: "otto", Secret: ownSecret})
	if !errors.Is(err, keychain.ErrNoService) || *asked != 0 {
		t.Errorf("%v; the registry was asked %d times", err, *asked)
	}
	if len(w.state().Entries)+len(w.state().Registries) != 0 {
		t.Errorf("%+v", w.state())
	}
}

func TestPasteIntoALockedKeychain(t *testing.T) {
	w := newWorldWith(t, keyringtest.Options{})
	host, asked := anyRegistry(t)
	if err := w.session.Lock(); err != nil {
		t.Fatal(err)
	}
	if _, err := w.computer.Paste(t.Context(), Paste{Host: host, Username: "otto", Secret: ownSecret}); !errors.Is(err, keychain.ErrLocked) || *asked != 0 {
		t.Errorf("%v; the registry was asked %d times", err, *asked)
	}
}

func TestReadSecret(t *testing.T) {
	for name, c := range map[string]struct {
		in, want string
	}{
		"a line":                {"abc\n", "abc"},
		"without an end":        {"abc", "abc"},
		"as Windows ends lines": {"abc\r\n", "abc"},
		"as long as can be":     {strings.Repeat("x", 2000) + "\r\n", strings.Repeat("x", 2000)},
		"empty":                 {"", ""},
		"an empty line":         {"\n", ""},
		"two lines":             {"abc\ndef\n", ""},
		"an empty second line":  {"abc\n\n", ""},
		"10 MB":                 {strings.Repeat("x", 10<<20), ""},
		"a byte too long":       {strings.Repeat("x", 2001), ""},
		"a NUL":                 {"a\x00b", ""},
		"an escape":             {"\x1b[31mabc", ""},
		"a tab":                 {"a\tb", ""},
		"a blank":               {"my token", ""},
		"no UTF-8":              {"\xff\xfe", ""},
		"a carriage return":     {"abc\rdef", ""},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := ReadSecret(strings.NewReader(c.in))
			if got.Reveal() != c.want || (err == nil) != (c.want != "") || err != nil && !errors.Is(err, ErrSecret) {
				t.Errorf("%d bytes, %v", len(got.Reveal()), err)
			}
			if err != nil && strings.Contains(err.Error(), "abc") {
				t.Error("the error holds what was given")
			}
		})
	}
	if _, err := ReadSecret(iotest.ErrReader(errors.New("broken pipe"))); err == nil {
		t.Error("a pipe that broke")
	}
}
