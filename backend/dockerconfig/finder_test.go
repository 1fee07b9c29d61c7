//go:build unix

package dockerconfig

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// skelHome is a new account's home.
func skelHome(t *testing.T) string {
	t.Helper()
	home := t.TempDir()
	check(t, os.CopyFS(home, os.DirFS("/etc/skel")))
	return home
}

func program(t *testing.T, path, text string) {
	t.Helper()
	check(t, os.MkdirAll(filepath.Dir(path), 0o755))
	check(t, os.WriteFile(path, []byte(text), 0o755))
}

// appendTo adds lines to a start-up file.
func appendTo(t *testing.T, path, lines string) {
	t.Helper()
	check(t, os.MkdirAll(filepath.Dir(path), 0o755))
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	check(t, err)
	_, err = f.WriteString(lines)
	check(t, errors.Join(err, f.Close()))
}

// Each shell with the line that we show, in the file that we name.
func TestShells(t *testing.T) {
	shells := []string{"/bin/sh", "/bin/bash", "/bin/dash"}
	for _, name := range []string{"zsh", "fish", "ksh", "tcsh"} { // where this machine has them
		if path, err := exec.LookPath(name); err == nil {
			shells = append(shells, path)
		}
	}
	for _, shell := range shells {
		t.Run(filepath.Base(shell), func(t *testing.T) {
			home := t.TempDir()
			f := Finder{Shell: shell, Home: home}
			found := must[Found](t)(f.Find(t.Context()))
			if found.Path != "" || len(found.Dirs) < 3 || found.Shell != shell {
				t.Errorf("%+v", found)
			}
			dir := filepath.Join(home, "my tools", "bin")
			program(t, filepath.Join(dir, Program), "#!/bin/sh\n")
			line, file := startupLine(shell, home, dir)
			appendTo(t, filepath.Join(home, strings.TrimPrefix(file, "~/")), line+"\n")
			found = must[Found](t)(f.Find(t.Context()))
			if found.Path != filepath.Join(dir, Program) || !slices.Contains(found.Dirs, dir) {
				t.Errorf("%q in %s: %+v", line, file, found)
			}
		})
	}
}

func TestStartupLineForBash(t *testing.T) {
	home := skelHome(t)
	for _, name := range []string{".profile", ".bash_login", ".bash_profile"} {
		appendTo(t, filepath.Join(home, name), "")
		if _, file := startupLine("/bin/bash", home, home+"/.local/bin"); file != "~/"+name {
			t.Errorf("%s, where bash reads %s first", file, name)
		}
	}
	if line, _ := startupLine("/bin/bash", home, "/opt/x"); line != `export PATH="/opt/x:$PATH"` {
		t.Error(line)
	}
}

// Whatever a start-up file does, the answer is right or there is none.
func TestNoisyStartupFiles(t *testing.T) {
	const path = `PATH="$HOME/tools:$PATH"` + "\n"
	for _, c := range []struct{ name, profile string }{
		{"quiet", path},
		{"prints without end of line", path + "printf 'welcome, PATH=/nowhere'"},
		{"prints much", path + "head -c 5000000 /dev/zero | tr '\\0' 'x'; echo"},
		{"traces", path + "set -xv"},
		{"echoes each command", path + `trap 'echo "$BASH_COMMAND"' DEBUG`},
		{"reads stdin", "read answer\nread again\n" + path},
		{"asks the terminal", "read answer </dev/tty\nstty sane\n" + path},
		{"fails", path + "false\nno-such-command"},
		{"leaves a program running", path + "sleep 30 & echo $! >\"$HOME/pid\""},
		{"changes folder", path + "cd /"},
		{"aliases", path + "alias printf=echo command=echo\nalias " + Program + "=echo"},
		{"prints on leaving", path + "trap 'echo bye; echo' EXIT"},
		{"changes the separator", path + "IFS=:"},
	} {
		t.Run(c.name, func(t *testing.T) {
			home := skelHome(t)
			appendTo(t, filepath.Join(home, ".profile"), "\n"+c.profile+"\n")
			program(t, filepath.Join(home, "tools", Program), "#!/bin/sh\n")
			found := must[Found](t)(Finder{Shell: "/bin/bash", Home: home, Wait: 30 * time.Second}.Find(t.Context()))
			if found.Path != filepath.Join(home, "tools", Program) {
				t.Errorf("%+v", found)
			}
			if pid, err := os.ReadFile(filepath.Join(home, "pid")); err == nil { // not ours to end, but this test's
				n, err := strconv.Atoi(strings.TrimSpace(string(pid)))
				check(t, err)
				check(t, syscall.Kill(n, syscall.SIGKILL))
			}
		})
	}
}

