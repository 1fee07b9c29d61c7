package why

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"lanyard/backend/keychain"
	"lanyard/backend/machine"
	"lanyard/backend/registryauth"
	"lanyard/backend/tool"
)

// Images as docker understands them.
func TestParseImage(t *testing.T) {
	digest := "sha256:" + strings.Repeat("a", 64)
	for text, want := range map[string]Image{
		"ubuntu":                                {"docker.io/library/ubuntu:latest", "docker.io", "docker.io", "library/ubuntu", "latest"},
		"ubuntu:22.04":                          {"docker.io/library/ubuntu:22.04", "docker.io", "docker.io", "library/ubuntu", "22.04"},
		"ada/app":                               {"docker.io/ada/app:latest", "docker.io", "docker.io", "ada/app", "latest"},
		"index.docker.io/ada/app":               {"docker.io/ada/app:latest", "docker.io", "docker.io", "ada/app", "latest"},
		"localhost/app:1":                       {"localhost/app:1", "localhost", "localhost", "app", "1"},
		"localhost:8460/ada/app:1":              {"localhost:8460/ada/app:1", "localhost:8460", "localhost:8460", "ada/app", "1"},
		"registry.example/a/b/c":                {"registry.example/a/b/c:latest", "registry.example", "registry.example", "a/b/c", "latest"},
		"registry.example:443/app":              {"registry.example:443/app:latest", "registry.example:443", "registry.example", "app", "latest"},
		"registry.example/app@" + digest:        {"registry.example/app@" + digest, "registry.example", "registry.example", "app", digest},
		"registry.example/app:1@" + digest:      {"registry.example/app:1@" + digest, "registry.example", "registry.example", "app", digest},
		"docker://registry.example/app":         {"registry.example/app:latest", "registry.example", "registry.example", "app", "latest"},
		"oci://registry.example/charts/app:1.0": {"registry.example/charts/app:1.0", "registry.example", "registry.example", "charts/app", "1.0"},
	} {
		got, err := ParseImage(text)
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%s: %v %s", text, err, diff)
		}
	}
	for _, text := range []string{
		"", " ", "Ubuntu", "a//b", "a/b:", ":1", "-x", "--help", "https://registry.example/app", "file:///etc/passwd", "javascript:alert(1)",
		"registry.example/../etc", "a\nb", "a\x1b[31m", "a b", "a@sha256:short", "registry.example:99999999/app", strings.Repeat("a", 10<<20), "user:pass@registry.example/app",
		strings.Repeat("f", 64),
	} {
		if got, err := ParseImage(text); !errors.Is(err, ErrImage) || strings.ContainsAny(err.Error(), "\n\x1b") || len(err.Error()) > 400 {
			t.Errorf("%.40q: %+v, %.400v", text, got, err)
		}
	}
}

func FuzzParseImage(f *testing.F) {
	f.Add("registry.example/app:1")
	f.Add("docker://a/b@sha256:")
	f.Fuzz(func(t *testing.T, text string) {
		i, err := ParseImage(text)
		if err != nil {
			return
		}
		again, err := ParseImage(i.Name)
		if err != nil || again != i {
			t.Errorf("%q is %+v, and that is %+v, %v", text, i, again, err)
		}
		if strings.Contains(i.Repository, "..") || strings.ContainsAny(i.Reference, "/?#%") {
			t.Errorf("%q would ask for another path: %+v", text, i)
		}
	})
}

const (
	yes, no, unknown = registryauth.Yes, registryauth.No, registryauth.Unknown
	host             = "r.example"
)

