package server

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"lanyard/backend/access"
	"lanyard/backend/account"
	"lanyard/backend/activity"
	"lanyard/backend/token"
)

// registries are those that clients go to: separate ones, told of the service
// by the printed stanza, and the one inside.
var registries = map[string]func(t *testing.T, stanza string) string{
	"distribution 2.8 of Debian": debian,
	"distribution 3":             version3,
	"the registry inside":        nil,
}

// A desk is a computer with other people's clients.
type desk struct {
	*testing.T
	home string
}

func newDesk(t *testing.T) desk {
	t.Helper()
	d := desk{t, t.TempDir()}
	// Without an entry docker would look for a keychain of its own.
	d.write("config.json", `{"auths":{"unused.example":{}}}`)
	d.write("layer.tar", string(make([]byte, 1024))) // an empty archive
	return d
}

func (d desk) write(name, text string) {
	d.Helper()
	if err := os.WriteFile(filepath.Join(d.home, name), []byte(text), 0o700); err != nil {
		d.Fatal(err)
	}
}

// run runs a client and returns all that it says.
func (d desk) run(input, program string, args ...string) (string, error) {
	d.Helper()
	path := "docker"
	if program != "docker" {
		path = tool(d.T, program)
	}
	ctx, cancel := context.WithTimeout(d.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Env = []string{"HOME=" + d.home, "DOCKER_CONFIG=" + d.home, "XDG_RUNTIME_DIR=" + d.home, "PATH=" + d.home + ":/usr/local/bin:/usr/bin:/bin"}
	cmd.Stdin = strings.NewReader(input)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func (d desk) good(program string, args ...string) string {
	d.Helper()
	out, err := d.run("", program, args...)
	if err != nil {
		d.Fatalf("%s %s: %v\n%s", program, strings.Join(args, " "), err, out)
	}
	return out
}

func (d desk) refused(words, program string, args ...string) {
	d.Helper()
	if out, err := d.run("", program, args...); err == nil || !strings.Contains(out, words) {
		d.Errorf("%s %s: %v\n%s\nwant %q", program, strings.Join(args, " "), err, out, words)
	}
}

// helper makes tools ask a credential helper that knows one entry.
func (d desk) helper(at, user, secret string) {
	d.Helper()
	entry, err := json.Marshal(map[string]string{"ServerURL": at, "Username": user, "Secret": secret})
	if err != nil {
		d.Fatal(err)
	}
	d.write("docker-credential-fixed", "#!/bin/sh\ncat >/dev/null\ncat <<'E'\n"+string(entry)+"\nE\n")
	d.write("config.json", `{"auths":{"unused.example":{}},"credHelpers":{"`+at+`":"fixed"}}`)
}

// Everybody pulls what is public, with no credential at all; what is not is
// refused. Administrators, and nobody else, list all that there is.
func TestAnonymousPullsAndTheCatalogue(t *testing.T) {
	for name, start := range registries {
		t.Run(name, func(t *testing.T) {
			s, address := serving(t, func(*Config) {})
			_, secret := firstToken(t, s)
			at := address.Host()
			if start != nil {
				at = start(t, stanzaOf(t, s, address))
			}
			owner := newDesk(t)
			owner.helper(at, "ada", secret)
			for _, repository := range []string{"ada/open", "ada/closed"} {
				owner.good("crane", "append", "-f", filepath.Join(owner.home, "layer.tar"), "-t", at+"/"+repository+":1")
			}
			ada, err := s.accounts.ByLogin(t.Context(), "ada")
			if err == nil {
				who := access.Actor{By: activity.By{Account: ada.ID, Name: "ada"}, Admin: true}
				_, err = s.access.SetVisibility(t.Context(), who, "ada/open", true)
			}
			if err != nil {
				t.Fatal(err)
			}

			stranger := newDesk(t)
			push := "UNAUTHORIZED"
			words := map[string]string{"crane": "UNAUTHORIZED", "skopeo": "denied", "docker": "denied"}
			if start == nil {
				words["crane"] = "an anonymous client may not pull ada/closed: without signing in only public repositories can be pulled"
				words["skopeo"] = words["crane"]
				push = "an anonymous client may not push ada/open"
			}
			for _, c := range []struct {
				program, image string
				args           []string
			}{
				{"crane", "", []string{"manifest"}},
				{"skopeo", "docker://", []string{"inspect", "--tls-verify=false"}},
				{"skopeo", "docker://", []string{"copy", "--src-tls-verify=false", "dir:" + filepath.Join(stranger.home, "images")}},
				{"docker", "", []string{"manifest", "inspect", "--insecure"}},
			} {
				call := func(repository string) []string {
					image := c.image + at + "/" + repository + ":1"
					if c.args[0] == "copy" {
						return []string{"copy", c.args[1], image, c.args[2]}
					}
					return append(append([]string{}, c.args...), image)
				}
				stranger.good(c.program, call("ada/open")...)
				stranger.refused(words[c.program], c.program, call("ada/closed")...)
			}
			// A layer that is not there yet: where all are, crane begins with a body,
			// and an early refusal can end in an error of its transport.
			stranger.write("other.tar", string(make([]byte, 2048)))
			stranger.refused(push, "crane", "append", "-f", filepath.Join(stranger.home, "other.tar"), "-t", at+"/ada/open:2")

			if got := strings.Fields(owner.good("crane", "catalog", "--insecure", at)); len(got) != 2 || got[0] != "ada/closed" || got[1] != "ada/open" {
				t.Errorf("catalogue %q", got)
			}
			if got := owner.good("skopeo", "list-tags", "--tls-verify=false", "docker://"+at+"/ada/closed"); !strings.Contains(got, `"1"`) {
				t.Errorf("tags %s", got)
			}
			bob, err := s.accounts.Create(t.Context(), account.New{Name: "bob", Password: "nine yellow ladders in fog"})
			if err != nil {
				t.Fatal(err)
			}
			_, theirs, err := s.tokens.Create(t.Context(), bob.ID, token.Spec{Description: "test", Scopes: []string{"repo:admin"}})
			if err != nil {
				t.Fatal(err)
			}
			other := newDesk(t)
			other.helper(at, "bob", theirs.Reveal())
			other.refused("UNAUTHORIZED", "crane", "catalog", "--insecure", at)
			other.good("crane", "manifest", at+"/ada/open:1")
			other.refused("ada is not bob's", "crane", "manifest", at+"/ada/closed:1")
		})
	}
}

// With --registry-refresh-tokens docker login keeps a refresh token in the
// place of the token; every client that is given one by a helper uses it, and
// it ends with the token.
func TestRefreshTokensOfRealClients(t *testing.T) {
	s, address := serving(t, func(c *Config) { c.RefreshTokens = true })
	made, secret := firstToken(t, s)
	at := address.Host()
	d := newDesk(t)
	if out, err := d.run(secret, "docker", "login", at, "-u", "ada", "--password-stdin"); err != nil {
		t.Fatalf("docker login: %v\n%s", err, out)
	}
	text, err := os.ReadFile(filepath.Join(d.home, "config.json"))
	if err != nil {
		t.Fatal(err)
	}
	var config struct {
		Auths map[string]struct {
			IdentityToken string `json:"identitytoken"`
		}
	}
	if err := json.Unmarshal(text, &config); err != nil {
		t.Fatal(err)
	}
	refresh := config.Auths[at].IdentityToken
	if !strings.HasPrefix(refresh, "lyd_rrt_") || strings.Contains(string(text), secret) {
		t.Fatalf("docker keeps %s", text)
	}
	image := at + "/ada/app:1"
	d.good("crane", "append", "-f", filepath.Join(d.home, "layer.tar"), "-t", image)
	d.good("docker", "manifest", "inspect", "--insecure", image)

	d.helper(at, "<token>", refresh)
	all := [][]string{
		{"docker", "manifest", "inspect", "--insecure", image},
		{"crane", "manifest", image},
		{"skopeo", "inspect", "--tls-verify=false", "docker://" + image},
		{"regctl", "image", "manifest", image},
		{"oras", "manifest", "fetch", "--plain-http", image},
	}
	d.good("regctl", "registry", "set", "--tls", "disabled", at)
	for _, c := range all {
		d.good(c[0], c[1:]...)
	}
	no := false
	if _, err := s.tokens.Change(t.Context(), made.Owner, made.ID, token.Patch{Active: &no}, activity.By{}); err != nil {
		t.Fatal(err)
	}
	for _, c := range all {
		words := "this token is deactivated"
		if c[0] == "regctl" { // which then goes on without credentials
			words = "an anonymous client may not pull"
		}
		d.refused(words, c[0], c[1:]...)
	}
}
