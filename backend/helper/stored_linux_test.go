package helper

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"lanyard/backend/internal/keyringtest"
	"lanyard/backend/keychain"
	"lanyard/backend/machine"
)

// got is what a tool is given for a key, and whether it is given anything.
func (d *desk) got(key string) (user, secret string, ok bool) {
	d.t.Helper()
	out, errs, status := d.run("get", key)
	if out == notFound && status == 1 && errs == "" {
		return "", "", false
	}
	var c struct{ ServerURL, Username, Secret string }
	if err := json.Unmarshal([]byte(out), &c); err != nil || status != 0 || errs != "" || c.ServerURL != key {
		d.t.Fatalf("get %q: %q %q %d", key, out, errs, status)
	}
	return c.Username, c.Secret, true
}

// credsStore: whatever a tool stores under whatever key comes back byte for
// byte, is listed, and goes when it is erased.
func TestAnyKeyRoundTrips(t *testing.T) {
	d := newDesk(t, keyringtest.Options{})
	d.signIn(host)
	type row struct{ name, key, user, secret string }
	rows := []row{
		{"a host", "ghcr.io", "bob", "ghp_x"},
		{"a host with a port", "registry.example:5000", "bob", "x"},
		{"a URL", "https://gcr.io", "_json_key", `{"type":"service_account","private_key":"-----BEGIN\nMIIE\n"}`},
		{"docker hub", "https://index.docker.io/v1/", "bob", "dckr_pat_x"},
		{"docker hub's access token", "https://index.docker.io/v1/access-token", "bob", "eyJhbGciOi.eyJ.sig"},
		{"docker hub's refresh token", "https://index.docker.io/v1/refresh-token", "bob", "v1.x..L4v0dml"},
		{"an identity token", "https://registry.example", "<token>", "id"},
		{"hub-tool", "hub-tool", "bob", "x"},
		{"hub-tool's token", "hub-tool-token", "<token>", "x"},
		{"buildx", "buildx/builder default/tls key", "b", "x"},
		{"compose", "compose:project_1:secret", "b", "x"},
		{"a repository", "ghcr.io/bob/app", "bob", "x"},
		{"a managed host's repository", host + "/bob/app", "bob", "x"},
		{"spaces", "a key  with spaces", "bob", "x"},
		{"spaces around", " ghcr.io ", "bob", "x"},
		{"Unicode", "schlüssel/鍵/🔑", "bøb", "gehéim"},
		{"another normal form", "schlu\u0308ssel", "bob", "x"},
		{"per cent", "a%2Fb%00", "bob", "x"},
		{"a path", "../../../etc/passwd", "bob", "x"},
		{"as our token is named", tokenName, "bob", "x"},
		{"as our session is named", sessionName, "bob", "x"},
		{"as our entry for it is named", keychain.StoreName("ghcr.io"), "bob", "x"},
		{"as our pending is named", "pending/4f", "bob", "x"},
		{"as the hash of a long key", strings.TrimPrefix(keychain.StoreName(strings.Repeat("k", 900)), "store/"), "bob", "x"},
		{"a long key", strings.Repeat("k", 900), "bob", "x"},
		{"a longer key", "https://registry.example/" + strings.Repeat("ü/", 4000), "bob", "x"},
		{"HTML and quotes", `<a href="x">&'` + "`$(x)`\\", `<"&'>`, `<"&'>\`},
		{"empty user", "empty-user", "", "x"},
		{"empty secret", "empty-secret", "bob", ""},
		{"empty user and secret", "empty-both", "", ""},
		{"a secret of many lines", "lines", "bob", "a\r\nb\tc\x00d\n"},
		{"a long secret", "long-secret", "AWS", strings.Repeat("eyJwYXlsb2FkIjoi", 200)},
		{"the longest secret", "longest-secret", "b", strings.Repeat("x", 40<<10-len(`{"v":1,"username":"b","secret":""}`))},
		{"- in front", "--help", "bob", "x"},
		{"an action", "list", "bob", "x"},
	}
	want := map[string]string{host: "ann"}
	for i := range rows {
		r := &rows[i]
		if r.secret == "x" {
			r.secret = "of " + r.name
		}
		if _, _, there := d.got(r.key); there {
			t.Errorf("%s: there already", r.name)
		}
		d.done("store", storing(r.key, r.user, r.secret))
		want[r.key] = r.user
	}
	for _, r := range rows {
		if user, secret, _ := d.got(r.key); user != r.user || secret != r.secret {
			t.Errorf("%s: %q %q", r.name, user, secret)
		}
	}
	if diff := cmp.Diff(want, d.list()); diff != "" {
		t.Error(diff)
	}
	d.serves(host) // nothing of it replaced what is ours
	names, err := d.keys.List(t.Context(), "")
	d.must(err)
	for _, name := range names {
		kind, _, err := keychain.ParseName(name)
		if err != nil || kind != keychain.Stores && name != tokenName && name != sessionName {
			t.Errorf("an entry %q: %v", name, err)
		}
	}
	for _, r := range rows {
		for range 2 { // again is no error
			d.done("erase", r.key)
		}
		if _, _, there := d.got(r.key); there {
			t.Errorf("%s: erased, and there", r.name)
		}
		delete(want, r.key)
		if diff := cmp.Diff(want, d.list()); diff != "" {
			t.Fatalf("%s: %s", r.name, diff)
		}
	}
	if names, err := d.keys.List(t.Context(), keychain.Stores.Prefix()); err != nil || len(names) != 0 {
		t.Errorf("left: %v %v", names, err)
	}
	d.serves(host)
}

// Beyond the keychain's size a store is refused, and what was there stays.
func TestSecretTooLong(t *testing.T) {
	d := newDesk(t, keyringtest.Options{})
	d.done("store", storing("a.io", "bob", "old"))
	out, errs, status := d.run("store", storing("a.io", "bob", strings.Repeat("x", 41<<10)))
	if status != 1 || !strings.Contains(out, "too big for a keychain entry") || errs != "" {
		t.Errorf("%.100q %q %d", out, errs, status)
	}
	if user, secret, _ := d.got("a.io"); user != "bob" || secret != "old" {
		t.Errorf("then there is %q %q", user, secret)
	}
}

// Many tools store and erase at once, each its own key: nothing is lost and
// nobody is told that it is busy.
func TestManyStoreAtOnce(t *testing.T) {
	d := newDesk(t, keyringtest.Options{})
	d.signIn(host)
	const n = 30
	key := func(i int) string { return fmt.Sprintf("r%d.example", i) }
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { d.done("store", storing(key(i), "bob", fmt.Sprint(i))) })
	}
	wg.Wait()
	want := map[string]string{host: "ann"}
	for i := range n {
		want[key(i)] = "bob"
		if _, secret, _ := d.got(key(i)); secret != fmt.Sprint(i) {
			t.Errorf("%s: %q", key(i), secret)
		}
	}
	if got := d.list(); !maps.Equal(got, want) {
		t.Errorf("list: %v", got)
	}
	for i := range n {
		wg.Go(func() { d.done("erase", key(i)) })
	}
	wg.Wait()
	if got := d.list(); !maps.Equal(got, map[string]string{host: "ann"}) {
		t.Errorf("list: %v", got)
	}
}

// Random orders of store, get, erase and list on few keys, against a map.
func TestStoreIsAMap(t *testing.T) {
	d := newDesk(t, keyringtest.Options{})
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	keys := []string{"a.io", "https://a.io", "a.io/", "A.io", " a.io", "https://index.docker.io/v1/", strings.Repeat("a", 700), "鍵"}
	model := map[string]string{}
	for i := range 150 {
		key := keys[r.IntN(len(keys))]
		switch r.IntN(4) {
		case 0, 1:
			user := fmt.Sprint("u", i)
			d.done("store", storing(key, user, "s"+user))
			model[key] = user
		case 2:
			d.done("erase", key)
			delete(model, key)
		}
		user, secret, ok := d.got(key)
		if want, held := model[key]; ok != held || user != want || held && secret != "s"+want {
			t.Fatalf("%d: %q holds %q %q %v, want %q", i, key, user, secret, ok, want)
		}
	}
	if got := d.list(); !maps.Equal(got, model) {
		t.Errorf("list: %v, want %v", got, model)
	}
}

// The encrypted file is a keychain like the other.
func TestStoreInTheFile(t *testing.T) {
	d := newDesk(t, keyringtest.Options{NoBus: true})
	key := filepath.Join(d.session.Home, "key")
	d.must(keychain.MakeKeyFile(key))
	d.must(d.dirs.SettingsFile().Update(func(s *machine.Settings) error {
		s.Keychain.Store, s.Keychain.KeyFile = string(keychain.File), key
		return nil
	}))
	long := strings.Repeat("x", 30<<10)
	d.done("store", storing("a.io", "bob", long))
	if user, secret, _ := d.got("a.io"); user != "bob" || secret != long {
		t.Errorf("%q and %d bytes", user, len(secret))
	}
	d.done("erase", "a.io")
	d.refuses("a.io", "")
}
