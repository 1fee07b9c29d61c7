package helper

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/docker/docker-credential-helpers/credentials"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"lanyard/backend/internal/keyringtest"
	"lanyard/backend/keychain"
	"lanyard/backend/machine"
)

// The test binary is its own keychain worker: what the helper does in its own
// process, where it ends at once, would share one connection among tests here.
func TestMain(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == "keychain-worker" {
		if err := keychain.RunWorker(os.Stdin, os.Stdout); err != nil {
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

const (
	server   = "http://localhost:8460"
	host     = "localhost:8460"
	secret   = "lyd_auto_canary"
	notFound = "credentials not found in native keychain\n"
	day      = 24 * time.Hour
)

var birth = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// desk is a computer on which ann may be signed in.
type desk struct {
	t       *testing.T
	session *keyringtest.Session
	keys    keychain.Keychain
	dirs    machine.Dirs
	now     time.Time
	limit   time.Duration
}

func newDesk(t *testing.T, o keyringtest.Options) *desk {
	t.Helper()
	s := keyringtest.StartWith(t, o)
	s.Enter(t)
	t.Setenv("LANYARD_HOME", s.Home)
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dirs, err := machine.DirsFrom(os.Getenv)
	if err != nil {
		t.Fatal(err)
	}
	return &desk{
		t: t, session: s, dirs: dirs, now: birth, limit: time.Minute, // others may be at work on this computer
		keys: keychain.Keychain{Worker: &keychain.Worker{Path: self}, Limit: time.Minute},
	}
}

func (d *desk) must(err error) {
	d.t.Helper()
	if err != nil {
		d.t.Fatal(err)
	}
}

func (d *desk) update(fn func(*machine.State)) {
	d.t.Helper()
	d.must(d.dirs.StateFile().Update(func(s *machine.State) error { fn(s); return nil }))
}

func (d *desk) state() machine.State {
	d.t.Helper()
	s, err := d.dirs.StateFile().Load()
	d.must(err)
	return s
}

var (
	tokenName   = keychain.TokenName(server, "ann")
	sessionName = keychain.SessionName(server, "ann")
)

// signIn is what signing in leaves behind.
func (d *desk) signIn(hosts ...string) {
	d.t.Helper()
	d.must(d.keys.PutToken(d.t.Context(), server, "ann", keychain.Token{
		Username: "ann", Secret: secret, UUID: "u", Ends: birth.Add(90 * day), Idle: 30 * day,
	}))
	d.must(d.keys.PutSession(d.t.Context(), server, "ann", keychain.Session{Refresh: "lyd_ref_canary", SessionID: "s"}))
	d.update(func(s *machine.State) {
		s.Added(tokenName, birth)
		s.Added(sessionName, birth)
		for _, h := range hosts {
			s.Serve(h, server, "ann")
		}
	})
}

// run is one run of the helper.
func (d *desk) run(action, in string) (out, errs string, status int) {
	d.t.Helper()
	return d.read(action, strings.NewReader(in))
}

func (d *desk) read(action string, in io.Reader) (out, errs string, status int) {
	d.t.Helper()
	h := Helper{
		Getenv: os.Getenv, Version: "v1", Keys: d.keys, Limit: d.limit,
		Now: func() time.Time { return d.now },
	}
	var o, e strings.Builder
	status = h.Run([]string{action}, in, &o, &e)
	if e.Len() > 0 && (!strings.HasPrefix(e.String(), "lanyard: ") || strings.Count(e.String(), "\n") != 1) {
		d.t.Errorf("stderr is no single line of ours: %q", e.String())
	}
	if strings.Contains(e.String(), "canary") {
		d.t.Errorf("stderr holds a secret: %q", e.String())
	}
	return o.String(), e.String(), status
}

func (d *desk) serves(key string) {
	d.t.Helper()
	out, errs, status := d.run("get", key)
	var got map[string]string
	if err := json.Unmarshal([]byte(out), &got); err != nil {
		d.t.Fatalf("get %q: %q %q %d", key, out, errs, status)
	}
	want := map[string]string{"ServerURL": strings.TrimSpace(key), "Username": "ann", "Secret": secret}
	if diff := cmp.Diff(want, got); diff != "" || errs != "" || status != 0 {
		d.t.Errorf("get %q: %s %q %d", key, diff, errs, status)
	}
}

// refuses checks that a get goes on without credentials, with a reason that
// holds the given words; "" wants none.
func (d *desk) refuses(key, reason string) {
	d.t.Helper()
	out, errs, status := d.run("get", key)
	if out != notFound || status != 1 {
		d.t.Errorf("get %q: %q, status %d", key, out, status)
	}
	if (reason == "") != (errs == "") || !strings.Contains(errs, reason) {
		d.t.Errorf("get %q: the reason is %q, want %q", key, errs, reason)
	}
}

func (d *desk) done(action, in string) (errs string) {
	d.t.Helper()
	out, errs, status := d.run(action, in)
	if out != "" || status != 0 {
		d.t.Errorf("%s %.80q: %q, status %d", action, in, out, status)
	}
	return errs
}

func (d *desk) list() map[string]string {
	d.t.Helper()
	out, _, status := d.run("list", "unused")
	var got map[string]string
	if err := json.Unmarshal([]byte(out), &got); err != nil || status != 0 {
		d.t.Fatalf("list: %q %d", out, status)
	}
	return got
}

func storing(key, user, secret string) string {
	raw, _ := json.Marshal(map[string]string{"ServerURL": key, "Username": user, "Secret": secret})
	return string(raw) + "\n"
}

func TestGet(t *testing.T) {
	d := newDesk(t, keyringtest.Options{})
	d.refuses(host, "")
	d.signIn(host, "docker.io")
	for _, key := range []string{
		host, "LOCALHOST:8460", "http://localhost:8460", "https://localhost:8460/v2/", host + "\n",
		"https://index.docker.io/v1/", "docker.io", "index.docker.io", "registry-1.docker.io",
	} {
		d.serves(key)
	}
	for _, key := range []string{
		"localhost", "localhost:8461", "localhost:8460.evil.io", "evil.io/localhost:8460", "evil-localhost:8460", "host", "hub-tool",
		"localhost:8460/ann/app", "index.docker.io/library/alpine", "ghcr.io", "auth.docker.io", "docker.io.evil.io", "user@localhost:8460",
		"https://index.docker.io/v1/access-token", "https://index.docker.io/v1/refresh-token", "docker.io/v1/access-token",
		"token/http:%2F%2Flocalhost:8460/ann", tokenName, "ftp://localhost:8460", "localhost%3a8460", "localhost:08460",
	} {
		d.refuses(key, "")
	}
}

// CVE-2020-5260, CVE-2020-11008, CVE-2024-50338, CVE-2024-52006, CVE-2025-23040,
// CVE-2024-53263, CVE-2024-50349, and their like.
func TestGetRefusesBadInput(t *testing.T) {
	d := newDesk(t, keyringtest.Options{})
	d.signIn(host, "good.io", "good.io.evil.io")
	for name, in := range map[string]string{
		"LF":              "good.io\n.evil.io",
		"LF before":       "\ngood.io",
		"two lines":       "evil.io\ngood.io\n",
		"CR":              "good.io\r",
		"CRLF":            "good.io\r\n",
		"NUL":             "good.io\x00",
		"escape sequence": "good.io\x1b[2K",
		"tab":             "good.io\t",
		"DEL":             "good.io\x7f",
		"zero width":      "good.io\u200b",
		"invalid UTF-8":   "good.io\xff",
		"byte order mark": "\ufeffgood.io",
		"64 KiB and more": "good.io" + strings.Repeat(" ", maxInput),
		"64 KiB of name":  strings.Repeat("a", maxInput+1),
		"empty":           "",
		"blank":           "   ",
		"empty line":      "\n",
	} {
		t.Run(name, func(t *testing.T) {
			d := *d
			d.t = t
			d.refuses(in, "lanyard: ")
		})
	}
	for _, key := range []string{"https://", "gооd.io", "ｇｏｏｄ.io", " good.io", "good.io ", "good.io/é"} {
		d.refuses(key, "")
	}
	d.serves("good.io")
}

// A tool that never stops sending, or never closes our input, does not hold us.
func TestInputThatNeverEnds(t *testing.T) {
	d := newDesk(t, keyringtest.Options{NoBus: true})
	if out, _, status := d.read("get", endless{}); out != notFound || status != 1 {
		t.Errorf("endless: %q %d", out, status)
	}
	d.limit = 50 * time.Millisecond
	r, w := io.Pipe()
	defer w.Close()
	for _, action := range []string{"get", "erase", "store"} {
		out, errs, status := d.read(action, r)
		if status != 1 || action == "get" && (out != notFound || errs == "") {
			t.Errorf("%s of an open pipe: %q %q %d", action, out, errs, status)
		}
	}
	// A line is enough: the pipe stays open.
	r, w = io.Pipe()
	defer w.Close()
	go func() { _, _ = w.Write([]byte("unmanaged.io\n")) }()
	d.limit = time.Minute
	if out, errs, _ := d.read("get", r); out != notFound || errs != "" {
		t.Errorf("a line in an open pipe: %q %q", out, errs)
	}
}

type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'a'
	}
	return len(p), nil
}

func TestEnd(t *testing.T) {
	for _, tt := range []struct {
		name string
		now  time.Duration
		used time.Duration // latest noted get; 0: none
		high time.Duration // high-water mark
		over bool
	}{
		{"unused, a moment before 30 days", 30*day - time.Microsecond, 0, 0, false},
		{"unused for 30 days", 30 * day, 0, 0, true},
		{"used, and then not for 30 days", 50 * day, 20 * day, 0, true},
		{"used daily, day 89", 89 * day, 88 * day, 0, false},
		{"used daily, day 90", 90 * day, 89 * day, 0, true},
		{"clock set back after the end", day, 0, 91 * day, true},
		{"clock before the sign-in", -400 * day, 0, 0, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := newDesk(t, keyringtest.Options{})
			d.signIn(host)
			if tt.used != 0 {
				d.must(d.dirs.StateFile().Note(tokenName, birth.Add(tt.used)))
			}
			d.update(func(s *machine.State) { s.HighWater = birth.Add(tt.high) })
			d.now = birth.Add(tt.now)
			if !tt.over {
				d.serves(host)
				return
			}
			d.refuses(host, "has ended")
			for _, name := range []string{tokenName, sessionName} {
				if _, err := d.keys.Get(t.Context(), name); !errors.Is(err, keychain.ErrNotFound) {
					t.Errorf("%s is still there: %v", name, err)
				}
			}
			if s := d.state(); len(s.Tombstones) != 0 || len(s.Entries) != 0 {
				t.Errorf("the removal is not finished: %+v", s)
			}
			d.now = birth // the clock set back brings nothing back
			d.refuses(host, host+": the session has run out")
			d.refuses("unmanaged.io", "")
			d.signIn(host)
			d.serves(host)
		})
	}
}

