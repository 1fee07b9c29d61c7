package autostart

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestEntries(t *testing.T) {
	e := Entries{Dir: filepath.Join(t.TempDir(), "autostart")}
	j := Job{Name: "lanyard", Title: "Lanyard", Program: "/opt/some where/lanyard-desktop"}
	file := filepath.Join(e.Dir, "lanyard.desktop")
	stands := func(want Standing) {
		t.Helper()
		if got, err := e.Look(j); err != nil || got != want {
			t.Fatalf("%s, %v, want %s", got, err, want)
		}
	}
	stands(Absent)
	if err := e.Uninstall(j); err != nil {
		t.Errorf("what is not there is gone: %v", err)
	}
	for range 2 {
		if err := e.Install(j); err != nil {
			t.Fatal(err)
		}
		stands(Current)
	}
	text, err := os.ReadFile(file)
	if err != nil || !strings.Contains(string(text), "\nExec=\"/opt/some where/lanyard-desktop\"\n") || !strings.Contains(string(text), "\n[Desktop Entry]\n") {
		t.Errorf("%s %v", text, err)
	}

	moved := j
	moved.Program = "/usr/bin/lanyard-desktop"
	if got, err := e.Look(moved); err != nil || got != Other {
		t.Errorf("of another program: %s, %v", got, err)
	}
	if err := e.Install(moved); err != nil {
		t.Errorf("an older one of ours gives way: %v", err)
	}

	for name, edit := range map[string]func() error{
		"edited":  func() error { return os.WriteFile(file, append(text, "Hidden=true\n"...), 0o600) },
		"foreign": func() error { return os.WriteFile(file, []byte("[Desktop Entry]\n"), 0o600) },
		"a link":  func() error { return errors.Join(os.Remove(file), os.Symlink("/dev/null", file)) },
		"empty":   func() error { return errors.Join(os.Remove(file), os.WriteFile(file, nil, 0o600)) },
	} {
		t.Run(name, func(t *testing.T) {
			if err := edit(); err != nil {
				t.Fatal(err)
			}
			before, _ := os.Readlink(file)
			stands(Edited)
			for _, err := range []error{e.Install(j), e.Uninstall(j)} {
				if !errors.Is(err, ErrEdited) || !strings.Contains(err.Error(), file) {
					t.Errorf("%v", err)
				}
			}
			if after, _ := os.Readlink(file); before != after {
				t.Error("it was touched")
			}
			stands(Edited)
		})
	}
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(e.Install(j), e.Uninstall(j)); err != nil {
		t.Error(err)
	}
	stands(Absent)
	if _, err := Entry(Job{Name: "x", Title: "y", Program: "relative"}); !errors.Is(err, ErrJob) {
		t.Errorf("%v", err)
	}
}

// Words of a command line as the Desktop Entry Specification wants them.
func TestEntryWords(t *testing.T) {
	for word, want := range map[string]string{
		"/opt/a":   `"/opt/a"`,
		"a b":      `"a b"`,
		"100%":     `"100%%"`,
		`q"q`:      `"q\\"q"`,
		"$HOME`x`": "\"\\\\$HOME\\\\`x\\\\`\"",
		`back\`:    `"back\\\\"`,
	} {
		if got := entryWord(word); got != want {
			t.Errorf("%s becomes %s, want %s", word, got, want)
		}
	}
}
