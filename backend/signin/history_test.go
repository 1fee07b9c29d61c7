//go:build linux

package signin

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"lanyard/backend/client"
	"lanyard/backend/e2e/service"
	"lanyard/backend/grant"
	"lanyard/backend/helper"
	"lanyard/backend/keychain"
	"lanyard/backend/machine"
	"lanyard/backend/token"
)

// A history is one computer over weeks: the real service over a store in
// memory, the real keychain in its encrypted file, whose lock is played by
// what says where the file is, and the helper. Sign-ins, sign-outs, refreshes
// and starts happen in any order, are killed at any step, meet a network that
// loses requests or answers, a locked keychain, a clock that jumps, people and
// other computers at work on the account, and a second program.
type history struct {
	*rapid.T
	dir      string
	service  *service.Service
	network  *service.Network
	computer *Computer
	docker   *docker
	person   *service.Person
	keyFile  string

	mu      sync.Mutex
	locked  bool
	kill    int           // steps until this program is killed; 0: it is not
	skew    time.Duration // of this computer's clock, against the service's
	jumps   bool          // it may be off in this history
	skewed  bool          // it ever was
	said    string        // the helper's reason, the last time
	secrets map[string]bool
	away    []client.Generated // tokens of other computers
	gone    []keychain.Token   // tokens that a receipt said are refused
	did     map[string]int     // over all histories: one in which nothing happens proves nothing
}

// dead is what a program dies of. Deferred calls that give back locks run,
// as the kernel's would; what a step does to undo a failure does not, as no
// error is returned.
type dead struct{}

// step is called wherever a kill would show: before each use of keychain,
// network and docker's configuration.
func (h *history) step() {
	h.mu.Lock()
	h.kill--
	now := h.kill == 0
	h.mu.Unlock()
	if now {
		panic(dead{})
	}
}

// dying runs do, which may be killed at a step.
func (h *history) dying(at int, do func()) (died bool) {
	h.mu.Lock()
	h.kill = at
	h.mu.Unlock()
	defer func() {
		h.mu.Lock()
		h.kill = 0
		h.mu.Unlock()
		if r := recover(); r != nil {
			if _, ok := r.(dead); !ok {
				panic(r)
			}
			died = true
			h.did["killed"]++
		}
	}()
	do()
	return false
}

// dyingDocker is a docker whose configuration is written by a program that may
// be killed.
type dyingDocker struct {
	*docker
	step func()
}

func (d dyingDocker) SetUp(ctx context.Context, hosts []string) error {
	d.step()
	return d.docker.SetUp(ctx, hosts)
}

func (d dyingDocker) TakeDown(ctx context.Context, hosts []string) error {
	d.step()
	return d.docker.TakeDown(ctx, hosts)
}

// inRapid is what service.Start takes for a test.
type inRapid struct {
	*rapid.T
	dir string
}

func (r inRapid) TempDir() string { return r.dir }

func newHistory(t *rapid.T, dir string, did map[string]int) *history {
	all, err := serviceKeys()
	if err != nil {
		t.Fatal(err)
	}
	h := &history{T: t, dir: dir, docker: &docker{}, secrets: map[string]bool{}, did: did, keyFile: filepath.Join(dir, "key")}
	h.service = service.Start(inRapid{t, dir}, service.Options{Keys: all, Tokens: token.Limits{Auto: 5, Manual: 10}, Around: func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Date", h.service.Now().UTC().Format(http.TimeFormat))
			next.ServeHTTP(w, r)
		})
	}})
	h.person = h.service.Person(inRapid{t, dir}, "anna")
	transport := h.service.Transport()
	t.Cleanup(transport.CloseIdleConnections)
	h.network = &service.Network{Under: dyingNetwork{h, transport}}
	if err := keychain.MakeKeyFile(h.keyFile); err != nil {
		t.Fatal(err)
	}
	h.lock(false)
	h.computer = h.program(h.step)
	return h
}

// dyingNetwork is the network of a program that may be killed before it asks,
// or before it hears the answer.
type dyingNetwork struct {
	h     *history
	under http.RoundTripper
}

