//go:build linux

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"lanyard/backend/e2e/desk"
)

func (d *demo) loginInTerminal(ctx context.Context) (string, error) {
	login, err := start(d.desk.Lanyard(ctx, "login", "--yes"))
	if err != nil {
		return "", err
	}
	type chair struct {
		browser *desk.Browser
		err     error
	}
	chairs := make(chan chair, 1)
	go func() {
		b, err := d.desk.Browser(ctx)
		chairs <- chair{b, err}
	}()
	select {
	case c := <-chairs:
		if c.err != nil {
			return "", c.err
		}
		d.browser = c.browser
	case <-login.ended:
		return "", login.words()
	}
	if err := d.page("Allow", desk.Wait(`button[value=allow]`)); err != nil {
		return "", err
	}
	if err := d.pictures.take(d.browser, "allow-terminal"); err != nil {
		return "", err
	}
	if err := d.page("Your answer has arrived", desk.Press(`button[value=allow]`), desk.WaitGone(`button[value=allow]`), desk.Wait("h1")); err != nil {
		return "", err
	}
	select {
	case <-login.ended:
	case <-ctx.Done():
		return "", context.Cause(ctx)
	case <-time.After(time.Minute):
		return "", errors.New("lanyard login does not end")
	}
	d.browser.Leave()
	d.browser = nil
	out := login.out.String()
	if login.failed != nil || !strings.Contains(out, "Signed in as "+d.name) || !strings.Contains(out, "Set up for ") {
		return "", login.words()
	}
	copied := filepath.Join(d.desk.Home, ".local/bin/docker-credential-lanyard")
	if path, err := d.helper(ctx); err != nil || path != copied {
		return "", errors.Join(err, fmt.Errorf("a login shell finds the helper at %q, not the copy at %s", path, copied))
	}
	return out, d.setIn(d.own(), d.other())
}

// tokens: the new session has a token of its own, and it serves.
func (d *demo) tokens(ctx context.Context) (string, error) {
	words, err := d.oneToken(ctx)
	if err != nil {
		return "", err
	}
	image := d.own() + "/" + d.name + "/" + ownImage
	digest, err := d.shell(ctx, "crane digest %s", image)
	if err != nil || digest != d.digest {
		return "", errors.Join(err, fmt.Errorf("crane found %s, not %s", digest, d.digest))
	}
	return words + "; crane reads " + image, nil
}

// oneToken: the account has one auto-generated token, which is noted.
func (d *demo) oneToken(ctx context.Context) (string, error) {
	o, err := desk.Must(d.desk.Lanyard(ctx, "token", "list", "--json"))
	if err != nil {
		return "", err
	}
	type token struct {
		UUID, Source, Status, Machine string
		Scopes                        []string
		LastFour                      string `json:"last_four"`
	}
	var all []token
	if err := json.Unmarshal([]byte(o.Out), &all); err != nil {
		return "", fmt.Errorf("%w in\n%s", err, o.Out)
	}
	all = slices.DeleteFunc(all, func(t token) bool { return t.Source != "auto" })
	if len(all) != 1 || all[0].Status != "active" || !slices.Equal(all[0].Scopes, []string{"repo:admin"}) {
		return "", fmt.Errorf("it is not one auto-generated token:\n%s", o.Out)
	}
	d.uuid, d.lastFour = all[0].UUID, all[0].LastFour
	return fmt.Sprintf("exactly one, auto-generated, Read, Write, Delete, …%s, of %s", d.lastFour, all[0].Machine), nil
}
