package doctor

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"lanyard/backend/dockerconfig"
	"lanyard/backend/tool"
)

// Examine judges what was seen, the worst first. It is asked again after a fix.
func Examine(s Snapshot) []Finding {
	findings := []Finding{}
	for _, rule := range []func(Snapshot) []Finding{
		keychainRule, helperRule, envRule, refusedRule, droppedRule, notSetUpRule, otherHelperRule,
		missingRule, chosenRule, storesRule, apartRule, listedRule, clearRule, expiredRule, realmRule, desktopRule, sudoRule, offRule, slowRule,
	} {
		findings = append(findings, rule(s)...)
	}
	findings = append(findings, lookRule(s, findings)...)
	for i := range findings {
		f := &findings[i]
		if f.Tools == nil {
			f.Tools = []tool.Name{}
		}
		// A file that names a helper which tools cannot find fails every pull.
		if f.Fixable && s.Helper.Other != "" && len(f.step.Want.Hosts)+len(f.step.Want.Move) > 0 {
			f.Fixable = false
			f.Fix += " First settle what is said of the helper."
		}
	}
	rank := map[Weight]int{Problem: 0, Warning: 1, Note: 2}
	slices.SortStableFunc(findings, func(a, b Finding) int { return cmp.Compare(rank[a.Weight], rank[b.Weight]) })
	return findings
}

func keychainRule(s Snapshot) []Finding {
	f := Finding{ID: "keychain-" + string(s.Keychain), Weight: Problem, Why: "The helper answers \"not found\" as long as it cannot read the token; tools go on as nobody."}
	switch s.Keychain {
	case KeychainLocked:
		f.What, f.Fix = "The keychain is locked.", "Unlock it: sign in to the desktop, or open your password manager."
	case KeychainMissing:
		f.What, f.Fix = "No keychain answers in this session.", "Start one, such as gnome-keyring; over SSH, run inside dbus-run-session."
	case KeychainSilent:
		f.What, f.Fix = "The keychain does not answer in time.", "Look for a prompt behind other windows, or restart the keychain."
	default:
		return nil
	}
	return []Finding{f}
}

func helperRule(s Snapshot) []Finding {
	h := s.Helper
	f := Finding{Weight: Problem, Why: "Tools look for the program on their PATH; where it is missing, every pull of a registry that names it fails."}
	switch {
	case h.Other != "":
		f.ID, f.What, f.Fix = "helper-other", h.Other, "Remove or rename that program, if you do not need it."
	case h.Older:
		f.ID, f.Weight, f.Fixable = "helper-older", Warning, true
		f.What, f.Fix = fmt.Sprintf("%s is a copy of another version of Lanyard.", h.Path), "Put this version's in its place."
	case h.Path != "":
		return nil
	default:
		f.ID = "helper-not-found"
		f.What = fmt.Sprintf("A fresh login shell (%s) does not find docker-credential-lanyard.", h.Shell)
		f.Fix, f.Fixable = "Put a copy at "+h.Offer+".", h.Offer != ""
		if !f.Fixable {
			f.Fix = fmt.Sprintf("Add this line to %s, and open a new terminal: %s", h.File, h.Line)
		}
	}
	return []Finding{f}
}

func slowRule(s Snapshot) []Finding {
	if s.Helper.Took <= Slow {
		return nil
	}
	return []Finding{{
		ID: "helper-slow", Weight: Warning, What: fmt.Sprintf("The helper took %d ms for one answer.", s.Helper.Took.Milliseconds()),
		Why: fmt.Sprintf("Tools ask it for every registry of every build; more than %d ms is felt.", Slow.Milliseconds()),
		Fix: "See whether the keychain's program is busy, or its collection has grown very large.",
	}}
}

func envRule(s Snapshot) []Finding {
	var sufferers []tool.Name
	for _, t := range s.Tools {
		if t.Name == tool.Docker && tool.Later(t.Version, "28.3") || t.Name == tool.Regctl {
			sufferers = append(sufferers, t.Name)
		}
	}
	f := Finding{ID: "docker-auth-config", Weight: Problem, Tools: sufferers, Fix: "Unset DOCKER_AUTH_CONFIG where it is set: a start-up file of the shell, a CI runner, an IDE."}
	if s.EnvBroken {
		f.What, f.Why = "DOCKER_AUTH_CONFIG is set, and is not JSON.", "docker 28.3 and newer, and regctl, read it before every file."
		return []Finding{f}
	}
	var hosts []string
	for _, host := range s.EnvAuth {
		if s.managed(hostOf(host)) {
			hosts = append(hosts, host)
		}
	}
	if len(hosts) == 0 {
		return nil
	}
	f.What = "DOCKER_AUTH_CONFIG has a password for " + strings.Join(hosts, ", ") + "."
	f.Why = "docker 28.3 and newer, and regctl, use it instead of your sign-in."
	if len(sufferers) == 0 {
		f.Weight = Note
	}
	return []Finding{f}
}

