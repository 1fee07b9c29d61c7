//go:build linux

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"lanyard/backend/e2e/desk"
)

const waitDelay = 5 * time.Second

// person is who sits at the computer, and their sign-in.
type person struct {
	name, passphrase string
	login            *running
	browser          *desk.Browser
	lastFour, uuid   string // of the token, as lanyard shows it
}

func (d *demo) beginLogin(ctx context.Context) (string, error) {
	d.name, d.passphrase = "alice", "seven quiet lamps along the harbour wall"
	if path, err := d.helper(ctx); err != nil || path != "" {
		return "", errors.Join(err, fmt.Errorf("the shell finds a credential helper before anything was done: %q", path))
	}
	login, err := start(d.desk.Lanyard(ctx, "login", "--yes"))
	if err != nil {
		return "", err
	}
	d.login = login
	type seat struct {
		browser *desk.Browser
		err     error
	}
	seats := make(chan seat, 1)
	go func() {
		b, err := d.desk.Browser(ctx)
		seats <- seat{b, err}
	}()
	select {
	case s := <-seats:
		if s.err != nil {
			return "", s.err
		}
		d.browser = s.browser
	case <-login.ended:
		return "", login.words()
	}
	if err := d.page("Set up this service", desk.Wait(`form[action="/setup"]`)); err != nil {
		return "", err
	}
	if err := d.pictures.take(d.browser, "set-up"); err != nil {
		return "", err
	}
	return "xdg-open started Chromium; the service at " + d.desk.URL() + " has no account yet and shows its set-up page", nil
}

// page acts and then wants to read words on the page.
func (d *demo) page(words string, steps ...desk.Step) error {
	err := d.browser.Do(steps...)
	text, unread := d.browser.Text()
	if err == nil && unread == nil && strings.Contains(text, words) {
		return nil
	}
	where, _ := d.browser.Location()
	where, _, _ = strings.Cut(where, "?") // what follows may be a code
	return errors.Join(err, unread, fmt.Errorf("the page at %s does not say %q:\n%s", where, words, text))
}

func (d *demo) setUp(ctx context.Context) (string, error) {
	code, err := desk.Must(d.desk.Lanyard(ctx, "service", "setup-code"))
	if err != nil {
		return "", err
	}
	err = d.browser.Do(
		desk.Type("code", strings.TrimSpace(code.Out)), desk.Type("username", d.name),
		desk.Type("email", "alice@example.com"), desk.Type("password", d.passphrase),
	)
	if err != nil {
		return "", err
	}
	if err := d.pictures.take(d.browser, "set-up-filled-in"); err != nil {
		return "", err
	}
	return "typed the code of lanyard service setup-code, a user name and a passphrase of " + fmt.Sprint(len(d.passphrase)) + " characters",
		d.page("Allow", desk.Press(`form[action="/setup"] button[type=submit]`), desk.Wait(`button[value=allow]`))
}

func (d *demo) allow(context.Context) (string, error) {
	host, err := os.Hostname()
	if err != nil {
		return "", err
	}
	for _, words := range []string{d.name, host, "Read, Write, Delete"} {
		if err := d.page(words); err != nil {
			return "", err
		}
	}
	if err := d.pictures.take(d.browser, "allow"); err != nil {
		return "", err
	}
	if err := d.page("Your answer has arrived", desk.Press(`button[value=allow]`), desk.WaitGone(`button[value=allow]`), desk.Wait("h1")); err != nil {
		return "", err
	}
	where, err := d.browser.Location()
	if err != nil || !strings.HasPrefix(where, "http://127.0.0.1:") {
		return "", errors.Join(err, fmt.Errorf("the browser went to %s", where))
	}
	if err := d.pictures.take(d.browser, "back"); err != nil {
		return "", err
	}
	address, _, _ := strings.Cut(where, "?")
	return "the page named account, program, computer and what it gets; after Allow the browser went to " + address, nil
}

func (d *demo) endLogin(ctx context.Context) (string, error) {
	select {
	case <-d.login.ended:
	case <-ctx.Done():
		return "", context.Cause(ctx)
	case <-time.After(time.Minute):
		return "", errors.New("lanyard login does not end")
	}
	out := d.login.out.String()
	if d.login.failed != nil || !strings.Contains(out, "Signed in as "+d.name) || !strings.Contains(out, "Set up for ") {
		return "", d.login.words()
	}
	copied := filepath.Join(d.desk.Home, ".local/bin/docker-credential-lanyard")
	if path, err := d.helper(ctx); err != nil || path != copied {
		return "", errors.Join(err, fmt.Errorf("a login shell finds the helper at %q, not the copy at %s", path, copied))
	}
	return strings.TrimSpace(out) + "\na fresh login shell finds " + copied, d.setIn(d.own(), d.other())
}