func (n dyingNetwork) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Path == "/keys" { // the library asks beside the program
		return n.under.RoundTrip(r)
	}
	n.h.step()
	response, err := n.under.RoundTrip(r)
	n.h.step()
	return response, err
}

// program is one more program on this computer.
func (h *history) program(step func()) *Computer {
	return &Computer{
		Dirs: dirsIn(h.dir), Docker: dyingDocker{h.docker, step}, Transport: h.network, Now: h.now,
		Keychain: keychain.Keychain{Place: func() (keychain.Place, error) {
			step()
			return h.place()
		}},
	}
}

func (h *history) place() (keychain.Place, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.locked {
		return keychain.Place{}, keychain.ErrLocked
	}
	return h.where(), nil
}

func (h *history) where() keychain.Place {
	return keychain.Place{Store: keychain.File, Dir: dirsIn(h.dir).State, KeyFile: h.keyFile}
}

// open is the keychain, whatever its lock.
func (h *history) open() keychain.Keychain {
	return keychain.Keychain{Place: func() (keychain.Place, error) { return h.where(), nil }}
}

// lock locks the keychain, or opens it: the helper reads from the settings
// where the key is.
func (h *history) lock(locked bool) {
	h.mu.Lock()
	h.locked = locked
	h.mu.Unlock()
	s := machine.Settings{Keychain: machine.KeychainSettings{Store: string(keychain.File), KeyFile: h.keyFile}}
	if locked {
		s.Keychain.KeyFile += ".taken"
	}
	text, err := json.Marshal(s)
	if err == nil {
		err = os.MkdirAll(dirsIn(h.dir).Config, 0o700)
	}
	if err == nil {
		err = os.WriteFile(dirsIn(h.dir).SettingsFile().Path(), text, 0o600)
	}
	if err != nil {
		h.Fatal(err)
	}
}

func (h *history) now() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.service.Now().Add(h.skew)
}

// note keeps the secrets that the keychain holds, which no file may.
func (h *history) note() {
	for _, text := range []string{h.token().Secret.Reveal(), h.session().Refresh.Reveal()} {
		if text != "" {
			h.secrets[text] = true
		}
	}
}

func (h *history) token() keychain.Token {
	one, err := h.open().GetToken(context.Background(), h.service.URL, "anna")
	if err != nil && !errors.Is(err, keychain.ErrNotFound) {
		h.Fatal(err)
	}
	return one
}

func (h *history) session() keychain.Session {
	one, err := h.open().GetSession(context.Background(), h.service.URL, "anna")
	if err != nil && !errors.Is(err, keychain.ErrNotFound) {
		h.Fatal(err)
	}
	return one
}

// helped is what the helper answers for the service's registry: a secret, or
// "" with docker's sentence.
func (h *history) helped() string {
	var out, errs bytes.Buffer
	status := helper.Helper{
		Getenv: func(name string) string {
			if name == "LANYARD_HOME" {
				return h.dir
			}
			return ""
		},
		Now: h.now,
	}.Run([]string{"get"}, strings.NewReader(strings.TrimPrefix(h.service.URL, "http://")), &out, &errs)
	text := out.String()
	h.said = errs.String()
	if status != 0 {
		if text != "credentials not found in native keychain\n" {
			h.Fatalf("the helper says %q, %q", text, errs.String())
		}
		return ""
	}
	_, rest, _ := strings.Cut(text, `"Secret":"`)
	secret, _, ok := strings.Cut(rest, `"`)
	if !ok {
		h.Fatal("the helper's answer is not of its format")
	}
	return secret
}

