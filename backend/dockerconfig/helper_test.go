//go:build unix

package dockerconfig

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const build1, build2 = "#!/bin/sh\necho build 1\n", "#!/bin/sh\necho build 2\n"

// account is a new account with bash, the helper outside of its PATH, and a configuration file.
func account(t *testing.T, config string) (File, Helper, string) {
	t.Helper()
	f := put(t, config)
	home := skelHome(t)
	exe := filepath.Join(t.TempDir(), Program)
	program(t, exe, build1)
	return f, Helper{Exe: exe, Journal: f.Journal, Finder: Finder{Shell: "/bin/bash", Home: home}}, home
}

func gone(t *testing.T, paths ...string) {
	t.Helper()
	for _, path := range paths {
		if _, err := os.Lstat(path); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s is there", path)
		}
	}
}

// Debian's .profile adds ~/.local/bin once it exists.
func TestSetUpMakesLocalBin(t *testing.T) {
	f, h, home := account(t, "{}")
	local := filepath.Join(home, ".local", "bin", Program)

	_, err := SetUp(t.Context(), f, h, []string{own}, false)
	var notFound *NotFoundError
	if !errors.Is(err, ErrHelperNotFound) || !errors.As(err, &notFound) || notFound.Offer.Path != local || !notFound.Offer.MakeDir {
		t.Fatalf("got %v", err)
	}
	gone(t, filepath.Join(home, ".local"))
	if got := text(t, f.Path); got != "{}" {
		t.Errorf("got %q", got)
	}
	bare(t, f)

	change := must[Change](t)(SetUp(t.Context(), f, h, []string{own}, true))
	if !change.Written {
		t.Errorf("%+v", change)
	}
	info, err := os.Stat(local)
	check(t, err)
	if info.Mode() != 0o755 || text(t, local) != build1 {
		t.Errorf("%v", info.Mode())
	}
	o := must[Offer](t)(h.Offer(t.Context()))
	if o.Found != local || o.Path != "" {
		t.Errorf("%+v", o)
	}
	change = must[Change](t)(SetUp(t.Context(), f, h, []string{own}, false)) // nothing left to ask
	if change.Written {
		t.Errorf("%+v", change)
	}
	must[Change](t)(TakeDown(f, h))
	gone(t, filepath.Join(home, ".local"))
	if got := text(t, f.Path); got != "{}" {
		t.Errorf("got %q", got)
	}
	bare(t, f)
}

func TestSetUpUsesTheFirstFolderUnderHome(t *testing.T) {
	f, h, home := account(t, "")
	outside := t.TempDir()
	check(t, os.Symlink(outside, filepath.Join(home, "a-link-out")))
	for _, dir := range []string{"second", "third"} {
		check(t, os.Mkdir(filepath.Join(home, dir), 0o755))
	}
	appendTo(t, filepath.Join(home, ".profile"), "\nPATH=\""+outside+":$HOME:$HOME/a-link-out:$HOME/missing:$HOME/second:$HOME/third:$PATH\"\n")
	must[Change](t)(SetUp(t.Context(), f, h, []string{own}, true))
	if text(t, filepath.Join(home, "second", Program)) != build1 {
		t.Error("not there")
	}
	gone(t, filepath.Join(home, ".local"))
	must[Change](t)(TakeDown(f, h))
	gone(t, filepath.Join(home, "second", Program), filepath.Dir(f.Path))
	if _, err := os.Stat(filepath.Join(home, "second")); err != nil {
		t.Error("a folder that was there before is gone")
	}
}

// No folder helps: the line is shown and nothing is written.
func TestSetUpShowsTheLine(t *testing.T) {
	f, h, home := account(t, "{}")
	check(t, os.Remove(filepath.Join(home, ".profile")))
	_, err := SetUp(t.Context(), f, h, []string{own}, true)
	var notFound *NotFoundError
	if !errors.As(err, &notFound) || notFound.Offer.Path != "" {
		t.Fatalf("got %v", err)
	}
	if notFound.Line != `export PATH="$HOME/.local/bin:$PATH"` || notFound.File != "~/.profile" || !strings.Contains(err.Error(), notFound.Line) {
		t.Errorf("%+v", notFound)
	}
	gone(t, filepath.Join(home, ".local"))
	if got := text(t, f.Path); got != "{}" {
		t.Errorf("got %q", got)
	}
	bare(t, f)

	appendTo(t, filepath.Join(home, ".profile"), notFound.Line+"\n")
	must[Change](t)(SetUp(t.Context(), f, h, []string{own}, true))
	if s := must[Status](t)(f.Status()); len(s.Hosts) != 1 {
		t.Errorf("%+v", s)
	}
}