// A get that saw the old session's end does not take the new one with it.
func TestEndLeavesANewSession(t *testing.T) {
	d := newDesk(t, keyringtest.Options{})
	d.signIn(host)
	h := Helper{Keys: d.keys, Limit: d.limit, Getenv: os.Getenv}
	c := &call{ctx: t.Context(), helper: h, file: d.dirs.StateFile()}
	seen := d.state().Life(tokenName, birth, 0)
	d.update(func(s *machine.State) { s.Added(tokenName, birth.Add(day)) })
	c.end(machine.Registry{Server: server, Account: "ann"}, seen, birth.Add(day))
	d.now = birth.Add(day)
	d.serves(host)
}

// Whoever uses the token daily keeps it, by the helper's own notes alone.
func TestUseIsNoted(t *testing.T) {
	d := newDesk(t, keyringtest.Options{})
	d.signIn(host)
	for i := 0; i < 90; i += 18 {
		d.now = birth.Add(time.Duration(i) * day)
		d.serves(host)
	}
	if used := d.state().Entries[tokenName].Used; !used.Equal(birth.Add(72 * day)) {
		t.Errorf("noted %v", used)
	}
	d.now = birth.Add(90 * day)
	d.refuses(host, "has ended")
}

// Security fact 3: what is buried is not served, whatever the keyring holds,
// and goes as soon as the keyring lets it.
func TestBuried(t *testing.T) {
	d := newDesk(t, keyringtest.Options{})
	d.signIn(host)
	d.update(func(s *machine.State) { s.Bury(tokenName, birth); s.Bury(sessionName, birth) })
	d.must(d.session.KillDaemon()) // the bus starts it again, locked
	d.refuses(host, "signed out")
	if !d.state().Buried(tokenName) {
		t.Error("the tombstone is gone, and the entry is not")
	}
	d.must(d.session.StartDaemon())
	if _, err := d.keys.GetToken(t.Context(), server, "ann"); err != nil {
		t.Errorf("the keyring should still hold it: %v", err)
	}
	d.refuses(host, "signed out")
	if _, err := d.keys.GetToken(t.Context(), server, "ann"); !errors.Is(err, keychain.ErrNotFound) {
		t.Errorf("it is still there: %v", err)
	}
	if s := d.state(); len(s.Tombstones) != 0 {
		t.Errorf("left %v", s.Tombstones)
	}
}

