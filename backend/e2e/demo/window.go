//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"lanyard/backend/e2e/desk"
)

// seat is where the person sits: at a screen, with the window on it.
type seat struct {
	screen *desk.Screen
	window *desk.Window
}

const (
	signInButton = "Sign in"
	tokensButton = "Personal access tokens"
)

func (d *demo) openWindow(ctx context.Context) (string, error) {
	if path, err := d.helper(ctx); err != nil || path != "" {
		return "", errors.Join(err, fmt.Errorf("the shell finds a credential helper before anything was done: %q", path))
	}
	// Somebody would like to give the window orders through WebKit's inspector.
	var ports []string
	for _, name := range []string{"WEBKIT_INSPECTOR_SERVER", "WEBKIT_INSPECTOR_HTTP_SERVER"} {
		port, err := desk.FreePort()
		if err != nil {
			return "", err
		}
		ports = append(ports, port)
		d.desk.Setenv(name, "127.0.0.1:"+port)
	}
	var err error
	if d.window, err = d.screen.Open(ctx); err != nil {
		return "", err
	}
	if err := d.window.Wait(ctx, "Sign in once, for every container tool", "This computer’s own service", "Use a code instead"); err != nil {
		return "", err
	}
	// What a screen reader hears is each of them, not only the text around them.
	if err := d.window.Hear(ctx, desk.Radio, "This computer’s own service", "Another Lanyard server"); err != nil {
		return "", err
	}
	if err := d.window.Hear(ctx, desk.Words, "Accounts and a registry, here. It is started if it is not running.", "One that your team runs, by its address."); err != nil {
		return "", err
	}
	for _, port := range ports {
		if c, err := net.DialTimeout("tcp", "127.0.0.1:"+port, time.Second); err == nil {
			return "", errors.Join(errors.New("the window takes orders through WebKit's inspector"), c.Close())
		}
	}
	return "nobody is signed in; it offers to sign in at this computer's own service", d.pictures.take(d.screen, "signed-out")
}

func (d *demo) beginInWindow(ctx context.Context) (string, error) {
	d.name, d.passphrase = "alice", "seven quiet lamps along the harbour wall"
	if err := d.window.Press(ctx, signInButton); err != nil {
		return "", err
	}
	var err error
	if d.setupCode, err = d.window.Text(ctx, "Set-up code"); err != nil {
		return "", err
	}
	if err := d.window.Wait(ctx, "Waiting for your browser", "Open again", "Copy link", "Cancel", " left"); err != nil {
		return "", err
	}
	if err := d.pictures.take(d.screen, "waiting"); err != nil {
		return "", err
	}
	if d.browser, err = d.desk.Browser(ctx); err != nil {
		return "", err
	}
	if err := d.page("Set up this service", desk.Wait(`form[action="/setup"]`)); err != nil {
		return "", err
	}
	if err := d.pictures.take(d.browser, "set-up"); err != nil {
		return "", err
	}
	return "the window shows a set-up code and waits; xdg-open started Chromium; the service at " + d.desk.URL() + " shows its set-up page", nil
}

func (d *demo) signedIn(ctx context.Context) (string, error) {
	if err := d.window.Wait(ctx, "Signed in as", d.name, d.own(), "Read, Write, Delete", "Not set up", "skopeo"); err != nil {
		return "", err
	}
	o, err := desk.Must(d.desk.Lanyard(ctx, "status", "--json"))
	if err != nil {
		return "", err
	}
	_, after, _ := strings.Cut(o.Out, `"token_last_four": "`)
	if d.lastFour, _, _ = strings.Cut(after, `"`); len(d.lastFour) != 4 {
		return "", fmt.Errorf("lanyard status does not tell the token's last four characters:\n%s", o.Out)
	}
	if err := d.window.Wait(ctx, "…"+d.lastFour); err != nil {
		return "", err
	}
	if err := d.window.Hear(ctx, desk.Term, "Server", "Token", "Ends", "If unused"); err != nil {
		return "", err
	}
	if err := d.window.Hear(ctx, desk.Words, d.own(), "This computer’s own service", "…"+d.lastFour, "in 90 days", "in 30 days"); err != nil {
		return "", err
	}
	return d.name + " at " + d.own() + ", token …" + d.lastFour + ", Read, Write, Delete; the container tools are not set up yet", d.pictures.take(d.screen, "signed-in")
}

