// Package dockercli runs the person's own docker where docker itself has to do
// something: sign in to Docker Hub as the client that Docker registered, and
// revoke what that brought. It owns the terminal that docker talks to and the
// reading of what it says; where docker keeps its secrets meanwhile is the
// caller's, by the folder it names.
package dockercli

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"syscall"
	"time"
	"unicode"

	"github.com/creack/pty"
)

// Errors that can be asked about.
var (
	// ErrNone: there is no docker on PATH, or none that signs in by browser.
	ErrNone = errors.New("no docker that signs in by browser")
	// ErrFailed: docker ran and did not do it; the text is docker's.
	ErrFailed = errors.New("docker did not sign in")
)

// browserSince is the first docker that signs in by browser.
const browserSince = 27

// signInHost is where docker sends people; an address elsewhere is not shown.
const signInHost = "login.docker.com"

// Docker is one docker program with a configuration folder of its own.
type Docker struct {
	Path   string // of the program
	Config string // the folder for DOCKER_CONFIG: its config.json names the credential helper
	Bin    string // a folder that comes first on PATH, where that helper lies
	// Env is the environment to run in, without what Config replaces, and with
	// what the helper needs.
	Env []string
	// Linger is how long docker may take to end after it was asked to; zero: 3 s.
	Linger time.Duration
}

// Prompt is where docker sends the person.
type Prompt struct {
	URL  string // at login.docker.com
	Code string // as it is shown there, to be compared
}

// Find looks for docker on path, a list as of PATH, and asks its version.
func Find(ctx context.Context, path string) (string, error) {
	for _, dir := range strings.Split(path, string(os.PathListSeparator)) {
		name := dir + string(os.PathSeparator) + "docker"
		if info, err := os.Stat(name); dir == "" || err != nil || info.IsDir() || info.Mode()&0o111 == 0 {
			continue
		}
		out, err := exec.CommandContext(ctx, name, "--version").Output()
		if err != nil {
			return "", fmt.Errorf("%w: %s does not run: %w", ErrNone, name, err)
		}
		if major(string(out)) < browserSince {
			return "", fmt.Errorf("%w: %s is %q, and signing in by browser begins with %d", ErrNone, name, plain(string(out)), browserSince)
		}
		return name, nil
	}
	return "", fmt.Errorf("%w: there is none on PATH", ErrNone)
}

var versionText = regexp.MustCompile(`(?i)^docker version (\d+)\.`)

// major is the major version that docker --version says; 0 if it says none.
func major(said string) int {
	m := versionText.FindStringSubmatch(strings.TrimSpace(said))
	if m == nil {
		return 0
	}
	n := 0
	_, _ = fmt.Sscanf(m[1], "%d", &n) // digits
	return n
}

// Login runs docker login and tells by show where the person goes. open: docker
// opens the browser itself, as it does when a person presses Enter. It returns
// when docker has stored what it got, or with docker's own words.
func (d Docker) Login(ctx context.Context, open bool, show func(Prompt)) error {
	cmd := d.command(ctx, "login")
	terminal, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: 40, Cols: 300})
	if err != nil {
		return fmt.Errorf("run docker login: %w", err)
	}
	defer terminal.Close()
	typed := false
	said := read(terminal, heard{
		page: func(p Prompt) {
			show(p)
			if open {
				_, _ = terminal.WriteString("\r") // docker waits for its browser to be wanted
			}
		},
		// docker falls back to a name and a password where its sign-in does not
		// answer. Neither is typed into a program that a person does not see.
		asked: func() {
			typed = true
			_, _ = terminal.WriteString("\x03")
		},
	})
	err = cmd.Wait()
	if typed && ctx.Err() == nil {
		return fmt.Errorf("%w: it could not begin to sign in by browser: %s does not answer it", ErrFailed, signInHost)
	}
	return d.ended(ctx, "login", err, said)
}