// A get of a living token takes what is buried with it.
func TestGetSweeps(t *testing.T) {
	d := newDesk(t, keyringtest.Options{})
	d.signIn(host)
	d.must(d.keys.PutToken(t.Context(), server, "old", keychain.Token{Username: "old", Secret: "x"}))
	d.update(func(s *machine.State) { s.Bury(keychain.TokenName(server, "old"), birth) })
	d.serves(host)
	if _, err := d.keys.GetToken(t.Context(), server, "old"); !errors.Is(err, keychain.ErrNotFound) {
		t.Errorf("it is still there: %v", err)
	}
}

func TestKeychainStates(t *testing.T) {
	for name, tt := range map[string]struct {
		options keyringtest.Options
		reason  string
		then    func(*desk)
	}{
		"locked":              {keyringtest.Options{}, "locked", func(d *desk) { d.signIn(host); d.must(d.session.Lock()) }},
		"killed":              {keyringtest.Options{}, "locked", func(d *desk) { d.signIn(host); d.must(d.session.KillDaemon()) }},
		"no bus":              {keyringtest.Options{NoBus: true}, "no keychain answers", nil},
		"bus without service": {keyringtest.Options{NoDaemon: true}, "no keychain answers", nil},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t, tt.options)
			d.update(func(s *machine.State) { s.Serve(host, server, "ann"); s.Added(tokenName, birth) })
			if tt.then != nil {
				tt.then(d)
			}
			d.refuses(host, tt.reason)
			d.refuses("unmanaged.io", "")
			out, _, status := d.run("store", storing("unmanaged.io", "bob", "canary"))
			if status != 1 || !strings.Contains(out, "keychain") || strings.Contains(out, "canary") {
				t.Errorf("store: %q %d", out, status)
			}
			if got := d.list(); len(got) != 1 || got[host] != "ann" {
				t.Errorf("list: %v", got)
			}
			d.done("erase", host) // logout works
			d.refuses(host, "logged out")
		})
	}
}

