package doctor

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"lanyard/backend/dockerconfig"
	"lanyard/backend/machine"
	"lanyard/backend/tool"
)

// clearRule: passwords that lie in files. One for a registry of ours may go
// before the sign-in.
func clearRule(s Snapshot) []Finding {
	var all []Finding
	for _, path := range slices.Sorted(maps.Keys(s.Configs)) {
		c := s.Configs[path]
		for _, key := range slices.Sorted(maps.Keys(c.Logins)) {
			all = append(all, s.clear(c, key))
		}
	}
	return all
}

func (s Snapshot) clear(c tool.Config, key string) Finding {
	host := hostOf(key)
	shape, _ := shapeOf(c.Kind)
	whose := ""
	if user := c.Logins[key].Username; user != "" {
		whose = " of " + user
	}
	f := Finding{
		ID: "plain-text", Weight: Warning, Tools: []tool.Name{}, What: fmt.Sprintf("%s has the password%s for %s in clear.", c.Path, whose, key),
		Why: "Whoever can read the file, or a backup of it, has it; base64 is no protection.",
		Fix: "Move it into the keychain; Lanyard's helper answers for it.",
	}
	movable := c.Kind != tool.RegctlConfig && dockerconfig.Movable(key) && s.Helper.Path != "" && s.Keychain == KeychainReady
	switch helper := helperOf(c, host); {
	case s.managed(host):
		f.ID, f.Tools = "stale-auths", s.takers(c, host)
		f.Why = "Your sign-in with Lanyard counts now, and nobody needs it any more."
		if len(f.Tools) > 0 {
			f.Weight, f.Why = Problem, fmt.Sprintf("%s would take it instead of your sign-in.", list(f.Tools))
		}
	case helper != "" && helper != dockerconfig.Suffix:
		// A helper that someone set answers; the password is of no use to anybody.
		f.Why, movable = fmt.Sprintf("%s docker-credential-%s answers for that registry, so it is of no use to the tools.", f.Why, helper), false
		f.Fix = "Take it out: docker logout " + key
	}
	switch {
	case movable:
		f.Fixable, f.step = true, Step{Path: c.Path, Shape: shape, Want: dockerconfig.Want{Move: []string{key}}, Replace: s.managed(host)}
	case c.Kind == tool.RegctlConfig && s.managed(host):
		f.Fix = "Name Lanyard there, which counts before it; then take it out: regctl registry logout " + host
		f.Fixable, f.step = len(f.Tools) > 0, Step{Path: c.Path, Shape: shape, Want: dockerconfig.Want{Hosts: []string{host}}, Replace: true}
	case c.Kind == tool.RegctlConfig:
		f.Fix = "Take it out (regctl registry logout " + key + ") and log in with docker, which uses the keychain."
	case !dockerconfig.Movable(key):
		f.Fix = "No credential helper is asked for such an entry: take it out, or use an account that may read the whole registry."
	case s.Helper.Path == "" || s.Keychain != KeychainReady:
		f.Fix += " First settle what is said above of helper and keychain."
	}
	return f
}

func helperOf(c tool.Config, host string) string {
	for _, key := range keysIn(c.Kind, host) {
		if helper := c.CredHelpers[key]; helper != "" {
			return helper
		}
	}
	return ""
}

// takers are the tools that would use what lies in c in clear for a host.
func (s Snapshot) takers(c tool.Config, host string) []tool.Name {
	names := []tool.Name{}
	for _, t := range s.Tools {
		if step, ok := first(s.resolve(t, s.Configs, host)); ok && step.File == c.Path && step.Helper == "" {
			names = append(names, t.Name)
		}
	}
	return names
}

// expiredRule: an expired password makes even public pulls fail.
func expiredRule(s Snapshot) []Finding {
	var all []Finding
	for _, path := range slices.Sorted(maps.Keys(s.Configs)) {
		c := s.Configs[path]
		for _, key := range slices.Sorted(maps.Keys(c.Logins)) {
			at := c.Logins[key].Expires
			if at.IsZero() || at.After(s.Now) {
				continue
			}
			all = append(all, Finding{
				ID: "expired", Weight: Warning, Tools: s.readers(path),
				What: fmt.Sprintf("The password for %s in %s expired on %s.", key, path, at.UTC().Format("2 January 2006, 15:04 UTC")),
				Why:  "Registries refuse an expired password even where they would give everybody the image.",
				Fix:  "Log in there again, or take it out: docker logout " + key,
			})
		}
	}
	return all
}

