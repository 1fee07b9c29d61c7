package tool

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
)

const (
	hubHost = "docker.io"
	hubKey  = "https://index.docker.io/v1/"
	// authFiles is how registries.conf names auth.json and docker's file.
	authFiles = "containers-auth.json"
)

// Step is one place in which a tool looks for the credentials of a host. It
// goes on to the next one where that has none.
type Step struct {
	File   string `json:"file,omitempty"`   // that says so; "": no file does
	Key    string `json:"key"`              // what the helper is asked for, or the key of auths
	Helper string `json:"helper,omitempty"` // suffix of the program; "": the file itself has it, in clear
	Env    string `json:"env,omitempty"`    // the variable that has it, in clear
	Chosen bool   `json:"chosen,omitempty"` // no file names the helper: the tool chose it, since it is there
	User   string `json:"user,omitempty"`   // of what lies in clear
}

// Around is what a look-up depends on besides files.
type Around struct {
	Native  string   // helper that docker and helm choose where no file says anything; "": none is there
	EnvAuth []string // hosts that DOCKER_AUTH_CONFIG has
	Version string   // of the tool
	Listed  []string // keys that the credsStore of docker's file lists: regctl asks it for those before anybody else
}

// Native is the helper that is chosen where a file says nothing.
func (h Here) Native() string {
	name := "secretservice"
	if h.Look("pass") != "" {
		name = "pass"
	}
	if h.Look("docker-credential-"+name) == "" {
		return ""
	}
	return name
}

// EnvAuth are the hosts in DOCKER_AUTH_CONFIG, sorted; sound is false where
// that is not JSON.
func (h Here) EnvAuth() (hosts []string, sound bool) {
	text := h.Getenv("DOCKER_AUTH_CONFIG")
	if text == "" {
		return nil, true
	}
	var d struct {
		Auths map[string]json.RawMessage `json:"auths"`
	}
	if json.Unmarshal([]byte(text), &d) != nil {
		return nil, false
	}
	return slices.Sorted(maps.Keys(d.Auths)), true
}

// Key is what a tool asks a helper for.
func (n Name) Key(host string) string {
	if host == hubHost && !n.containers() {
		return hubKey
	}
	return host
}

// Resolve says where a tool looks for a host's credentials, in its order. all
// are its Files, read, in their order.
func (n Name) Resolve(all []Config, around Around, host string) []Step {
	switch {
	case n.containers():
		return n.containersSteps(all, host)
	case n == Crane:
		for _, c := range all {
			if c.Exists {
				return c.steps(n.Key(host), "")
			}
		}
		return nil
	case n == Regctl:
		return n.regctlSteps(all, around, host)
	}
	var steps []Step
	key := n.Key(host)
	if n == Oras {
		around.Native = "" // it chooses none by itself
	}
	if n == Docker && Later(around.Version, "28.3") && hasHost(around.EnvAuth, host) {
		steps = append(steps, Step{Key: key, Env: "DOCKER_AUTH_CONFIG"})
	}
	for _, c := range all {
		steps = append(steps, c.steps(key, around.Native)...)
	}
	return steps
}

// containersSteps: a helper in credHelpers, else the file's own auths, file by
// file. credsStore counts for nothing.
func (n Name) containersSteps(all []Config, host string) []Step {
	kinds := []string{authFiles}
	var steps []Step
	for _, c := range all {
		if c.Kind == RegistriesConf && c.Stores != nil {
			kinds = c.Stores
		}
	}
	for _, kind := range kinds {
		if kind != authFiles {
			steps = append(steps, Step{File: pathOf(all, RegistriesConf), Key: host, Helper: kind})
			continue
		}
		for _, c := range all {
			if c.Kind == RegistriesConf {
				continue
			}
			if helper, ok := c.CredHelpers[host]; ok {
				steps = append(steps, Step{File: c.Path, Key: host, Helper: helper})
			} else if key, login, ok := c.clear(host); ok {
				steps = append(steps, Step{File: c.Path, Key: key, User: login.Username})
			}
		}
	}
	return steps
}

