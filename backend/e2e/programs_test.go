//go:build linux

package e2e_test

import (
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"lanyard/backend/e2e/desk"
	"lanyard/backend/e2e/service"
	"lanyard/backend/internal/keyringtest"
	"lanyard/backend/keychain"
)

const earlierConfig = `{"auths":{"registry.example":{"auth":"YTpi"}},"x":12345678901234567890}` + "\n"

func (p *person) configure() {
	p.Helper()
	if err := os.MkdirAll(filepath.Join(p.Home, ".docker"), 0o700); err != nil {
		p.Fatal(err)
	}
	p.put(filepath.Join(p.Home, ".docker", "config.json"), earlierConfig, 0o600)
}

var userCode = regexp.MustCompile(`enter the code ([A-Z]{4}-[A-Z]{4})$`)

func TestDeviceSignInAndOut(t *testing.T) {
	t.Parallel()
	p := sitDown(t, keyringtest.Options{}, programs)
	p.configure()
	p.settle()
	if err := p.browser.Allow(p.URL() + "/signin"); err != nil { // sets up, in the browser of another device
		t.Fatal(err)
	}
	out := p.follow(p.Lanyard(p.ctx, "login", "--device", "--yes"), func(said func(*regexp.Regexp) string) error {
		page := said(regexp.MustCompile(`On any device open (\S+)$`))
		if page != p.URL()+"/activate" {
			t.Errorf("it sends us to %s", page)
		}
		return p.browser.Enter(page, strings.ToLower(said(userCode)))
	})
	if out.Code != 0 || !strings.Contains(out.Out, "Signed in as anna at "+p.URL()) || !strings.Contains(out.Out, "GNOME Keyring") {
		t.Fatalf("exit %d\n%s%s", out.Code, out.Out, out.Err)
	}
	secret := p.secret()
	p.served(secret)
	if strings.Contains(out.Out+out.Err, secret) || strings.Contains(p.config(), secret) {
		t.Error("the secret is shown")
	}
	if status := p.answered(secret); status != http.StatusOK {
		t.Errorf("/token answers %d", status)
	}
	if code, report := p.status(); code != 0 || !report.SignedIn || len(report.Accounts) != 1 || report.Accounts[0].State != "active" {
		t.Errorf("exit %d, %+v", code, report)
	}
	if config := p.config(); !strings.Contains(config, `"localhost:`+p.Port+`"`) || !strings.Contains(config, "12345678901234567890") {
		t.Errorf("config.json:\n%s", config)
	}

	out = p.must("logout")
	if !strings.Contains(out.Out, "the token was tried and is refused") {
		t.Errorf("%s%s", out.Out, out.Err)
	}
	p.keyringIsEmpty()
	p.notServed("")
	if status := p.answered(secret); status != http.StatusUnauthorized {
		t.Errorf("/token answers %d", status)
	}
	if config := p.config(); config != earlierConfig {
		t.Errorf("config.json is\n%s", config)
	}
	if code, report := p.status(); code != 3 || report.SignedIn || len(report.Accounts) != 0 {
		t.Errorf("exit %d, %+v", code, report)
	}
	if out := p.run("logout"); out.Code != 3 {
		t.Errorf("once more: exit %d\n%s", out.Code, out.Err)
	}
}