// realmRule: newer tools do not let themselves be sent to an inner network.
func realmRule(s Snapshot) []Finding {
	var all []Finding
	for _, r := range s.Registries {
		said := map[string][]tool.Name{}
		for _, t := range s.Tools {
			if words := t.Name.Refuses(r.Address, r.Realm, r.Resolved); words != "" {
				said[words] = append(said[words], t.Name)
			}
		}
		for _, words := range slices.Sorted(maps.Keys(said)) {
			all = append(all, Finding{
				ID: "realm-refused", Weight: Problem, Tools: said[words],
				What: fmt.Sprintf("%s would not ask %s for a token for %s.", list(said[words]), r.Realm, r.Host),
				Why:  "They guard against being sent to an inner network: " + words + ".",
				Fix:  "On the server: give the realm the registry's own host name, such as lanyard serve --public-url with that name.",
			})
		}
	}
	return all
}

func desktopRule(s Snapshot) []Finding {
	var all []Finding
	for _, path := range s.dockerFiles() {
		store := s.Configs[path].CredsStore
		if !strings.HasPrefix(store, "desktop") || absent(s, store) != "" {
			continue
		}
		all = append(all, Finding{
			ID: "docker-desktop", Weight: Note, What: fmt.Sprintf("%s has Docker Desktop's \"credsStore\": %q.", path, store),
			Why: "It answers for all registries but those that Lanyard is named for, and only while Docker Desktop runs, which writes it again at every start.",
			Fix: "Nothing, while you use Docker Desktop: the entries of Lanyard count before it.",
		})
	}
	return all
}

func sudoRule(s Snapshot) []Finding {
	switch {
	case s.SudoUser != "":
		return []Finding{{
			ID: "sudo", Weight: Warning, What: "This runs as root, by sudo of " + s.SudoUser + ".",
			Why: "root has a home, files and a keychain of its own: what is seen here is root's, not " + s.SudoUser + "'s.", Fix: "Run it without sudo.",
		}}
	case s.Socket != "":
		return []Finding{{
			ID: "sudo-docker", Weight: Warning, Tools: []tool.Name{tool.Docker}, What: "This account may not open " + s.Socket + ", so docker needs sudo here.",
			Why: "sudo docker reads root's configuration, not yours: it is not signed in.",
			Fix: "Use rootless docker, or join the group docker (which is as good as root), and run docker without sudo.",
		}}
	}
	return nil
}

// offRule: docker logout was meant for the registry, and is not undone by a sign-in that lives on.
func offRule(s Snapshot) []Finding {
	var all []Finding
	for _, r := range s.Registries {
		if r.Off {
			all = append(all, Finding{
				ID: "logged-out", Weight: Note, What: fmt.Sprintf("A tool logged out of %s, so Lanyard does not answer for it.", r.Host),
				Why: "docker logout says that this computer is not to use that registry; the sign-in with Lanyard lives on.",
				Fix: fmt.Sprintf("To use it again: lanyard accounts switch %s --registry %s", r.Account, r.Host),
			})
		}
	}
	return all
}

// lookRule: the tool asks our helper first, and all the same does not get the
// account, for a reason that nothing else explains.
func lookRule(s Snapshot, known []Finding) []Finding {
	explained := slices.ContainsFunc(known, func(f Finding) bool {
		return strings.HasPrefix(f.ID, "keychain-") || f.ID == "helper-not-found" || f.ID == "helper-other"
	})
	var all []Finding
	for _, l := range s.Looks {
		step, ok := first(l.Steps)
		if !ok || !ours(step) || explained {
			continue
		}
		account, off := "", false
		for _, r := range s.Registries {
			if r.Host == l.Host {
				account, off = r.Account, r.Off
			}
		}
		if off {
			continue
		}
		f := Finding{ID: "look-up", Weight: Problem, Tools: []tool.Name{l.Tool}, Why: "It asks Lanyard first, as it should.", Fix: "See lanyard status; sign in again: lanyard login"}
		switch {
		case l.User == "":
			f.What = fmt.Sprintf("%s finds nobody for %s (%s).", l.Tool, l.Host, cmpOr(l.Words, "it says no more"))
		case account != "" && l.User != account:
			f.What = fmt.Sprintf("%s would be %s at %s, not %s.", l.Tool, l.User, l.Host, account)
		default:
			continue
		}
		all = append(all, f)
	}
	return all
}

func cmpOr(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// hostOf is the canonical host of a key of docker's file, where it has one.
func hostOf(key string) string {
	host := strings.TrimPrefix(strings.TrimPrefix(key, "https://"), "http://")
	host, path, _ := strings.Cut(host, "/")
	switch strings.Trim(path, "/") {
	case "", "v1", "v2":
	default:
		return key
	}
	switch host {
	case "index.docker.io", "registry-1.docker.io":
		return machine.DockerHub
	}
	return host
}

func list(names []tool.Name) string {
	var words []string
	for _, n := range names {
		words = append(words, string(n))
	}
	return strings.Join(words, ", ")
}
