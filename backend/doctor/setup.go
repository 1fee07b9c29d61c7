package doctor

import (
	"maps"
	"slices"

	"lanyard/backend/dockerconfig"
	"lanyard/backend/machine"
	"lanyard/backend/tool"
)

// Step is one file that is to be changed, and how.
type Step struct {
	Path  string
	Shape dockerconfig.Shape
	Want  dockerconfig.Want
	// Replace: other helpers of these hosts give way; the finding said so.
	Replace bool
	Why     string // the tool whose own file it is needs it since …; "" for docker's
}

// shapeOf is how dockerconfig edits a file of that kind.
func shapeOf(k tool.Kind) (shape dockerconfig.Shape, editable bool) {
	switch k {
	case tool.RegctlConfig:
		return dockerconfig.Regctl, true
	case tool.RegistriesConf:
		return "", false
	}
	return dockerconfig.Docker, true
}

// keysIn are the keys of a host in a file of that kind.
func keysIn(k tool.Kind, host string) []string {
	switch {
	case k == tool.DockerConfig:
		return dockerconfig.Docker.Keys([]string{host})
	case k == tool.HelmConfig && host == machine.DockerHub:
		return []string{machine.DockerHubKey}
	}
	return []string{host}
}

// SetUp says which files have to name our helper for every host, so that the
// tools in names ask it first. docker's own comes first: each tool reads it. A
// file of a tool's own is among them only where docker's alone would not do.
func SetUp(s Snapshot, names []tool.Name) []Step {
	configs := maps.Clone(s.Configs)
	steps := map[string]*Step{}
	var order []string
	add := func(path string, host, why string) bool {
		c := configs[path]
		shape, editable := shapeOf(c.Kind)
		if !editable {
			return false
		}
		if steps[path] == nil {
			steps[path] = &Step{Path: path, Shape: shape, Why: why}
			order = append(order, path)
		}
		c.Exists = true
		c.CredHelpers = maps.Clone(c.CredHelpers)
		if c.CredHelpers == nil {
			c.CredHelpers = map[string]string{}
		}
		changed := false
		for _, key := range keysIn(c.Kind, host) {
			changed = changed || c.CredHelpers[key] != dockerconfig.Suffix || !slices.Contains(steps[path].Want.Hosts, key)
			c.CredHelpers[key] = dockerconfig.Suffix
			if !slices.Contains(steps[path].Want.Hosts, key) {
				steps[path].Want.Hosts = append(steps[path].Want.Hosts, key)
			}
		}
		configs[path] = c
		return changed
	}
	for _, r := range s.Registries {
		for _, name := range names {
			if path := s.dockers(name, configs); path != "" {
				add(path, r.Host, "")
			}
		}
		for _, name := range names {
			for range s.Files[name] { // one file after the other may stand in the way
				step, found := first(s.resolve(s.tool(name), configs, r.Host))
				if found && (ours(step) || step.File == "") {
					break
				}
				reason := s.why(name, step, found)
				if !found || s.Configs[step.File].Kind == tool.DockerConfig {
					step.File = s.own(name) // docker's file names it by now
				}
				if step.File == "" || !add(step.File, r.Host, reason) {
					break
				}
			}
		}
	}
	var all []Step
	for _, path := range order {
		slices.Sort(steps[path].Want.Hosts)
		all = append(all, *steps[path])
	}
	return all
}

// dockers is docker's file, as far as the tool reads it.
func (s Snapshot) dockers(name tool.Name, configs map[string]tool.Config) string {
	for _, path := range s.Files[name] {
		switch c := configs[path]; {
		case c.Kind == tool.RegctlConfig && c.Apart:
			return ""
		case c.Kind == tool.DockerConfig:
			return path
		}
	}
	return ""
}

// own is the file of the tool's own.
func (s Snapshot) own(name tool.Name) string {
	for _, path := range s.Files[name] {
		if k := s.Configs[path].Kind; k != tool.RegistriesConf {
			return path
		}
	}
	return ""
}

func (s Snapshot) why(name tool.Name, step tool.Step, found bool) string {
	switch {
	case !found:
		return string(name) + " does not read docker's file"
	case name == tool.Regctl && step.Helper != "" && !step.Chosen && slices.Contains(s.dockerFiles(), step.File):
		return "regctl would ask docker-credential-" + step.Helper + " first, which lists that registry"
	case step.Chosen:
		return string(name) + " would ask docker-credential-" + step.Helper + " first, as it has no settings of its own"
	case step.Helper != "":
		return string(name) + " would ask docker-credential-" + step.Helper + " first"
	}
	return string(name) + " would take the password in clear that lies there first"
}

// Repairs are the changes of files that would settle the findings, one for
// each file.
func Repairs(findings []Finding) []Step {
	var all []Step
	for _, f := range findings {
		if !f.Fixable || f.step.Path == "" {
			continue
		}
		i := slices.IndexFunc(all, func(s Step) bool { return s.Path == f.step.Path })
		if i < 0 {
			all = append(all, f.step)
			continue
		}
		s := &all[i]
		s.Want.Hosts = union(s.Want.Hosts, f.step.Want.Hosts)
		s.Want.Move = union(s.Want.Move, f.step.Want.Move)
		s.Want.DropStore = s.Want.DropStore || f.step.Want.DropStore
		s.Replace = s.Replace || f.step.Replace
	}
	return all
}

func union(a, b []string) []string {
	return slices.Compact(slices.Sorted(slices.Values(slices.Concat(a, b))))
}

// Present are the tools to set up where none is named: docker in any case, as
// its file is the one that all read.
func Present(s Snapshot) []tool.Name {
	names := []tool.Name{tool.Docker}
	for _, one := range s.Tools {
		if one.Name != tool.Docker {
			names = append(names, one.Name)
		}
	}
	return names
}

// HelperCopy is where a copy of the helper would go that settles a finding; ""
// if none is needed.
func HelperCopy(s Snapshot, findings []Finding) string {
	for _, f := range findings {
		switch {
		case f.ID == "helper-not-found" && f.Fixable:
			return s.Helper.Offer
		case f.ID == "helper-older":
			return s.Helper.Path
		}
	}
	return ""
}

// Belongs says whether a file is one of the named tools' own. docker's own is
// docker's, and that of tools that have none.
func Belongs(here tool.Here, path string, names []tool.Name) bool {
	for _, name := range names {
		for _, f := range here.Files(name) {
			only := name == tool.Docker || name == tool.Crane || name == tool.Oras
			if f.Path == path && (f.Kind != tool.DockerConfig || only) {
				return true
			}
		}
	}
	return false
}
