package keys_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"lanyard/backend/keys"
)

var rawURL = base64.RawURLEncoding

func TestCreateThenOpenIsTheSame(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "keys")
	now := time.Now()
	if keys.Exists(dir) {
		t.Fatal("Exists before Create")
	}
	made, err := keys.Create(dir, now)
	if err != nil {
		t.Fatal(err)
	}
	if !keys.Exists(dir) {
		t.Error("not there after Create")
	}
	opened, err := keys.Open(dir, now)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(made.Service(), opened.Service()) || len(opened.Service()) != 32 {
		t.Error("another service key")
	}
	if made.OAuth().ID != opened.OAuth().ID || !made.OAuth().Private.Equal(opened.OAuth().Private) {
		t.Error("another OAuth key")
	}
	if !bytes.Equal(made.CAPEM(), opened.CAPEM()) {
		t.Error("another authority")
	}
	// Another start has another leaf, which the same registry trusts.
	token, err := opened.SignRegistry(claimsAt(now), now)
	if err != nil {
		t.Fatal(err)
	}
	if err := push(trusting(t, made), token); err != nil {
		t.Error(err)
	}
}

func TestFilesAreForTheOwnerOnly(t *testing.T) {
	parent := t.TempDir()
	dir := filepath.Join(parent, "keys")
	if _, err := keys.Create(dir, time.Now()); err != nil {
		t.Fatal(err)
	}
	seen := 0
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		want := os.FileMode(0o600)
		if d.IsDir() {
			want = 0o700
		} else {
			seen++
		}
		if info.Mode().Perm() != want {
			t.Errorf("%s has mode %04o", path, info.Mode().Perm())
		}
		return nil
	})
	if err != nil || seen != 3 {
		t.Errorf("%d files, %v", seen, err)
	}
	left, err := os.ReadDir(parent)
	if err != nil || len(left) != 1 {
		t.Errorf("beside the folder: %v, %v", left, err)
	}
}

