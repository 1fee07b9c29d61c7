package tool

import (
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestFiles(t *testing.T) {
	home := t.TempDir()
	at := func(name string) string { return filepath.Join(home, name) }
	for _, c := range []struct {
		name    string
		tool    Name
		environ []string
		want    []string
	}{
		{"docker", Docker, nil, []string{at(".docker/config.json")}},
		{"docker elsewhere", Docker, []string{"DOCKER_CONFIG=/dc"}, []string{"/dc/config.json"}},
		{"podman over SSH", Podman, nil, []string{"/etc/containers/registries.conf", "/run/containers/1000/auth.json", at(".config/containers/auth.json"), at(".docker/config.json")}},
		{"podman", Podman, []string{"XDG_RUNTIME_DIR=/run/user/1000"}, []string{"/etc/containers/registries.conf", "/run/user/1000/containers/auth.json", at(".config/containers/auth.json"), at(".docker/config.json")}},
		{"skopeo with a file of its own", Skopeo, []string{"REGISTRY_AUTH_FILE=/x", "XDG_CONFIG_HOME=/c"}, []string{"/etc/containers/registries.conf", "/x", "/c/containers/auth.json", at(".docker/config.json")}},
		{"buildah with docker's elsewhere", Buildah, []string{"DOCKER_CONFIG=/dc", "CONTAINERS_REGISTRIES_CONF=/r"}, []string{"/r", "/dc/config.json", at(".config/containers/auth.json")}},
		{"crane", Crane, []string{"REGISTRY_AUTH_FILE=/x"}, []string{at(".docker/config.json"), "/x", at(".config/containers/auth.json")}},
		{"oras", Oras, nil, []string{at(".docker/config.json")}},
		{"helm", Helm, nil, []string{at(".config/helm/registry/config.json"), at(".docker/config.json")}},
		{"helm elsewhere", Helm, []string{"HELM_CONFIG_HOME=/h"}, []string{"/h/registry/config.json", at(".docker/config.json")}},
		{"helm's file elsewhere", Helm, []string{"HELM_REGISTRY_CONFIG=/h.json", "HELM_CONFIG_HOME=/h"}, []string{"/h.json", at(".docker/config.json")}},
		{"regctl", Regctl, nil, []string{at(".regctl/config.json"), at(".docker/config.json")}},
		{"regctl elsewhere", Regctl, []string{"REGCTL_CONFIG=/r.json"}, []string{"/r.json", at(".docker/config.json")}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got []string
			for _, f := range (Here{Home: home, UID: 1000, Environ: c.environ}).Files(c.tool) {
				got = append(got, f.Path)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func read(t *testing.T, kind Kind, text string) Config {
	t.Helper()
	path := filepath.Join(t.TempDir(), "config.json")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return Read(File{path, kind})
}

// What a person, or a tool that was cut off, left in the place of a file.
func TestReadOddFiles(t *testing.T) {
	for _, c := range []struct{ name, text, says string }{
		{"empty", "", ""},
		{"white space", " \n", ""},
		{"NUL bytes of a crash", "\x00\x00", "not valid JSON"},
		{"cut off", `{"auths":{"a":{"auth":"aHVudGVyMg==`, "not valid JSON"},
		{"a list", `[]`, "of another type"},
		{"helpers a text", `{"credHelpers":"x"}`, `"credHelpers" is of another type`},
		{"a password a number", `{"auths":{"a":{"auth":"x","password":12345678}}}`, "of another type"},
		{"10 MB", strings.Repeat(" ", 10<<20), "bytes"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := read(t, DockerConfig, c.text)
			if !got.Exists || (c.says == "") != (got.Problem == "") || !strings.Contains(got.Problem, c.says) {
				t.Errorf("%+v", got)
			}
			for _, secret := range []string{"aHVudGVyMg", "12345678"} {
				if strings.Contains(got.Problem, secret) {
					t.Errorf("a secret is told: %s", got.Problem)
				}
			}
		})
	}
	if got := Read(File{t.TempDir(), DockerConfig}); got.Problem == "" || !got.Exists {
		t.Errorf("a folder: %+v", got)
	}
	if got := Read(File{filepath.Join(t.TempDir(), "none"), DockerConfig}); got.Problem != "" || got.Exists {
		t.Errorf("none: %+v", got)
	}
}

func TestReadRegctl(t *testing.T) {
	got := read(t, RegctlConfig, `{"hosts":{"a":{"user":"otto","pass":"x"},"b":{"credHelper":"docker-credential-red"},"c":{"tls":"disabled"}},"incDockerCred":false}`)
	if !got.Apart || got.CredHelpers["b"] != "red" || got.Logins["a"].Username != "otto" || len(got.Logins) != 1 || len(got.CredHelpers) != 1 {
		t.Errorf("%+v", got)
	}
}

func TestExpiry(t *testing.T) {
	at := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		name, secret string
		want         time.Time
	}{
		{"a PAT", "lyd_pat_0123", time.Time{}},
		{"a JWT", "eyJhbGciOiJub25lIn0.eyJleHAiOjE3OTM0OTEyMDB9.x", at},                // {"exp":1793491200}
		{"a JWT without", "eyJhbGciOiJub25lIn0.e30.x", time.Time{}},                    // {}
		{"a JWT, exp a text", "eyJhbGciOiJub25lIn0.eyJleHAiOiJ4In0.x", time.Time{}},    // {"exp":"x"}
		{"a JWT, exp absurd", "eyJhbGciOiJub25lIn0.eyJleHAiOjFlMzAwfQ.x", time.Time{}}, // {"exp":1e300}
		{"Amazon's", "eyJwYXlsb2FkIjoieCIsImV4cGlyYXRpb24iOjE3OTM0OTEyMDB9", at},       // {"payload":"x","expiration":1793491200}
		{"three parts of nothing", "a.b.c", time.Time{}},
	} {
		if got := expiry(c.secret); !got.Equal(c.want) {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}

func TestDockerHub(t *testing.T) {
	all := []Config{{File: File{"/c", DockerConfig}, Exists: true, CredHelpers: map[string]string{hubKey: "red", hubHost: "blue"}}}
	for _, n := range Names() {
		steps := n.Resolve(all, Around{}, hubHost)
		want := Step{File: "/c", Key: hubKey, Helper: "red"}
		if n.containers() {
			want = Step{File: "/c", Key: hubHost, Helper: "blue"}
		}
		if diff := cmp.Diff([]Step{want}, steps); diff != "" {
			t.Errorf("%s: %s", n, diff)
		}
	}
}

// DOCKER_AUTH_CONFIG counts before every file, since docker 28.3.
func TestEnvironmentBeforeFiles(t *testing.T) {
	here := Here{Environ: []string{`DOCKER_AUTH_CONFIG={"auths":{"a.example":{"auth":"b3R0bzp4"},"https://index.docker.io/v1/":{}}}`}}
	hosts, sound := here.EnvAuth()
	if diff := cmp.Diff([]string{"a.example", hubKey}, hosts); diff != "" || !sound {
		t.Error(diff)
	}
	all := []Config{{File: File{"/c", DockerConfig}, Exists: true, CredHelpers: map[string]string{"a.example": "red"}}}
	for version, want := range map[string]string{"28.2.2": "", "28.3.0": "DOCKER_AUTH_CONFIG", "29.7.2": "DOCKER_AUTH_CONFIG", "": "DOCKER_AUTH_CONFIG"} {
		if steps := Docker.Resolve(all, Around{EnvAuth: hosts, Version: version}, "a.example"); steps[0].Env != want {
			t.Errorf("docker %s: %+v", version, steps)
		}
	}
	if steps := Regctl.Resolve(all, Around{EnvAuth: hosts}, "a.example"); steps[0].Env == "" {
		t.Errorf("regctl: %+v", steps)
	}
	if steps := Crane.Resolve(all, Around{EnvAuth: hosts}, "a.example"); steps[0].Env != "" {
		t.Errorf("crane: %+v", steps)
	}
	if _, sound := (Here{Environ: []string{"DOCKER_AUTH_CONFIG={"}}).EnvAuth(); sound {
		t.Error("half an object is sound")
	}
}

func TestRefuses(t *testing.T) {
	local := []netip.Addr{netip.MustParseAddr("127.0.0.1"), netip.MustParseAddr("::1")}
	lan := []netip.Addr{netip.MustParseAddr("10.0.0.7")}
	for _, c := range []struct {
		name, registry, realm string
		resolved              []netip.Addr
		want                  []Name
	}{
		{"own service", "http://localhost:8460", "http://localhost:8460/token", local, nil},
		{"another port of one name", "http://localhost:5111", "http://localhost:5102/token", local, nil},
		{"another name of this computer", "http://registry.test:5111", "http://localhost:5102/token", local, []Name{Oras}},
		{"loopback literal", "http://localhost:5111", "http://127.0.0.1:5102/token", nil, []Name{Crane, Oras, Helm}},
		{"the registry is that literal", "http://127.0.0.1:5111", "http://127.0.0.1:5102/token", nil, []Name{Crane}},
		{"private literal", "https://registry.test", "https://10.0.0.7/token", nil, []Name{Crane, Helm}},
		{"private name", "https://registry.test", "https://auth.test/token", lan, nil},
		{"link-local literal", "https://registry.test", "https://169.254.169.254/token", nil, []Name{Crane, Oras, Helm}},
		{"IPv6 loopback", "https://registry.test", "https://[::1]/token", nil, []Name{Crane, Oras, Helm}},
		{"mapped loopback", "https://registry.test", "https://[::ffff:127.0.0.1]/token", nil, []Name{Crane, Oras, Helm}},
		{"http behind https", "https://registry.test", "http://auth.test/token", nil, []Name{Crane, Oras, Helm}},
		{"public", "https://registry.test", "https://auth.test/token", []netip.Addr{netip.MustParseAddr("93.184.216.34")}, nil},
		{"not known", "", "", nil, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got []Name
			for _, n := range Names() {
				if n.Refuses(c.registry, c.realm, c.resolved) != "" {
					got = append(got, n)
				}
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}