func TestShellsThatDoNotAnswer(t *testing.T) {
	for _, c := range []struct{ name, shell, profile, says string }{
		{"missing", "/bin/no-such-shell", "", "no such file"},
		{"nologin", "/usr/sbin/nologin", "", "exit status"},
		{"true", "/bin/true", "", "before it takes a command"},
		{"leaves early", "/bin/bash", "exit 0", "before it takes a command"},
		{"becomes another program", "/bin/bash", "exec true", "before it takes a command"},
		{"waits for ever", "/bin/bash", "sleep 100 & sleep 100", "longer than"},
		{"prints for ever", "/bin/bash", "yes", "longer than"},
	} {
		t.Run(c.name, func(t *testing.T) {
			home := skelHome(t)
			appendTo(t, filepath.Join(home, ".profile"), "\n"+c.profile+"\n")
			_, err := Finder{Shell: c.shell, Home: home, Wait: time.Second}.Find(t.Context())
			if !errors.Is(err, ErrShell) || !strings.Contains(err.Error(), c.says) {
				t.Errorf("got %v, want %q", err, c.says)
			}
		})
	}
}

// On the deadline everything the start-up files began is ended too.
func TestTheDeadlineEndsTheWholeGroup(t *testing.T) {
	home := skelHome(t)
	fifo := filepath.Join(home, "held")
	check(t, syscall.Mkfifo(fifo, 0o600))
	appendTo(t, filepath.Join(home, ".profile"), "\nsleep 100 8>\"$HOME/held\" &\ntrap '' TERM HUP\nsleep 100\n")
	closed := make(chan error, 1)
	go func() { // ends when the last process that holds the other end does
		_, err := os.ReadFile(fifo)
		closed <- err
	}()
	if _, err := (Finder{Shell: "/bin/bash", Home: home, Wait: time.Second}).Find(t.Context()); !errors.Is(err, ErrShell) {
		t.Fatalf("got %v", err)
	}
	select {
	case err := <-closed:
		check(t, err)
	case <-time.After(10 * time.Second):
		t.Error("a child lives on")
	}
}

func TestFindIsCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := (Finder{Shell: "/bin/bash", Home: skelHome(t)}).Find(ctx); !errors.Is(err, ErrShell) {
		t.Errorf("got %v", err)
	}
}

// What docker would not run is not found, and our own PATH does not count.
func TestOnlyWhatDockerWouldRun(t *testing.T) {
	home := skelHome(t)
	own := filepath.Join(home, "own")
	program(t, filepath.Join(own, Program), "#!/bin/sh\n")
	t.Setenv("PATH", own+":"+os.Getenv("PATH"))
	check(t, os.MkdirAll(filepath.Join(home, "a", Program), 0o755))
	program(t, filepath.Join(home, "b", Program), "#!/bin/sh\n")
	check(t, os.Chmod(filepath.Join(home, "b", Program), 0o644))
	program(t, filepath.Join(home, "bin2", Program), "#!/bin/sh\n")
	appendTo(t, filepath.Join(home, ".profile"), "\nPATH=\"$HOME/a:$HOME/b:own:~/bin2::$PATH\"\n"+Program+"() { :; }\n")
	found := must[Found](t)(Finder{Shell: "/bin/bash", Home: home}.Find(t.Context()))
	if found.Path != "" {
		t.Errorf("%+v", found)
	}
	program(t, filepath.Join(home, "c", Program), "#!/bin/sh\n")
	appendTo(t, filepath.Join(home, ".profile"), "PATH=\"$PATH:$HOME/c\"\n")
	found = must[Found](t)(Finder{Shell: "/bin/bash", Home: home}.Find(t.Context()))
	if found.Path != filepath.Join(home, "c", Program) {
		t.Errorf("%+v", found)
	}
}

func TestFreshEnvironment(t *testing.T) {
	home := skelHome(t)
	t.Setenv("LANYARD_SECRET", "x")
	t.Setenv("BASH_ENV", "/etc/passwd")
	t.Setenv("LANG", "C.UTF-8")
	appendTo(t, filepath.Join(home, ".profile"), "\nenv | cut -d= -f1 | sort >\"$HOME/names\"; pwd >\"$HOME/pwd\"\n")
	must[Found](t)(Finder{Shell: "/bin/bash", Home: home}.Find(t.Context()))
	var names []string
	for name := range strings.FieldsSeq(text(t, filepath.Join(home, "names"))) {
		if !slices.Contains([]string{"_", "PWD", "OLDPWD", "SHLVL"}, name) {
			names = append(names, name)
		}
	}
	if diff := cmp.Diff([]string{"HOME", "LANG", "LOGNAME", "PATH", "SHELL", "TERM", "USER"}, names); diff != "" {
		t.Error(diff)
	}
	if got := strings.TrimSpace(text(t, filepath.Join(home, "pwd"))); got != home {
		t.Errorf("in %s", got)
	}
}

func TestWhichShell(t *testing.T) {
	t.Setenv("SHELL", "/bin/dash")
	if got := (Finder{}).shell(); got != "/bin/dash" {
		t.Error(got)
	}
	if got := (Finder{Shell: "/bin/bash"}).shell(); got != "/bin/bash" {
		t.Error(got)
	}
	t.Setenv("SHELL", "")
	if got, want := (Finder{}).shell(), passwdShell(); want != "" && got != want || !filepath.IsAbs(got) {
		t.Errorf("%q, %q", got, want)
	}
}