func (d *demo) setUpTools(ctx context.Context) (string, error) {
	copied := d.desk.Home + "/.local/bin/docker-credential-lanyard"
	if err := d.window.Press(ctx, "Show the change"); err != nil {
		return "", err
	}
	// What it would do is seen before it is done.
	if err := d.window.Wait(ctx, "What would change", `"`+d.own()+`": "lanyard"`, copied); err != nil {
		return "", err
	}
	if now, err := read(d.configPath()); err != nil || string(now.text) != string(d.before.text) {
		return "", errors.Join(err, errors.New("docker's configuration was changed before anybody agreed"))
	}
	if err := d.window.Check(ctx, "Copy the credential helper"); err != nil {
		return "", err
	}
	if err := d.pictures.take(d.screen, "what-would-change"); err != nil {
		return "", err
	}
	if err := d.window.Press(ctx, "Apply"); err != nil {
		return "", err
	}
	if err := d.window.Wait(ctx, "Set up", "ask Lanyard for", d.other(), "Undo"); err != nil {
		return "", err
	}
	if err := d.pictures.take(d.screen, "set-up"); err != nil {
		return "", err
	}
	if path, err := d.helper(ctx); err != nil || path != copied {
		return "", errors.Join(err, fmt.Errorf("a login shell finds the helper at %q, not the copy at %s", path, copied))
	}
	return "with consent, the helper was copied; a fresh login shell finds " + copied, d.setIn(d.own(), d.other())
}

func (d *demo) listed(ctx context.Context) (string, error) {
	words, err := d.oneToken(ctx)
	if err != nil {
		return "", err
	}
	if err := d.window.Press(ctx, tokensButton); err != nil {
		return "", err
	}
	for _, words := range []string{"Access permissions", "Auto-generated", "Active", "Never", "This computer", "…" + d.lastFour, "1 active, 0 deactivated"} {
		if err := d.window.Wait(ctx, words); err != nil {
			return "", err
		}
	}
	if err := d.window.Hear(ctx, desk.ColumnHeader, "Description", "Source", "Status", "Access permissions", "Created", "Last used", "Expires"); err != nil {
		return "", err
	}
	if err := d.window.Hear(ctx, desk.Cell, "Active", "Read, Write, Delete", "Never", "With its session"); err != nil {
		return "", err
	}
	return words + "; lanyard token list says the same", d.pictures.take(d.screen, "tokens")
}

func (d *demo) used(ctx context.Context) (string, error) {
	if err := d.window.Key(ctx, "F5"); err != nil {
		return "", err
	}
	if err := d.window.Wait(ctx, "from 127.0.0.1"); err != nil {
		return "", err
	}
	return "when and from where", d.pictures.take(d.screen, "used")
}

func (d *demo) closeAndPull(ctx context.Context) (string, error) {
	// The first time it says what goes on.
	if err := d.window.Key(ctx, "ctrl+w"); err != nil {
		return "", err
	}
	if err := d.window.Wait(ctx, "this computer's own service goes on", "OK"); err != nil {
		return "", err
	}
	if err := d.pictures.take(d.screen, "closing"); err != nil {
		return "", err
	}
	if err := d.window.Key(ctx, "Return"); err != nil {
		return "", err
	}
	if err := d.window.Ended(ctx); err != nil {
		return "", err
	}
	for _, p := range d.desk.Processes() {
		if p.Name == "lanyard-desktop" || strings.HasPrefix(p.Name, "WebKit") {
			return "", fmt.Errorf("still running: %s", names([]desk.Process{p}))
		}
	}
	image := d.own() + "/" + d.name + "/" + ownImage
	if _, err := d.shell(ctx, "skopeo copy --src-tls-verify=false docker://%s oci:%s-closed:1", image, d.layout); err != nil {
		return "", err
	}
	return "nothing of the window runs; service and helper do: " + image, nil
}