func refusedRule(s Snapshot) []Finding {
	var all []Finding
	for _, path := range slices.Sorted(maps.Keys(s.Configs)) {
		words := s.Refused[path]
		if words == "" && s.Configs[path].Exists {
			words = s.Configs[path].Problem
		}
		if words == "" {
			continue
		}
		all = append(all, Finding{
			ID: "file-refused", Weight: Problem, Tools: s.readers(path), What: fmt.Sprintf("%s cannot be used: %s.", path, strings.TrimSuffix(words, ".")),
			Why: "Tools that read it fail, or go on without it; Lanyard does not write to a file it could damage.",
			Fix: "Put the file right, or move it away; then run this again.",
		})
	}
	return all
}

// droppedRule: docker rewrites the file without asking, from what it read earlier.
func droppedRule(s Snapshot) []Finding {
	var all []Finding
	for _, path := range slices.Sorted(maps.Keys(s.Status)) {
		st := s.Status[path]
		shape, _ := shapeOf(s.Configs[path].Kind)
		if len(st.Missing) == 0 {
			continue
		}
		all = append(all, Finding{
			ID: "key-dropped", Weight: Problem, Tools: s.readers(path),
			What: fmt.Sprintf("%s no longer names the helper for %s.", path, strings.Join(st.Missing, ", ")),
			Why:  "docker, or another program, wrote the file again and left it out.",
			Fix:  "Write it again.", Fixable: true, step: Step{Path: path, Shape: shape, Want: dockerconfig.Want{Hosts: st.Missing}},
		})
	}
	return all
}

func notSetUpRule(s Snapshot) []Finding {
	var all []Finding
	for _, path := range s.dockerFiles() {
		c := s.Configs[path]
		if c.Problem != "" || s.Refused[path] != "" {
			continue
		}
		var keys []string
		for _, r := range s.Registries {
			for _, key := range keysIn(c.Kind, r.Host) {
				if c.CredHelpers[key] == "" && !slices.Contains(s.Status[path].Missing, key) {
					keys = append(keys, key)
				}
			}
		}
		if len(keys) == 0 {
			continue
		}
		all = append(all, Finding{
			ID: "not-set-up", Weight: Problem, Tools: s.readers(path),
			What: fmt.Sprintf("%s does not name the helper for %s.", path, strings.Join(keys, ", ")),
			Why:  "Tools do not ask Lanyard for these registries.",
			Fix:  "Add it (lanyard docker setup does the same).", Fixable: true, step: Step{Path: path, Want: dockerconfig.Want{Hosts: keys}},
		})
	}
	return all
}

func (s Snapshot) dockerFiles() []string {
	var paths []string
	for _, path := range slices.Sorted(maps.Keys(s.Configs)) {
		if s.Configs[path].Kind == tool.DockerConfig {
			paths = append(paths, path)
		}
	}
	return paths
}

// otherHelperRule: for a registry of ours some file names another helper.
func otherHelperRule(s Snapshot) []Finding {
	var all []Finding
	for _, path := range slices.Sorted(maps.Keys(s.Configs)) {
		c := s.Configs[path]
		shape, editable := shapeOf(c.Kind)
		for _, r := range s.Registries {
			for _, key := range keysIn(c.Kind, r.Host) {
				helper := c.CredHelpers[key]
				if helper == "" || helper == dockerconfig.Suffix || !editable {
					continue
				}
				all = append(all, Finding{
					ID: "other-helper", Weight: Problem, Tools: s.readers(path),
					What: fmt.Sprintf("%s names docker-credential-%s for %s%s.", path, helper, key, absent(s, helper)),
					Why:  "These tools ask it and not Lanyard.", Fix: "Let Lanyard answer for it; undo puts the other one back.",
					Fixable: true, step: Step{Path: path, Shape: shape, Want: dockerconfig.Want{Hosts: []string{key}}, Replace: true},
				})
			}
		}
	}
	return all
}

func absent(s Snapshot, helper string) string {
	if path, known := s.Programs[helper]; known && path == "" {
		return ", which is not there"
	}
	return ""
}

// missingRule: a helper of other registries that is not there fails every pull.
func missingRule(s Snapshot) []Finding {
	var all []Finding
	for _, path := range slices.Sorted(maps.Keys(s.Configs)) {
		c := s.Configs[path]
		shape, editable := shapeOf(c.Kind)
		for _, key := range slices.Sorted(maps.Keys(c.CredHelpers)) {
			helper := c.CredHelpers[key]
			if helper == "" || helper == dockerconfig.Suffix || absent(s, helper) == "" || s.managed(hostOf(key)) {
				continue
			}
			all = append(all, Finding{
				ID: "program-missing", Weight: Warning, Tools: s.readers(path),
				What: fmt.Sprintf("%s names docker-credential-%s for %s, which is not there.", path, helper, key),
				Why:  "Every pull from that registry fails, even of public images. An uninstalled program left it behind.",
				Fix:  "Let Lanyard answer for it: that it has nothing, until you log in there.", Fixable: editable,
				step: Step{Path: path, Shape: shape, Want: dockerconfig.Want{Hosts: []string{key}}, Replace: true},
			})
		}
		if c.CredsStore == "" || absent(s, c.CredsStore) == "" || c.Kind == tool.AuthJSON {
			continue
		}
		f := Finding{
			ID: "store-missing", Weight: Warning, Tools: without(s.readers(path), tool.Podman, tool.Buildah, tool.Skopeo),
			What: fmt.Sprintf("%s names docker-credential-%s for all other registries, which is not there.", path, c.CredsStore),
			Why:  "Every pull from another registry fails, even of public images.",
			Fix:  "Take \"credsStore\" out; undo puts it back.", Fixable: true,
			step: Step{Path: path, Shape: shape, Want: dockerconfig.Want{DropStore: true}},
		}
		if strings.HasPrefix(c.CredsStore, "desktop") {
			f.Why += " Docker Desktop left it behind."
		}
		all = append(all, f)
	}
	return all
}

