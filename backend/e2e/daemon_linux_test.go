package e2e_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"lanyard/backend/dockercli"
	"lanyard/backend/e2e/desk"
	"lanyard/backend/e2e/dockerd"
	"lanyard/backend/internal/keyringtest"
)

// daemon gives docker a daemon. Where there can be none, it says why and returns what
// crane does in the daemon's place, with what docker stored. $R is a repository with an
// image 1, made by ready.
func (p *person) daemon() (ready, push, pull string) {
	p.Helper()
	if why := dockerd.Possible(); why != "" {
		p.Logf("%s; crane pushes and pulls in its place", why)
		if _, err := desk.WriteImage(filepath.Join(p.Home, "layout"), "1", "hello from docker"); err != nil {
			p.Fatal(err)
		}
		return "true", "crane push --insecure layout $R:1", "crane pull --insecure --format oci $R:1 pulled"
	}
	d, err := dockerd.Start(p.Tools, filepath.Join(p.Runtime, "dockerd"), p.Env())
	if err != nil {
		p.Fatal(err)
	}
	p.Cleanup(d.Stop)
	p.Desk.Setenv("DOCKER_HOST", d.Host())
	p.put(filepath.Join(p.Home, "hello.txt"), "hello from docker", 0o600)
	return "tar -c hello.txt | docker import - $R:1", "docker push $R:1", "docker image rm -f $R:1; docker pull $R:1"
}

// helps has docker keep what it stores with our helper.
func (p *person) helps() {
	p.Helper()
	for _, dir := range []string{".docker", ".local/bin"} {
		if err := os.MkdirAll(filepath.Join(p.Home, dir), 0o700); err != nil {
			p.Fatal(err)
		}
	}
	p.put(filepath.Join(p.Home, ".docker", "config.json"), `{"credsStore":"lanyard"}`, 0o600)
	helper := filepath.Join(p.Home, ".local/bin", "docker-credential-lanyard")
	_ = os.Remove(helper) // a copy
	if err := os.Symlink(filepath.Join(p.Programs, "docker-credential-lanyard"), helper); err != nil {
		p.Fatal(err)
	}
}

// types types a line whose registry is $H and whose repository is $R, with something for it to read.
func (p *person) types(line, host, repository, input string) desk.Output {
	p.Helper()
	cmd := p.Shell(p.ctx, line)
	cmd.Env = append(cmd.Env, "H="+host, "R="+repository)
	cmd.Stdin = strings.NewReader(input)
	out, err := desk.Run(cmd)
	if err != nil {
		p.Fatal(err)
	}
	return out
}

// Docker as people use it with a registry of their company: by name and token, with its
// daemon, at each registry.
func TestDockerByNameAndToken(t *testing.T) {
	t.Parallel()
	p := sitDown(t, keyringtest.Options{}, programs)
	p.ctx = t.Context() // three registries take a while
	all := p.registries()
	if out := p.login(); out.Code != 0 {
		t.Fatalf("exit %d\n%s%s", out.Code, out.Out, out.Err)
	}
	writing := p.must("token", "create", "-d", "laptop", "--scope", "write").Out
	reading := p.must("token", "create", "-d", "build", "--scope", "read").Out
	public := p.must("token", "create", "-d", "public", "--scope", "public_read").Out
	p.must("logout")
	p.helps()
	ready, push, pull := p.daemon()
	const login, logout = "docker login $H -u anna --password-stdin", "docker logout $H"
	for _, r := range all {
		why := refused
		if r.own {
			why = regexp.MustCompile(`this token of anna may not push anna/app: its access permissions do not reach that far`)
		}
		for _, step := range []struct {
			line, input string
			why         *regexp.Regexp // nil: it works
		}{
			{ready, "", nil},
			{login, "wrong", regexp.MustCompile(`wrong user name or password`)},
			{login, writing, nil}, {push, "", nil}, {pull, "", nil}, {logout, "", nil},
			{login, reading, nil}, {pull, "", nil}, {push, "", why}, {logout, "", nil},
			{login, public, nil}, {pull, "", ours}, {logout, "", nil},
			{pull, "", refused},
		} {
			out := p.types(step.line, r.host, r.host+"/anna/app", step.input)
			if said := out.Out + out.Err; (out.Code == 0) != (step.why == nil) || step.why != nil && !step.why.MatchString(said) {
				t.Errorf("%s: %s: exit %d, want one that says %v\n%s", r.name, step.line, out.Code, step.why, said)
			}
			if step.line == logout {
				p.keyringIsEmpty()
			}
			if strings.Contains(p.config(), "auth\"") {
				t.Errorf("docker's configuration has a password:\n%s", p.config())
			}
		}
	}
}

// Docker without Lanyard's programs but the helper: it signs in by browser as at Docker
// Hub, and pushes and pulls there with what it stored.
func TestDockersOwnSignIn(t *testing.T) {
	h := hubDesk(t)
	h.helps()
	ready, push, pull := h.daemon()
	const hub, app = "https://index.docker.io/v1/", "anna/app"
	docker, err := h.Part("docker")
	if err != nil {
		t.Fatal(err)
	}
	cli := dockercli.Docker{Path: docker, Config: filepath.Join(h.Home, ".docker"), Bin: filepath.Join(h.Home, ".local/bin"), Env: h.Env()}
	if err := cli.Login(h.ctx, false, func(p dockercli.Prompt) {
		if err := h.browser.Enter(p.URL, p.Code); err != nil {
			t.Error(err)
		}
	}); err != nil {
		t.Fatal(err)
	}
	name, secret := h.asked(hub)
	_, refresh := h.asked(hub + "refresh-token")
	if name != "anna" || secret == "" || refresh == "" || strings.Contains(h.config(), secret) {
		t.Fatalf("docker stored %q with %d characters, and %d to refresh", name, len(secret), len(refresh))
	}
	for _, line := range []string{ready, push, pull} {
		if out := h.types(line, "", app, ""); out.Code != 0 {
			t.Fatalf("%s: exit %d\n%s%s", line, out.Code, out.Out, out.Err)
		}
	}
	if out := h.types("docker logout", "", "", ""); out.Code != 0 || strings.Contains(strings.ToLower(out.Out+out.Err), "warning") {
		t.Errorf("docker logout: exit %d\n%s%s", out.Code, out.Out, out.Err)
	}
	h.keyringIsEmpty()
	if out := h.types(pull, "", app, ""); out.Code == 0 || !refused.MatchString(out.Out+out.Err) {
		t.Errorf("signed out, and it pulls, or fails for another reason: exit %d\n%s%s", out.Code, out.Out, out.Err)
	}
	// What docker had is worth nothing any more.
	out := h.types("docker login -u anna --password-stdin", "", "", secret)
	if out.Code == 0 || !strings.Contains(out.Err, "wrong user name or password") && !strings.Contains(out.Err, "has ended") {
		t.Errorf("the token is still good: exit %d\n%s%s", out.Code, out.Out, out.Err)
	}
}
