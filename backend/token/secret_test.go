package token_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"log/slog"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"

	"lanyard/backend/token"
)

// What a secret scanner is told to look for.
var form = regexp.MustCompile(`^lyd_(pat|auto)_[0-9A-Za-z]{33}$`)

func TestSecretForm(t *testing.T) {
	met := make(map[string]bool)
	letters := make(map[byte]int)
	for i := range 10_000 {
		source, prefix := token.Manual, "lyd_pat_"
		if i%2 == 0 {
			source, prefix = token.Auto, "lyd_auto_"
		}
		secret := token.NewSecret(source)
		clear := secret.Reveal()
		if !form.MatchString(clear) || !strings.HasPrefix(clear, prefix) || !token.Plausible(clear) {
			t.Fatalf("%q", clear)
		}
		if met[clear] {
			t.Fatalf("drawn twice: %q", clear)
		}
		met[clear] = true
		if secret.LastFour() != clear[len(clear)-4:] {
			t.Fatalf("last four %q of %q", secret.LastFour(), clear)
		}
		for _, b := range []byte(clear[len(prefix) : len(prefix)+27]) {
			letters[b]++
		}
	}
	// 270,000 draws of 62 letters: 4355 each, with a deviation of 65.
	if len(letters) != 62 {
		t.Errorf("%d letters are used", len(letters))
	}
	for b, n := range letters {
		if n < 3700 || n > 5000 {
			t.Errorf("%q was drawn %d times", b, n)
		}
	}
}

// The checksum is the CRC-32 of all before it, in base62 with digits, upper
// and lower case: computed here a second time, as a scanner would.
func TestSecretChecksum(t *testing.T) {
	for range 100 {
		clear := token.NewSecret(token.Manual).Reveal()
		body, sum := clear[:len(clear)-6], uint32(0)
		for _, b := range clear[len(clear)-6:] {
			sum = sum*62 + uint32(strings.IndexRune("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", b))
		}
		if want := crc32.ChecksumIEEE([]byte(body)); sum != want {
			t.Fatalf("%q: checksum %08x, want %08x", clear, sum, want)
		}
	}
}

func TestImplausible(t *testing.T) {
	good := token.NewSecret(token.Manual).Reveal()
	auto := token.NewSecret(token.Auto).Reveal()
	swapped := []byte(good)
	swapped[10], swapped[11] = swapped[11], swapped[10]
	if swapped[10] == swapped[11] {
		swapped[10] ^= 1
	}
	for name, s := range map[string]string{
		"nothing":              "",
		"a prefix":             "lyd_pat_",
		"another's prefix":     "dckr_pat_" + good[8:],
		"the other prefix":     "lyd_auto_" + good[8:],
		"auto as manual":       "lyd_pat_" + auto[9:],
		"upper case":           strings.ToUpper(good),
		"one character less":   good[:len(good)-1],
		"one character more":   good + "0",
		"a space before":       " " + good,
		"a line end after":     good + "\n",
		"two letters swapped":  string(swapped),
		"a refresh token":      "lyd_ref_" + good[8:],
		"a password":           "correct horse battery staple",
		"a JWT":                "eyJhbGciOiJSUzI1NiJ9.e30.c2ln",
		"a megabyte":           good + strings.Repeat("a", 1<<20),
		"a letter not of ours": withChecksum("lyd_pat_" + strings.Repeat("-", 27)),
		"a NUL within":         withChecksum("lyd_pat_" + strings.Repeat("a", 26) + "\x00"),
	} {
		if token.Plausible(s) {
			t.Errorf("%s is plausible", name)
		}
	}
	if !token.Plausible(withChecksum("lyd_pat_" + strings.Repeat("a", 27))) {
		t.Error("the checksum of this test is not the one of the package")
	}
	chance := rand.New(rand.NewPCG(1, 2))
	for range 10_000 {
		b := make([]byte, 33)
		for i := range b {
			b[i] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"[chance.IntN(62)]
		}
		if token.Plausible("lyd_pat_" + string(b)) {
			t.Fatalf("%q is plausible", b)
		}
	}
}

func withChecksum(body string) string {
	sum := crc32.ChecksumIEEE([]byte(body))
	var check [6]byte
	for i := 5; i >= 0; i-- {
		check[i] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"[sum%62]
		sum /= 62
	}
	return body + string(check[:])
}

func TestSecretIsNeverShown(t *testing.T) {
	secret := token.NewSecret(token.Auto)
	in := struct {
		Secret token.Secret
		Many   []token.Secret
		Named  map[string]token.Secret
		At     *token.Secret
		Any    any
	}{secret, []token.Secret{secret}, map[string]token.Secret{"a": secret}, &secret, secret}

	shown := make(map[string]string)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "% X", "%d", "%t", "%c", "%f", "%U", "%10s", "%.3s"} {
		shown[verb] = fmt.Sprintf(verb, secret)
		shown[verb+" in a struct"] = fmt.Sprintf(verb, in)
		shown[verb+" at an address"] = fmt.Sprintf(verb, &in)
	}
	shown["Println"] = fmt.Sprintln(secret, in)
	shown["String"] = secret.String()
	shown["an error"] = fmt.Errorf("create %v: %w", secret, token.ErrLimit).Error()
	for name, v := range map[string]any{"JSON": secret, "JSON in a struct": in} {
		b, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		shown[name] = string(b)
	}
	var log bytes.Buffer
	for _, h := range []slog.Handler{slog.NewTextHandler(&log, nil), slog.NewJSONHandler(&log, nil)} {
		slog.New(h).Info("made", "secret", secret, "in", in)
	}
	shown["a log"] = log.String()

	clear := secret.Reveal()
	for how, text := range shown {
		lower := strings.ToLower(text)
		if strings.Contains(text, clear[9:20]) || strings.Contains(lower, fmt.Sprintf("%x", clear[9:20])) || !strings.Contains(text, "***") {
			t.Errorf("%s shows %q", how, text)
		}
	}
}
