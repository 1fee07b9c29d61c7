package doctor

import (
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"lanyard/backend/dockerconfig"
	"lanyard/backend/machine"
	"lanyard/backend/tool"
)

const (
	dockers = "/home/anna/.docker/config.json"
	auth    = "/run/user/1000/containers/auth.json"
	helms   = "/home/anna/.config/helm/registry/config.json"
	regctls = "/home/anna/.regctl/config.json"
	conf    = "/etc/containers/registries.conf"
	host    = "registry.example"
)

// well is a computer on which all is as it should be: anna is signed in at
// registry.example, and has all tools.
func well() Snapshot {
	s := Snapshot{
		Now:        time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC),
		Registries: []Registry{{Host: host, Account: "anna", Address: "https://" + host, Realm: "https://" + host + "/token"}},
		Files:      map[tool.Name][]string{}, Configs: map[string]tool.Config{}, Status: map[string]dockerconfig.Status{},
		Refused: map[string]string{}, Programs: map[string]string{"pass": "/usr/bin/docker-credential-pass", "desktop": ""},
		Helper: Helper{Path: "/home/anna/.local/bin/docker-credential-lanyard", Shell: "/bin/bash", Took: 5 * time.Millisecond},
	}
	for _, name := range tool.Names() {
		s.Tools = append(s.Tools, tool.Tool{Name: name, Path: "/usr/bin/" + string(name), Version: "99.0.0"})
		s.Files[name] = map[tool.Name][]string{
			tool.Podman: {conf, auth, dockers}, tool.Buildah: {conf, auth, dockers}, tool.Skopeo: {conf, auth, dockers},
			tool.Helm: {helms, dockers}, tool.Regctl: {regctls, dockers},
		}[name]
		if s.Files[name] == nil {
			s.Files[name] = []string{dockers}
		}
		s.Looks = append(s.Looks, Look{Tool: name, Host: host, User: "anna", Steps: []tool.Step{{File: dockers, Key: host, Helper: "lanyard"}}})
	}
	for path, kind := range map[string]tool.Kind{dockers: tool.DockerConfig, auth: tool.AuthJSON, helms: tool.HelmConfig, regctls: tool.RegctlConfig, conf: tool.RegistriesConf} {
		s.Configs[path] = tool.Config{File: tool.File{Path: path, Kind: kind}, CredHelpers: map[string]string{}, Logins: map[string]tool.Login{}}
	}
	s.config(dockers, func(c *tool.Config) { c.CredHelpers[host] = "lanyard" })
	return s
}

func (s *Snapshot) config(path string, change func(c *tool.Config)) {
	c := s.Configs[path]
	c.Exists = true
	change(&c)
	s.Configs[path] = c
}

var containers = []tool.Name{tool.Podman, tool.Buildah, tool.Skopeo}