func TestEntryThatCannotBeRead(t *testing.T) {
	d := newDesk(t, keyringtest.Options{})
	d.signIn(host)
	for _, value := range []string{"", "canary", `{"v":2,"username":"canary"}`} {
		d.must(d.keys.Put(t.Context(), tokenName, []byte(value)))
		d.refuses(host, "unreadable keychain entry")
	}
}

func TestStateThatCannotBeRead(t *testing.T) {
	d := newDesk(t, keyringtest.Options{NoBus: true})
	d.update(func(s *machine.State) { s.Serve(host, server, "ann") })
	for text, reason := range map[string]string{"": "damaged", "{": "damaged", `{"v":9}`: "newer"} {
		d.must(os.WriteFile(d.dirs.StateFile().Path(), []byte(text), 0o600))
		d.refuses(host, reason)
		if got := d.list(); len(got) != 0 {
			t.Errorf("list: %v", got)
		}
		for action, in := range map[string]string{"erase": host, "store": storing(host, "a", "b")} {
			if out, _, status := d.run(action, in); status != 1 || !strings.Contains(out, reason) {
				t.Errorf("%s: %q %d", action, out, status)
			}
		}
	}
	t.Setenv("LANYARD_HOME", "")
	t.Setenv("HOME", "")
	d.refuses(host, "HOME")
}