// Logout runs docker logout, which revokes the refresh token that the helper
// hands it.
func (d Docker) Logout(ctx context.Context) error {
	cmd := d.command(ctx, "logout")
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	err := cmd.Run()
	if err == nil && bytes.Contains(bytes.ToLower(said.Bytes()), []byte("warning")) {
		// docker warns and succeeds where it could not revoke.
		err = ErrFailed
	}
	return d.ended(ctx, "logout", err, said.String())
}

func (d Docker) ended(ctx context.Context, doing string, err error, said string) error {
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	}
	why := last(said)
	if why == "" {
		why = err.Error()
	}
	return fmt.Errorf("%w: docker %s: %s", ErrFailed, doing, why)
}

func (d Docker) command(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, d.Path, args...)
	// Another context's daemon, or credentials of a variable, are not asked.
	dropped := []string{"DOCKER_CONFIG=", "DOCKER_CONTEXT=", "DOCKER_HOST=", "DOCKER_AUTH_CONFIG=", "PATH="}
	path := ""
next:
	for _, v := range d.Env {
		for _, prefix := range dropped {
			if strings.HasPrefix(v, prefix) {
				if prefix == "PATH=" {
					path = v[len(prefix):]
				}
				continue next
			}
		}
		cmd.Env = append(cmd.Env, v)
	}
	cmd.Env = append(cmd.Env, "DOCKER_CONFIG="+d.Config, "PATH="+d.Bin+string(os.PathListSeparator)+path, "DOCKER_CLI_HINTS=false")
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	if cmd.WaitDelay = d.Linger; cmd.WaitDelay == 0 {
		cmd.WaitDelay = 3 * time.Second
	}
	return cmd
}

var (
	codeText = regexp.MustCompile(`(?i)code is:?\s+([A-Z0-9]{4}-?[A-Z0-9]{4})\b`)
	pageText = regexp.MustCompile(`https?://[^\s]+`)
	asksText = regexp.MustCompile(`^(Username|Password)\b.*:$`)
)

const maxSaid = 64 << 10 // bytes of what docker says that are kept

// heard is what is done about what docker says, each once.
type heard struct {
	page  func(Prompt)
	asked func() // for a name or a password
}

// read takes what docker says to its end.
func read(from io.Reader, do heard) string {
	var all, line strings.Builder
	var p Prompt
	done := false
	in := bufio.NewReader(from)
	for {
		c, _, err := in.ReadRune()
		if err != nil { // a terminal that is closed on the other side is EIO
			return all.String() + plain(line.String())
		}
		if line.WriteRune(c); c != '\n' && in.Buffered() > 0 && line.Len() < maxSaid {
			continue
		}
		text := plain(line.String())
		if do.asked != nil && asksText.MatchString(text) {
			do.asked()
			do.asked = nil
		}
		if c != '\n' && line.Len() < maxSaid {
			continue // the rest may follow
		}
		line.Reset()
		if all.Len() < maxSaid {
			all.WriteString(text + "\n")
		}
		if m := codeText.FindStringSubmatch(text); m != nil && p.Code == "" {
			p.Code = m[1]
		}
		if page := pageText.FindString(text); page != "" && p.URL == "" && atDocker(page) {
			p.URL = page
		}
		if p.Code != "" && p.URL != "" && !done {
			done = true
			do.page(p)
		}
	}
}

// atDocker says whether an address is one that docker may send people to.
func atDocker(address string) bool {
	u, err := url.Parse(address)
	return err == nil && u.Scheme == "https" && u.Host == signInHost && u.User == nil
}

var escapes = regexp.MustCompile(`\x1b(\[[0-9;?]*[ -/]*[@-~]|\][^\x07]*\x07|.)`)

// plain is a line as it reads, without what moves the cursor or colours.
func plain(line string) string {
	line = escapes.ReplaceAllString(line, "")
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) {
			return -1
		}
		return r
	}, line))
}

// last is the last thing that was said, short enough to repeat.
func last(said string) string {
	lines := strings.Split(strings.TrimSpace(said), "\n")
	text := plain(lines[len(lines)-1])
	if runes := []rune(text); len(runes) > 300 {
		text = string(runes[:300]) + "…"
	}
	return text
}