// Each rule: one thing that is not well, and what is said of it.
func TestExamine(t *testing.T) {
	moves := func(path, key string) *Step { return &Step{Path: path, Want: dockerconfig.Want{Move: []string{key}}} }
	names := func(path string, hosts ...string) *Step {
		return &Step{Path: path, Want: dockerconfig.Want{Hosts: hosts}}
	}
	instead := func(s *Step) *Step { s.Replace = true; return s }
	regctl := func(s *Step) *Step { s.Shape = dockerconfig.Regctl; return s }
	for _, c := range []struct {
		name   string
		spoil  func(s *Snapshot)
		id     string // "": nothing is found
		weight Weight
		tools  []tool.Name
		says   string
		step   *Step // nil: not fixable by a file
	}{
		{"all is well", func(*Snapshot) {}, "", "", nil, "", nil},
		{"nobody signed in", func(s *Snapshot) { s.Registries, s.Looks = nil, nil }, "", "", nil, "", nil},
		{"keychain locked", func(s *Snapshot) { s.Keychain = KeychainLocked }, "keychain-locked", Problem, nil, "Unlock it", nil},
		{"keychain missing", func(s *Snapshot) { s.Keychain = KeychainMissing }, "keychain-missing", Problem, nil, "gnome-keyring", nil},
		{"keychain silent", func(s *Snapshot) { s.Keychain = KeychainSilent }, "keychain-silent", Problem, nil, "prompt", nil},
		{"helper not found", func(s *Snapshot) { s.Helper.Path, s.Helper.Offer = "", "/home/anna/.local/bin/x" }, "helper-not-found", Problem, nil, "fresh login shell (/bin/bash)", nil},
		{"helper of another", func(s *Snapshot) { s.Helper.Other = "another program is called so." }, "helper-other", Problem, nil, "another program", nil},
		{"helper of an older build", func(s *Snapshot) { s.Helper.Older = true }, "helper-older", Warning, nil, "another version", nil},
		{"helper at the limit", func(s *Snapshot) { s.Helper.Took = Slow }, "", "", nil, "", nil},
		{"helper slow", func(s *Snapshot) { s.Helper.Took = Slow + time.Millisecond }, "helper-slow", Warning, nil, "101 ms", nil},
		{"DOCKER_AUTH_CONFIG", func(s *Snapshot) { s.EnvAuth = []string{"https://" + host} }, "docker-auth-config", Problem, []tool.Name{tool.Docker, tool.Regctl}, "Unset", nil},
		{"DOCKER_AUTH_CONFIG for another registry", func(s *Snapshot) { s.EnvAuth = []string{"other.example"} }, "", "", nil, "", nil},
		{"DOCKER_AUTH_CONFIG, docker too old to read it", func(s *Snapshot) {
			s.EnvAuth = []string{host}
			s.Tools = []tool.Tool{{Name: tool.Docker, Version: "28.2.2"}}
		}, "docker-auth-config", Note, []tool.Name{}, "28.3", nil},
		{"DOCKER_AUTH_CONFIG broken", func(s *Snapshot) { s.EnvBroken = true }, "docker-auth-config", Problem, []tool.Name{tool.Docker, tool.Regctl}, "not JSON", nil},
		{"docker's file broken", func(s *Snapshot) {
			s.Refused[dockers] = "it is not valid JSON"
			s.config(dockers, func(c *tool.Config) { c.Problem = "it is not valid JSON" })
		}, "file-refused", Problem, tool.Names(), "not valid JSON", nil},
		{"podman's file of another account", func(s *Snapshot) { s.Refused[auth] = "belongs to another account" }, "file-refused", Problem, containers, "another account", nil},
		{"key dropped", func(s *Snapshot) {
			s.config(dockers, func(c *tool.Config) { delete(c.CredHelpers, host) })
			s.Status[dockers] = dockerconfig.Status{Missing: []string{host}}
		}, "key-dropped", Problem, tool.Names(), "no longer names", names(dockers, host)},
		{"not set up", func(s *Snapshot) { s.config(dockers, func(c *tool.Config) { delete(c.CredHelpers, host) }) }, "not-set-up", Problem, tool.Names(), "does not name", names(dockers, host)},
		{"Docker Hub half set up", func(s *Snapshot) {
			s.Registries = []Registry{{Host: "docker.io", Account: "anna"}}
			s.Looks = nil
			s.config(dockers, func(c *tool.Config) { c.CredHelpers["docker.io"] = "lanyard" })
		}, "not-set-up", Problem, tool.Names(), machine.DockerHubKey, names(dockers, machine.DockerHubKey)},
		{"another helper", func(s *Snapshot) { s.config(dockers, func(c *tool.Config) { c.CredHelpers[host] = "pass" }) }, "other-helper", Problem, tool.Names(), "docker-credential-pass", instead(names(dockers, host))},
		{"another helper, missing", func(s *Snapshot) { s.config(dockers, func(c *tool.Config) { c.CredHelpers[host] = "desktop" }) }, "other-helper", Problem, tool.Names(), "which is not there", instead(names(dockers, host))},
		{"another helper in podman's file", func(s *Snapshot) { s.config(auth, func(c *tool.Config) { c.CredHelpers[host] = "pass" }) }, "other-helper", Problem, containers, "docker-credential-pass", instead(names(auth, host))},
		{"another helper in regctl's file", func(s *Snapshot) { s.config(regctls, func(c *tool.Config) { c.CredHelpers[host] = "pass" }) }, "other-helper", Problem, []tool.Name{tool.Regctl}, "pass", instead(regctl(names(regctls, host)))},
		{"a helper of another registry, there", func(s *Snapshot) { s.config(dockers, func(c *tool.Config) { c.CredHelpers["x.example"] = "pass" }) }, "", "", nil, "", nil},
		{"a helper of another registry, missing", func(s *Snapshot) { s.config(dockers, func(c *tool.Config) { c.CredHelpers["x.example"] = "desktop" }) }, "program-missing", Warning, tool.Names(), "uninstalled", instead(names(dockers, "x.example"))},
		{"store missing", func(s *Snapshot) { s.config(dockers, func(c *tool.Config) { c.CredsStore = "desktop" }) }, "store-missing", Warning,
			[]tool.Name{tool.Docker, tool.Crane, tool.Oras, tool.Helm, tool.Regctl}, "Docker Desktop left it", &Step{Path: dockers, Want: dockerconfig.Want{DropStore: true}}},
		{"Docker Desktop's store", func(s *Snapshot) {
			s.Programs["desktop"] = "/usr/bin/docker-credential-desktop"
			s.config(dockers, func(c *tool.Config) { c.CredsStore = "desktop" })
		}, "docker-desktop", Note, nil, "at every start", nil},
		{"helm chooses a helper", func(s *Snapshot) { s.Native = "secretservice" }, "chosen-helper", Warning, []tool.Name{tool.Helm}, "no settings of its own", names(helms, host)},
		{"helm has settings", func(s *Snapshot) {
			s.Native = "secretservice"
			s.config(helms, func(c *tool.Config) { c.Auths = 1 })
		}, "", "", nil, "", nil},
		{"podman told to ask elsewhere", func(s *Snapshot) { s.config(conf, func(c *tool.Config) { c.Stores = []string{"secretservice"} }) }, "registries-conf", Problem, containers, "containers-auth.json", nil},
		{"podman told to ask files first", func(s *Snapshot) {
			s.config(conf, func(c *tool.Config) { c.Stores = []string{"containers-auth.json", "pass"} })
		}, "", "", nil, "", nil},
		{"regctl apart", func(s *Snapshot) { s.config(regctls, func(c *tool.Config) { c.Apart = true }) }, "regctl-apart", Problem, []tool.Name{tool.Regctl}, "not to read docker's file", regctl(names(regctls, host))},
		{"regctl apart, and set up", func(s *Snapshot) {
			s.config(regctls, func(c *tool.Config) { c.Apart, c.CredHelpers = true, map[string]string{host: "lanyard"} })
		}, "", "", nil, "", nil},
		{"regctl's store lists the registry", func(s *Snapshot) {
			s.Listed = []string{"https://" + host}
			s.config(dockers, func(c *tool.Config) { c.CredsStore = "pass" })
		}, "regctl-store", Problem, []tool.Name{tool.Regctl}, "counts before", regctl(names(regctls, host))},
		{"a password of another registry", func(s *Snapshot) {
			s.config(dockers, func(c *tool.Config) { c.Logins["x.example"] = tool.Login{Username: "otto"} })
		}, "plain-text", Warning, []tool.Name{}, "of otto for x.example in clear", moves(dockers, "x.example")},
		{"a password of a namespace", func(s *Snapshot) {
			s.config(auth, func(c *tool.Config) { c.Logins["quay.io/team"] = tool.Login{Username: "otto"} })
		}, "plain-text", Warning, []tool.Name{}, "No credential helper is asked", nil},
		{"a password that a helper has, too", func(s *Snapshot) {
			s.config(dockers, func(c *tool.Config) {
				c.Logins["x.example"], c.CredHelpers["x.example"] = tool.Login{}, "pass"
			})
		}, "plain-text", Warning, []tool.Name{}, "docker logout x.example", nil},
		{"a password in regctl's file", func(s *Snapshot) {
			s.config(regctls, func(c *tool.Config) { c.Logins["x.example"] = tool.Login{Username: "otto"} })
		}, "plain-text", Warning, []tool.Name{}, "regctl registry logout", nil},
		{"a stale password behind the helper", func(s *Snapshot) {
			s.config(dockers, func(c *tool.Config) { c.Logins["https://"+host] = tool.Login{Username: "anna"} })
		}, "stale-auths", Warning, []tool.Name{}, "nobody needs it", instead(moves(dockers, "https://"+host))},
		{"a stale password before the helper", func(s *Snapshot) {
			s.config(auth, func(c *tool.Config) { c.Logins[host] = tool.Login{Username: "otto"} })
		}, "stale-auths", Problem, containers, "instead of your sign-in", instead(moves(auth, host))},
		{"a stale password in regctl's file", func(s *Snapshot) {
			s.config(regctls, func(c *tool.Config) { c.Logins[host] = tool.Login{Username: "otto"} })
		}, "stale-auths", Problem, []tool.Name{tool.Regctl}, "regctl registry logout", instead(regctl(names(regctls, host)))},
		{"a realm that crane and helm refuse", func(s *Snapshot) { s.Registries[0].Realm = "https://10.0.0.7/token" }, "realm-refused", Problem, []tool.Name{tool.Crane, tool.Helm}, "10.0.0.7", nil},
		{"a realm that oras refuses", func(s *Snapshot) {
			s.Registries[0].Realm, s.Registries[0].Resolved = "https://auth.example/token", []netip.Addr{netip.MustParseAddr("127.0.0.1")}
		}, "realm-refused", Problem, []tool.Name{tool.Oras}, "another name than the registry's", nil},
		{"a registry that did not answer", func(s *Snapshot) { s.Registries[0].Realm, s.Registries[0].Address = "", "" }, "", "", nil, "", nil},
		{"by sudo", func(s *Snapshot) { s.SudoUser = "anna" }, "sudo", Warning, nil, "without sudo", nil},
		{"docker needs sudo", func(s *Snapshot) { s.Socket = "/var/run/docker.sock" }, "sudo-docker", Warning, []tool.Name{tool.Docker}, "root's configuration", nil},
		{"logged out by a tool", func(s *Snapshot) { s.Registries[0].Off, s.Looks[0].User = true, "" }, "logged-out", Note, nil, "lanyard accounts switch anna", nil},
		{"a tool finds nobody", func(s *Snapshot) { s.Looks[2].User, s.Looks[2].Words = "", "no credentials" }, "look-up", Problem, []tool.Name{tool.Buildah}, "finds nobody", nil},
		{"a tool is somebody else", func(s *Snapshot) { s.Looks[4].User = "otto" }, "look-up", Problem, []tool.Name{tool.Crane}, "would be otto", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := well()
			c.spoil(&s)
			found := Examine(s)
			if c.id == "" {
				if len(found) > 0 {
					t.Errorf("found %+v", found)
				}
				return
			}
			if len(found) != 1 {
				t.Fatalf("found %d: %+v", len(found), found)
			}
			f := found[0]
			if f.ID != c.id || f.Weight != c.weight {
				t.Errorf("%s %s", f.Weight, f.ID)
			}
			if c.tools != nil && !slices.Equal(sorted(f.Tools), sorted(c.tools)) {
				t.Errorf("tools %v, want %v", f.Tools, c.tools)
			}
			if said := f.What + " " + f.Why + " " + f.Fix; !strings.Contains(said, c.says) || f.What == "" || f.Why == "" || f.Fix == "" {
				t.Errorf("%q does not say %q", said, c.says)
			}
			if c.step != nil {
				if diff := cmp.Diff(*c.step, f.step); diff != "" || !f.Fixable {
					t.Errorf("fixable %v\n%s", f.Fixable, diff)
				}
			} else if f.Fixable && !strings.HasPrefix(f.ID, "helper-") {
				t.Errorf("fixable by %+v", f.step)
			}
		})
	}
}

