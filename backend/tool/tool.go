// Package tool knows the container tools of this computer as they are: which
// are there, in which version, which files each of them reads in which order,
// what it does with what it finds there, and which realms it would refuse. It
// reads, and runs the tools' own look-ups; it changes nothing, keeps no
// secret, and does not judge: that is doctor's.
//
// What is said here of a tool was seen in its source or in a run: docker
// 28.2.2, podman 4.3.1, buildah 1.28.2, skopeo 1.9.3, crane 0.22.1, oras
// 1.3.6, helm 3.22.0, regctl 0.11.7.
package tool

import (
	"context"
	"debug/buildinfo"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Name is a tool.
type Name string

// The tools.
const (
	Docker  Name = "docker"
	Podman  Name = "podman"
	Buildah Name = "buildah"
	Skopeo  Name = "skopeo"
	Crane   Name = "crane"
	Oras    Name = "oras"
	Helm    Name = "helm"
	Regctl  Name = "regctl"
)

// Names are all tools.
func Names() []Name { return []Name{Docker, Podman, Buildah, Skopeo, Crane, Oras, Helm, Regctl} }

// containers: podman and its relatives look credentials up by one library.
func (n Name) containers() bool { return n == Podman || n == Buildah || n == Skopeo }

// Here is what a tool finds around it.
type Here struct {
	Environ []string // as of os.Environ
	Home    string
	UID     int
	Now     func() time.Time // nil: time.Now
	Path    []string         // folders of programs, as a fresh shell of the person has them; empty: PATH's
}

// Getenv reads Environ.
func (h Here) Getenv(name string) string {
	value := ""
	for _, v := range h.Environ {
		if n, text, ok := strings.Cut(v, "="); ok && n == name {
			value = text
		}
	}
	return value
}

func (h Here) now() time.Time {
	if h.Now != nil {
		return h.Now()
	}
	return time.Now()
}

func (h Here) since(began time.Time) time.Duration { return h.now().Sub(began) }

// Look finds a program as a shell would; "" if there is none.
func (h Here) Look(program string) string {
	for _, dir := range h.path() {
		name := filepath.Join(dir, program)
		if !filepath.IsAbs(dir) {
			continue
		}
		if info, err := os.Stat(name); err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0 {
			return name
		}
	}
	return ""
}

func (h Here) path() []string {
	if len(h.Path) > 0 {
		return h.Path
	}
	return filepath.SplitList(h.Getenv("PATH"))
}

// Tool is one that is there.
type Tool struct {
	Name    Name   `json:"name"`
	Path    string `json:"path"`
	Version string `json:"version"` // "" where it does not tell
}

// Find looks for all tools, and asks each for its version.
func (h Here) Find(ctx context.Context) []Tool {
	var found []Tool
	for _, name := range Names() {
		if path := h.Look(string(name)); path != "" {
			found = append(found, Tool{Name: name, Path: path, Version: h.version(ctx, name, path)})
		}
	}
	return found
}

const quick = 5 * time.Second

var versionText = regexp.MustCompile(`\d+\.\d+(\.\d+)?`)

func (h Here) version(ctx context.Context, name Name, path string) string {
	arg := "--version"
	if slices.Contains([]Name{Crane, Oras, Helm, Regctl}, name) {
		// What Go's linker wrote down spares running it.
		if info, err := buildinfo.ReadFile(path); err == nil {
			if v := versionText.FindString(info.Main.Version); v != "" && !strings.HasPrefix(info.Main.Version, "v0.0.0-") {
				return v
			}
		}
		arg = "version"
	}
	out, _ := h.run(ctx, path, arg)
	return versionText.FindString(out)
}

// run is what a program says on stdout; its own words on stderr are the error's.
func (h Here) run(ctx context.Context, path string, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, quick)
	defer cancel()
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Env, cmd.Dir, cmd.WaitDelay = h.environ(), h.Home, time.Second
	out, err := cmd.Output()
	return string(out), err
}

// environ is the environment with the folders of programs in it.
func (h Here) environ() []string {
	if len(h.Path) == 0 {
		return h.Environ
	}
	return append(slices.Clone(h.Environ), "PATH="+strings.Join(h.Path, string(filepath.ListSeparator)))
}
