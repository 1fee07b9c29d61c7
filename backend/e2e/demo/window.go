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
	if err := d.window.Wait(ctx, "Sign in once, for every container tool", "This computer’s own service", "Docker Hub", "Any other registry", "Use a code instead"); err != nil {
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
	o, err := desk.Must(d.desk.Lanyard(ctx, "service", "status"))
	if err != nil {
		return "", err
	}
	return "nothing of the window runs; service and helper do: " + image + "\n" + firstLine(o.Out), nil
}

// openAgain: on a desktop that is dark, the window is from its first moment on.
func (d *demo) openAgain(ctx context.Context) (string, error) {
	if err := d.desktop.Choose(desk.DarkScheme); err != nil {
		return "", err
	}
	if dark, err := d.screen.Dark(); err != nil || !dark {
		return "", errors.Join(err, errors.New("the screen is not dark before the window is there"))
	}
	watched := d.screen.Watch()
	var err error
	d.window, err = d.screen.Open(ctx)
	if err == nil {
		err = d.window.Wait(ctx, "Signed in as", d.name, "…"+d.lastFour, "Set up")
	}
	lightest, looks, failed := watched()
	if err := errors.Join(err, failed); err != nil {
		return "", err
	}
	if lightest > mostLight {
		return "", fmt.Errorf("while it was opened on a dark desktop, the window was light for a moment: %.0f %% of white", lightest)
	}
	return fmt.Sprintf("%s, the same token; nothing was asked. In %d looks the screen never had more than %.0f %% of white", d.name, looks, lightest),
		d.pictures.take(d.screen, "again-dark")
}

// mostLight is more than a dark window has, in percent of white, and far less
// than one whose page has not come.
const mostLight = 30

// turnsLight: the desktop's choice is the window's, at once.
func (d *demo) turnsLight(ctx context.Context) (string, error) {
	for _, choice := range []uint32{desk.LightScheme, desk.DarkScheme, desk.LightScheme} {
		if d.look.Dark && choice == desk.LightScheme {
			continue // GTK was told otherwise
		}
		if err := d.desktop.Choose(choice); err != nil {
			return "", err
		}
		for end := time.Now().Add(20 * time.Second); ; {
			dark, err := d.screen.Dark()
			if err != nil {
				return "", err
			}
			if dark == (choice == desk.DarkScheme) {
				break
			}
			if time.Now().After(end) {
				return "", fmt.Errorf("the desktop's choice is %d, and the window is dark: %v", choice, dark)
			}
			if err := wait(ctx); err != nil {
				return "", err
			}
		}
	}
	if d.look.Dark {
		return "it stays dark", nil
	}
	return "and dark, and light again with it", d.pictures.take(d.screen, "light-again")
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

func (d *demo) closeScreen() {
	if d.screen != nil {
		d.screen.Close()
		d.screen = nil
	}
}

// wait is for a moment, between two looks at something.
func wait(ctx context.Context) error {
	select {
	case <-time.After(50 * time.Millisecond):
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
