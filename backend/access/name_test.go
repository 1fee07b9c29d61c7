package access

import (
	"testing"

	"pgregory.net/rapid"
)

// What is a name at a glance is one by the grammar, and so are its parts.
func TestPlainNames(t *testing.T) {
	for _, name := range []string{"a", "team/app", "a-b.c_d/e", "0/1"} {
		if !plainName(name) {
			t.Errorf("%q is not seen at a glance", name)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.StringMatching(`[a-cA0-1/._:-]{0,12}`).Draw(t, "name")
		if plainName(name) && !(nameForm.MatchString(name) && anyName.MatchString(name)) {
			t.Errorf("%q is no name", name)
		}
	})
}

func TestActions(t *testing.T) {
	for _, text := range []string{Pull, Push, Delete, All} {
		if !actionForm.MatchString(text) {
			t.Errorf("%q is no action", text)
		}
	}
}
