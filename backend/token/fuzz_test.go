package token_test

import (
	"regexp"
	"strings"
	"testing"

	"lanyard/backend/token"
)

var whole = regexp.MustCompile(`\Alyd_(pat|auto|oat)_[0-9A-Za-z]{33}\z`)

// What looks like a secret of ours is one to the last character: no byte of it
// can be another.
func FuzzPlausible(f *testing.F) {
	for _, source := range []token.Source{token.Manual, token.Auto, token.Org} {
		f.Add(token.NewSecret(source).Reveal())
	}
	for _, seed := range []string{"", "lyd_pat_", "lyd_pat_" + strings.Repeat("0", 33), "lyd_pat_\x00", "LYD_PAT_x", "lyd_rrt_" + strings.Repeat("A", 86)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if !token.Plausible(text) {
			return
		}
		if !whole.MatchString(text) {
			t.Fatalf("%q is plausible", text)
		}
		for i := range text {
			for _, c := range "0aZ_" {
				if changed := text[:i] + string(c) + text[i+1:]; changed != text && token.Plausible(changed) {
					t.Errorf("%q is plausible as %q", text, changed)
				}
			}
		}
		for _, changed := range []string{text + "0", text[1:], text[:len(text)-1], " " + text, text + "\n"} {
			if token.Plausible(changed) {
				t.Errorf("%q is plausible as %q", text, changed)
			}
		}
	})
}