func without(all []tool.Name, some ...tool.Name) []tool.Name {
	return slices.DeleteFunc(all, func(n tool.Name) bool { return slices.Contains(some, n) })
}

// chosenRule: a tool without settings of its own asks a helper that happens to be there.
func chosenRule(s Snapshot) []Finding {
	var all []Finding
	for _, r := range s.Registries {
		for _, t := range s.Tools {
			step, ok := first(s.resolve(t, s.Configs, r.Host))
			if !ok || !step.Chosen || s.Configs[step.File].Kind == tool.DockerConfig {
				continue
			}
			shape, _ := shapeOf(s.Configs[step.File].Kind)
			all = append(all, Finding{
				ID: "chosen-helper", Weight: Warning, Tools: []tool.Name{t.Name},
				What: fmt.Sprintf("%s has no settings of its own, so it asks docker-credential-%s for %s first.", t.Name, step.Helper, r.Host),
				Why:  "Where that fails, as without a desktop session, the tool fails; and what it has goes before your sign-in.",
				Fix:  fmt.Sprintf("Name Lanyard in %s.", step.File), Fixable: true,
				step: Step{Path: step.File, Shape: shape, Want: dockerconfig.Want{Hosts: keysIn(s.Configs[step.File].Kind, r.Host)}},
			})
		}
	}
	return all
}

// storesRule: registries.conf sends podman and its relatives elsewhere than to files.
func storesRule(s Snapshot) []Finding {
	for _, path := range slices.Sorted(maps.Keys(s.Configs)) {
		c := s.Configs[path]
		if c.Kind != tool.RegistriesConf || c.Stores == nil || slices.Contains(c.Stores, dockerconfig.Suffix) || slices.Index(c.Stores, "containers-auth.json") == 0 {
			continue
		}
		return []Finding{{
			ID: "registries-conf", Weight: Problem, Tools: s.readers(path),
			What: fmt.Sprintf("%s sets credential-helpers = [%s].", path, strings.Join(c.Stores, ", ")),
			Why:  "podman, buildah and skopeo then ask these before, or instead of, the files that name Lanyard.",
			Fix:  `Put "containers-auth.json" first in that list, or take the line out.`,
		}}
	}
	return nil
}

// apartRule: regctl can be told not to read docker's file.
func apartRule(s Snapshot) []Finding {
	var all []Finding
	for _, path := range slices.Sorted(maps.Keys(s.Configs)) {
		c := s.Configs[path]
		var keys []string
		for _, r := range s.Registries {
			if c.CredHelpers[r.Host] == "" {
				keys = append(keys, r.Host)
			}
		}
		if c.Kind != tool.RegctlConfig || !c.Apart || len(keys) == 0 || !slices.Contains(s.readers(path), tool.Regctl) {
			continue
		}
		all = append(all, Finding{
			ID: "regctl-apart", Weight: Problem, Tools: []tool.Name{tool.Regctl},
			What: fmt.Sprintf("%s tells regctl not to read docker's file.", path), Why: "So regctl does not ask Lanyard.",
			Fix: "Name Lanyard there, too.", Fixable: true, step: Step{Path: path, Shape: dockerconfig.Regctl, Want: dockerconfig.Want{Hosts: keys}},
		})
	}
	return all
}

// listedRule: for regctl, a credsStore that lists a registry counts before credHelpers.
func listedRule(s Snapshot) []Finding {
	var all []Finding
	for _, r := range s.Registries {
		step, ok := first(s.resolve(s.tool(tool.Regctl), s.Configs, r.Host))
		if !ok || s.tool(tool.Regctl).Path == "" || ours(step) || step.Helper == "" || step.Helper != s.Configs[step.File].CredsStore {
			continue
		}
		own := s.own(tool.Regctl)
		all = append(all, Finding{
			ID: "regctl-store", Weight: Problem, Tools: []tool.Name{tool.Regctl},
			What: fmt.Sprintf("regctl would ask docker-credential-%s for %s, not Lanyard.", step.Helper, r.Host),
			Why:  fmt.Sprintf("It is the \"credsStore\" of %s and has an entry for that registry; for regctl that counts before \"credHelpers\".", step.File),
			Fix:  fmt.Sprintf("Name Lanyard in %s.", own), Fixable: true,
			step: Step{Path: own, Shape: dockerconfig.Regctl, Want: dockerconfig.Want{Hosts: []string{r.Host}}},
		})
	}
	return all
}
