//go:build linux

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"lanyard/backend/e2e/desk"
)

func (d *demo) logout(ctx context.Context) (string, error) {
	o, err := desk.Must(d.desk.Lanyard(ctx, "logout"))
	if err != nil {
		return "", err
	}
	for _, words := range []string{"Signed out: " + d.name, "…" + d.lastFour + " and session: removed from the keychain", "session ended; the token was tried and is refused"} {
		if !strings.Contains(o.Out, words) {
			return "", fmt.Errorf("it does not say %q:\n%s%s", words, o.Out, o.Err)
		}
	}
	return o.Out, nil
}

func (d *demo) refused(ctx context.Context) (string, error) {
	for _, service := range []string{d.own(), d.other()} {
		if status, _, err := d.askToken(ctx, service); err != nil || status != http.StatusUnauthorized {
			return "", errors.Join(err, fmt.Errorf("/token answers the old secret for %s with %d, not 401", service, status))
		}
	}
	for _, refresh := range d.refresh {
		status, text, err := d.askRefresh(ctx, refresh)
		if err != nil || status != http.StatusBadRequest || !strings.Contains(text, `"invalid_grant"`) {
			return "", errors.Join(err, fmt.Errorf("/oauth/token answers the old refresh token with %d, not 400 and invalid_grant", status))
		}
	}
	o, err := desk.Run(d.desk.Lanyard(ctx, "status"))
	if err != nil || o.Code != 3 {
		return "", errors.Join(err, fmt.Errorf("lanyard status ends with %d, not 3:\n%s%s", o.Code, o.Out, o.Err))
	}
	return fmt.Sprintf("the noted secret: 401 at /token, for %s and %s; the noted refresh token: invalid_grant at /oauth/token", d.own(), d.other()), nil
}

func (d *demo) emptied(context.Context) (string, error) {
	for _, when := range []string{"after the sign-out", "after the keyring was started again"} {
		if names, err := d.entries(); err != nil || len(names) > 0 {
			return "", errors.Join(err, fmt.Errorf("the keychain still has %q %s", names, when))
		}
		stranger, err := desk.Must(d.desk.Command("secret-tool", "lookup", "service", "stranger", "username", "x"))
		if err != nil || stranger.Out != "not ours" {
			return "", errors.Join(err, fmt.Errorf("the keychain has lost what was not ours, %s", when))
		}
		if err := d.desk.StartDaemon(); err != nil { // kills the one that runs
			return "", err
		}
	}
	return "secret-tool search --all service lanyard finds nothing, before and after; an entry that is not ours is still there", nil
}

func (d *demo) putBack(ctx context.Context) (string, error) {
	now, err := read(d.configPath())
	if err != nil {
		return "", err
	}
	if !bytes.Equal(now.text, d.before.text) || now.mode != d.before.mode {
		return "", fmt.Errorf("docker's configuration is %v\n%s\nand not %v\n%s", now.mode, now.text, d.before.mode, d.before.text)
	}
	if path, err := d.helper(ctx); err != nil || path != "" {
		return "", errors.Join(err, fmt.Errorf("the shell still finds %s", path))
	}
	if _, err := os.Stat(filepath.Join(d.desk.Home, ".local/bin")); !errors.Is(err, fs.ErrNotExist) {
		return "", errors.Join(err, errors.New("~/.local/bin, which was made for the copy, is still there"))
	}
	return fmt.Sprintf("%d bytes, each as before; no helper in a fresh login shell, nor the folder that was made for it", len(now.text)), nil
}

func (d *demo) stopAll(ctx context.Context) (string, error) {
	o, err := desk.Must(d.desk.Lanyard(ctx, "service", "stop"))
	if err != nil {
		return "", err
	}
	if !strings.Contains(o.Out, "stopped") {
		return "", fmt.Errorf("it says %s", o.Out)
	}
	if r, err := http.NewRequestWithContext(ctx, http.MethodGet, d.desk.URL()+"/healthz", nil); err != nil {
		return "", err
	} else if status, _, err := ask(r); err == nil {
		return "", fmt.Errorf("something still answers at %s (%d)", d.desk.URL(), status)
	}
	d.stopRegistry()
	d.closeScreen()
	var left []desk.Process
	for _, p := range d.desk.Processes() {
		if p.Name != "dbus-daemon" && !strings.HasPrefix(p.Name, "gnome-keyring") {
			left = append(left, p)
		}
	}
	if len(left) > 0 {
		return "", fmt.Errorf("still running: %s", names(left))
	}
	d.desk.Close()
	if left := d.desk.Processes(); len(left) > 0 {
		return "", fmt.Errorf("still running: %s", names(left))
	}
	if _, err := os.Stat(d.desk.Home); !errors.Is(err, fs.ErrNotExist) {
		return "", errors.Join(err, fmt.Errorf("%s is still there", d.desk.Home))
	}
	return "service, registry, browser, keyring and bus have ended; the computer's folders are removed", nil
}
