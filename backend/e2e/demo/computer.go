//go:build linux

package main

import (
	"bytes"
	"context"
	"debug/buildinfo"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"text/tabwriter"

	"lanyard/backend/e2e/desk"
	"lanyard/backend/internal/keyringtest"
)

// oddConfig is a docker configuration as people have them: with keys that
// nobody knows, a number that no float64 holds, tabs and blanks mixed, another
// credential helper, and no newline at the end.
const oddConfig = "{\n\t\"credHelpers\" : { \"registry.example.com\":\"pass\" },\n" +
	"   \"HttpHeaders\":{\"X-Team\":\"caf\\u00e9 & <co>\"},\t\n\n" +
	"\t\"aFutureKey\": {\"number\": 12345678901234567890.10, \"list\":[ 1,2,   3 ]},\n" +
	"    \"psFormat\" : \"table {{.ID}}\\t{{.Names}}\"}"

// computer is the made-up person's computer, and what was noted of it before.
type computer struct {
	desk          *desk.Desk
	desktop       *desk.Desktop
	notifications *desk.Notifications
	before        file // ~/.docker/config.json
}

type file struct {
	text []byte
	mode fs.FileMode
}

func read(path string) (file, error) {
	info, err := os.Stat(path)
	if err != nil {
		return file{}, err
	}
	text, err := os.ReadFile(path)
	return file{text, info.Mode()}, err
}

func (d *demo) sitDown(ctx context.Context) (string, error) {
	programs, err := filepath.Abs(d.programs)
	if err != nil {
		return "", err
	}
	tools, err := filepath.Abs(d.tools)
	if err != nil {
		return "", err
	}
	if d.desk, err = desk.New(programs, tools, keyringtest.Options{}); err != nil {
		return "", err
	}
	d.desk.Look = d.look
	if d.screen, err = d.desk.Screen(ctx); err != nil {
		return "", err
	}
	if d.desktop, err = d.desk.Desktop(); err != nil {
		return "", err
	}
	if d.look.Dark {
		if err := d.desktop.Choose(desk.DarkScheme); err != nil {
			return "", err
		}
	}
	if d.notifications, err = d.desk.Notifications(); err != nil {
		return "", err
	}
	if d.registryPort, err = desk.FreePort(); err != nil {
		return "", err
	}
	files := map[string]string{
		d.configPath(): oddConfig,
		filepath.Join(d.desk.Home, ".config/lanyard/service.yaml"): "registry: [" + d.other() + "]\n",
	}
	if d.zoom != 0 {
		files[d.settingsPath()] = fmt.Sprintf(`{"window": {"zoom": %d}}`, d.zoom)
	}
	for path, text := range files {
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return "", err
		}
		if err := os.WriteFile(path, []byte(text), 0o640); err != nil {
			return "", err
		}
	}
	if d.before, err = read(d.configPath()); err != nil {
		return "", err
	}
	// A stranger in the same keychain, to see later that the file was kept.
	store := d.desk.Command("secret-tool", "store", "--label=stranger", "service", "stranger", "username", "x")
	store.Stdin = strings.NewReader("not ours")
	if _, err := desk.Must(store); err != nil {
		return "", err
	}
	return fmt.Sprintf("HOME %s from /etc/skel, a D-Bus session, keyring and screen of its own, an oddly formatted %s (%d bytes)",
		d.desk.Home, "~/.docker/config.json", len(d.before.text)), nil
}

func (d *demo) settingsPath() string {
	return filepath.Join(d.desk.Home, ".config/lanyard/settings.json")
}

func (d *demo) configPath() string { return filepath.Join(d.desk.Home, ".docker/config.json") }

// own and other are the two registries: the service's, and docker-registry.
func (d *demo) own() string   { return "localhost:" + d.desk.Port }
func (d *demo) other() string { return "localhost:" + d.registryPort }

