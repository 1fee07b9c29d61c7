package e2e_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"lanyard/backend/e2e/desk"
	"lanyard/backend/e2e/service"
	"lanyard/backend/internal/keyringtest"
	"lanyard/backend/keychain"
)

// effects are the system calls by which anything that lasts is done, somebody
// else is told, or a file is opened or locked for it; SIGKILL comes in the place
// of the n-th.
const effects = "write,writev,sendto,sendmsg,connect,renameat,renameat2,unlinkat,fsync,fdatasync,mkdirat,linkat,ftruncate,openat,flock,fcntl,execve,socket"

// killed is a computer whose programs are killed in the middle.
type killed struct {
	*person
	service *service.Service
}

// TestFaultKilledAtEverySystemCall kills sign-in, refresh, sign-out, set-up and undo at
// their n-th system call that has an effect, for every n until one of them
// comes to its end; then it looks what a start makes of it. LANYARD_FAULTS
// makes it all of them; else it is a few, drawn by a seed that is printed.
func TestFaultKilledAtEverySystemCall(t *testing.T) {
	k := &killed{person: sitDown(t, keyringtest.Options{}, programs)}
	ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
	defer cancel()
	k.ctx = ctx
	k.configure()
	// The account's shell finds the helper, so that nobody has to agree to a copy.
	bin := filepath.Join(k.Home, ".local", "bin")
	if err := os.MkdirAll(bin, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(filepath.Join(k.Programs, "docker-credential-lanyard"), filepath.Join(bin, "docker-credential-lanyard")); err != nil {
		t.Fatal(err)
	}
	k.service = service.Start(t, service.Options{})
	k.service.Person(t, "anna")
	kills := 0
	for _, run := range []struct {
		name   string
		begin  func(*killed)
		args   []string
		signed bool // whether the person is signed in before
	}{
		{"sign-in", (*killed).signedOut, []string{"login", "--server", k.service.URL, "--yes"}, false},
		{"sign-in again", (*killed).signedIn, []string{"login", "--server", k.service.URL, "--yes"}, true},
		{"refresh", (*killed).signedIn, []string{"token", "list"}, true},
		{"sign-out", (*killed).signedIn, []string{"logout"}, true},
		{"undo", (*killed).signedIn, []string{"docker", "undo", "--yes"}, true},
		{"set-up", (*killed).undone, []string{"docker", "setup", "--yes"}, true},
	} {
		t.Run(run.name, func(t *testing.T) {
			k := &killed{person: &person{T: t, Desk: k.Desk, ctx: k.ctx, browser: k.browser, clock: k.clock}, service: k.service}
			for _, n := range rounds(t) {
				run.begin(k)
				over, said := k.kill(n, run.args...)
				kills++
				what := run.args[0]
				if strings.Contains(said, "not set up") { // not lanyard was killed, but what it ran; and it said so
					what = "told"
				}
				if run.signed && what == "login" {
					// The new session took the old one's place at the service, and
					// died with its sign-in: as where a session ends elsewhere, the
					// tools stay set up for the next.
					what = "again"
				}
				k.whole(fmt.Sprintf("%s, killed at %d", run.name, n), what, over)
				if over && os.Getenv("LANYARD_FAULTS") != "" {
					t.Logf("%d system calls", n-1)
					return
				}
			}
		})
	}
	t.Logf("%d kills", kills)
}

// rounds are the calls at which to kill.
func rounds(t *testing.T) []int {
	var all []int
	if os.Getenv("LANYARD_FAULTS") != "" {
		for n := range 2000 {
			all = append(all, n+1)
		}
		return all
	}
	seed := uint64(time.Now().UnixNano())
	if given, err := strconv.ParseUint(os.Getenv("LANYARD_SEED"), 10, 64); err == nil {
		seed = given
	}
	t.Logf("LANYARD_SEED=%d", seed)
	draw := rand.New(rand.NewPCG(seed, 1))
	return []int{1 + draw.IntN(90)}
}

// kill runs lanyard until its n-th call; over says that it came to its end.
func (k *killed) kill(n int, args ...string) (over bool, said string) {
	k.Helper()
	lanyard := filepath.Join(k.Programs, "lanyard")
	under := []string{"-f", "-qq", "-o", "/dev/null", "-e", fmt.Sprintf("inject=%s:signal=SIGKILL:when=%d", effects, n), lanyard}
	cmd := k.Program(k.ctx, "strace", append(under, args...)...)
	cmd.Env = append(cmd.Env, "GOMAXPROCS=1") // strace counts by thread
	return k.finish(cmd)
}

// terminal is what a program says while it runs.
type terminal struct {
	mu   sync.Mutex
	said strings.Builder
}

func (t *terminal) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.said.Write(b)
}