// Nothing is begun where secrets cannot be kept, and nothing is said that is
// not so.
func TestKeyringMissingOrLocked(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		session keyringtest.Options
		lock    bool
		says    string
	}{
		"no bus":     {keyringtest.Options{NoBus: true}, false, "no keychain service answers"},
		"no keyring": {keyringtest.Options{NoDaemon: true}, false, "no keychain service answers"},
		"locked":     {keyringtest.Options{}, true, "the keychain is locked"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := sitDown(t, c.session, programs)
			p.configure()
			if c.lock {
				if err := p.Lock(); err != nil {
					t.Fatal(err)
				}
			}
			for _, args := range [][]string{{"login", "--yes"}, {"login", "--device", "--yes"}, {"login", "--no-browser"}} {
				out := p.run(args...)
				if out.Code != 4 || out.Out != "" || !strings.Contains(out.Err, c.says) || !strings.Contains(out.Err, "nothing was begun") {
					t.Errorf("lanyard %s: exit %d\n%s%s", strings.Join(args, " "), out.Code, out.Out, out.Err)
				}
				for _, never := range []string{"Open this address", "enter the code", "Your browser opens", "Signed in"} {
					if strings.Contains(out.Err, never) {
						t.Errorf("lanyard %s says:\n%s", strings.Join(args, " "), out.Err)
					}
				}
			}
			if _, err := os.Stat(filepath.Join(p.Runtime, "opened")); err == nil {
				t.Error("a browser was opened")
			}
			if config := p.config(); config != earlierConfig {
				t.Errorf("config.json is\n%s", config)
			}
			if code, report := p.status(); code != 3 && code != 4 || report.SignedIn {
				t.Errorf("status: exit %d, %+v", code, report)
			}
			p.notServed("")
		})
	}
}

// The keyring is locked after the sign-in: nobody is served, nothing is
// claimed, and nothing is lost. A sign-out is carried through once it opens.
func TestKeyringLockedLater(t *testing.T) {
	t.Parallel()
	p := sitDown(t, keyringtest.Options{}, programs)
	p.settle()
	if out := p.login(); out.Code != 0 {
		t.Fatalf("exit %d\n%s%s", out.Code, out.Out, out.Err)
	}
	secret, config := p.secret(), p.config()
	if err := p.Lock(); err != nil {
		t.Fatal(err)
	}
	p.notServed("the keychain is locked")
	refused := func(args ...string) {
		t.Helper()
		out := p.run(args...)
		if out.Code != 4 || !strings.Contains(out.Err, "the keychain is locked") || strings.Contains(out.Out, "Signed out") || strings.Contains(out.Out, "Signed in") {
			t.Errorf("lanyard %s: exit %d\n%s%s", strings.Join(args, " "), out.Code, out.Out, out.Err)
		}
	}
	refused("token", "list")
	refused("status")
	refused("login", "--yes")
	if status := p.answered(secret); status != http.StatusOK {
		t.Errorf("/token answers %d", status)
	}
	if p.config() != config {
		t.Error("config.json was changed")
	}
	if err := p.StartDaemon(); err != nil {
		t.Fatal(err)
	}
	p.served(secret)
	if code, report := p.status(); code != 0 || !report.SignedIn {
		t.Errorf("exit %d, %+v", code, report)
	}
	if err := p.Lock(); err != nil {
		t.Fatal(err)
	}
	refused("logout")
	p.notServed("")
	if err := p.StartDaemon(); err != nil {
		t.Fatal(err)
	}
	if code, report := p.status(); code != 3 || report.SignedIn {
		t.Errorf("exit %d, %+v", code, report)
	}
	p.keyringIsEmpty()
	if status := p.answered(secret); status != http.StatusUnauthorized {
		t.Errorf("/token answers %d", status)
	}
	if strings.Contains(p.config(), "lanyard") {
		t.Errorf("config.json is still set up: %s", p.config())
	}
}

// Sign-out while the service is stopped: gone here at once, and there with the
// next command that reaches it.
func TestSignOutWhileTheServiceIsStopped(t *testing.T) {
	t.Parallel()
	p := sitDown(t, keyringtest.Options{}, programs)
	p.settle()
	if out := p.login(); out.Code != 0 {
		t.Fatalf("exit %d\n%s%s", out.Code, out.Out, out.Err)
	}
	secret := p.secret()
	p.must("service", "stop")
	if code, report := p.status(); code != 0 || !report.SignedIn || report.Accounts[0].State != "offline" {
		t.Errorf("exit %d, %+v", code, report)
	}
	p.served(secret)
	out := p.must("logout")
	if !strings.Contains(out.Out, "revocation pending") || strings.Contains(out.Out, "is refused") {
		t.Errorf("%s", out.Out)
	}
	p.notServed("")
	if config := p.config(); config != "" {
		t.Errorf("config.json is\n%s", config)
	}
	p.must("service", "start")
	if status := p.answered(secret); status != http.StatusOK {
		t.Fatalf("before it was told, /token answers %d", status)
	}
	if code, report := p.status(); code != 3 || report.SignedIn {
		t.Errorf("exit %d, %+v", code, report)
	}
	if status := p.answered(secret); status != http.StatusUnauthorized {
		t.Errorf("/token answers %d", status)
	}
	p.keyringIsEmpty()
}

