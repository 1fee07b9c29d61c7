package e2e_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"lanyard/backend/e2e/desk"
)

// A matrix is anna with a token of each scope at each registry.
type matrix struct {
	*person
	registries []registry
	gone       map[scope]string // digests
	results    []result
}

// A result is what a tool said at an act.
type result struct {
	registry registry
	cli      cli
	act      act
	scope    scope
	desk.Output
}

// What a token's scope allows works with every tool at every registry, and what it
// forbids is refused, with our reason where tool and registry let it through. Without
// LANYARD_CLIENTS, the folder for the report, a part has to do: every tool at the own
// registry with the two scopes that tell most, and crane everywhere.
func TestEveryScopeWithEveryTool(t *testing.T) {
	t.Parallel()
	folder := os.Getenv("LANYARD_CLIENTS")
	m := newMatrix(t)
	for _, r := range m.registries {
		for _, c := range clis {
			if folder == "" && !r.own && c.name != "crane" {
				continue
			}
			t.Run(r.name+"/"+c.name, func(t *testing.T) {
				if out := m.types(t, c.ready, r, c, admin); out.Code != 0 {
					t.Fatalf("%s\nexit %d\n%s%s", c.ready, out.Code, out.Out, out.Err)
				}
				for _, s := range scopes {
					if folder != "" || c.name == "crane" || s == read || s == write {
						m.tries(t, r, c, s)
					}
				}
			})
		}
	}
	if folder != "" {
		m.report(folder)
	}
}

func newMatrix(t *testing.T) *matrix {
	p := sitAtTools(t)
	p.ctx = t.Context() // all of it takes minutes
	m := &matrix{person: p, gone: map[scope]string{}}
	m.registries = p.registries()
	if out := p.login(); out.Code != 0 {
		t.Fatalf("exit %d\n%s%s", out.Code, out.Out, out.Err)
	}
	for _, name := range []string{"anna/open", "anna/open/hello"} {
		p.must("repo", "visibility", name, "public")
	}
	for _, s := range scopes {
		m.images(s)
		if err := os.Mkdir(m.folder(s), 0o700); err != nil {
			t.Fatal(err)
		}
		p.put(filepath.Join(m.folder(s), "config.json"), `{"auths":{"registry.example":{}}}`, 0o600) // an empty one lets docker choose a helper
		if s == nobody {
			continue
		}
		secret := p.must("token", "create", "-d", s.String(), "--scope", s.String()).Out
		for _, r := range m.registries {
			login := m.command(`docker login $H -u anna --password-stdin`, r, cli{}, s)
			login.Stdin = strings.NewReader(secret)
			if _, err := desk.Must(login); err != nil {
				t.Fatal(err)
			}
		}
	}
	return m
}

// images are those that somebody pushes and deletes.
func (m *matrix) images(s scope) {
	m.Helper()
	for _, what := range []string{"image-", "gone-"} {
		digest, err := desk.WriteImage(filepath.Join(m.Home, what+s.String()), "1", what+s.String())
		if err != nil {
			m.Fatal(err)
		}
		m.gone[s] = digest // of the last
	}
}

// folder is where a person's tools find their configuration, who may do as much as s.
func (m *matrix) folder(s scope) string { return filepath.Join(m.Home, "as-"+s.String()) }

func (m *matrix) command(line string, r registry, c cli, s scope) *exec.Cmd {
	cmd := m.Shell(m.ctx, line)
	cmd.Env = append(cmd.Env, "DOCKER_CONFIG="+m.folder(s), "H="+r.host, "R="+r.host+"/anna/"+c.repository, "OPEN="+r.host+"/anna/"+c.open,
		"SCOPE="+s.String(), "GONE="+m.gone[s])
	return cmd
}

func (m *matrix) types(t *testing.T, line string, r registry, c cli, s scope) desk.Output {
	t.Helper()
	out, err := desk.Run(m.command(line, r, c, s))
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// tries does all acts as one who may do as much as s.
func (m *matrix) tries(t *testing.T, r registry, c cli, s scope) {
	t.Helper()
	for _, a := range acts {
		line := a.line(c)
		if line == "" {
			continue
		}
		one := result{r, c, a, s, m.types(t, line, r, c, s)}
		m.results = append(m.results, one)
		if wrong := one.wrong(); wrong != "" {
			t.Errorf("%s: %s, %s: %s\nexit %d\n%s%s", r.name, line, s, wrong, one.Code, one.Out, one.Err)
		}
	}
}

// ours are the words of our refusals, and refused those of anybody.
var (
	ours    = regexp.MustCompile(`this token of anna may not (pull|push|delete) anna/|an anonymous client may not (pull|push|delete) anna/`)
	refused = regexp.MustCompile(`(?i)denied|unauthorized`)
)

// wrong says what is not as it has to be.
func (r result) wrong() string {
	said := r.Out + r.Err
	switch allowed := r.scope >= r.act.least; {
	case allowed && r.Code != 0:
		return "it is allowed, and does not work"
	case !allowed && r.Code == 0:
		return "it is forbidden, and works"
	case !allowed && r.told() && !ours.MatchString(said):
		return "it is refused without our reason"
	case !allowed && !refused.MatchString(said):
		return "it failed for another reason"
	}
	return ""
}

// told says that our words have to be there. Another's registry has words of its own,
// and passes none of ours on; its token endpoint, which is ours, says no by itself only
// where it can grant nothing of what is asked.
func (r result) told() bool {
	return r.scope != nobody && r.registry.own || r.scope == publicRead && r.cli.heard == everywhere
}