func (d *demo) status(ctx context.Context) (string, error) {
	o, err := desk.Must(d.desk.Lanyard(ctx, "status", "--json"))
	if err != nil {
		return "", err
	}
	var said struct {
		SignedIn bool `json:"signed_in"`
		Accounts []struct {
			Server, Account, State string
			Registries             []string
			LastFour               string    `json:"token_last_four"`
			Ends                   time.Time `json:"ends"`
			Tools                  bool      `json:"docker_set_up"`
		}
		Service struct {
			State string
			URL   string `json:"public_url"`
		}
	}
	if err := json.Unmarshal([]byte(o.Out), &said); err != nil {
		return "", fmt.Errorf("%w in\n%s", err, o.Out)
	}
	ok := said.SignedIn && len(said.Accounts) == 1 && said.Service.State == "running" && said.Service.URL == d.desk.URL()
	if ok {
		a := said.Accounts[0]
		slices.Sort(a.Registries)
		hosts := []string{d.own(), d.other()}
		slices.Sort(hosts)
		days := time.Until(a.Ends).Hours() / 24
		ok = a.Server == d.desk.URL() && a.Account == d.name && a.State == "active" && a.Tools && slices.Equal(a.Registries, hosts) &&
			len(a.LastFour) == 4 && days > 89 && days < 90
		d.lastFour = a.LastFour
	}
	if !ok {
		return "", fmt.Errorf("it does not show the session:\n%s", o.Out)
	}
	return fmt.Sprintf("%s at %s, active, for %s and %s, until %s", d.name, d.desk.URL(), d.own(), d.other(), said.Accounts[0].Ends.Format(time.DateOnly)), nil
}

func (d *demo) tokens(ctx context.Context) (string, error) {
	o, err := desk.Must(d.desk.Lanyard(ctx, "token", "list", "--json"))
	if err != nil {
		return "", err
	}
	var all []struct {
		UUID, Source, Status, Machine string
		Scopes                        []string
		LastFour                      string `json:"last_four"`
	}
	if err := json.Unmarshal([]byte(o.Out), &all); err != nil {
		return "", fmt.Errorf("%w in\n%s", err, o.Out)
	}
	if len(all) != 1 || all[0].Source != "auto" || all[0].Status != "active" || !slices.Equal(all[0].Scopes, []string{"repo:admin"}) || all[0].LastFour != d.lastFour {
		return "", fmt.Errorf("it is not one auto-generated token:\n%s", o.Out)
	}
	d.uuid = all[0].UUID
	return fmt.Sprintf("exactly one, auto-generated, Read, Write, Delete, …%s, of %s", all[0].LastFour, all[0].Machine), nil
}

// browse shows the pages that a sign-in with the set-up did not.
func (d *demo) browse(ctx context.Context) (string, error) {
	if err := d.page(d.name, desk.Go(d.desk.URL()+"/account/"), desk.Wait(`form[action="/signout"]`)); err != nil {
		return "", err
	}
	if err := d.pictures.take(d.browser, "account"); err != nil {
		return "", err
	}
	if err := d.page("Signed out of this browser", desk.Press(`form[action="/signout"] button`), desk.Wait(`a[href="/signin"]`)); err != nil {
		return "", err
	}
	if err := d.pictures.take(d.browser, "signed-out"); err != nil {
		return "", err
	}
	err := d.browser.Do(desk.Press(`a[href="/signin"]`), desk.Wait(`form[action="/signin"]`), desk.Type("username", d.name), desk.Type("password", d.passphrase))
	if err != nil {
		return "", err
	}
	if err := d.pictures.take(d.browser, "sign-in"); err != nil {
		return "", err
	}
	if err := d.page(d.name, desk.Press(`form[action="/signin"] button[type=submit]`), desk.Wait(`form[action="/signout"]`)); err != nil {
		return "", err
	}
	d.browser.Leave()
	d.browser = nil
	o, err := desk.Must(d.desk.Lanyard(ctx, "status"))
	if err != nil {
		return "", err
	}
	return "the pages work; programs stayed signed in meanwhile: " + firstLine(o.Out), nil
}