func (d *demo) openAgain(ctx context.Context) (string, error) {
	var err error
	if d.window, err = d.screen.Open(ctx); err != nil {
		return "", err
	}
	if err := d.window.Wait(ctx, "Signed in as", d.name, "…"+d.lastFour, "Set up"); err != nil {
		return "", err
	}
	return d.name + ", the same token; nothing was asked", d.pictures.take(d.screen, "again")
}

// turnsDark: the desktop's choice is the window's, at once.
func (d *demo) turnsDark(ctx context.Context) (string, error) {
	if d.look.Dark {
		return "it is dark already", nil
	}
	for _, c := range []struct {
		choice  uint32
		picture string
		dark    bool
	}{{desk.DarkScheme, "dark", true}, {desk.LightScheme, "", false}} {
		if err := d.desktop.Choose(c.choice); err != nil {
			return "", err
		}
		for end := time.Now().Add(20 * time.Second); ; {
			dark, err := d.screen.Dark(ctx)
			if err != nil {
				return "", err
			}
			if dark == c.dark {
				break
			}
			if time.Now().After(end) {
				return "", fmt.Errorf("the desktop's choice is %d, and the window is dark: %v", c.choice, dark)
			}
		}
		if c.picture == "" {
			continue
		}
		if err := d.pictures.take(d.screen, c.picture); err != nil {
			return "", err
		}
	}
	return "and light again with it", nil
}

func (d *demo) startAgain(ctx context.Context) (string, error) {
	if err := d.window.Hide(ctx); err != nil {
		return "", err
	}
	o, err := d.screen.OpenSecond(ctx)
	if err != nil {
		return "", err
	}
	if err := d.window.Raised(ctx); err != nil {
		return "", err
	}
	count := 0
	for _, p := range d.desk.Processes() {
		if p.Name == "lanyard-desktop" {
			count++
		}
	}
	if count != 1 {
		return "", fmt.Errorf("%d windows run", count)
	}
	return firstLine(o.Out), nil
}

func (d *demo) signOut(ctx context.Context) (string, error) {
	if err := d.window.Key(ctx, "ctrl+1"); err != nil {
		return "", err
	}
	if err := d.window.Wait(ctx, "Signed in as"); err != nil {
		return "", err
	}
	if err := d.window.Press(ctx, "Sign out"); err != nil {
		return "", err
	}
	if err := d.window.Wait(ctx, "Sign out of this computer?", "Stay signed in"); err != nil {
		return "", err
	}
	if err := d.pictures.take(d.screen, "sign-out"); err != nil {
		return "", err
	}
	if err := d.window.Press(ctx, "Sign out"); err != nil {
		return "", err
	}
	receipt := []string{
		"Token …" + d.lastFour + " and session: removed from the keychain", "Session ended at the server",
		"The token was tried once more, and is refused", "Container tools no longer ask Lanyard for it",
	}
	if err := d.window.Wait(ctx, receipt...); err != nil {
		return "", err
	}
	return strings.Join(receipt, "\n"), d.pictures.take(d.screen, "receipt")
}

func (d *demo) leaveWindow(ctx context.Context) (string, error) {
	if err := d.window.Press(ctx, "Done"); err != nil {
		return "", err
	}
	if err := d.window.Wait(ctx, "Sign in once, for every container tool"); err != nil {
		return "", err
	}
	if err := d.pictures.take(d.screen, "signed-out-again"); err != nil {
		return "", err
	}
	if err := d.window.Key(ctx, "ctrl+q"); err != nil {
		return "", err
	}
	return "it was signed out", d.window.Ended(ctx)
}

func (d *demo) closeScreen() {
	if d.screen != nil {
		d.screen.Close()
		d.screen = nil
	}
}
