package machine_test

import (
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"testing"

	"lanyard/backend/machine"
)

func TestNamed(t *testing.T) {
	f := machine.NamedFile{Dir: filepath.Join(t.TempDir(), "state")}
	if got := f.Load(); len(got) != 0 {
		t.Errorf("before anything was heard: %v", got)
	}
	for _, change := range []func(*machine.Names){
		func(n *machine.Names) { n.Organizations = []string{"beta", "acme", "acme"} },
		func(n *machine.Names) { n.Repositories = append(n.Repositories, "acme/app") },
		func(n *machine.Names) { n.Repositories = append(n.Repositories, "acme/app", "acme/lib") },
	} {
		if err := f.Heard("https://a.example", change); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.Heard("https://b.example", func(n *machine.Names) { n.Teams = make([]string, 5000) }); err != nil {
		t.Fatal(err)
	}
	got := f.Load()["https://a.example"]
	if !slices.Equal(got.Organizations, []string{"acme", "beta"}) || !slices.Equal(got.Repositories, []string{"acme/app", "acme/lib"}) {
		t.Errorf("%+v", got)
	}
	info, err := os.Stat(f.Path())
	if err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", info, err)
	}
	if left, _ := filepath.Glob(filepath.Join(f.Dir, ".names-*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// Nothing depends on it: a file that is damaged is none, and is made anew.
func TestNamedOfADamagedFile(t *testing.T) {
	f := machine.NamedFile{Dir: t.TempDir()}
	for _, text := range []string{"", "[]", `{"a": 1}`, "\x00"} {
		if err := os.WriteFile(f.Path(), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if got := f.Load(); len(got) != 0 {
			t.Errorf("%q: %v", text, got)
		}
		if err := f.Heard("s", func(n *machine.Names) { n.Organizations = []string{"acme"} }); err != nil || len(f.Load()["s"].Organizations) != 1 {
			t.Errorf("%q: %v", text, err)
		}
	}
}