// The rules, each with its one thing to do.
func TestJudge(t *testing.T) {
	ann := &Account{Server: "https://r.example", Name: "ann"}
	pasted := &Account{Server: host, Name: "otto", Pasted: true}
	mine := &Login{Username: "ann", Lanyard: true}
	ours := func(o Outcome, said string) []Look {
		return []Look{{Step: tool.Step{File: "/c.json", Key: host, Helper: "lanyard"}, Outcome: o, Said: said}}
	}
	other := func(o Outcome) []Look {
		return []Look{{Step: tool.Step{File: "/c.json", Key: host, Helper: "pass"}, Outcome: o, Said: "gpg died"}}
	}
	denied := &Decision{no, no, unknown, unknown, ""}
	for name, c := range map[string]struct {
		f       facts
		verdict Verdict
		reason  string
		do      string
	}{
		"all is well":    {facts{Report: Report{Looks: ours(Has, ""), Account: ann, Login: mine, Decides: &Decision{yes, yes, yes, yes, ""}}}, OK, "ann may pull and push team/app", ""},
		"read only":      {facts{Report: Report{Looks: ours(Has, ""), Account: ann, Login: mine, Decides: &Decision{yes, no, yes, yes, ""}}}, ReadOnly, "but not push", ""},
		"push by a try":  {facts{Report: Report{Looks: ours(Has, ""), Account: ann, Login: mine, Decides: &Decision{yes, unknown, yes, yes, ""}}}, OK, "shows at the first one", ""},
		"public":         {facts{Report: Report{Decides: &Decision{yes, no, unknown, yes, ""}}}, Public, "Anybody may pull", ""},
		"public, no tag": {facts{Report: Report{Decides: &Decision{yes, no, unknown, no, ""}}}, NotFound, "has no 1 of team/app", "Check the name"},
		"public, logged out": {facts{Report: Report{Looks: ours(HasNone, ""), Account: &Account{Server: "https://r.example", Name: "ann", Off: true}, Decides: &Decision{yes, no, unknown, yes, ""}}},
			Public, "a push would not work: A tool logged out", "lanyard accounts switch ann@https://r.example"},
		"no such tag":  {facts{Report: Report{Looks: ours(Has, ""), Account: ann, Login: mine, Decides: &Decision{yes, no, yes, no, ""}}}, NotFound, "as far as ann may see", "Check the name"},
		"not made yet": {facts{Report: Report{Looks: ours(Has, ""), Account: ann, Login: mine, Decides: &Decision{yes, yes, yes, no, ""}}}, NotFound, "may push it", ""},
		"no right":     {facts{Report: Report{Looks: ours(Has, ""), Account: ann, Login: mine, Decides: &Decision{no, no, yes, unknown, "ask bob"}}}, NoRight, "It says: ask bob.", "Ask whoever owns team/app"},
		"no right, by rule": {facts{Report: Report{Looks: ours(Has, ""), Account: ann, Login: mine, Decides: &Decision{no, no, yes, unknown, "ask bob"}, Rules: []Ruling{{Action: "pull", Why: "ann may not pull team/app: team is not ann's"}}}},
			NoRight, "ann may not pull team/app: team is not ann's.", "Ask whoever owns team/app"},
		"read only, by rule": {facts{Report: Report{Looks: ours(Has, ""), Account: ann, Login: mine, Decides: &Decision{yes, no, yes, yes, ""}, Rules: []Ruling{{Action: "pull", Allowed: true}, {Action: "push", Why: "this token of ann may not push team/app: it is limited to ann/*"}}}},
			ReadOnly, "ann may pull team/app, but: this token of ann may not push team/app: it is limited to ann/*.", ""},
		"another could":       {facts{Report: Report{Looks: ours(Has, ""), Account: &Account{Server: "https://r.example", Name: "ann", Others: []string{"bob@https://r.example"}}, Login: mine, Decides: denied}}, NoRight, "ann may not pull", "lanyard run --as bob@https://r.example -- docker pull r.example/team/app:1"},
		"refused, ours":       {facts{Report: Report{Looks: ours(Has, ""), Account: ann, Login: mine, Decides: &Decision{no, no, no, unknown, "deactivated"}}}, Refused, "deactivated", "lanyard login --server https://r.example"},
		"refused, pasted":     {facts{Report: Report{Looks: ours(Has, ""), Account: pasted, Login: &Login{Username: "otto", Lanyard: true}, Decides: &Decision{no, no, no, unknown, ""}}}, Refused, "token of otto", "lanyard login --server r.example --username otto --with-token"},
		"refused, another":    {facts{Report: Report{Looks: other(Has), Login: &Login{Username: "eve"}, Decides: &Decision{no, no, no, unknown, ""}}}, Refused, "token of eve", "docker logout r.example, and then: lanyard login --server r.example --username NAME --with-token"},
		"nobody is here":      {facts{Report: Report{Decides: denied}}, SignedOut, "Nobody is signed in for r.example", "lanyard login --server r.example --username NAME --with-token"},
		"one who could":       {facts{Report: Report{Account: &Account{Others: []string{"ann@https://r.example"}}, Decides: denied}}, SignedOut, "ann@https://r.example could", "lanyard accounts switch ann@https://r.example"},
		"it ended":            {facts{Report: Report{Looks: ours(HasNone, ""), Decides: denied}, ended: "deleted", endedAt: "https://a.example"}, Ended, "was deleted", "lanyard login --server https://a.example"},
		"being removed":       {facts{Report: Report{Looks: ours(HasNone, ""), Account: &Account{Server: "https://r.example", Name: "ann", Buried: true}, Decides: denied}}, Ended, "has ended", "lanyard login --server https://r.example"},
		"logged out":          {facts{Report: Report{Looks: ours(HasNone, ""), Account: &Account{Server: "https://r.example", Name: "ann", Off: true}, Decides: denied}}, LoggedOut, "still signed in", "lanyard accounts switch ann@https://r.example"},
		"locked":              {facts{Report: Report{Looks: ours(HasNone, "x"), Account: ann, Decides: denied}, keychain: keychain.ErrLocked}, Locked, "locked", "lanyard keychain unlock"},
		"no keychain":         {facts{Report: Report{Looks: ours(HasNone, "x"), Account: ann, Decides: denied}, keychain: keychain.ErrNoService}, NoKeychain, "No keychain answers", "lanyard keychain status"},
		"the entry is gone":   {facts{Report: Report{Looks: ours(HasNone, "x"), Account: ann, Decides: denied}}, Ended, "There is no token", "lanyard login --server https://r.example"},
		"as somebody unknown": {facts{Report: Report{Looks: ours(HasNone, "x"), Account: ann, Decides: denied}, stranger: true}, SignedOut, "names no account", "Unset LANYARD_AS"},
		"our helper fails":    {facts{Report: Report{Looks: ours(Failed, "oops"), Account: ann, Decides: denied}}, HelperFails, "oops", "lanyard docker doctor"},
		"our helper is not there": {facts{Report: Report{Looks: ours(Missing, ""), Account: ann, Decides: denied}},
			NoHelper, "docker-credential-lanyard, which is not on the PATH", "lanyard docker setup"},
		"another's is not there":  {facts{Report: Report{Looks: other(Missing), Decides: denied}}, NoHelper, "docker-credential-pass", "lanyard docker doctor"},
		"another's has none":      {facts{Report: Report{Looks: other(HasNone), Account: ann, Decides: denied}}, NotSetUp, "and not Lanyard", "lanyard docker setup --replace"},
		"another's fails":         {facts{Report: Report{Looks: other(Failed), Decides: denied}}, HelperFails, "gpg died", "lanyard docker doctor"},
		"not set up":              {facts{Report: Report{Account: ann, Decides: denied}}, NotSetUp, "no place to look", "lanyard docker setup"},
		"a broken file":           {facts{Report: Report{Looks: []Look{{Step: tool.Step{File: "/c.json"}, Outcome: Broken, Said: "x"}}, Account: ann, Decides: denied}}, BrokenFile, "/c.json cannot be read: x.", "lanyard docker doctor"},
		"offline, all well":       {facts{Report: Report{Looks: ours(Has, ""), Account: ann, Login: mine, Unreachable: "no route"}, unreachable: true}, Unreachable, "nothing stands in the way", "Check the network"},
		"offline, and signed out": {facts{Report: Report{Unreachable: "no route"}, unreachable: true}, SignedOut, "Nobody is signed in", "lanyard login"},
		"no registry at all":      {facts{Report: Report{Looks: ours(Has, ""), Account: ann, Login: mine, Unreachable: "not a registry: a page"}}, Unclear, "a page", "Ask whoever runs"},
		"it does not say":         {facts{Report: Report{Looks: ours(Has, ""), Account: ann, Login: mine, Decides: &Decision{unknown, unknown, yes, unknown, ""}}}, Unclear, "does not say", "Try it."},
		"may push, may not pull":  {facts{Report: Report{Looks: ours(Has, ""), Account: ann, Login: mine, Decides: &Decision{no, yes, yes, unknown, ""}}}, NoRight, "may push team/app, but not pull it", "Ask whoever"},
	} {
		t.Run(name, func(t *testing.T) {
			c.f.Tool = tool.Docker
			c.f.Image = Image{Name: "r.example/team/app:1", Domain: host, Host: host, Repository: "team/app", Reference: "1"}
			got := judge(c.f)
			if got.Verdict != c.verdict || !strings.Contains(got.Reason, c.reason) || !strings.HasPrefix(got.Do, c.do) || (got.Do == "") != (c.do == "") {
				t.Errorf("%+v, want %s %q → %q", got, c.verdict, c.reason, c.do)
			}
		})
	}
	session := facts{Report: Report{
		Image: Image{Host: machine.DockerHub}, Account: &Account{Server: "https://hub.docker.com", Name: "ada"},
		Looks: ours(Has, ""), Login: mine, Decides: &Decision{no, no, no, unknown, ""},
	}}
	if got := judge(session); got.Do != "lanyard login --server docker-hub" {
		t.Errorf("%+v", got)
	}
	hub := facts{Report: Report{Image: Image{Host: machine.DockerHub}, Decides: denied}}
	if got := judge(hub); got.Do != "lanyard login --server docker-hub" {
		t.Errorf("%+v", got)
	}
}