// Several programs refresh the one session, again and again: none of them
// breaks it for the others.
func TestProgramsAtOnce(t *testing.T) {
	t.Parallel()
	p := sitDown(t, keyringtest.Options{}, programs)
	p.settle()
	if out := p.login(); out.Code != 0 {
		t.Fatalf("exit %d\n%s%s", out.Code, out.Out, out.Err)
	}
	secret := p.secret()
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for range 2 {
				if said, err := p.Lanyard(p.ctx, "token", "list").CombinedOutput(); err != nil {
					t.Errorf("%v\n%s", err, said)
				}
			}
		})
	}
	all.Wait()
	p.served(secret)
	if code, report := p.status(); code != 0 || !report.SignedIn {
		t.Errorf("exit %d, %+v", code, report)
	}
}

// Whoever may list processes sees no secret: in no argument and in no variable
// of any process that a sign-in, a refresh or a sign-out starts. Nor does a
// file of ours hold one.
func TestNoSecretIsSeen(t *testing.T) {
	t.Parallel()
	p := sitDown(t, keyringtest.Options{}, programs)
	p.settle()
	log := filepath.Join(p.Runtime, "execve.log")
	traced := func(args ...string) *exec.Cmd {
		all := append([]string{"-f", "-v", "-A", "-s", "65536", "-e", "trace=execve", "-o", log, filepath.Join(p.Programs, "lanyard")}, args...)
		return p.Program(p.ctx, "strace", all...)
	}
	if out := p.loginBy(traced("login", "--yes")); out.Code != 0 {
		t.Fatalf("exit %d\n%s%s", out.Code, out.Out, out.Err)
	}
	secrets := []string{service.Password, p.browser.Code, p.secret(), p.entry(keychain.SessionName(p.URL(), "anna")).Refresh}
	if out, err := desk.Must(traced("token", "list")); err != nil {
		t.Fatalf("%v\n%s", err, out.Err)
	}
	secrets = append(secrets, p.entry(keychain.SessionName(p.URL(), "anna")).Refresh)
	seen := func(where, text string) {
		t.Helper()
		for i, secret := range secrets {
			if len(secret) < 8 || strings.Contains(text, secret) {
				t.Errorf("secret %d is in %s", i, where)
			}
		}
	}
	for _, dir := range []string{".config", ".local/state", ".docker"} {
		err := filepath.WalkDir(filepath.Join(p.Home, dir), func(path string, d os.DirEntry, err error) error {
			if os.IsNotExist(err) || err == nil && d.IsDir() {
				return nil
			}
			text, err := os.ReadFile(path)
			seen(path, string(text))
			return err
		})
		if err != nil {
			t.Error(err)
		}
	}
	if out, err := desk.Must(traced("logout")); err != nil {
		t.Fatalf("%v\n%s", err, out.Err)
	}
	text, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	started := string(text)
	for _, part := range []string{"xdg-open", "keychain-worker", "/authorize?", "code_challenge="} {
		if !strings.Contains(started, part) {
			t.Errorf("%s was not seen at all: this test sees nothing", part)
		}
	}
	seen("an argument or a variable", started)
	if found := regexp.MustCompile(`[?&](code|code_verifier|login_hint)=`).FindString(started); found != "" {
		t.Errorf("%s is in an argument", found)
	}
	out, err := os.ReadFile(filepath.Join(p.Data(), "service.log"))
	if err != nil {
		t.Fatal(err)
	}
	seen("the service's log", string(out))
}