func TestSetUpFindsAnInstalledHelper(t *testing.T) {
	for _, c := range []struct {
		name string
		put  func(t *testing.T, h Helper, path string)
	}{
		{"link to it", func(t *testing.T, h Helper, path string) { check(t, os.Symlink(h.Exe, path)) }},
		{"the same bytes", func(t *testing.T, _ Helper, path string) { program(t, path, build1) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			f, h, home := account(t, "{}")
			path := filepath.Join(home, "bin", Program)
			check(t, os.Mkdir(filepath.Dir(path), 0o755))
			c.put(t, h, path)
			must[Change](t)(SetUp(t.Context(), f, h, []string{own}, false))
			must[Change](t)(TakeDown(f, h))
			if _, err := os.Stat(path); err != nil {
				t.Error("what we did not put there is gone")
			}
		})
	}
}

func TestAnotherProgramOfThatName(t *testing.T) {
	for _, c := range []struct {
		name, path string
		mode       os.FileMode
	}{
		{"found", "bin", 0o755},
		{"in the way, not executable", "bin", 0o644},
		{"in the way, in a folder off the PATH", ".local/bin", 0o644},
	} {
		t.Run(c.name, func(t *testing.T) {
			f, h, home := account(t, "{}")
			path := filepath.Join(home, c.path, Program)
			program(t, path, "#!/bin/sh\necho theirs\n")
			check(t, os.Chmod(path, c.mode))
			if _, err := SetUp(t.Context(), f, h, []string{own}, true); !errors.Is(err, ErrForeignHelper) {
				t.Errorf("got %v", err)
			}
			if text(t, path) != "#!/bin/sh\necho theirs\n" || text(t, f.Path) != "{}" {
				t.Error("changed")
			}
			bare(t, f)
		})
	}
}

func TestOlderCopyGivesWay(t *testing.T) {
	f, h, home := account(t, "{}")
	must[Change](t)(SetUp(t.Context(), f, h, []string{own}, true))
	program(t, h.Exe, build2)
	if o := must[Offer](t)(h.Offer(t.Context())); !o.Update {
		t.Errorf("%+v", o)
	}
	must[Change](t)(SetUp(t.Context(), f, h, []string{own}, false)) // agreed to before
	path := filepath.Join(home, ".local", "bin", Program)
	if got := text(t, path); got != build2 {
		t.Errorf("got %q", got)
	}
	must[Change](t)(TakeDown(f, h))
	gone(t, filepath.Join(home, ".local"))
	bare(t, f)
}

// A copy that someone replaced is theirs.
func TestUndoLeavesAReplacedCopy(t *testing.T) {
	f, h, home := account(t, "{}")
	must[Change](t)(SetUp(t.Context(), f, h, []string{own}, true))
	path := filepath.Join(home, ".local", "bin", Program)
	program(t, path, "#!/bin/sh\necho theirs\n")
	if _, err := SetUp(t.Context(), f, h, []string{own}, true); !errors.Is(err, ErrForeignHelper) {
		t.Errorf("got %v", err)
	}
	must[Change](t)(TakeDown(f, h))
	if got := text(t, path); got != "#!/bin/sh\necho theirs\n" {
		t.Errorf("got %q", got)
	}
	bare(t, f)
}

// A file that cannot be edited: nothing is copied for it.
func TestSetUpOfARefusedFile(t *testing.T) {
	f, h, home := account(t, "{,}")
	if _, err := SetUp(t.Context(), f, h, []string{own}, true); !errors.Is(err, ErrRefused) {
		t.Errorf("got %v", err)
	}
	gone(t, filepath.Join(home, ".local"))
	bare(t, f)
}

// The file breaks between the copy and the write: the copy goes again.
func TestSetUpTakesTheCopyBack(t *testing.T) {
	f, h, home := account(t, "{}")
	f.at = func(step string) {
		if step == "temp" {
			write(t, f.Path, "{,}")
		}
	}
	if _, err := SetUp(t.Context(), f, h, []string{own}, true); !errors.Is(err, ErrRefused) {
		t.Errorf("got %v", err)
	}
	gone(t, filepath.Join(home, ".local"))
	bare(t, f)
}

func TestNoHelperToCopy(t *testing.T) {
	f, h, home := account(t, "{}")
	h.Exe += ".missing"
	if _, err := SetUp(t.Context(), f, h, []string{own}, true); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v", err)
	}
	gone(t, filepath.Join(home, ".local"))
	bare(t, f)
}

func TestTheHelperStaysForAnotherFile(t *testing.T) {
	f, h, home := account(t, "{}")
	g := put(t, "{}")
	g.Journal = f.Journal
	must[Change](t)(SetUp(t.Context(), f, h, []string{own}, true))
	must[Change](t)(SetUpMore(t.Context(), g, h, []string{own}, true))
	must[Change](t)(TakeDown(f, h))
	if _, err := os.Stat(filepath.Join(home, ".local", "bin", Program)); err != nil {
		t.Error(err)
	}
	must[Change](t)(TakeDown(g, h))
	gone(t, filepath.Join(home, ".local"))
	bare(t, f)
}
