//go:build linux

package e2e_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"lanyard/backend/e2e/desk"
	"lanyard/backend/internal/keyringtest"
)

// toolLines are those of a container tool at the own registry: how it puts a tiny image
// there, and gets it again. $H is the registry, ./hello the image.
type toolLines struct {
	name, push, pull string
	digest           bool // what comes back is the image itself, and not something else that it makes of it
}

// In a terminal each of these is typed as it stands here, but for the place in
// which podman and buildah keep their images.
var clients = []toolLines{
	{"skopeo", `skopeo copy --dest-tls-verify=false oci:hello:1 docker://$H/anna/skopeo:1`, `skopeo copy --src-tls-verify=false docker://$H/anna/skopeo:1 oci:skopeo:1`, true},
	{"crane", `crane push --insecure hello $H/anna/crane:1`, `crane pull --insecure --format oci $H/anna/crane:1 crane`, true},
	{"regctl", `regctl --host reg=$H,tls=disabled image copy ocidir://hello:1 $H/anna/regctl:1`, `regctl --host reg=$H,tls=disabled image copy $H/anna/regctl:1 ocidir://regctl:1`, true},
	{"oras", `oras cp --from-oci-layout hello:1 --to-plain-http $H/anna/oras:1`, `oras cp --from-plain-http $H/anna/oras:1 --to-oci-layout oras:1`, true},
	{"helm", `helm package chart && helm push hello-0.1.0.tgz oci://$H/anna/charts --plain-http`, `helm pull oci://$H/anna/charts/hello --version 0.1.0 --plain-http -d helm`, false},
	{"podman", `podman $STORE pull -q oci:hello:1 > podman.id && podman $STORE push --tls-verify=false $(cat podman.id) docker://$H/anna/podman:1`,
		`podman $STORE pull -q --tls-verify=false $H/anna/podman:1`, false},
	{"buildah", `buildah $STORE pull -q oci:hello:1 > buildah.id && buildah $STORE push --tls-verify=false $(cat buildah.id) docker://$H/anna/buildah:1`,
		`buildah $STORE pull -q --policy always --tls-verify=false $H/anna/buildah:1`, false},
	// Without its daemon docker pushes and gets manifests only: here a list of one image that lies there.
	{"docker", `docker manifest create --insecure $H/anna/crane:list $H/anna/crane:1 && docker manifest push --purge --insecure $H/anna/crane:list`, `docker manifest inspect --insecure $H/anna/crane:list`, false},
}

// sitAtTools is a desk with all eight tools in reach.
func sitAtTools(t *testing.T) *person {
	t.Helper()
	p := sitDown(t, keyringtest.Options{}, programs)
	for _, name := range []string{"podman", "buildah", "oras", "helm"} {
		path, err := p.Part(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(path, filepath.Join(p.Runtime, "clients", name)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := desk.WriteImage(filepath.Join(p.Home, "hello"), "1", "hello from all tools"); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{"chart", ".config/containers", "helm"} {
		if err := os.MkdirAll(filepath.Join(p.Home, dir), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	p.put(filepath.Join(p.Home, "chart", "Chart.yaml"), "apiVersion: v2\nname: hello\nversion: 0.1.0\n", 0o600)
	p.put(filepath.Join(p.Home, ".config/containers/policy.json"), `{"default":[{"type":"insecureAcceptAnything"}]}`, 0o600)
	p.Desk.Setenv("H", "localhost:"+p.Port)
	// What podman and buildah keep is to be this desk's alone, not the computer's.
	p.put(filepath.Join(p.Runtime, "storage.conf"), "[storage]\ndriver = \"vfs\"\nrunroot = \""+p.Runtime+"/images\"\ngraphroot = \""+p.Home+"/images\"\n", 0o600)
	p.Desk.Setenv("CONTAINERS_STORAGE_CONF", filepath.Join(p.Runtime, "storage.conf"))
	p.Desk.Setenv("STORE", "--root "+p.Home+"/images --runroot "+p.Runtime+"/images --storage-driver vfs")
	return p
}

// shell types a line, and returns what it says.
func (p *person) shell(line string) desk.Output {
	p.Helper()
	out, err := desk.Run(p.Shell(p.ctx, line))
	if err != nil {
		p.Fatal(err)
	}
	return out
}

// One sign-in, and all eight tools are signed in; one sign-out, and none is.
func TestEveryToolAtTheOwnRegistry(t *testing.T) {
	t.Parallel()
	p := sitAtTools(t)
	p.settle()
	for _, c := range clients {
		if out := p.shell(c.push); out.Code == 0 {
			t.Errorf("nobody is signed in, and %s pushes:\n%s%s", c.name, out.Out, out.Err)
		}
	}
	if out := p.login(); out.Code != 0 {
		t.Fatalf("exit %d\n%s%s", out.Code, out.Out, out.Err)
	}
	for _, c := range clients {
		for _, line := range []string{c.push, c.pull} {
			if out := p.shell(line); out.Code != 0 {
				t.Errorf("%s\nexit %d\n%s%s", line, out.Code, out.Out, out.Err)
			}
		}
		if c.digest {
			if got, want := p.layout(c.name), p.layout("hello"); got != want {
				t.Errorf("%s pushed %s and pulled %s", c.name, want, got)
			}
		}
	}
	p.doctorIsContent()

	secret := p.secret()
	p.must("logout")
	for _, c := range clients {
		out := p.shell(c.pull)
		if out.Code == 0 {
			t.Errorf("signed out, and %s pulls:\n%s%s", c.name, out.Out, out.Err)
		}
		if strings.Contains(out.Out+out.Err, secret) {
			t.Errorf("%s was told the secret", c.name)
		}
	}
}

// layout is the digest of the one image of an OCI layout.
func (p *person) layout(name string) string {
	p.Helper()
	text, err := os.ReadFile(filepath.Join(p.Home, name, "index.json"))
	if err != nil {
		p.Fatal(err)
	}
	var index struct{ Manifests []struct{ Digest string } }
	if err := json.Unmarshal(text, &index); err != nil || len(index.Manifests) != 1 {
		p.Fatalf("%s: %v\n%s", name, err, text)
	}
	return index.Manifests[0].Digest
}

// doctorIsContent: what lanyard docker doctor predicts of the tools is what they just did.
func (p *person) doctorIsContent() {
	p.Helper()
	p.put(filepath.Join(p.Home, ".bash_profile"), `PATH="`+filepath.Join(p.Runtime, "clients")+`:$HOME/.local/bin:$PATH"`+"\n", 0o600)
	out := p.run("docker", "doctor", "--json")
	var report struct {
		LookUps []struct{ Tool, User string }       `json:"look_ups"`
		Finding []struct{ ID, Weight, What string } `json:"findings"`
	}
	if err := json.Unmarshal([]byte(out.Out), &report); err != nil || len(report.LookUps) != len(clients) {
		p.Fatalf("%v\n%s%s", err, out.Out, out.Err)
	}
	for _, l := range report.LookUps {
		if l.User != "anna" {
			p.Errorf("the doctor takes %s for signed in as %q", l.Tool, l.User)
		}
	}
	for _, f := range report.Finding {
		if f.Weight == "problem" {
			p.Errorf("the doctor finds %s: %s", f.ID, f.What)
		}
	}
}
