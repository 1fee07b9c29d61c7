package token_test

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"lanyard/backend/token"
)

// published is the rule for scanners as the page for people has it.
func published(t *testing.T) *regexp.Regexp {
	t.Helper()
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "security.md"))
	if err != nil {
		t.Fatal(err)
	}
	found := regexp.MustCompile(`(?m)^regex = '''(.+)'''$`).FindStringSubmatch(string(page))
	if found == nil {
		t.Fatal("docs/security.md has no rule")
	}
	return regexp.MustCompile(found[1])
}

// D4: the published rule finds every secret, wherever it lies, and nothing else;
// what only looks like one has a wrong checksum.
func TestScannersFindSecrets(t *testing.T) {
	rule := published(t)
	var text strings.Builder
	const secrets = 100_000
	for i := range secrets {
		source := []token.Source{token.Manual, token.Auto, token.Org}[i%3]
		text.WriteString([]string{"", "password=", `{"token":"`, "//ada:", "-p "}[i%5])
		text.WriteString(token.NewSecret(source).Reveal())
		text.WriteString([]string{"\n", `"}`, "@host", " x", "\r\n"}[i%5])
	}
	all := rule.FindAllString(text.String(), -1)
	if len(all) != secrets {
		t.Errorf("%d of %d are found", len(all), secrets)
	}
	for _, one := range all {
		if !token.Plausible(one) {
			t.Fatalf("%s is found, and is none", one[:12])
		}
	}

	const letters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_-"
	chance := rand.New(rand.NewPCG(1, 2))
	alike := 0
	for i := range 1_000_000 {
		var one [42]byte
		for j := range one {
			one[j] = letters[chance.IntN(len(letters))]
		}
		if i%100 == 0 { // and some that look like it
			copy(one[:], "lyd_pat_")
			for j := range one {
				if j >= 8 && (one[j] == '_' || one[j] == '-') {
					one[j] = 'x'
				}
			}
			one[41] = ' '
		}
		for _, found := range rule.FindAll(one[:], -1) {
			alike++
			if token.Plausible(string(found)) {
				t.Fatalf("%q is taken for a secret", found)
			}
		}
	}
	if alike < 9_000 {
		t.Errorf("only %d look like one: the checksum is not tried", alike)
	}
}