func (t *terminal) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.said.String()
}

// printed is the address that a person opens whose browser does not open by itself.
var printed = regexp.MustCompile(`(?m)^ +(http://\S+/authorize\?\S+)$`)

// finish runs a program to its end, with a person at the browser that it may
// open; done says that it was not killed and did not fail. Where the browser was
// killed before it opened, the person takes the address from the terminal.
func (k *killed) finish(cmd *exec.Cmd) (done bool, said string) {
	k.Helper()
	var out terminal
	cmd.Stdout, cmd.Stderr = &out, &out
	opened := filepath.Join(k.Runtime, "opened")
	_ = os.Remove(opened)
	browser := k.service.Sit("anna")
	if err := cmd.Start(); err != nil {
		k.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	var allowed chan struct{}
	patience := time.After(4 * time.Second)
	byHand := false
	for {
		select {
		case err := <-ended:
			if allowed != nil {
				<-allowed // its answer may come to nobody
			}
			return err == nil, out.String()
		case <-patience:
			byHand = true
		case <-time.After(5 * time.Millisecond):
			if allowed != nil {
				continue
			}
			address, err := os.ReadFile(opened)
			if err != nil && byHand {
				if found := printed.FindStringSubmatch(out.String()); found != nil {
					address, err = []byte(found[1]), nil
				}
			}
			if err != nil {
				continue
			}
			allowed = make(chan struct{})
			go func() {
				defer close(allowed)
				_ = browser.Allow(string(address)) // whoever waits for it may be dead
			}()
		}
	}
}

// whole starts lanyard once more, and finds everything or nothing.
func (k *killed) whole(when, what string, over bool) {
	k.Helper()
	out := k.run("status", "--json")
	if strings.Contains(out.Err, keychain.ErrLocked.Error()) { // it aborted, as for signedOut; the next start carries it through
		if err := k.StartDaemon(); err != nil {
			k.Fatal(err)
		}
		out = k.run("status", "--json")
	}
	if out.Code == 4 { // on a busy computer a keyring takes longer than the two seconds it is given
		out = k.run("status", "--json")
	}
	var report struct {
		Accounts []struct{ State string }
		Pending  []json.RawMessage `json:"pending_revocations"`
	}
	if err := json.Unmarshal([]byte(out.Out), &report); err != nil {
		k.Fatalf("%s: %v\n%s%s", when, err, out.Out, out.Err)
	}
	held := k.held()
	token, session := keychain.TokenName(k.service.URL, "anna"), keychain.SessionName(k.service.URL, "anna")
	signed := slices.Equal(held, []string{session, token})
	switch {
	case !signed && len(held) > 0:
		k.Errorf("%s: the keychain holds %q\n%s", when, held, out.Err)
	case signed != (len(report.Accounts) == 1), len(report.Pending) > 0:
		k.Errorf("%s: status says %s\n%s", when, out.Out, out.Err)
	case signed && report.Accounts[0].State != "active":
		k.Errorf("%s: %s\n%s", when, out.Out, out.Err)
	case what == "token" && !signed:
		k.Errorf("%s: the session is lost\n%s%s", when, out.Out, out.Err)
	case over && (what == "logout") == signed:
		k.Errorf("%s: it came to its end, and signed in is %v", when, signed)
	}
	k.toolsWhole(when, what, signed)
	k.serviceWhole(when, signed)
	for _, left := range k.Processes() {
		if strings.Contains(left.Name, "lanyard") {
			k.Errorf("%s: left running %v", when, left.Args)
		}
	}
}

// toolsWhole: docker's configuration is what it was, or that and our key; a
// helper answers as long as somebody is signed in and docker knows of it.
func (k *killed) toolsWhole(when, what string, signed bool) {
	k.Helper()
	host := strings.TrimPrefix(k.service.URL, "http://")
	config := k.config()
	set := strings.Contains(config, host)
	switch {
	case !json.Valid([]byte(config)):
		k.Errorf("%s: docker's configuration is %q", when, config)
	case !set && config != earlierConfig:
		k.Errorf("%s: docker's configuration is not what it was: %s", when, config)
	case set && !signed && what != "again", !set && signed && (what == "login" || what == "again"):
		k.Errorf("%s: signed in is %v, and docker's configuration is %s", when, signed, config)
	}
	files, err := filepath.Glob(filepath.Join(k.Home, ".docker", "*"))
	if err != nil || len(files) != 1 {
		k.Errorf("%s: beside docker's configuration lie %q, %v", when, files, err)
	}
	cmd := k.Program(k.ctx, filepath.Join(k.Programs, "docker-credential-lanyard"), "get")
	cmd.Stdin = strings.NewReader(host)
	answer, err := desk.Run(cmd)
	if err != nil {
		k.Fatal(err)
	}
	if (answer.Code == 0) != signed {
		k.Errorf("%s: signed in is %v, and the helper says %d: %s", when, signed, answer.Code, answer.Err)
	}
}

// serviceWhole: no token lives that nobody holds, once those that were never
// used are reaped.
func (k *killed) serviceWhole(when string, signed bool) {
	k.Helper()
	want := 0
	if signed {
		want = 1
	}
	k.service.Advance(11 * time.Minute)
	k.until("the service to reap what nobody uses", func() bool {
		tokens, sessions, err := k.service.Alive("anna")
		if err != nil {
			k.Fatal(err)
		}
		if len(tokens) != want {
			k.Fatalf("%s: signed in is %v, and %d tokens live", when, signed, len(tokens))
		}
		return len(sessions) == want
	})
}

// held are our entries in the keyring, as libsecret's own tool finds them.
func (k *killed) held() []string {
	k.Helper()
	out, err := desk.Run(k.Command("secret-tool", "search", "--all", "service", keychain.Service))
	if err != nil {
		k.Fatal(err)
	}
	var names []string
	for line := range strings.Lines(out.Out + out.Err) { // libsecret before 0.21 has attributes on stderr
		if name, ok := strings.CutPrefix(line, "attribute.username = "); ok {
			names = append(names, strings.TrimSpace(name))
		}
	}
	slices.Sort(names)
	return names
}

func (k *killed) signedIn() {
	k.Helper()
	k.signedOut()
	if done, said := k.finish(k.Lanyard(k.ctx, "login", "--server", k.service.URL, "--yes")); !done {
		k.Fatalf("no sign-in: %s", said)
	}
}

func (k *killed) signedOut() {
	k.Helper()
	out := k.run("logout")
	if out.Code == 4 { // gnome-keyring may abort when those that it talks to are killed
		if err := k.StartDaemon(); err != nil {
			k.Fatal(err)
		}
		out = k.run("logout")
	}
	if out.Code != 0 && out.Code != 3 {
		k.Fatalf("logout: exit %d\n%s%s", out.Code, out.Out, out.Err)
	}
}

func (k *killed) undone() {
	k.Helper()
	k.signedIn()
	k.must("docker", "undo", "--yes")
}