// parts asks every real part where it lies and what it is.
func (d *demo) parts(ctx context.Context) (string, error) {
	var text bytes.Buffer
	w := tabwriter.NewWriter(&text, 0, 4, 2, ' ', 0)
	for _, name := range []string{"lanyard", "docker-credential-lanyard", "lanyard-desktop"} {
		path := filepath.Join(d.desk.Programs, name)
		info, err := buildinfo.ReadFile(path)
		if err != nil {
			return "", fmt.Errorf("%w (make build makes it)", err)
		}
		said := ""
		if flag := map[string]string{"lanyard": "--version", "docker-credential-lanyard": "version"}[name]; flag != "" {
			o, err := desk.Must(d.desk.Program(ctx, path, flag))
			if err != nil {
				return "", err
			}
			said = firstLine(o.Out) + ", "
		} else {
			for _, module := range info.Deps {
				if module.Path == "github.com/wailsapp/wails/v2" {
					said = "Wails " + module.Version + ", "
				}
			}
		}
		fmt.Fprintf(w, "%s\t%s%s\t%s\n", name, said, info.GoVersion, path)
	}
	for _, part := range [][]string{
		{"chromium", "--version"}, {"gnome-keyring-daemon", "--version"}, {"dbus-daemon", "--version"},
		{"secret-tool"}, {"Xvfb"}, {"matchbox-window-manager"}, {"xdotool", "version"}, {"import", "--version"}, {"docker", "--version"}, {"skopeo", "--version"}, {"crane", "version"},
		{"regctl", "version", "--format", "{{.VCSTag}}"}, {"docker-registry", "--version"},
	} {
		path, err := d.desk.Part(part[0])
		if err != nil {
			return "", err
		}
		version := "" // some tell none
		if len(part) > 1 {
			o, err := desk.Must(d.desk.Program(ctx, path, part[1:]...))
			if err != nil {
				return "", err
			}
			version = strings.TrimPrefix(firstLine(o.Out), path+" ")
		}
		if real, err := filepath.EvalSymlinks(path); err == nil {
			path = real
		}
		fmt.Fprintf(w, "%s\t%s\t%s\n", part[0], version, path)
	}
	err := w.Flush()
	return text.String(), err
}

func firstLine(text string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(text), "\n")
	return line
}

// setIn says whether docker's configuration names our helper for hosts, and
// still has every line of before but those around them.
func (d *demo) setIn(hosts ...string) error {
	now, err := read(d.configPath())
	if err != nil {
		return err
	}
	var config struct {
		CredHelpers map[string]string `json:"credHelpers"`
	}
	if err := json.Unmarshal(now.text, &config); err != nil {
		return fmt.Errorf("docker's configuration: %w", err)
	}
	for _, host := range hosts {
		if config.CredHelpers[host] != "lanyard" {
			return fmt.Errorf("docker's configuration does not name our helper for %s:\n%s", host, now.text)
		}
	}
	if len(config.CredHelpers) != len(hosts)+1 || config.CredHelpers["registry.example.com"] != "pass" {
		return fmt.Errorf("docker's configuration has other helpers than it should:\n%s", now.text)
	}
	_, rest, _ := bytes.Cut(d.before.text, []byte("}"))
	if !bytes.HasSuffix(now.text, rest) || now.mode != d.before.mode {
		return fmt.Errorf("more than the helpers has changed in docker's configuration:\n%s", now.text)
	}
	return nil
}

// helper is where a fresh login shell finds the credential helper; "" if it does not.
func (d *demo) helper(ctx context.Context) (string, error) {
	o, err := desk.Run(d.desk.Shell(ctx, "command -v docker-credential-lanyard"))
	if err != nil || o.Code > 1 {
		return "", errors.Join(err, fmt.Errorf("the login shell said %q", o.Err))
	}
	return strings.TrimSpace(o.Out), nil
}

// names lists processes for people.
func names(all []desk.Process) string {
	var said []string
	for _, p := range all {
		said = append(said, fmt.Sprintf("%s (%d)", p.Name, p.PID))
	}
	return strings.Join(said, ", ")
}

// running is a program that is not waited for yet.
type running struct {
	cmd      *exec.Cmd
	out, err bytes.Buffer
	ended    chan struct{}
	failed   error
}

func start(cmd *exec.Cmd) (*running, error) {
	r := &running{cmd: cmd, ended: make(chan struct{})}
	if cmd.Stdout == nil {
		cmd.Stdout, cmd.Stderr = &r.out, &r.err
	}
	cmd.WaitDelay = waitDelay
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		defer close(r.ended)
		r.failed = cmd.Wait()
	}()
	return r, nil
}

// words is what it said, as an error; only once it has ended.
func (r *running) words() error {
	return fmt.Errorf("%s %s %s\n%s%s", filepath.Base(r.cmd.Path), strings.Join(r.cmd.Args[1:], " "), r.how(), r.out.String(), r.err.String())
}

func (r *running) how() string {
	if r.failed != nil {
		return "failed: " + r.failed.Error()
	}
	return "ended"
}
