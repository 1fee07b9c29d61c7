package helper

import (
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/netip"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode"

	"pgregory.net/rapid"

	"lanyard/backend/internal/keyringtest"
	"lanyard/backend/keychain"
	"lanyard/backend/machine"
)

// The attacks on a helper: on what it is asked (I1 to I3), on what it holds (I4,
// I6), and by what it lets out (I5). What other people's helpers let through is
// named by its number.

// registered are the canonical hosts of these tests.
var registered = []string{"localhost:8460", "good.io", "registry.example:5000", "docker.io", "[2001:db8::1]:5000", "xn--mnchen-3ya.example"}

// spellings says, without any code of ours, which keys mean a registered host:
// the ways in which docker, podman, skopeo, crane, regctl, oras and helm spell a
// registry, and Docker Hub's names.
var spellings = func() []*regexp.Regexp {
	const front, back = `^(?:https?://)?`, `(?:/|/v1|/v1/|/v2|/v2/)?$`
	var all []*regexp.Regexp
	for _, host := range registered {
		forms := []string{front + regexp.QuoteMeta(host) + back}
		switch {
		case host == "docker.io":
			forms = []string{
				front + `(?:docker\.io|index\.docker\.io|registry-1\.docker\.io)` + back,
				`^(?:https://)?(?:docker\.io|index\.docker\.io|registry-1\.docker\.io):443` + back,
				`^http://(?:docker\.io|index\.docker\.io|registry-1\.docker\.io):80` + back,
			}
		case !regexp.MustCompile(`:\d+$`).MatchString(host): // default ports
			name := regexp.QuoteMeta(host)
			forms = append(forms, `^(?:https://)?`+name+`:443`+back, `^http://`+name+`:80`+back)
		case strings.HasPrefix(host, "["): // every spelling of the address, see meant
			forms = []string{front + `\[([0-9a-f:.]+)\]:5000` + back}
		}
		for _, f := range forms {
			all = append(all, regexp.MustCompile(`(?i)`+f))
		}
	}
	return all
}()

// meant is what a key means; false: nothing that is registered.
func meant(key string) bool {
	for _, r := range key {
		if r > unicode.MaxASCII { // (?i) folds the Kelvin sign and the long s
			return false
		}
	}
	for _, r := range spellings {
		if m := r.FindStringSubmatch(key); len(m) == 2 {
			if ip, err := netip.ParseAddr(m[1]); err == nil && ip == netip.MustParseAddr("2001:db8::1") {
				return true
			}
		} else if m != nil {
			return true
		}
	}
	return false
}