func TestCreateNeverBeginsAnew(t *testing.T) {
	for name, put := range map[string]func(dir string) error{
		"an empty folder": func(dir string) error { return os.Mkdir(dir, 0o700) },
		"keys": func(dir string) error {
			_, err := keys.Create(dir, time.Now())
			return err
		},
		"a file":        func(dir string) error { return os.WriteFile(dir, nil, 0o600) },
		"a broken link": func(dir string) error { return os.Symlink("nowhere", dir) },
	} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "keys")
			if err := put(dir); err != nil {
				t.Fatal(err)
			}
			if _, err := keys.Create(dir, time.Now()); !errors.Is(err, keys.ErrExists) {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestOfManyCreatesOneWins(t *testing.T) {
	parent := t.TempDir()
	dir := filepath.Join(parent, "keys")
	results := make(chan error)
	for range 8 {
		go func() {
			_, err := keys.Create(dir, time.Now())
			results <- err
		}()
	}
	won := 0
	for range 8 {
		switch err := <-results; {
		case err == nil:
			won++
		case !errors.Is(err, keys.ErrExists):
			t.Error(err)
		}
	}
	if won != 1 {
		t.Errorf("%d won", won)
	}
	if _, err := keys.Open(dir, time.Now()); err != nil {
		t.Error(err)
	}
	if left, err := os.ReadDir(parent); err != nil || len(left) != 1 {
		t.Errorf("beside the folder: %v, %v", left, err)
	}
}

func TestOpenRefuses(t *testing.T) {
	path := func(dir, name string) string { return filepath.Join(dir, name) }
	whole, other := filepath.Join(t.TempDir(), "keys"), filepath.Join(t.TempDir(), "keys")
	for _, dir := range []string{whole, other} {
		if _, err := keys.Create(dir, time.Now()); err != nil {
			t.Fatal(err)
		}
	}
	mix := func(choose func(mine, theirs []*pem.Block) []*pem.Block) func(string) error {
		return func(dir string) error {
			var content []byte
			for _, block := range choose(blocks(t, dir), blocks(t, other)) {
				content = append(content, pem.EncodeToMemory(block)...)
			}
			return write("registry.pem", content)(dir)
		}
	}
	for _, bad := range []struct {
		name string
		harm func(dir string) error
		want error
	}{
		{"no folder", func(dir string) error { return os.RemoveAll(dir) }, keys.ErrMissing},
		{"an emptied folder", func(dir string) error {
			return errors.Join(os.RemoveAll(dir), os.Mkdir(dir, 0o700))
		}, keys.ErrMissing},
		{"a file for a folder", func(dir string) error {
			return errors.Join(os.RemoveAll(dir), os.WriteFile(dir, nil, 0o600))
		}, keys.ErrDamaged},
		{"oauth.pem missing", func(dir string) error { return os.Remove(path(dir, "oauth.pem")) }, keys.ErrMissing},
		{"registry.pem missing", func(dir string) error { return os.Remove(path(dir, "registry.pem")) }, keys.ErrMissing},
		{"service.key missing", func(dir string) error { return os.Remove(path(dir, "service.key")) }, keys.ErrMissing},
		{"folder open to the group", func(dir string) error { return os.Chmod(dir, 0o750) }, keys.ErrReadable},
		{"oauth.pem open to the group", func(dir string) error { return os.Chmod(path(dir, "oauth.pem"), 0o640) }, keys.ErrReadable},
		{"registry.pem open to all", func(dir string) error { return os.Chmod(path(dir, "registry.pem"), 0o644) }, keys.ErrReadable},
		{"service.key open to all", func(dir string) error { return os.Chmod(path(dir, "service.key"), 0o604) }, keys.ErrReadable},
		{"oauth.pem truncated", truncate("oauth.pem", 900), keys.ErrDamaged},
		{"registry.pem truncated in its key", truncate("registry.pem", 700), keys.ErrDamaged},
		{"service.key truncated", truncate("service.key", 31), keys.ErrDamaged},
		{"oauth.pem emptied", truncate("oauth.pem", 0), keys.ErrDamaged},
		{"registry.pem emptied", truncate("registry.pem", 0), keys.ErrDamaged},
		{"service.key emptied", truncate("service.key", 0), keys.ErrDamaged},
		{"service.key of zeros", write("service.key", make([]byte, 32)), keys.ErrDamaged},
		{"service.key in hexadecimal", write("service.key", bytes.Repeat([]byte("a1"), 32)), keys.ErrDamaged},
		{"an enormous file", write("service.key", make([]byte, 1<<20)), keys.ErrDamaged},
		{"a curve for RSA", write("oauth.pem", pkcs8(ec(elliptic.P256()))), keys.ErrDamaged},
		{"a short RSA key", write("oauth.pem", pkcs8(short())), keys.ErrDamaged},
		{"not PEM", write("oauth.pem", []byte("hello")), keys.ErrDamaged},
		{"another kind of PEM", write("oauth.pem", []byte("-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n")), keys.ErrDamaged},
		{"a link for a file", func(dir string) error {
			moved := path(filepath.Dir(dir), "elsewhere")
			return errors.Join(os.Rename(path(dir, "oauth.pem"), moved), os.Symlink(moved, path(dir, "oauth.pem")))
		}, keys.ErrDamaged},
		{"another authority's certificate", mix(func(mine, theirs []*pem.Block) []*pem.Block {
			return []*pem.Block{theirs[0], mine[1]}
		}), keys.ErrDamaged},
		{"two certificates", mix(func(mine, theirs []*pem.Block) []*pem.Block {
			return []*pem.Block{mine[0], theirs[0], mine[1]}
		}), keys.ErrDamaged},
		{"more after the key", mix(func(mine, theirs []*pem.Block) []*pem.Block {
			return append(mine, theirs...)
		}), keys.ErrDamaged},
		{"another curve", mix(func(mine, _ []*pem.Block) []*pem.Block {
			block, _ := pem.Decode(pkcs8(ec(elliptic.P384())))
			return []*pem.Block{mine[0], block}
		}), keys.ErrDamaged},
		{"another algorithm", mix(func(mine, _ []*pem.Block) []*pem.Block {
			_, private, _ := ed25519.GenerateKey(rand.Reader)
			block, _ := pem.Decode(pkcs8(private))
			return []*pem.Block{mine[0], block}
		}), keys.ErrDamaged},
	} {
		t.Run(bad.name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "keys")
			if err := copyFolder(dir, whole); err != nil {
				t.Fatal(err)
			}
			if err := bad.harm(dir); err != nil {
				t.Fatal(err)
			}
			before := listing(t, dir)
			_, err := keys.Open(dir, time.Now())
			if !errors.Is(err, bad.want) {
				t.Fatalf("got %v, want %v", err, bad.want)
			}
			if !strings.Contains(err.Error(), dir) {
				t.Errorf("does not name the place: %v", err)
			}
			if after := listing(t, dir); after != before {
				t.Errorf("changed the folder: %s, now %s", before, after)
			}
		})
	}
}

