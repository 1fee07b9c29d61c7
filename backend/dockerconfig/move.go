package dockerconfig

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"github.com/tidwall/gjson"
)

var (
	// ErrVault: a secret cannot be moved, or brought back, as there is no place for it.
	ErrVault = errors.New("no place to keep what lies in docker's configuration in clear")
	// ErrNoLogin: the vault holds nothing for that host (any more).
	ErrNoLogin = errors.New("nothing is kept for this registry")
	// ErrNotMovable: an entry of auths that no credential helper could answer for.
	ErrNotMovable = errors.New("not an entry that a credential helper can answer for")
)

// Login is what docker keeps of a registry in clear. Its String tells no secret.
type Login struct {
	Key      string   // of auths
	Hosts    []string // what tools ask a helper for instead
	Username string   // identityToken: Secret is one
	Secret   string
}

func (l Login) String() string { return l.Username + " at " + l.Key + " ***" }

// GoString keeps the secret out of %#v.
func (l Login) GoString() string { return l.String() }

// identityToken is the user name that the helper protocol has for a secret
// that is an identity token.
const identityToken = "<token>"

// Vault is where the secrets go that are moved out of a file: the keychain, by
// the caller. Nothing of them is noted here.
type Vault interface {
	// Keep returns nil once the helper will answer with the login for each of its Hosts.
	Keep(Login) error
	// Reveal is what is kept for a host, or ErrNoLogin.
	Reveal(host string) (username, secret string, err error)
	// Forget lets go of it; nothing to forget is no error.
	Forget(host string) error
}

// moved is a login that was moved: enough to write it again, but for the secret.
type moved struct {
	Value  string   `json:"value"`  // JSON text of the entry, null in the secret's place
	Secret string   `json:"secret"` // the member that is the secret
	Hosts  []string `json:"hosts"`
}

func (d document) auths() object { return d.object(d.top.member(logins)) }

// login reads an entry of auths; ok says that it has a secret. at is the
// member that is it.
func (d document) login(m *member) (l Login, at *member, ok bool) {
	o := d.object(m)
	field := func(name string) (*member, string) {
		if f := o.member(name); f != nil && f.kind == gjson.String {
			return f, f.text
		}
		return nil, ""
	}
	l = Login{Key: m.key, Hosts: askedFor(m.key)}
	auth, encoded := field("auth")
	if plain, err := base64.StdEncoding.DecodeString(encoded); err == nil {
		l.Username, l.Secret, _ = strings.Cut(string(plain), ":")
		l.Secret = strings.Trim(l.Secret, "\x00")
	}
	if token, text := field("identitytoken"); text != "" {
		l.Username, l.Secret = identityToken, text
		return l, token, true
	}
	if l.Secret != "" {
		return l, auth, true
	}
	if password, text := field("password"); text != "" {
		_, l.Username = field("username")
		l.Secret = text
		return l, password, true
	}
	return l, nil, false
}

// askedFor are the keys under which tools ask a helper for what auths has
// under key; none for what is no registry, such as a namespace of one.
func askedFor(key string) []string {
	host := strings.TrimPrefix(strings.TrimPrefix(key, "https://"), "http://")
	name, path, _ := strings.Cut(host, "/")
	switch path {
	case "", "v1", "v1/", "v2", "v2/":
	default:
		return nil
	}
	switch name {
	case "":
		return nil
	case "index.docker.io", "registry-1.docker.io", hubHost:
		return []string{hubKey, hubHost}
	}
	if valid([]string{name}) != nil {
		return nil
	}
	return []string{name}
}

// without is the text with the entry as docker itself leaves it where a helper
// has the secret: an object without it.
func (d document) without(key string) ([]byte, moved, Login, error) {
	m := d.auths().member(key)
	if m == nil {
		return nil, moved{}, Login{}, fmt.Errorf("%w: %q is not in %q", ErrNotMovable, key, logins)
	}
	l, at, ok := d.login(m)
	if !ok || len(l.Hosts) == 0 {
		return nil, moved{}, l, fmt.Errorf("%w: %q", ErrNotMovable, key)
	}
	value := string(d.data[m.value:at.value]) + "null" + string(d.data[at.end:m.end])
	return d.splice(m.value, m.end, "{}"), moved{Value: value, Secret: at.key, Hosts: l.Hosts}, l, nil
}

// with is the reverse of without. ok is false where the entry is no longer
// what without left of it: docker logged in or out since.
func (d document) with(key string, w moved, username, secret string) (text []byte, ok bool) {
	m := d.auths().member(key)
	if m == nil || len(d.object(m).members) > 0 {
		return d.data, false
	}
	if w.Secret == "auth" {
		secret = base64.StdEncoding.EncodeToString([]byte(username + ":" + secret))
	}
	value := document{data: []byte(w.Value)}
	at := value.object(&member{value: 0, end: len(w.Value)}).member(w.Secret)
	if at == nil {
		return d.data, false
	}
	return d.splice(m.value, m.end, string(value.splice(at.value, at.end, quote(secret)))), true
}

// dropStore takes credsStore out; was is its JSON text.
func (d document) dropStore() (text []byte, was string) {
	m := d.top.member(store)
	if m == nil {
		return d.data, ""
	}
	return d.cut(d.top, m.start), string(d.data[m.value:m.end])
}

// putStore is the reverse of dropStore, unless someone set another since.
func (d document) putStore(was string) []byte {
	switch {
	case d.top.member(store) != nil:
		return d.data
	case len(d.top.members) == 0:
		return d.splice(d.top.open, d.top.end, "{\n\t"+quote(store)+": "+was+"\n}")
	}
	return d.appendTo(d.top, quote(store)+d.colon(d.top)+was)
}

// Movable says whether a credential helper could answer for an entry of auths.
func Movable(key string) bool { return len(askedFor(key)) > 0 }