// What a tool stores itself is its own: exactly its key, in every direction.
func TestStore(t *testing.T) {
	d := newDesk(t, keyringtest.Options{})
	d.signIn(host)
	keys := []string{"ghcr.io", "https://index.docker.io/v1/", "https://index.docker.io/v1/access-token", "https://index.docker.io/v1/refresh-token", "hub-tool-token"}
	for _, key := range keys {
		d.done("store", storing(key, "<token>", "s<&>é "+key))
	}
	for _, key := range keys {
		out, errs, status := d.run("get", key)
		var got struct{ Username, Secret string }
		if err := json.Unmarshal([]byte(out), &got); err != nil || got.Username != "<token>" || got.Secret != "s<&>é "+key || errs != "" || status != 0 {
			t.Errorf("get %s: %q %q %d", key, out, errs, status)
		}
	}
	d.refuses("https://ghcr.io", "")
	d.refuses("docker.io", "")
	want := map[string]string{host: "ann"}
	for _, key := range keys {
		want[key] = "<token>"
	}
	if diff := cmp.Diff(want, d.list()); diff != "" {
		t.Error(diff)
	}
	d.done("store", storing("ghcr.io", "eve", "two")) // again
	if out, _, _ := d.run("get", "ghcr.io"); !strings.Contains(out, `"eve"`) || !strings.Contains(out, `"two"`) {
		t.Errorf("stored twice: %s", out)
	}
	d.done("erase", "ghcr.io")
	d.done("erase", "ghcr.io")
	d.refuses("ghcr.io", "")
	if _, err := d.keys.GetStored(t.Context(), "ghcr.io"); !errors.Is(err, keychain.ErrNotFound) {
		t.Errorf("erased, and there: %v", err)
	}
	d.serves(host)
}

func TestStoreRefuses(t *testing.T) {
	d := newDesk(t, keyringtest.Options{})
	for name, in := range map[string]string{
		"empty":             "",
		"no JSON":           "canary",
		"array":             `["canary"]`,
		"null":              "null",
		"cut off":           `{"ServerURL":"a.io","Username":"u","Secret":"canary"`,
		"two values":        storing("a.io", "u", "canary")[:10] + storing("a.io", "u", "canary"),
		"more behind":       strings.TrimSpace(storing("a.io", "u", "canary")) + "x",
		"two lines":         storing("a.io", "u", "canary") + storing("b.io", "u", "canary"),
		"twice":             `{"ServerURL":"a.io","ServerURL":"b.io","Username":"u","Secret":"canary"}`,
		"twice, other case": `{"ServerURL":"a.io","serverurl":"b.io","Username":"u","Secret":"canary"}`,
		"number":            `{"ServerURL":1,"Username":"u","Secret":"canary"}`,
		"null key":          `{"ServerURL":null,"Username":"u","Secret":"canary"}`,
		"no key":            `{"Username":"u","Secret":"canary"}`,
		"no user":           `{"ServerURL":"a.io","Secret":"canary"}`,
		"LF in key":         storing("a.io\nb.io", "u", "canary"),
		"CR in key":         storing("a.io\r", "u", "canary"),
		"zero width in key": storing("a\u200b.io", "u", "canary"),
		"bidi in key":       storing("a\u202eoi.b", "u", "canary"),
		"no secret":         `{"ServerURL":"a.io","Username":"canary"}`,
		"null user":         `{"ServerURL":"a.io","Username":null,"Secret":"canary"}`,
		"empty key":         storing("", "u", "canary"),
		"blank key":         storing("  ", "u", "canary"),
		"LF in user":        storing("a.io", "u\nv", "canary"),
		"invalid UTF-8":     "{\"ServerURL\":\"a.io\",\"Username\":\"u\",\"Secret\":\"canary\xff\"}",
		"too big":           storing("a.io", "u", "canary"+strings.Repeat("x", 40<<10)),
		"64 KiB and more":   storing("a.io", "u", "canary"+strings.Repeat("x", maxInput)),
		"deep":              strings.Repeat(`{"a":`, 10_000),
	} {
		t.Run(name, func(t *testing.T) {
			d := *d
			d.t = t
			out, _, status := d.run("store", in)
			if status != 1 || out == "" || strings.Contains(out, "canary") {
				t.Errorf("%q %d", out, status)
			}
		})
	}
	if s := d.state(); len(s.Entries) != 0 {
		t.Errorf("something was stored: %v", s.Entries)
	}
	if names, err := d.keys.List(t.Context(), ""); err != nil || len(names) != 0 {
		t.Errorf("something was stored: %v %v", names, err)
	}
}