func (h *history) signIn(ctx context.Context) (Result, error) {
	server, err := client.Open(ctx, h.service.URL, h.network)
	if err != nil {
		return Result{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	flow := &Flow{Computer: h.computer, Server: server, OpenBrowser: func(address string) error {
		go func() {
			if err := h.person.Allow(address); err != nil {
				cancel() // nobody waits for who was killed
			}
		}()
		return nil
	}}
	return flow.Run(ctx)
}

// start is what every command does first.
func (h *history) start(c *Computer) error {
	_, err := c.Tidy(context.Background())
	return err
}

// elsewhere is another computer of anna's, which signs in, or the one that
// did so last.
func (h *history) elsewhere() (*client.Server, client.Grant) {
	server, err := client.Open(context.Background(), h.service.URL, h.service.Transport())
	if err != nil {
		h.Fatal(err)
	}
	attempt := client.NewAttempt("http://127.0.0.1:1/callback")
	told, err := h.person.Answer(server.AuthURL(attempt, "elsewhere"))
	if err != nil {
		h.Fatal(err)
	}
	g, err := server.Exchange(context.Background(), attempt, told.Get("code"))
	if err != nil {
		h.Fatal(err)
	}
	return server, g
}

// pass lets time pass, for everybody.
func (h *history) pass(d time.Duration) {
	h.service.Advance(d)
	if err := errors.Join(h.service.Flush(context.Background()), h.service.Store.Sweep(context.Background(), h.service.Now())); err != nil {
		h.Fatal(err)
	}
}

// use is a tool that asks the helper and then the service.
func (h *history) use() {
	secret := h.helped()
	if secret == "" {
		return
	}
	if _, err := h.service.Login("anna", secret); err != nil {
		h.Fatal(err)
	}
}

// never are the invariants that hold at every moment.
func (h *history) never() {
	ctx := context.Background()
	a, err := h.service.Accounts().ByLogin(ctx, "anna")
	if err != nil {
		h.Fatal(err)
	}
	sessions, err := h.service.Store.SessionsOf(ctx, a.ID)
	if err != nil {
		h.Fatal(err)
	}
	for _, s := range sessions {
		// I5: no two programs used one refresh token. A successor that was lost
		// with its answer, or with who was killed, is made up for within a day
		// (design §3); who asks later than that is not told from a thief.
		lost := !s.Refresh.CurrentUsed && s.EndedAt.Sub(s.Refresh.RotatedAt) >= aDay
		if s.Why == grant.WhyCodeReuse || s.Why == grant.WhyReuse && !lost {
			h.Fatalf("a session ended as %s: %+v", s.Why, s.Refresh)
		}
		if s.Why == grant.WhyReuse {
			h.did["lost for more than a day"]++
		}
	}
	if live, _, err := h.service.Alive("anna"); err != nil || len(live) > 5 { // I3
		h.Fatalf("%d live tokens, %v", len(live), err)
	}
	for _, t := range h.gone { // I6
		if status, err := h.service.Login("anna", t.Secret.Reveal()); err != nil || status != http.StatusUnauthorized {
			h.Fatalf("a token that a receipt said is refused is answered %d, %v", status, err)
		}
	}
	h.mu.Lock()
	locked := h.locked
	h.mu.Unlock()
	state, err := h.computer.state().Load()
	if err != nil {
		h.Fatal(err)
	}
	name, t := keychain.TokenName(h.service.URL, "anna"), h.token()
	served := h.helped()
	if served != "" {
		switch { // I9, I14
		case locked:
			h.Fatal("served from a locked keychain")
		case served != t.Secret.Reveal():
			h.Fatal("another secret is served than the keychain has")
		case state.Buried(name):
			h.Fatal("served what is to be removed")
		case !h.now().Before(t.Ends), state.HighWater.After(t.Ends):
			h.Fatalf("served at %v, past its end %v (mark %v)", h.now(), t.Ends, state.HighWater)
		}
	}
	h.note()
	h.secretless()
}

// secretless: I7.
func (h *history) secretless() {
	err := filepath.WalkDir(h.dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		for secret := range h.secrets {
			if bytes.Contains(text, []byte(secret)) {
				h.Fatalf("%s holds a secret", path)
			}
		}
		if errors.Is(err, os.ErrNotExist) {
			return nil
		}
		return err
	})
	if err != nil {
		h.Fatal(err)
	}
}

// settles: with the keychain open, the network there and the clock right, two
// starts leave nothing half done: I1, I8, I9, I11.
func (h *history) settles() {
	ctx := context.Background()
	h.lock(false)
	h.mu.Lock()
	h.skew = 0
	h.mu.Unlock()
	h.network.Lose = nil
	for range 2 {
		if err := h.start(h.computer); err != nil && !errors.Is(err, client.ErrEnded) {
			h.Fatalf("a start: %v", err)
		}
	}
	st, looked := Status{}, error(nil)
	if accounts, err := h.computer.Accounts(); err != nil || len(accounts) > 1 {
		h.Fatalf("%v %v", accounts, err)
	} else if len(accounts) == 1 {
		if st, looked = h.computer.Look(ctx, accounts[0], true); looked != nil && !errors.Is(looked, client.ErrEnded) && !errors.Is(looked, ErrNotSignedIn) {
			h.Fatalf("a look: %v", looked)
		}
	}
	names, err := h.open().List(ctx, "")
	if err != nil {
		h.Fatal(err)
	}
	state, err := h.computer.state().Load()
	if err != nil {
		h.Fatal(err)
	}
	tokens, sessions, err := h.service.Alive("anna")
	if err != nil {
		h.Fatal(err)
	}
	in := st.Session != nil && looked == nil
	want := 0
	if in {
		want = 2
	}
	if len(names) != want || len(state.Entries) != want || len(state.Tombstones) > 0 {
		h.Fatalf("signed in: %v; the keychain holds %q, the state %v %v", in, names, state.Entries, state.Tombstones)
	}
	if pending, err := h.computer.Pending(); err != nil || len(pending) > 0 {
		h.Fatalf("pending: %v %v", pending, err)
	}
	held := map[string]bool{h.token().UUID: true}
	for _, t := range h.away {
		held[t.UUID] = true
	}
	for _, id := range tokens {
		// A session that this computer ended by a clock that ran ahead is left
		// to its idle end; each other live token is known to a computer.
		if !held[id] && !h.skewed {
			h.Fatalf("the token %s lives, and no computer knows it", id)
		}
	}
	if in && !slices.Contains(sessions, st.Session.ID) {
		h.Fatal("signed in to a session that does not live")
	}
	if !in && len(state.Registries) > 0 {
		h.Fatalf("nobody is signed in, and %v is served", state.Registries)
	}
	served := h.helped()
	if on := len(state.Registries) > 0 && in; (served != "") != on {
		h.Fatalf("signed in: %v, served: %v (%s, %+v)", in, served != "", h.said, state)
	}
	left, err := filepath.Glob(filepath.Join(h.dir, "*", "*.new"))
	if err != nil || len(left) > 0 {
		h.Fatalf("temporary files: %q %v", left, err)
	}
	if in {
		h.did["settled, signed in"]++
	} else {
		h.did["settled, signed out"]++
	}
}

const aDay = 24 * time.Hour

// mend brings keychain and network back, most often: else nothing would ever
// be signed in.
func (h *history) mend(t *rapid.T) {
	if rapid.IntRange(0, 3).Draw(t, "mended") > 0 {
		h.lock(false)
		h.network.Lose = nil
	}
}

func (h *history) actions() map[string]func(*rapid.T) {
	ctx := context.Background()
	cut := func(t *rapid.T) int {
		return rapid.SampledFrom([]int{0, 0, 0, 1, 2, 3, 4, 5, 7, 9, 12, 16, 20, 25, 30, 40}).Draw(t, "killed at")
	}
	return map[string]func(*rapid.T){
		"sign in": func(t *rapid.T) {
			h.mend(t)
			h.dying(cut(t), func() {
				if _, err := h.signIn(ctx); err == nil {
					h.did["signed in"]++
				}
			})
		},
		"sign out": func(t *rapid.T) {
			before := h.token()
			h.dying(cut(t), func() {
				account, err := h.computer.Find("")
				if err != nil {
					return
				}
				r, err := h.computer.SignOut(ctx, account)
				if served := h.helped(); served != "" && !errors.Is(err, ErrBusy) {
					t.Fatalf("served after a sign-out: %v", err)
				}
				if err == nil && r.Refused && before.Secret != "" {
					h.gone = append(h.gone, before)
				}
				if err == nil && r.Pending != nil {
					h.did["signed out, pending"]++
				} else if err == nil {
					h.did["signed out"]++
				} else if errors.Is(err, ErrUnfinished) {
					h.did["signed out, locked"]++
				}
			})
		},
		"ask": func(t *rapid.T) {
			h.dying(cut(t), func() {
				if account, err := h.computer.Find(""); err == nil {
					_, _ = h.computer.Look(ctx, account, true)
				}
			})
		},
		"start": func(t *rapid.T) { h.dying(cut(t), func() { _ = h.start(h.computer) }) },
		"two programs": func(t *rapid.T) {
			var both sync.WaitGroup
			for range 2 {
				other := h.program(func() {})
				other.Transport = &service.Network{Under: h.service.Transport(), Lose: h.network.Lose}
				both.Go(func() {
					if account, err := other.Find(""); err == nil {
						_, _ = other.Access(ctx, account)
					}
					_ = h.start(other)
				})
			}
			both.Wait()
			h.did["two programs"]++
		},
		"use": func(*rapid.T) { h.use() },
		"lock": func(t *rapid.T) {
			h.lock(rapid.IntRange(0, 3).Draw(t, "locked") == 3)
		},
		"network": func(t *rapid.T) {
			switch loss := rapid.SampledFrom([]service.Loss{service.Nothing, service.Nothing, service.Nothing, service.Request, service.Answer}).Draw(t, "loss"); loss {
			case service.Nothing:
				h.network.Lose = nil
			case service.Answer: // of what changes something
				h.network.Lose = func(r *http.Request) service.Loss {
					if r.Method == http.MethodPost {
						return service.Answer
					}
					return service.Nothing
				}
				h.did["answers lost"]++
			default:
				h.network.Lose = offline
				h.did["offline"]++
			}
		},
		"time passes": func(t *rapid.T) {
			h.pass(rapid.SampledFrom([]time.Duration{time.Minute, 11 * time.Minute, time.Hour, aDay, 5 * aDay, 12 * aDay, 31 * aDay}).Draw(t, "time"))
		},
		"the clock jumps": func(t *rapid.T) {
			if !h.jumps {
				return
			}
			h.mu.Lock()
			h.skew = rapid.SampledFrom([]time.Duration{0, 0, 0, time.Minute, 40 * aDay, -40 * aDay}).Draw(t, "skew")
			h.skewed = h.skewed || h.skew != 0
			h.mu.Unlock()
		},
		"a person, elsewhere": func(t *rapid.T) {
			server, g := h.elsewhere()
			own := h.token().UUID
			switch act := rapid.SampledFrom([]string{"delete", "deactivate", "revoke", "disable", "sign in"}).Draw(t, "act"); {
			case act == "sign in":
				id := strings.Repeat("a", 60) + fmt.Sprintf("%04d", len(h.away))
				if made, err := server.Generate(ctx, g.Access, client.Machine{Installation: id, Machine: "elsewhere", OS: "linux"}); err == nil {
					h.away = append(h.away, made)
					h.did["elsewhere"]++
				}
				return // its session lives on
			case own == "":
			case act == "delete":
				if server.Delete(ctx, g.Access, own) == nil {
					h.did["deleted"]++
				}
			case act == "deactivate":
				active := rapid.Bool().Draw(t, "active")
				if _, err := server.Change(ctx, g.Access, own, client.Patch{Active: &active}); err == nil {
					h.did["deactivated"]++
				}
			case act == "revoke":
				end := func(one grant.Session) (grant.Session, error) {
					return one.End(grant.WhySignedOut, h.service.Now()), nil
				}
				if h.service.Store.ChangeSession(ctx, h.session().SessionID, end) == nil {
					h.did["revoked"]++
				}
			case act == "disable": // until this computer has noticed
				a, err := h.service.Accounts().ByLogin(ctx, "anna")
				if err != nil {
					t.Fatal(err)
				}
				if err := h.service.Accounts().SetDisabled(ctx, a.ID, true); err != nil {
					t.Fatal(err)
				}
				if account, err := h.computer.Find(""); err == nil {
					_, _ = h.computer.Look(ctx, account, true)
				}
				if err := h.service.Accounts().SetDisabled(ctx, a.ID, false); err != nil {
					t.Fatal(err)
				}
				h.did["disabled"]++
				h.person = h.service.Sit("anna")
			}
			if err := server.Revoke(ctx, g.Refresh); err != nil {
				t.Fatal(err)
			}
		},
		"settle": func(*rapid.T) { h.settles() },
		"":       func(*rapid.T) { h.never() },
	}
}

// long sets how many histories are played, and how long each is. LANYARD_FAULTS
// asks for more, twice as many as it says; -rapid.seed repeats a run.
func long(t *testing.T, checks, steps int) {
	t.Helper()
	if more, err := strconv.Atoi(os.Getenv("LANYARD_FAULTS")); err == nil && more > 0 {
		checks = 2 * more
	}
	for name, value := range map[string]string{"rapid.checks": strconv.Itoa(checks), "rapid.steps": strconv.Itoa(steps)} {
		old := flag.Lookup(name).Value.String()
		if err := flag.Set(name, value); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = flag.Set(name, old) })
	}
	if seed := flag.Lookup("rapid.seed"); seed.Value.String() == "0" {
		if err := flag.Set("rapid.seed", strconv.FormatInt(time.Now().UnixNano(), 10)); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = flag.Set("rapid.seed", "0") })
	}
	t.Logf("%d histories of about %d steps, -rapid.seed=%s", checks, steps, flag.Lookup("rapid.seed").Value)
}