// mutate makes of a spelling another one, or what only looks like one.
func mutate(n func(int) int, key string) string {
	pick := func(all ...string) string { return all[n(len(all))] }
	at := func() int { return n(len(key) + 1) }
	switch n(16) {
	case 0:
		i := at()
		return key[:i] + pick("\n", "\r", "\x00", "\t", " ", "\x1b", "\x7f", "\u200b", "\u202e", "\ufeff", "\xff", "\xc0\xae") + key[i:]
	case 1:
		i := at()
		return key[:i] + pick(".", "-", "a", "0", "/", ":", "@", "%", "?", "#", `\`, "*", "_", "[", "]", "..", "//") + key[i:]
	case 2:
		if len(key) > 0 {
			i := n(len(key))
			return key[:i] + key[i+1:]
		}
	case 3:
		return pick("http://", "https://", "HTTPS://", "ftp://", "file://", "//", "https:", "https:///", "javascript:", "oci://", "docker://", "unix://") + key
	case 4:
		return key + pick("/", "/v1/", "/v2/", "/v2", "/v1", "/v3/", "/V2/", "/v1/access-token", "/v1/refresh-token", "/library/alpine", "/..", "/.", "//", "/%2e")
	case 5:
		return pick("ann@", "ann:secret@", ":@", "good.io@", "good.io:x@", "good.io%40") + key
	case 6:
		return key + pick(".evil.io", ".", "evil", "-evil.io", "@evil.io", "/@evil.io", "?x=evil.io", "#evil.io", ":443", ":80", ":8460", ":0", ":65536", ":+80", ":")
	case 7:
		return pick("evil.", "evil-", "evil", "www.", "index.", "registry-1.", "x/", "evil.io/", "evil.io?", "evil.io#", "evil.io\n", "xn--") + key
	case 8:
		return strings.ToUpper(key)
	case 9:
		i := at()
		return key[:i] + strings.ToUpper(key[i:])
	case 10:
		return strings.NewReplacer(pick("o", "i", "e", "a"), pick("о", "і", "е", "а", "ο", "0", "\u017f", "\u212a")).Replace(key)
	case 11:
		if len(key) > 0 {
			i := n(len(key))
			return key[:i] + fmt.Sprintf("%%%02x", key[i]) + key[i+1:]
		}
	case 12:
		return strings.Replace(key, ":", pick("", "::", ":0", "%3a", "：", ";"), 1)
	case 13:
		return strings.Replace(key, ".", pick("", "..", "。", "．", "%2e", "-", "x"), 1)
	case 14:
		return key + strings.Repeat(pick("a", " ", "/", "."), []int{1, 2, 300, 70_000}[n(4)])
	case 15:
		return key + key
	}
	return key
}

// begin is a spelling to begin with.
func begin(n func(int) int) string {
	all := append([]string{
		"https://index.docker.io/v1/", "index.docker.io", "registry-1.docker.io", "evil.io", "localhost", "good.io:443",
		"https://index.docker.io/v1/access-token", "[::1]:5000", "[2001:DB8:0:0:0:0:0:1]:5000", "",
	}, registered...)
	return all[n(len(all))]
}

func registeredState() machine.State {
	s := machine.State{Registries: map[string]machine.Registry{}}
	for _, host := range registered {
		s.Serve(host, server, "ann")
	}
	return s
}

// decide is what the helper makes of a request up to the keychain: whether it
// would serve a token of ours.
func decide(s machine.State, in string) bool {
	key, err := readKey(strings.NewReader(in))
	if err != nil {
		return false
	}
	_, _, managed := find(s, key)
	return managed
}

func TestI1EverySpellingAndNothingElse(t *testing.T) {
	d := newDesk(t, keyringtest.Options{})
	d.signIn(registered...)
	for _, key := range []string{
		"good.io", "GOOD.io", "http://good.io", "https://good.io/", "https://good.io/v2/", "good.io:443", "http://good.io:80/v1/", "good.io\n",
		"registry.example:5000", "https://registry.example:5000/v2/", "[2001:db8::1]:5000", "[2001:DB8:0:0:0:0:0:1]:5000", "XN--mnchen-3YA.example",
		"https://index.docker.io/v1/", "index.docker.io", "registry-1.docker.io", "docker.io", "https://docker.io", "https://registry-1.docker.io/v2/",
	} {
		if !meant(strings.TrimSuffix(key, "\n")) {
			t.Errorf("the test's own rule does not know %q", key)
		}
		d.serves(key)
	}
	for name, key := range map[string]string{
		"CVE-2020-5260, LF":                      "evil.io\ngood.io",
		"CVE-2020-11008, no host":                "https://",
		"CVE-2024-50338, CR":                     "good.io\r.evil.io",
		"CVE-2024-52006, CR at the end":          "good.io\r",
		"CVE-2025-23040, CR before":              "\rgood.io",
		"CVE-2024-50349, escape sequence":        "\x1b[31mgood.io",
		"NUL":                                    "good.io\x00.evil.io",
		"encoded LF":                             "good.io%0a",
		"encoded dot":                            "good%2eio",
		"user info":                              "good.io@evil.io",
		"user info of ours":                      "ann@good.io",
		"GO-2026-6225, suffix":                   "good.io.evil.io",
		"GO-2026-6225, prefix":                   "evilgood.io",
		"CVE-2024-53858, another host's name":    "good.io.localhost",
		"port":                                   "good.io:8460",
		"port of nothing":                        "good.io:",
		"port with a zero":                       "registry.example:05000",
		"another scheme":                         "ftp://good.io",
		"scheme twice":                           "https://https://good.io",
		"backslash":                              `good.io\@evil.io`,
		"path":                                   "good.io/ann/app",
		"path upwards":                           "evil.io/../good.io",
		"query":                                  "good.io?x",
		"fragment":                               "good.io#x",
		"root dot":                               "good.io.",
		"look-alike":                             "gооd.io",
		"full width":                             "ｇｏｏｄ．ｉｏ",
		"Unicode of the registered":              "münchen.example",
		"an access token of Docker Hub":          "https://index.docker.io/v1/access-token",
		"a refresh token of Docker Hub":          "https://index.docker.io/v1/refresh-token",
		"Docker Hub's realm, which is another's": "auth.docker.io",
		"an entry of the keychain":               tokenName,
		"the session":                            sessionName,
		"a wildcard":                             "*.io",
		"64 KiB and more":                        "good.io/" + strings.Repeat("a", 64<<10),
		"64 KiB of spaces":                       strings.Repeat(" ", 64<<10) + "good.io",
	} {
		if out, errs, status := d.run("get", key); out != notFound || status != 1 || strings.Contains(errs, secret) {
			t.Errorf("%s: %q, %q, %d", name, out, errs, status)
		}
	}
}

// For mutated hosts: an answer if and only if the canonical host is registered.
func TestI2MutatedHosts(t *testing.T) {
	s := registeredState()
	rapid.Check(t, func(t *rapid.T) {
		n := func(max int) int { return rapid.IntRange(0, max-1).Draw(t, "n") }
		key := begin(n)
		for range n(4) {
			key = mutate(n, key)
		}
		if got := decide(s, key); got != meant(key) && !strings.HasSuffix(key, "\n") {
			t.Fatalf("%q: served %v", key, got)
		}
	})
}

// The same a million times in make faults, with a seed.
func TestI2FaultMutatedHosts(t *testing.T) {
	rounds, seed := 5_000, rand.Uint64()
	if n, err := strconv.Atoi(os.Getenv("LANYARD_FAULTS")); err == nil {
		rounds = 1000 * n
	}
	t.Logf("seed %d, %d rounds", seed, rounds)
	r := rand.New(rand.NewPCG(seed, 0))
	s := registeredState()
	served := 0
	for range rounds {
		key := begin(r.IntN)
		for range r.IntN(4) {
			key = mutate(r.IntN, key)
		}
		got := decide(s, key)
		if want := meant(strings.TrimSuffix(key, "\n")); got != want {
			t.Fatalf("%.200q: served %v", key, got)
		}
		if got {
			served++
		}
	}
	if served < rounds/20 || served > rounds/2 {
		t.Errorf("%d of %d were served: the mutations say nothing", served, rounds)
	}
}

// And through the keychain, where the answer is made.
func TestI2MutatedHostsAnswered(t *testing.T) {
	d := newDesk(t, keyringtest.Options{})
	d.signIn(registered...)
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	for range 150 {
		key := begin(r.IntN)
		for range r.IntN(3) {
			key = mutate(r.IntN, key)
		}
		out, errs, _ := d.run("get", key)
		if got, want := strings.Contains(out, secret), meant(strings.TrimSuffix(key, "\n")); got != want || !got && out != notFound {
			t.Fatalf("%.200q: %q %q", key, out, errs)
		}
	}
}

// What a tool sends without end, or in a form that costs more than it is worth.
func TestI3Input(t *testing.T) {
	d := newDesk(t, keyringtest.Options{NoBus: true})
	bomb := strings.Repeat("[", 60_000)
	for name, tt := range map[string]struct {
		action string
		in     io.Reader
	}{
		"get, 1 GB":              {"get", io.LimitReader(endless{}, 1<<30)},
		"get, invalid UTF-8":     {"get", strings.NewReader("\xff\xfe\xfd")},
		"get, overlong UTF-8":    {"get", strings.NewReader("good\xc0\xaeio")},
		"get, a surrogate":       {"get", strings.NewReader("good\xed\xa0\x80.io")},
		"get, one byte too many": {"get", strings.NewReader(strings.Repeat("a", maxInput+1))},
		"erase, 1 GB":            {"erase", io.LimitReader(endless{}, 1<<30)},
		"erase, invalid UTF-8":   {"erase", strings.NewReader("\xff")},
		"store, 1 GB":            {"store", io.LimitReader(endless{}, 1<<30)},
		"store, deep arrays":     {"store", strings.NewReader(bomb)},
		"store, a deep value":    {"store", strings.NewReader(`{"x":` + bomb)},
		"store, deep, for a name of ours": {"store", strings.NewReader(`{"ServerURL":` + strings.Repeat("[", 9000) + strings.Repeat("]", 9000) +
			`,"Username":"u","Secret":"canary"}`)},
		"store, many names": {"store", strings.NewReader("{" + strings.Repeat(`"a":1,`, 10_000) + `"ServerURL":"a.io"}`)},
		"store, twice":      {"store", strings.NewReader(`{"ServerURL":"a.io","Username":"u","Secret":"canary","Secret":"canary2"}`)},
		"store, twice, one in another case": {"store", strings.NewReader(
			`{"ServerURL":"a.io","Username":"u","Secret":"canary","SECRET":"canary2"}`)},
		"store, twice, one escaped": {"store", strings.NewReader(
			`{"ServerURL":"a.io","Username":"u","Secret":"canary","Secre\u0074":"canary2"}`)},
		"store, a huge number": {"store", strings.NewReader(`{"ServerURL":1e999999,"Username":"u","Secret":"canary"}`)},
		"store, empty":         {"store", strings.NewReader("")},
	} {
		t.Run(name, func(t *testing.T) {
			d := *d
			d.t = t
			began := time.Now()
			out, _, status := d.read(tt.action, tt.in)
			if status != 1 || out == "" || strings.Contains(out, "canary") || tt.action == "get" && out != notFound {
				t.Errorf("%q %d", out, status)
			}
			if took := time.Since(began); took > 20*time.Second {
				t.Errorf("it took %v", took)
			}
		})
	}
	if s := d.state(); len(s.Entries) != 0 {
		t.Errorf("something was stored: %v", s.Entries)
	}
}

// docker logout and docker login on a managed host: written down, never undone
// by itself, and never in the session's way.
func TestI4LogoutAndLoginOnAManagedHost(t *testing.T) {
	d := newDesk(t, keyringtest.Options{})
	d.signIn(host, "docker.io")
	for _, form := range []string{host, host, "http://" + host, "https://" + host} { // docker logout, key by key
		d.done("erase", form)
	}
	if !d.state().Registries[host].Off {
		t.Error("the logout is not written down")
	}
	d.refuses(host, "logged out of by a container tool")
	if _, err := d.keys.GetSession(t.Context(), server, "ann"); err != nil {
		t.Errorf("the session is gone: %v", err)
	}
	d.serves("docker.io") // which nobody logged out of

	d.done("store", storing(host, "ann", secret)) // a login with the very token: as any other now
	if user, _, _ := d.got(host); user != "ann" {
		t.Errorf("served %q", user)
	}
	d.done("store", storing(host, "bob", "b"))
	if user, _, _ := d.got(host); user != "bob" {
		t.Errorf("served %q", user)
	}
	d.update(func(s *machine.State) { s.Serve(host, server, "ann") }) // lanyard login, lanyard accounts switch
	d.serves(host)
	out, _, status := d.run("store", storing(host, "bob", "c"))
	if status != 1 || !strings.Contains(out, "docker logout "+host) {
		t.Errorf("a login over the sign-in: %q %d", out, status)
	}
	d.done("erase", host) // one logout is enough for both
	d.refuses(host, "logged out")
	if _, err := d.keys.GetStored(t.Context(), host); err == nil {
		t.Error("what the tool stored is still there")
	}
	d.signIn(host)
	d.serves(host)
}

// Once the session is over, the host is the person's again: docker login works,
// and what it stored is served.
func TestI4LoginAfterTheEnd(t *testing.T) {
	for name, over := range map[string]func(*desk){
		"past its end, and nobody looked": func(d *desk) { d.now = birth.Add(91 * day) },
		"past its end, and removed":       func(d *desk) { d.now = birth.Add(91 * day); d.refuses(host, "has ended") },
		"taken out of the keychain":       func(d *desk) { d.must(d.keys.Delete(d.t.Context(), tokenName)) },
		"to be removed":                   func(d *desk) { d.update(func(s *machine.State) { s.Bury(tokenName, birth) }) },
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t, keyringtest.Options{})
			d.signIn(host)
			over(d)
			d.done("store", storing(host, "bob", "b"))
			if user, secret, _ := d.got(host); user != "bob" || secret != "b" {
				t.Errorf("served %q", user)
			}
			d.done("erase", host)
			if _, _, status := d.run("get", host); status != 1 {
				t.Error("erased, and served")
			}
			d.now = birth.Add(91 * day)
			d.must(d.keys.PutToken(t.Context(), server, "ann", keychain.Token{Username: "ann", Secret: secret, Ends: birth.Add(200 * day)}))
			d.update(func(s *machine.State) { s.Added(tokenName, d.now); s.Serve(host, server, "ann") })
			d.serves(host)
		})
	}
}

// While the keychain is locked nobody knows what is held: docker login is told
// so, and docker logout works.
func TestI4WhileLocked(t *testing.T) {
	d := newDesk(t, keyringtest.Options{})
	d.signIn(host)
	d.must(d.session.Lock())
	out, _, status := d.run("store", storing(host, "bob", "canary"))
	if status != 1 || !strings.Contains(out, "locked") || strings.Contains(out, "canary") {
		t.Errorf("%q %d", out, status)
	}
	if d.state().Registries[host].Off {
		t.Error("a login that failed turned the host off")
	}
	d.done("erase", host)
	d.refuses(host, "logged out")
}

// No secret stands beside an error, on stderr or in a file of ours.
func TestI5NoSecretBesideAnError(t *testing.T) {
	d := newDesk(t, keyringtest.Options{})
	d.signIn(host)
	d.done("store", storing("a.io", "bob", "canary-stored"))
	long := strings.Repeat("canary", 20_000)
	for _, run := range [][2]string{
		{"store", storing("b.io", "bob", long)}, {"store", storing("b.io", "bob", long[:50_000])}, {"store", `{"Secret":"canary"`},
		{"store", storing(host, "bob", "canary")}, {"store", storing("b\x00", "bob", "canary")}, {"get", "canary\n"}, {"erase", "canary\n"}, {"list", ""},
	} {
		if out, errs, _ := d.run(run[0], run[1]); strings.Contains(out+errs, "canary") {
			t.Errorf("%s %.60q: %.200q %.200q", run[0], run[1], out, errs)
		}
	}
	d.must(d.keys.Put(t.Context(), keychain.StoreName("a.io"), []byte(`{"v":1,"secret":["canary"]}`)))
	d.must(d.keys.Put(t.Context(), tokenName, []byte(`{"v":1,"secret":{"canary":1}}`)))
	d.refuses("a.io", "unreadable keychain entry")
	d.refuses(host, "unreadable keychain entry")
}

// The end comes while nothing runs, while the computer sleeps, or while its
// clock is elsewhere: the first answer after it is not found.
func TestI6TheFirstAnswerAfterTheEnd(t *testing.T) {
	for name, tt := range map[string]struct {
		now  time.Duration
		high time.Duration
	}{
		"nothing ran for a year":              {365 * day, 0},
		"asleep over the end":                 {90*day + time.Microsecond, 89 * day},
		"forward 91 days":                     {91 * day, 0},
		"forward and back 40 days":            {51 * day, 91 * day},
		"back to the sign-in":                 {0, 90 * day},
		"back to 1970, as a clock without":    {-birth.Sub(time.Unix(0, 0)), 90 * day},
		"to 2100, beyond a file system's 32 ": {74 * 365 * day, 0},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t, keyringtest.Options{})
			d.signIn(host)
			d.update(func(s *machine.State) { s.HighWater = birth.Add(tt.high) })
			d.now = birth.Add(tt.now)
			d.refuses(host, "has ended")
			d.now = birth
			out, _, _ := d.run("get", host)
			if out != notFound {
				t.Errorf("the clock brought it back: %q", out)
			}
			if names, err := d.keys.List(t.Context(), ""); err != nil || len(names) != 0 {
				t.Errorf("left: %v %v", names, err)
			}
		})
	}
}

// The removal is cut off in the middle: the next start of the helper goes on
// with it, and serves nothing meanwhile.
func TestI6CutOffInTheMiddle(t *testing.T) {
	d := newDesk(t, keyringtest.Options{})
	d.signIn(host)
	d.now = birth.Add(91 * day)
	h := Helper{Keys: d.keys, Limit: d.limit, Getenv: os.Getenv, Now: func() time.Time { return d.now }}
	c := &call{ctx: t.Context(), helper: h, file: d.dirs.StateFile()}
	c.end(d.state().Registries[host], machine.Life{Touched: d.now}, d.now) // and then killed, before it sweeps
	if s := d.state(); !s.Buried(tokenName) || !s.Buried(sessionName) {
		t.Fatalf("nothing is written down: %+v", s)
	}
	d.now = birth // whatever the clock says
	d.refuses(host, "run out")
	var raw map[string]any
	if out, _, _ := d.run("list", ""); json.Unmarshal([]byte(out), &raw) != nil || len(raw) != 0 {
		t.Errorf("list: %s", out)
	}
	d.signIn("good.io") // any get that finds the keychain open takes the rest with it
	d.update(func(s *machine.State) { s.Bury(keychain.TokenName(server, "eve"), birth) })
	d.serves("good.io")
	if s := d.state(); len(s.Tombstones) != 0 {
		t.Errorf("left %v", s.Tombstones)
	}
}