func sorted(names []tool.Name) []tool.Name { return slices.Sorted(slices.Values(names)) }

// Nothing is named in a file that tools could not find, and nothing goes to a
// keychain that is not open.
func TestNothingIsRepairedTooEarly(t *testing.T) {
	for name, spoil := range map[string]func(s *Snapshot){
		"helper of another": func(s *Snapshot) { s.Helper.Other = "another." },
		"keychain locked":   func(s *Snapshot) { s.Keychain = KeychainLocked },
		"helper not found":  func(s *Snapshot) { s.Helper.Path, s.Helper.Offer = "", "/x" },
	} {
		t.Run(name, func(t *testing.T) {
			s := well()
			s.config(dockers, func(c *tool.Config) { c.Logins["x.example"] = tool.Login{Username: "otto"} })
			spoil(&s)
			for _, step := range Repairs(Examine(s)) {
				if len(step.Want.Move) > 0 || s.Helper.Other != "" {
					t.Errorf("%+v", step)
				}
			}
		})
	}
}

// Several findings about one file are one change of it.
func TestRepairs(t *testing.T) {
	s := well()
	s.config(dockers, func(c *tool.Config) {
		c.CredHelpers = map[string]string{}
		c.CredsStore = "desktop"
		c.Logins["x.example"], c.Logins["y.example"] = tool.Login{}, tool.Login{}
	})
	want := []Step{{Path: dockers, Want: dockerconfig.Want{Hosts: []string{host}, Move: []string{"x.example", "y.example"}, DropStore: true}}}
	if diff := cmp.Diff(want, Repairs(Examine(s))); diff != "" {
		t.Error(diff)
	}
	if got := Repairs(Examine(well())); got != nil {
		t.Errorf("%+v", got)
	}
}