// Whatever happens in whatever order, what must never be is not, and a start
// with everything in its place settles all of it.
func TestHistoriesOfASession(t *testing.T) {
	long(t, 12, 25)
	did := map[string]int{}
	before := runtime.NumGoroutine()
	rapid.Check(t, func(r *rapid.T) {
		dir, err := os.MkdirTemp(memory(), "history-*")
		if err != nil {
			r.Fatal(err)
		}
		defer func() { _ = os.RemoveAll(dir) }()
		h := newHistory(r, dir, did)
		h.jumps = rapid.IntRange(0, 2).Draw(r, "the clock may jump") == 2
		if rapid.IntRange(0, 3).Draw(r, "signed in before") > 0 {
			if _, err := h.signIn(r.Context()); err != nil {
				r.Fatal(err)
			}
		}
		r.Repeat(h.actions())
		h.settles()
		h.never()
		// I8: after the idle period nothing lives that nobody uses.
		h.pass(31 * aDay)
		h.settles()
		if tokens, sessions, err := h.service.Alive("anna"); len(tokens)+len(sessions) > 0 || err != nil {
			r.Fatalf("%d tokens and %d sessions outlive their idle end, %v", len(tokens), len(sessions), err)
		}
	})
	t.Logf("what happened: %v", did)
	checks, err := strconv.Atoi(flag.Lookup("rapid.checks").Value.String())
	many := err != nil || checks >= 100 // of a few, chance may leave something out
	for _, what := range []string{"signed in", "signed out", "killed", "settled, signed in", "settled, signed out"} {
		if did[what] == 0 && many && !t.Failed() {
			t.Errorf("nothing was ever %s", what)
		}
	}
	http.DefaultTransport.(*http.Transport).CloseIdleConnections()
	for end := time.Now().Add(10 * time.Second); runtime.NumGoroutine() > before+5; time.Sleep(10 * time.Millisecond) { // I11
		if time.Now().After(end) {
			var stacks [1 << 16]byte
			t.Fatalf("%d goroutines, %d before:\n%s", runtime.NumGoroutine(), before, stacks[:runtime.Stack(stacks[:], true)])
		}
	}
}

// memory is a folder in memory, where there is one: a history syncs thousands
// of times, and what a disk loses in a power cut is for other tests.
func memory() string {
	if info, err := os.Stat("/dev/shm"); err == nil && info.IsDir() {
		return "/dev/shm"
	}
	return ""
}