// docker login never overwrites a token of ours, and docker logout is never
// undone behind the person's back.
func TestManagedHost(t *testing.T) {
	d := newDesk(t, keyringtest.Options{})
	d.signIn(host, "docker.io")
	for _, other := range []string{storing(host, "bob", "b"), storing(host, "ann", "b"), storing("http://"+host, "bob", secret)} {
		out, _, status := d.run("store", other)
		if status != 1 || !strings.Contains(out, "lanyard logout") || strings.Contains(out, "canary") {
			t.Errorf("store over ours: %q %d", out, status)
		}
	}
	d.done("store", storing(host, "ann", secret)) // with what it got from us
	d.serves(host)

	if reason := d.done("erase", host); !strings.Contains(reason, "lanyard logout") {
		t.Errorf("docker logout says %q", reason)
	}
	for _, again := range []string{host, "http://" + host, "https://" + host} {
		if reason := d.done("erase", again); reason != "" {
			t.Errorf("and again: %q", reason)
		}
	}
	d.refuses(host, "logged out")
	d.serves("docker.io") // the same token, for another host
	if got := d.list(); !maps.Equal(got, map[string]string{"https://index.docker.io/v1/": "ann"}) {
		t.Errorf("list: %v", got)
	}

	d.done("store", storing(host, "bob", "own")) // docker login with one's own
	if out, _, _ := d.run("get", host); !strings.Contains(out, `"bob"`) {
		t.Errorf("bob's: %s", out)
	}
	d.done("erase", host)
	d.refuses(host, "logged out")
	d.signIn(host)
	d.serves(host)
}

func TestEraseWhileLocked(t *testing.T) {
	d := newDesk(t, keyringtest.Options{})
	d.done("store", storing("ghcr.io", "bob", "x"))
	d.must(d.session.KillDaemon())
	d.done("erase", "ghcr.io")
	d.refuses("ghcr.io", "")
	d.must(d.session.StartDaemon())
	d.refuses("ghcr.io", "")
	d.done("store", storing("ghcr.io", "bob", "new")) // takes the tombstone back
	if out, _, _ := d.run("get", "ghcr.io"); !strings.Contains(out, `"new"`) {
		t.Errorf("stored again: %s", out)
	}
}