func TestTheWorstFirst(t *testing.T) {
	s := well()
	s.Helper.Took, s.Keychain = time.Second, KeychainLocked
	s.Programs["desktop"] = "/x"
	s.config(dockers, func(c *tool.Config) { c.CredsStore = "desktop" })
	var got []Weight
	for _, f := range Examine(s) {
		got = append(got, f.Weight)
	}
	if diff := cmp.Diff([]Weight{Problem, Warning, Note}, got); diff != "" {
		t.Error(diff)
	}
}

// docker's file alone, unless a tool's own stands in the way.
func TestSetUp(t *testing.T) {
	docker := Step{Path: dockers, Want: dockerconfig.Want{Hosts: []string{host}}}
	for _, c := range []struct {
		name  string
		spoil func(s *Snapshot)
		tools []tool.Name
		want  []Step
	}{
		{"nothing in the way", func(*Snapshot) {}, tool.Names(), []Step{docker}},
		{"no files yet", func(s *Snapshot) {
			c := s.Configs[dockers]
			c.Exists, c.CredHelpers = false, nil
			s.Configs[dockers] = c
		}, tool.Names(), []Step{docker}},
		{"nobody signed in", func(s *Snapshot) { s.Registries = nil }, tool.Names(), nil},
		{"a password in podman's file", func(s *Snapshot) {
			s.config(auth, func(c *tool.Config) { c.Logins[host] = tool.Login{} })
		}, tool.Names(), []Step{docker, {Path: auth, Want: dockerconfig.Want{Hosts: []string{host}}, Why: "podman would take the password in clear that lies there first"}}},
		{"a password in podman's file, and docker is asked for", func(s *Snapshot) {
			s.config(auth, func(c *tool.Config) { c.Logins[host] = tool.Login{} })
		}, []tool.Name{tool.Docker}, []Step{docker}},
		{"helm chooses a helper", func(s *Snapshot) { s.Native = "secretservice" }, tool.Names(),
			[]Step{docker, {Path: helms, Want: dockerconfig.Want{Hosts: []string{host}}, Why: "helm would ask docker-credential-secretservice first, as it has no settings of its own"}}},
		{"regctl apart", func(s *Snapshot) { s.config(regctls, func(c *tool.Config) { c.Apart = true }) }, []tool.Name{tool.Regctl},
			[]Step{{Path: regctls, Shape: dockerconfig.Regctl, Want: dockerconfig.Want{Hosts: []string{host}}, Why: "regctl does not read docker's file"}}},
		{"regctl's store lists it", func(s *Snapshot) {
			s.Listed = []string{host}
			s.config(dockers, func(c *tool.Config) { c.CredsStore = "pass" })
		}, []tool.Name{tool.Regctl}, []Step{docker, {Path: regctls, Shape: dockerconfig.Regctl, Want: dockerconfig.Want{Hosts: []string{host}}, Why: "regctl would ask docker-credential-pass first, which lists that registry"}}},
		{"another helper in helm's file", func(s *Snapshot) { s.config(helms, func(c *tool.Config) { c.CredHelpers[host] = "pass" }) }, []tool.Name{tool.Helm},
			[]Step{docker, {Path: helms, Want: dockerconfig.Want{Hosts: []string{host}}, Why: "helm would ask docker-credential-pass first"}}},
		{"a variable, which no file is before", func(s *Snapshot) { s.EnvAuth = []string{host} }, tool.Names(), []Step{docker}},
		{"registries.conf, which is not ours to write", func(s *Snapshot) { s.config(conf, func(c *tool.Config) { c.Stores = []string{"pass"} }) }, tool.Names(), []Step{docker}},
		{"Docker Hub", func(s *Snapshot) {
			s.Registries = []Registry{{Host: machine.DockerHub}}
			s.Native = "pass"
		}, []tool.Name{tool.Docker, tool.Helm}, []Step{
			{Path: dockers, Want: dockerconfig.Want{Hosts: []string{machine.DockerHub, machine.DockerHubKey}}},
			{Path: helms, Want: dockerconfig.Want{Hosts: []string{machine.DockerHubKey}}, Why: "helm would ask docker-credential-pass first, as it has no settings of its own"},
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := well()
			c.spoil(&s)
			if diff := cmp.Diff(c.want, SetUp(s, c.tools)); diff != "" {
				t.Error(diff)
			}
		})
	}
}
