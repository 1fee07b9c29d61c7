//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"lanyard/backend/e2e/desk"
)

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

// signedIn: what was stored where, and what the tools need, before any of it
// is done.
func (d *demo) signedIn(ctx context.Context) (string, error) {
	copied := d.copied()
	err := d.window.Wait(ctx, "Signed in as "+d.name, "A Read, Write, Delete token for this computer was stored in",
		"Let the tools ask Lanyard", `"`+d.own()+`": "lanyard"`, "Copy the credential helper to "+copied, "Apply", "Not now", "Run the self-test")
	if err != nil {
		return "", err
	}
	if now, err := read(d.configPath()); err != nil || string(now.text) != string(d.before.text) {
		return "", errors.Join(err, errors.New("docker's configuration was changed before anybody agreed"))
	}
	return "a Read, Write, Delete token is in the keychain; the difference that the tools need is shown, and not made", d.pictures.take(d.screen, "signed-in")
}

// copied is where the credential helper is copied to.
func (d *demo) copied() string { return d.desk.Home + "/.local/bin/docker-credential-lanyard" }

func (d *demo) setUpTools(ctx context.Context) (string, error) {
	if err := d.window.Check(ctx, "Copy the credential helper"); err != nil {
		return "", err
	}
	if err := d.pictures.take(d.screen, "what-would-change"); err != nil {
		return "", err
	}
	if err := d.window.Press(ctx, "Apply"); err != nil {
		return "", err
	}
	if err := d.window.Wait(ctx, "The tools ask Lanyard."); err != nil {
		return "", err
	}
	if path, err := d.helper(ctx); err != nil || path != d.copied() {
		return "", errors.Join(err, fmt.Errorf("a login shell finds the helper at %q, not the copy at %s", path, d.copied()))
	}
	return "with consent, the helper was copied; a fresh login shell finds " + d.copied(), d.setIn(d.own(), d.other())
}

func (d *demo) selfTest(ctx context.Context) (string, error) {
	if err := d.window.Press(ctx, "Run the self-test"); err != nil {
		return "", err
	}
	if err := d.window.Wait(ctx, "It works: what was pushed came back.", "Push", "Pull", "Compare", "Delete", "Run it again"); err != nil {
		return "", err
	}
	// It was there, and another program finds it no more.
	if _, err := os.Stat(filepath.Join(d.desk.Data(), "images/docker/registry/v2/repositories", d.name, "lanyard-self-test")); err != nil {
		return "", fmt.Errorf("nothing was pushed: %w", err)
	}
	tags, err := d.shell(ctx, "crane ls %s/%s/lanyard-self-test", d.own(), d.name)
	if err != nil || tags != "" {
		return "", errors.Join(err, fmt.Errorf("it is still there: %s", tags))
	}
	return "an image of 1 kB was pushed to " + d.own() + ", pulled, compared and deleted", d.pictures.take(d.screen, "self-test")
}

func (d *demo) atHome(ctx context.Context) (string, error) {
	if err := d.window.Press(ctx, "Go to Home"); err != nil {
		return "", err
	}
	if err := d.window.Wait(ctx, "Signed in as", d.name, d.own(), "Read, Write, Delete", "Set up", d.other(), "Undo", "skopeo"); err != nil {
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
	if err := d.window.Hear(ctx, desk.Term, "Server", "Token", "Created", "Ends", "If unused"); err != nil {
		return "", err
	}
	if err := d.window.Hear(ctx, desk.Words, d.own(), "This computer’s own service", "…"+d.lastFour, "in 90 days", "in 30 days"); err != nil {
		return "", err
	}
	return d.name + " at " + d.own() + ", token …" + d.lastFour + ", Read, Write, Delete; the tools are set up", d.pictures.take(d.screen, "home")
}

// used: what a tool did shows by itself.
func (d *demo) used(ctx context.Context) (string, error) {
	if err := d.window.Key(ctx, "ctrl+1"); err != nil {
		return "", err
	}
	if err := d.window.Wait(ctx, "skopeo used", d.repository(), "from 127.0.0.1"); err != nil {
		return "", err
	}
	return "which tool, what, when and from where", d.pictures.take(d.screen, "used")
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