func TestUsage(t *testing.T) {
	for _, tt := range []struct {
		args   []string
		status int
		out    string
	}{
		{nil, 1, "Usage: docker-credential-lanyard"},
		{[]string{"get", "x"}, 1, "Usage: docker-credential-lanyard"},
		{[]string{"--help"}, 0, "Usage: docker-credential-lanyard"},
		{[]string{"version"}, 0, "docker-credential-lanyard (lanyard) v1\n"},
		{[]string{"--version"}, 0, "docker-credential-lanyard (lanyard) v1\n"},
		{[]string{"steal"}, 1, "unknown action"},
	} {
		var out, errs strings.Builder
		h := Helper{Getenv: func(string) string { return "/nonexistent" }, Version: "v1"}
		if status := h.Run(tt.args, strings.NewReader("x"), &out, &errs); status != tt.status || !strings.Contains(out.String(), tt.out) {
			t.Errorf("%q: %q %d", tt.args, out.String(), status)
		}
	}
}

func TestPanicTellsNothing(t *testing.T) {
	h := Helper{Getenv: func(string) string { panic("canary") }}
	for action, want := range map[string]string{"get": notFound, "erase": "lanyard: internal error\n"} {
		var out, errs strings.Builder
		if status := h.Run([]string{action}, strings.NewReader("x"), &out, &errs); status != 1 || out.String() != want || strings.Contains(errs.String(), "canary") {
			t.Errorf("%s: %q %q %d", action, out.String(), errs.String(), status)
		}
	}
}

// GO-2026-6225: for any key, something is found only if its canonical host is
// one of those signed in to.
func TestFindIsAnchored(t *testing.T) {
	s := machine.State{Registries: map[string]machine.Registry{host: {Server: server, Account: "ann"}, "docker.io": {Server: server, Account: "ann"}}}
	known := map[string]bool{"localhost:8460": true, "docker.io": true, "index.docker.io": true, "registry-1.docker.io": true}
	alphabet := []string{"localhost", ":8460", ":8461", "docker.io", "index.", "registry-1.", "evil.io", ".", "/", "@", "\n", "\x00", "é", "%", "/v1/", "access-token", "-", "a"}
	rapid.Check(t, func(t *rapid.T) {
		key := strings.Join(rapid.SliceOfN(rapid.SampledFrom(alphabet), 1, 5).Draw(t, "key"), "")
		bare := key
		for _, path := range []string{"/v1/", "/"} {
			if cut, ok := strings.CutSuffix(bare, path); ok {
				bare = cut
				break
			}
		}
		if _, _, managed := find(s, key); managed != known[bare] {
			t.Fatalf("%q: managed %v", key, managed)
		}
	})
}

func FuzzInput(f *testing.F) {
	f.Add([]byte("localhost:8460\n"))
	f.Add([]byte(storing("a.io", "u", "s")))
	f.Fuzz(func(t *testing.T, in []byte) {
		if key, err := readKey(strings.NewReader(string(in))); err == nil {
			if strings.TrimSuffix(string(in), "\n") != key || strings.ContainsFunc(key, unicode.IsControl) || strings.TrimSpace(key) == "" {
				t.Fatalf("accepted %q as %q", in, key)
			}
		}
		if c, err := readCredentials(strings.NewReader(string(in))); err == nil {
			if checkKey(c.ServerURL) != nil || !utf8.ValidString(c.Username+c.Secret) || !json.Valid(in) {
				t.Fatalf("accepted %q", in)
			}
		} else if c != (credentials.Credentials{}) {
			t.Fatalf("refused, and returned %q", in)
		}
	})
}

// The helper leaves nothing in the state folder that only it knows of.
func TestFilesInStateFolder(t *testing.T) {
	d := newDesk(t, keyringtest.Options{})
	d.signIn(host)
	d.serves(host)
	for _, pattern := range []string{"*", "used/*"} {
		paths, err := filepath.Glob(filepath.Join(d.dirs.State, pattern))
		d.must(err)
		for _, path := range paths {
			raw, err := os.ReadFile(path)
			if err == nil && strings.Contains(string(raw), "canary") {
				t.Errorf("%s holds a secret", path)
			}
			info, err := os.Stat(path)
			if err != nil || info.Mode().Perm()&0o077 != 0 {
				t.Errorf("%s: %v %v", path, info.Mode(), err)
			}
		}
		if len(paths) == 0 {
			t.Error(fmt.Sprint("nothing at ", pattern))
		}
	}
}
