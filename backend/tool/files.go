package tool

import (
	"os"
	"path/filepath"
	"strconv"
)

// Kind is how a file says what it says.
type Kind string

// The kinds of files.
const (
	DockerConfig   Kind = "docker"     // ~/.docker/config.json
	AuthJSON       Kind = "containers" // podman's auth.json: auths and credHelpers, no credsStore
	HelmConfig     Kind = "helm"       // as docker's
	RegctlConfig   Kind = "regctl"     // hosts
	RegistriesConf Kind = "registries" // podman's registries.conf: which kinds of stores it asks at all
)

// File is one that a tool looks credentials up in.
type File struct {
	Path string `json:"path"`
	Kind Kind   `json:"kind"`
}

// Files are the files that a tool reads, in its order, there or not.
func (h Here) Files(n Name) []File {
	docker := File{h.docker(), DockerConfig}
	switch {
	case n.containers():
		first := File{h.runtimeAuth(), AuthJSON}
		if path := h.Getenv("REGISTRY_AUTH_FILE"); path != "" {
			first.Path = path
		} else if h.Getenv("DOCKER_CONFIG") != "" {
			first = docker // its command line takes it for --authfile
		}
		files := []File{{h.registriesConf(), RegistriesConf}, first, {h.configAuth(), AuthJSON}}
		if first != docker {
			files = append(files, docker)
		}
		return files
	case n == Crane:
		files := []File{docker}
		if path := h.Getenv("REGISTRY_AUTH_FILE"); path != "" {
			files = append(files, File{path, AuthJSON})
		}
		auth := filepath.Join(h.Getenv("XDG_RUNTIME_DIR"), "containers", "auth.json")
		if h.Getenv("XDG_RUNTIME_DIR") == "" || !exists(auth) {
			auth = h.configAuth()
		}
		return append(files, File{auth, AuthJSON})
	case n == Helm:
		return []File{{h.helm(), HelmConfig}, docker}
	case n == Regctl:
		return []File{{h.regctl(), RegctlConfig}, docker}
	}
	return []File{docker}
}

func (h Here) docker() string {
	if dir := h.Getenv("DOCKER_CONFIG"); dir != "" {
		if abs, err := filepath.Abs(dir); err == nil {
			return filepath.Join(abs, "config.json")
		}
	}
	return filepath.Join(h.Home, ".docker", "config.json")
}

func (h Here) config() string {
	if dir := h.Getenv("XDG_CONFIG_HOME"); dir != "" {
		return dir
	}
	return filepath.Join(h.Home, ".config")
}

func (h Here) runtimeAuth() string {
	dir := h.Getenv("XDG_RUNTIME_DIR")
	if dir == "" {
		dir = filepath.Join("/run/containers", strconv.Itoa(h.UID))
		return filepath.Join(dir, "auth.json")
	}
	return filepath.Join(dir, "containers", "auth.json")
}

func (h Here) configAuth() string { return filepath.Join(h.config(), "containers", "auth.json") }

func (h Here) registriesConf() string {
	if path := h.Getenv("CONTAINERS_REGISTRIES_CONF"); path != "" {
		return path
	}
	if own := filepath.Join(h.Home, ".config", "containers", "registries.conf"); exists(own) {
		return own
	}
	return "/etc/containers/registries.conf"
}

func (h Here) helm() string {
	if path := h.Getenv("HELM_REGISTRY_CONFIG"); path != "" {
		return path
	}
	dir := h.Getenv("HELM_CONFIG_HOME")
	if dir == "" {
		dir = filepath.Join(h.config(), "helm")
	}
	return filepath.Join(dir, "registry", "config.json")
}

func (h Here) regctl() string {
	if path := h.Getenv("REGCTL_CONFIG"); path != "" {
		return path
	}
	if own := filepath.Join(h.config(), "regctl", "config.json"); exists(own) {
		return own
	}
	return filepath.Join(h.Home, ".regctl", "config.json")
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
