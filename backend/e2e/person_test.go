//go:build linux

package e2e_test

import (
	"bufio"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"lanyard/backend/e2e/desk"
	"lanyard/backend/e2e/service"
	"lanyard/backend/internal/keyringtest"
	"lanyard/backend/keychain"
)

// patience is how long anything of these tests may take.
const patience = 2 * time.Minute

// person is anna at a desk of her own, with the real programs and a browser
// made of HTTP behind xdg-open.
type person struct {
	*testing.T
	*desk.Desk
	ctx     context.Context
	browser *service.Person
	clock   string // file
}

// opener stands in for the system's: it notes the address.
const opener = `#!/bin/sh
printf '%s' "$1" > "$XDG_RUNTIME_DIR/opened.new"
mv "$XDG_RUNTIME_DIR/opened.new" "$XDG_RUNTIME_DIR/opened"
`

func sitDown(t *testing.T, o keyringtest.Options, programs func() (string, error)) *person {
	t.Helper()
	bin, err := programs()
	if err != nil {
		t.Fatal(err)
	}
	tools := os.Getenv("LANYARD_TOOLS")
	if tools == "" {
		tools = "../../build/tools"
	}
	d, err := desk.New(bin, filepath.Join(tools, "bin"), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.Close)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	p := &person{T: t, Desk: d, ctx: ctx, browser: service.NewPerson("anna", &http.Transport{DisableKeepAlives: true}), clock: filepath.Join(d.Runtime, "clock")}
	p.put(filepath.Join(d.Runtime, "bin", "xdg-open"), opener, 0o700)
	p.put(p.clock, strings.Repeat("\x00", 8), 0o600)
	d.Setenv(clockFile, p.clock)
	return p
}

func (p *person) put(path, text string, mode os.FileMode) {
	p.Helper()
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		p.Fatal(err)
	}
}

// later moves the clock of all programs of the desk, running ones included.
func (p *person) later(by time.Duration) {
	p.Helper()
	file, err := os.OpenFile(p.clock, os.O_WRONLY, 0) // in place: programs have it mapped
	if err != nil {
		p.Fatal(err)
	}
	_, err = file.Write(binary.LittleEndian.AppendUint64(nil, uint64(by/time.Second)))
	if err := errors.Join(err, file.Close()); err != nil {
		p.Fatal(err)
	}
}

// run runs lanyard to its end.
func (p *person) run(args ...string) desk.Output {
	p.Helper()
	out, err := desk.Run(p.Lanyard(p.ctx, args...))
	if err != nil {
		p.Fatalf("lanyard %s: %v", strings.Join(args, " "), err)
	}
	return out
}

// must is run of what has to succeed.
func (p *person) must(args ...string) desk.Output {
	p.Helper()
	out := p.run(args...)
	if out.Code != 0 {
		p.Fatalf("lanyard %s: exit %d\n%s%s", strings.Join(args, " "), out.Code, out.Out, out.Err)
	}
	return out
}

// settle starts the own service and gives the person its set-up code.
func (p *person) settle() {
	p.Helper()
	p.must("service", "start")
	p.browser.Code = strings.TrimSpace(p.must("service", "setup-code").Out)
}

// login is `lanyard login` with the browser that it opens.
func (p *person) login() desk.Output {
	p.Helper()
	return p.loginBy(p.Lanyard(p.ctx, "login", "--yes"))
}

func (p *person) loginBy(cmd *exec.Cmd) desk.Output {
	p.Helper()
	return p.follow(cmd, func(func(*regexp.Regexp) string) error {
		opened := filepath.Join(p.Runtime, "opened")
		var address []byte
		p.until("a browser to be opened", func() bool {
			var err error
			address, err = os.ReadFile(opened)
			return err == nil
		})
		if err := os.Remove(opened); err != nil {
			return err
		}
		return p.browser.Allow(string(address))
	})
}

// follow runs a program to its end while a person does what it asks; said
// waits for a line of its stderr and returns the first group of the match.
func (p *person) follow(cmd *exec.Cmd, person func(said func(*regexp.Regexp) string) error) desk.Output {
	p.Helper()
	stderr, err := cmd.StderrPipe()
	if err != nil {
		p.Fatal(err)
	}
	var out strings.Builder
	cmd.Stdout = &out
	if err := cmd.Start(); err != nil {
		p.Fatal(err)
	}
	lines := bufio.NewScanner(stderr)
	var all strings.Builder
	next := func() bool {
		if !lines.Scan() {
			return false
		}
		all.WriteString(lines.Text() + "\n")
		return true
	}
	err = person(func(what *regexp.Regexp) string {
		for next() {
			if found := what.FindStringSubmatch(lines.Text()); found != nil {
				return found[1]
			}
		}
		p.Errorf("it never said %s:\n%s", what, all.String())
		return ""
	})
	if err != nil {
		_ = cmd.Process.Kill()
		p.Error(err)
	}
	for next() {
	}
	_ = cmd.Wait() // the code is the caller's to judge
	return desk.Output{Out: out.String(), Err: all.String(), Code: cmd.ProcessState.ExitCode()}
}