// asker is a person with one config.json, and these helpers.
func asker(t *testing.T, config string, helpers map[string]string) Asker {
	t.Helper()
	home := t.TempDir()
	bin := filepath.Join(home, "bin")
	for name, text := range helpers {
		write(t, filepath.Join(bin, "docker-credential-"+name), "#!/bin/sh\n"+text, 0o755)
	}
	write(t, filepath.Join(home, ".docker", "config.json"), config, 0o600)
	return Asker{
		Here:  tool.Here{Environ: []string{"PATH=" + bin + ":/usr/bin:/bin", "HOME=" + home}, Home: home},
		State: machine.StateFile{Dir: filepath.Join(home, "state")},
	}
}

func write(t *testing.T, path, text string, mode os.FileMode) {
	t.Helper()
	err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(text), mode))
	if err != nil {
		t.Fatal(err)
	}
}

// What a helper, a file or a variable can hand us; the registry is not there.
func TestLooks(t *testing.T) {
	image := "localhost:1/app"
	auths := `{"auths": {"localhost:1": {"auth": "b3R0bzpjYW5hcnk="}}}` // otto:canary
	with := func(helper string) string { return `{"credHelpers": {"localhost:1": "` + helper + `"}}` }
	good := `echo '{"Username":"otto","Secret":"canary-canary-canary"}'`
	for name, c := range map[string]struct {
		config  string
		helpers map[string]string
		env     string
		want    []Look
		login   *Login
	}{
		"a helper":               {config: with("x"), helpers: map[string]string{"x": good}, want: []Look{{Step: tool.Step{Helper: "x"}, Outcome: Has}}, login: &Login{Username: "otto", LastFour: "nary"}},
		"it has none":            {config: with("x"), helpers: map[string]string{"x": "echo credentials not found in native keychain; echo 'lanyard: because' >&2; exit 1"}, want: []Look{{Step: tool.Step{Helper: "x"}, Outcome: HasNone, Said: "because"}}},
		"it is not there":        {config: with("none"), want: []Look{{Step: tool.Step{Helper: "none"}, Outcome: Missing}}},
		"a path for a name":      {config: with("../../bin/sh"), want: []Look{{Step: tool.Step{Helper: "../../bin/sh"}, Outcome: Missing}}},
		"it fails":               {config: with("x"), helpers: map[string]string{"x": "echo canary; printf 'bad\\033[31m\\n' >&2; exit 2"}, want: []Look{{Step: tool.Step{Helper: "x"}, Outcome: Failed, Said: "bad[31m"}}},
		"it says nothing":        {config: with("x"), helpers: map[string]string{"x": "exit 2"}, want: []Look{{Step: tool.Step{Helper: "x"}, Outcome: Failed, Said: "the look-up failed"}}},
		"it talks nonsense":      {config: with("x"), helpers: map[string]string{"x": "echo '<html>canary'"}, want: []Look{{Step: tool.Step{Helper: "x"}, Outcome: Failed, Said: "the look-up failed: the answer of docker-credential-x is not understood"}}},
		"it answers empty":       {config: with("x"), helpers: map[string]string{"x": "echo '{}'"}, want: []Look{{Step: tool.Step{Helper: "x"}, Outcome: HasNone}}},
		"a password in clear":    {config: auths, want: []Look{{Step: tool.Step{User: "otto"}, Outcome: Has}}, login: &Login{Username: "otto"}},
		"an identity token":      {config: `{"auths": {"localhost:1": {"identitytoken": "canary"}}}`, want: []Look{{Outcome: Failed, Said: "an identity token, which only its tool can use"}}},
		"another registry's":     {config: `{"auths": {"localhost:2": {"auth": "b3R0bzpjYW5hcnk="}}}`},
		"a credsStore":           {config: `{"credsStore": "x"}`, helpers: map[string]string{"x": good}, want: []Look{{Step: tool.Step{Helper: "x"}, Outcome: Has}}, login: &Login{Username: "otto", LastFour: "nary"}},
		"a broken file":          {config: `{"auths": canary`, want: []Look{{Outcome: Broken, Said: "it is not valid JSON (at byte 11)"}}},
		"DOCKER_AUTH_CONFIG":     {config: with("x"), env: auths, want: []Look{{Step: tool.Step{Env: "DOCKER_AUTH_CONFIG"}, Outcome: Has}}, login: &Login{Username: "otto"}},
		"a variable of nonsense": {config: with("none"), env: "canary", want: []Look{{Step: tool.Step{Helper: "none"}, Outcome: Missing}}},
	} {
		t.Run(name, func(t *testing.T) {
			a := asker(t, c.config, c.helpers)
			if c.env != "" {
				a.Here.Environ = append(a.Here.Environ, "DOCKER_AUTH_CONFIG="+c.env)
				// docker before 28.3 does not look there
				write(t, filepath.Join(a.Here.Home, "bin", "docker"), "#!/bin/sh\necho Docker version 29.0.1", 0o755)
			}
			r, err := a.Explain(t.Context(), tool.Docker, image)
			if err != nil {
				t.Fatal(err)
			}
			ignore := cmpopts.IgnoreFields(tool.Step{}, "File", "Key")
			if diff := cmp.Diff(c.want, r.Looks, ignore, cmpopts.EquateEmpty()); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(c.login, r.Login); diff != "" {
				t.Error(diff)
			}
			if r.Decides != nil || r.Unreachable == "" {
				t.Errorf("%+v", r.Decides)
			}
			if said := fmt.Sprintf("%+v %s", r, r.Reason); strings.Contains(said, "canary") {
				t.Errorf("a secret is in the report: %s", said)
			}
		})
	}
}

func TestStateThatCannotBeRead(t *testing.T) {
	a := asker(t, "{}", nil)
	write(t, a.State.Path(), "{", 0o600)
	if _, err := a.Explain(t.Context(), tool.Docker, "localhost:1/app"); !errors.Is(err, machine.ErrBroken) {
		t.Error(err)
	}
}