// A sign-in that is killed at the moment its page is answered leaves the
// browser with an answer or an error, and the next one works.
func TestKilledWhileThePersonDecides(t *testing.T) {
	t.Parallel()
	p := sitDown(t, keyringtest.Options{}, programs)
	p.settle()
	cmd := p.Lanyard(p.ctx, "login", "--yes")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	opened := filepath.Join(p.Runtime, "opened")
	p.until("a browser to be opened", func() bool { _, err := os.Stat(opened); return err == nil })
	address, err := os.ReadFile(opened)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(opened); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	if err := p.browser.Allow(string(address)); err == nil {
		t.Error("somebody took the answer")
	}
	p.keyringIsEmpty()
	if config := p.config(); config != "" {
		t.Errorf("config.json is\n%s", config)
	}
	if out := p.login(); out.Code != 0 {
		t.Fatalf("exit %d\n%s%s", out.Code, out.Out, out.Err)
	}
	p.served(p.secret())
}

// The session ends while nothing runs: the helper is the first to be asked.
func TestExpiryWhileNothingRan(t *testing.T) {
	t.Parallel()
	for name, after := range map[string]time.Duration{"not used": 30 * day, "the absolute end": 90 * day} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := sitDown(t, keyringtest.Options{}, clockPrograms)
			p.settle()
			if out := p.login(); out.Code != 0 {
				t.Fatalf("exit %d\n%s%s", out.Code, out.Out, out.Err)
			}
			secret := p.secret()
			p.must("service", "stop")
			p.later(after - time.Hour)
			if after == 30*day {
				p.served(secret)
				after *= 2 // which was a use
			}
			p.later(after + time.Hour)
			p.notServed("has ended")
			p.keyringIsEmpty()
			if err := p.StartDaemon(); err != nil { // nothing on its disk either
				t.Fatal(err)
			}
			p.keyringIsEmpty()
			p.notServed("lanyard login")
			p.must("service", "start")
			if status := p.answered(secret); status != http.StatusUnauthorized {
				t.Errorf("/token answers %d", status)
			}
			out := p.run("status")
			if out.Code != 3 || !strings.Contains(out.Out, "its time ran out") {
				t.Errorf("exit %d\n%s%s", out.Code, out.Out, out.Err)
			}
			if out := p.login(); out.Code != 0 {
				t.Fatalf("again: exit %d\n%s%s", out.Code, out.Out, out.Err)
			}
			p.served(p.secret())
		})
	}
}

// The service ends it by itself, whatever the computer believes.
func TestTheServiceEndsIt(t *testing.T) {
	t.Parallel()
	p := sitDown(t, keyringtest.Options{}, clockPrograms)
	p.settle()
	if out := p.login(); out.Code != 0 {
		t.Fatalf("exit %d\n%s%s", out.Code, out.Out, out.Err)
	}
	secret := p.secret()
	p.later(30*day + time.Minute)
	if status := p.answered(secret); status != http.StatusUnauthorized { // it ran all the time
		t.Errorf("/token answers %d", status)
	}
}

func TestUsedDaily(t *testing.T) {
	t.Parallel()
	p := sitDown(t, keyringtest.Options{}, clockPrograms)
	p.settle()
	if out := p.login(); out.Code != 0 {
		t.Fatalf("exit %d\n%s%s", out.Code, out.Out, out.Err)
	}
	secret := p.secret()
	for on := 1; on < 90; on++ {
		p.later(time.Duration(on) * day)
		p.served(secret)
		if status := p.answered(secret); status != http.StatusOK {
			t.Fatalf("on day %d /token answers %d", on, status)
		}
		if on%20 == 0 {
			// The service writes uses down within a second, which is not to
			// be a month of this computer's.
			time.Sleep(time.Second)
		}
	}
	if code, report := p.status(); code != 0 || !report.SignedIn {
		t.Errorf("on day 89: exit %d, %+v", code, report)
	}
	p.later(90*day + time.Minute)
	if status := p.answered(secret); status != http.StatusUnauthorized {
		t.Errorf("on day 90 /token answers %d", status)
	}
	p.notServed("has ended")
	p.keyringIsEmpty()
}