// helper asks the credential helper for the own registry's credentials.
func (p *person) helper() desk.Output {
	p.Helper()
	cmd := p.Program(p.ctx, filepath.Join(p.Programs, "docker-credential-lanyard"), "get")
	cmd.Stdin = strings.NewReader("localhost:" + p.Port)
	out, err := desk.Run(cmd)
	if err != nil {
		p.Fatal(err)
	}
	return out
}

const notFound = "credentials not found in native keychain"

// served fails unless the helper answers with the token of anna, or does not.
func (p *person) served(secret string) {
	p.Helper()
	out := p.helper()
	var answer struct{ Username, Secret string }
	if err := json.Unmarshal([]byte(out.Out), &answer); err != nil || out.Code != 0 || answer.Username != "anna" || answer.Secret != secret {
		p.Fatalf("the helper: exit %d %v\n%s", out.Code, err, out.Err)
	}
}

func (p *person) notServed(why string) {
	p.Helper()
	out := p.helper()
	if out.Code != 1 || strings.TrimSpace(out.Out) != notFound || !strings.Contains(out.Err, why) {
		p.Errorf("the helper: exit %d, %q, %q, want one that says %q", out.Code, out.Out, out.Err, why)
	}
}

// secret is what lies in the keyring, read outside of our code.
func (p *person) secret() string {
	p.Helper()
	return p.entry(keychain.TokenName(p.URL(), "anna")).Secret
}

func (p *person) entry(name string) (entry struct{ Secret, Refresh string }) {
	p.Helper()
	out, err := desk.Must(p.Command("secret-tool", "lookup", "service", keychain.Service, "username", name))
	if err != nil {
		p.Fatal(err)
	}
	if err := json.Unmarshal([]byte(out.Out), &entry); err != nil || entry.Secret+entry.Refresh == "" {
		p.Fatalf("%s: %v", name, err)
	}
	return entry
}

// keyringIsEmpty fails if secret-tool finds anything of ours.
func (p *person) keyringIsEmpty() {
	p.Helper()
	out, err := desk.Run(p.Command("secret-tool", "search", "--all", "service", keychain.Service))
	if err != nil || out.Out+out.Err != "" { // libsecret before 0.21 has attributes on stderr
		p.Errorf("secret-tool finds %s%s, %v", regexp.MustCompile(`secret = .*`).ReplaceAllString(out.Out, "secret = ***"), out.Err, err)
	}
}

// answered is the status with which /token answers a secret.
func (p *person) answered(secret string) int {
	p.Helper()
	r, err := http.NewRequestWithContext(p.ctx, http.MethodGet, p.URL()+"/token?service=localhost:"+p.Port, nil)
	if err != nil {
		p.Fatal(err)
	}
	r.SetBasicAuth("anna", secret)
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		p.Fatal(err)
	}
	if err := response.Body.Close(); err != nil {
		p.Fatal(err)
	}
	return response.StatusCode
}

// config is docker's configuration, "" if there is none.
func (p *person) config() string {
	p.Helper()
	text, err := os.ReadFile(filepath.Join(p.Home, ".docker", "config.json"))
	if err != nil && !os.IsNotExist(err) {
		p.Fatal(err)
	}
	return string(text)
}

// status is `lanyard status --json`.
func (p *person) status() (code int, report struct {
	SignedIn bool `json:"signed_in"`
	Accounts []struct{ Account, State string }
}) {
	p.Helper()
	out := p.run("status", "--json")
	if err := json.Unmarshal([]byte(out.Out), &report); err != nil {
		p.Fatalf("%v\n%s%s", err, out.Out, out.Err)
	}
	return out.Code, report
}

func (p *person) until(what string, done func() bool) {
	p.Helper()
	for !done() {
		select {
		case <-time.After(10 * time.Millisecond):
		case <-p.ctx.Done():
			p.Fatalf("waited in vain for %s", what)
		}
	}
}