func copyFolder(to, from string) error {
	if err := os.Mkdir(to, 0o700); err != nil {
		return err
	}
	for _, name := range []string{"oauth.pem", "registry.pem", "service.key"} {
		content, err := os.ReadFile(filepath.Join(from, name))
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(to, name), content, 0o600); err != nil {
			return err
		}
	}
	return nil
}

func listing(t *testing.T, dir string) string {
	t.Helper()
	var b strings.Builder
	entries, _ := os.ReadDir(dir)
	for _, e := range entries {
		content, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&b, "%s %d; ", e, len(content))
	}
	return b.String()
}

func truncate(name string, size int64) func(string) error {
	return func(dir string) error { return os.Truncate(filepath.Join(dir, name), size) }
}

func write(name string, content []byte) func(string) error {
	return func(dir string) error { return os.WriteFile(filepath.Join(dir, name), content, 0o600) }
}

// blocks are those of the authority's file.
func blocks(t *testing.T, dir string) (all []*pem.Block) {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(dir, "registry.pem"))
	if err != nil {
		t.Fatal(err)
	}
	for block, rest := pem.Decode(content); block != nil; block, rest = pem.Decode(rest) {
		all = append(all, block)
	}
	return all
}

func pkcs8(private any) []byte {
	raw, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		panic(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: raw})
}

func ec(curve elliptic.Curve) *ecdsa.PrivateKey {
	private, err := ecdsa.GenerateKey(curve, rand.Reader)
	if err != nil {
		panic(err)
	}
	return private
}

func short() *rsa.PrivateKey {
	private, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		panic(err)
	}
	return private
}

func TestCreateSaysWhatItCannot(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "nowhere", "keys")
	if _, err := keys.Create(dir, time.Now()); err == nil || errors.Is(err, keys.ErrExists) || !strings.Contains(err.Error(), dir) {
		t.Errorf("got %v", err)
	}
}

func TestOAuthKey(t *testing.T) {
	k, err := keys.New(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	key := k.OAuth()
	published, err := json.Marshal(key.JWKS())
	if err != nil {
		t.Fatal(err)
	}
	for _, private := range []string{`"d"`, `"p"`, `"q"`, `"dp"`, `"qi"`} {
		if strings.Contains(string(published), private) {
			t.Errorf("the published set holds %s", private)
		}
	}
	var set jose.JSONWebKeySet
	if err := json.Unmarshal(published, &set); err != nil {
		t.Fatal(err)
	}
	for _, typ := range []string{keys.TypeJWT, keys.TypeAccessToken} {
		token, err := key.Sign(map[string]any{"sub": "alice"}, typ)
		if err != nil {
			t.Fatal(err)
		}
		h := header(t, token)
		if h.Alg != "RS256" || h.Typ != typ || h.Kid != key.ID {
			t.Errorf("header %+v", h)
		}
		parsed, err := jose.ParseSignedCompact(token, []jose.SignatureAlgorithm{jose.RS256})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := parsed.Verify(set.Key(h.Kid)[0].Key); err != nil {
			t.Error(err)
		}
	}
	if _, err := key.Sign(struct{}{}, "other"); err == nil {
		t.Error("signed a token of another type")
	}
	if _, err := key.Sign(make(chan int), keys.TypeJWT); err == nil {
		t.Error("signed what JSON cannot say")
	}
}

func TestNothingPrintsAKey(t *testing.T) {
	k, err := keys.New(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	slog.New(slog.NewTextHandler(&out, nil)).Info("keys", "keys", k, "oauth", k.OAuth())
	fmt.Fprintf(&out, "%v %+v %#v %s %x %d", k, k, k, k, k, k)
	fmt.Fprintf(&out, "%v %+v %#v %s %x", k.OAuth(), k.OAuth(), k.OAuth(), k.OAuth(), k.OAuth())
	d := k.OAuth().Private.D
	for _, secret := range []string{d.Text(10), d.Text(16), fmt.Sprintf("%d", k.Service()), fmt.Sprintf("%x", k.Service())} {
		if strings.Contains(out.String(), secret) {
			t.Error("a key was printed")
		}
	}
}

func TestACallersCopyOfTheServiceKeyIsItsOwn(t *testing.T) {
	k, err := keys.New(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	before, mine := k.Service(), k.Service()
	clear(mine)
	if !bytes.Equal(before, k.Service()) {
		t.Error("the service key was changed from outside")
	}
}

func BenchmarkSignRegistry(b *testing.B) {
	now := time.Now()
	k, err := keys.New(now)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := k.SignRegistry(claimsAt(now), now); err != nil {
			b.Fatal(err)
		}
	}
}