// regctlSteps: its own file is put over docker's. A helper there counts before
// a password, and a password there before a helper of docker's.
func (n Name) regctlSteps(all []Config, around Around, host string) []Step {
	var steps []Step
	for _, c := range all {
		if c.Kind != RegctlConfig {
			continue
		}
		own := host
		if helper := c.CredHelpers[own]; helper != "" {
			steps = append(steps, Step{File: c.Path, Key: own, Helper: helper})
		}
		if login, ok := c.Logins[own]; ok {
			steps = append(steps, Step{File: c.Path, Key: own, User: login.Username})
		}
		if c.Apart {
			return steps
		}
	}
	if hasHost(around.EnvAuth, host) {
		steps = append(steps, Step{Key: host, Env: "DOCKER_AUTH_CONFIG"})
	}
	for _, c := range all {
		if c.Kind == DockerConfig {
			key := n.Key(host)
			if _, ok := c.CredHelpers[key]; !ok && host == hubHost {
				if _, ok := c.CredHelpers[host]; ok {
					key = host
				}
			}
			if c.CredsStore != "" && hasHost(around.Listed, host) {
				steps = append(steps, Step{File: c.Path, Key: key, Helper: c.CredsStore})
				continue
			}
			c.CredsStore = "" // what it does not list it is not asked for
			c.Logins = maps.Clone(c.Logins)
			maps.DeleteFunc(c.Logins, func(key string, _ Login) bool { // it wants no path behind a host
				_, path, _ := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(key, "https://"), "http://"), "/")
				return path != "" && hostOf(key) != hubHost
			})
			steps = append(steps, c.steps(key, "")...)
		}
	}
	return steps
}

// steps are those of docker's own library: one helper, or the file.
func (c Config) steps(key, native string) []Step {
	if helper, ok := c.CredHelpers[key]; ok && helper != "" {
		return []Step{{File: c.Path, Key: key, Helper: helper}}
	}
	switch {
	case c.CredsStore != "":
		return []Step{{File: c.Path, Key: key, Helper: c.CredsStore}}
	case native != "" && len(c.CredHelpers)+c.Auths == 0:
		return []Step{{File: c.Path, Key: key, Helper: native, Chosen: true}}
	}
	if found, login, ok := c.clear(key); ok {
		return []Step{{File: c.Path, Key: found, User: login.Username}}
	}
	return nil
}

// clear is the login in clear for what a helper would be asked for as key.
func (c Config) clear(key string) (string, Login, bool) {
	if login, ok := c.Logins[key]; ok {
		return key, login, true
	}
	for _, found := range slices.Sorted(maps.Keys(c.Logins)) {
		if hostOf(found) == hostOf(key) {
			return found, c.Logins[found], true
		}
	}
	return "", Login{}, false
}

// hostOf is the host of a key of auths, with Docker Hub's under one name.
func hostOf(key string) string {
	host := strings.TrimPrefix(strings.TrimPrefix(key, "https://"), "http://")
	host, path, _ := strings.Cut(host, "/")
	switch strings.Trim(path, "/") {
	case "", "v1", "v2":
	default:
		return key // of a repository: another one's
	}
	switch host {
	case "index.docker.io", "registry-1.docker.io":
		return hubHost
	}
	return host
}

func hasHost(keys []string, host string) bool {
	return slices.ContainsFunc(keys, func(key string) bool { return hostOf(key) == host })
}

func pathOf(all []Config, k Kind) string {
	for _, c := range all {
		if c.Kind == k {
			return c.Path
		}
	}
	return ""
}

// Later says whether version is at least that one; an unknown version is.
func Later(version, least string) bool {
	if version == "" {
		return true
	}
	a, b := strings.Split(version, "."), strings.Split(least, ".")
	for i := range b {
		if i >= len(a) {
			return false
		}
		if x, y := number(a[i]), number(b[i]); x != y {
			return x > y
		}
	}
	return true
}

func number(s string) (n int) {
	for _, r := range s {
		if r < '0' || r > '9' {
			break
		}
		n = n*10 + int(r-'0')
	}
	return n
}
