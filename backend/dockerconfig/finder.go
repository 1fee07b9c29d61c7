package dockerconfig

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strings"
	"time"
)

// ErrShell: the account's shell gave no answer, because it is missing, refuses
// a command, or did not come to an end in time.
var ErrShell = errors.New("the account's shell does not answer")

const (
	shellWait  = 5 * time.Second
	shellDrain = 300 * time.Millisecond // for output of what start-up files left running
	shellNoise = 1 << 20                // bytes kept of its output, the last ones
)

// Finder asks what a new login shell of this account sees. A program started
// from a menu or a service has another PATH than the terminal, and a helper
// that docker cannot find makes every pull fail.
type Finder struct {
	Shell string        // "": $SHELL, else the account's entry in /etc/passwd, else /bin/sh
	Home  string        // "": the account's
	Wait  time.Duration // 0: 5 s
}

// Found is what the shell sees.
type Found struct {
	Shell string
	Path  string   // of docker-credential-lanyard; "" if there is none
	Dirs  []string // the shell's PATH
}

// Find runs the shell's start-up files, with nothing on stdin, no terminal and
// a fresh environment. It looks through the PATH that comes out just as docker
// does, so an alias or a ~ that only a shell understands does not count.
func (f Finder) Find(ctx context.Context) (Found, error) {
	found := Found{Shell: f.shell()}
	path, err := f.searchPath(ctx, found.Shell)
	if err != nil {
		return found, err
	}
	found.Dirs = filepath.SplitList(path)
	for _, dir := range found.Dirs {
		name := filepath.Join(dir, Program)
		if !filepath.IsAbs(dir) {
			continue
		}
		if info, err := os.Stat(name); err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0 {
			found.Path = name
			break
		}
	}
	return found, nil
}

func (f Finder) searchPath(ctx context.Context, shell string) (string, error) {
	wait := f.Wait
	if wait == 0 {
		wait = shellWait
	}
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()

	// Both marks stand on lines of their own, so neither the noise of start-up
	// files nor an echo of this command can be taken for the answer.
	from, to := "lanyard-"+rand.Text(), "lanyard-"+rand.Text()
	script := `printf '\n%s\n%s\n%s\n' ` + from + ` "$PATH" ` + to
	args := []string{"-lc", script} // sh, bash, dash, zsh, fish, ksh
	if name := filepath.Base(shell); name == "csh" || name == "tcsh" {
		args = []string{"-c", script} // theirs takes -l alone only
	}
	var out tail
	cmd := exec.CommandContext(ctx, shell, args...)
	cmd.Dir, cmd.Env = f.home(), f.environment(shell)
	cmd.Stdout = &out
	cmd.WaitDelay = shellDrain
	ownGroup(cmd)
	err := cmd.Run()

	text := string(out.kept)
	start := strings.LastIndex(text, "\n"+from+"\n")
	if start >= 0 {
		text = text[start+len(from)+2:]
		if end := strings.Index(text, "\n"+to+"\n"); end >= 0 {
			return text[:end], nil // whatever a logout file did afterwards
		}
	}
	switch {
	case ctx.Err() != nil:
		return "", fmt.Errorf("%w: %s: its start-up files took longer than %v", ErrShell, shell, wait)
	case err != nil:
		return "", fmt.Errorf("%w: %s: %w", ErrShell, shell, err)
	}
	return "", fmt.Errorf("%w: %s: its start-up files end it before it takes a command", ErrShell, shell)
}

// environment is what login(1) would pass, with nothing of this process's own.
func (f Finder) environment(shell string) []string {
	name, path := "", "/usr/local/bin:/usr/bin:/bin"
	if u, err := user.Current(); err == nil {
		name = u.Username
		if u.Uid == "0" {
			path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
		}
	}
	lang := os.Getenv("LANG")
	if lang == "" {
		lang = "C.UTF-8"
	}
	return []string{"HOME=" + f.home(), "USER=" + name, "LOGNAME=" + name, "SHELL=" + shell, "LANG=" + lang, "TERM=dumb", "PATH=" + path}
}

func (f Finder) home() string {
	if f.Home != "" {
		return f.Home
	}
	home, _ := os.UserHomeDir()
	return home
}

func (f Finder) shell() string {
	for _, shell := range []string{f.Shell, os.Getenv("SHELL"), passwdShell()} {
		if filepath.IsAbs(shell) {
			return shell
		}
	}
	return "/bin/sh"
}

// passwdShell is the last field of the account's line; accounts of a directory service have none.
func passwdShell() string {
	u, err := user.Current()
	if err != nil {
		return ""
	}
	data, _ := os.ReadFile("/etc/passwd")
	for line := range strings.Lines(string(data)) {
		if fields := strings.Split(strings.TrimSpace(line), ":"); len(fields) == 7 && fields[0] == u.Username {
			return fields[6]
		}
	}
	return ""
}

// tail keeps the end of what is written to it.
type tail struct{ kept []byte }

func (t *tail) Write(p []byte) (int, error) {
	t.kept = append(t.kept, p...)
	if len(t.kept) > 2*shellNoise {
		t.kept = append(t.kept[:0], t.kept[len(t.kept)-shellNoise:]...)
	}
	return len(p), nil
}

// startupLine is what the person would have to add, and to which file, for dir
// (under home) to be on the PATH of a login shell.
func startupLine(shell, home, dir string) (line, file string) {
	short := dir
	if rel, err := filepath.Rel(home, dir); err == nil && filepath.IsLocal(rel) {
		short = "$HOME/" + rel
	}
	exists := func(name string) bool {
		_, err := os.Stat(filepath.Join(home, name))
		return !errors.Is(err, fs.ErrNotExist)
	}
	line = `export PATH="` + short + `:$PATH"`
	switch filepath.Base(shell) {
	case "fish":
		return `fish_add_path "` + short + `"`, "~/.config/fish/config.fish"
	case "csh", "tcsh":
		return `setenv PATH "` + short + `:$PATH"`, "~/.cshrc"
	case "zsh":
		return line, "~/.zprofile"
	case "bash": // reads the first of these only
		for _, name := range []string{".bash_profile", ".bash_login"} {
			if exists(name) {
				return line, "~/" + name
			}
		}
	}
	return line, "~/.profile"
}
