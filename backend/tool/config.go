package tool

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"regexp"
	"strings"
	"time"
)

// maxFile is more than any tool's configuration has, in bytes.
const maxFile = 1 << 20

// Config is what a file says of credentials. No secret is in it.
type Config struct {
	File
	Exists  bool
	Problem string // it cannot be read, or is not understood; "": neither
	// CredsStore answers for all hosts that CredHelpers has not.
	CredsStore  string
	CredHelpers map[string]string // host to suffix; regctl: of hosts
	Logins      map[string]Login  // what lies there in clear, by key
	Auths       int               // entries of auths, with a secret or without
	Apart       bool              // regctl: docker's file is not read
	Stores      []string          // registries.conf: credential-helpers; nil: the default
}

// Login is what lies in a file in clear, but for the secret.
type Login struct {
	Username string
	Expires  time.Time // where the secret itself says when; zero: it does not
}

// Read reads a file. What cannot be read is its Problem.
func Read(f File) Config {
	c := Config{File: f, CredHelpers: map[string]string{}, Logins: map[string]Login{}}
	data, err := readAll(f.Path)
	if errors.Is(err, fs.ErrNotExist) {
		return c
	}
	c.Exists = true
	if err == nil {
		err = c.understand(data)
	}
	if err != nil {
		c.Problem = err.Error()
	}
	return c
}

func readAll(path string) ([]byte, error) {
	info, err := os.Stat(path) // a FIFO would be waited for
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is not an ordinary file", path)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err == nil && len(data) > maxFile {
		err = fmt.Errorf("%s has more than %d bytes", path, maxFile)
	}
	return data, err
}

func (c *Config) understand(data []byte) error {
	if c.Kind == RegistriesConf {
		c.Stores = stores(string(data))
		return nil
	}
	if len(bytes.TrimSpace(data)) == 0 {
		return nil
	}
	if c.Kind == RegctlConfig {
		return c.regctl(data)
	}
	var d struct {
		Auths       map[string]entry  `json:"auths"`
		CredsStore  string            `json:"credsStore"`
		CredHelpers map[string]string `json:"credHelpers"`
	}
	if err := json.Unmarshal(data, &d); err != nil {
		return notJSON(err)
	}
	c.CredsStore, c.Auths = d.CredsStore, len(d.Auths)
	for host, helper := range d.CredHelpers {
		c.CredHelpers[host] = helper
	}
	for key, e := range d.Auths {
		if login, ok := e.login(); ok {
			c.Logins[key] = login
		}
	}
	return nil
}

// notJSON does not quote the file, which may hold secrets.
func notJSON(err error) error {
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		return fmt.Errorf("it is not valid JSON (at byte %d)", syntax.Offset)
	}
	var kind *json.UnmarshalTypeError
	if errors.As(err, &kind) {
		return fmt.Errorf("%q is of another type than the tools expect", kind.Field)
	}
	return errors.New("it is not valid JSON")
}

func (c *Config) regctl(data []byte) error {
	var d struct {
		Hosts map[string]struct {
			User       string `json:"user"`
			Pass       string `json:"pass"`
			Token      string `json:"token"`
			CredHelper string `json:"credHelper"`
		} `json:"hosts"`
		IncDockerCred *bool `json:"incDockerCred"`
	}
	if err := json.Unmarshal(data, &d); err != nil {
		return notJSON(err)
	}
	c.Apart = d.IncDockerCred != nil && !*d.IncDockerCred
	c.Auths = len(d.Hosts)
	for host, h := range d.Hosts {
		if h.CredHelper != "" {
			c.CredHelpers[host] = strings.TrimPrefix(h.CredHelper, "docker-credential-")
		}
		if secret := h.Pass + h.Token; secret != "" {
			c.Logins[host] = Login{Username: h.User, Expires: expiry(secret)}
		}
	}
	return nil
}

// entry is one of auths.
type entry struct {
	Auth          string `json:"auth"`
	Username      string `json:"username"`
	Password      string `json:"password"`
	IdentityToken string `json:"identitytoken"`
}

func (e entry) login() (Login, bool) {
	secret := e.Password
	if plain, err := base64.StdEncoding.DecodeString(e.Auth); err == nil && e.Auth != "" {
		var password string
		e.Username, password, _ = strings.Cut(string(plain), ":")
		if password = strings.Trim(password, "\x00"); password != "" {
			secret = password
		}
	}
	if e.IdentityToken != "" {
		secret = e.IdentityToken
	}
	return Login{Username: e.Username, Expires: expiry(secret)}, secret != ""
}

// expiry is when a secret says that it ends: a JSON web token (RFC 7519, exp),
// or the password of Amazon's registry. Zero: it does not say.
func expiry(secret string) time.Time {
	var claims struct {
		Exp        float64 `json:"exp"`
		Expiration float64 `json:"expiration"`
	}
	text := secret
	encoding := base64.StdEncoding
	if parts := strings.Split(secret, "."); len(parts) == 3 {
		text, encoding = parts[1], base64.RawURLEncoding
	}
	plain, err := encoding.DecodeString(text)
	if err != nil || json.Unmarshal(plain, &claims) != nil {
		return time.Time{}
	}
	at := max(claims.Exp, claims.Expiration)
	if at < 1 || at > 1<<40 {
		return time.Time{}
	}
	return time.Unix(int64(at), 0).UTC()
}

var credentialHelpers = regexp.MustCompile(`(?m)^[ \t]*credential-helpers[ \t]*=[ \t]*\[([^\]]*)\]`)

// stores reads the one line of registries.conf that says where podman and its
// relatives look; nil where it is not there.
func stores(text string) []string {
	all := credentialHelpers.FindAllStringSubmatch(text, -1)
	if len(all) == 0 {
		return nil
	}
	found := []string{}
	for word := range strings.SplitSeq(all[len(all)-1][1], ",") {
		if word = strings.Trim(word, " \t\r\n\"'"); word != "" {
			found = append(found, word)
		}
	}
	return found
}
