//go:build linux

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"lanyard/backend/e2e/desk"
)

const waitDelay = 5 * time.Second

// person is who sits at the computer, and their sign-in.
type person struct {
	name, passphrase string
	setupCode        string
	browser          *desk.Browser
	lastFour, uuid   string // of the token, as lanyard shows it
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

func (d *demo) setUp(context.Context) (string, error) {
	err := d.browser.Do(
		desk.Type("code", d.setupCode), desk.Type("username", d.name),
		desk.Type("email", "alice@example.com"), desk.Type("password", d.passphrase),
	)
	if err != nil {
		return "", err
	}
	if err := d.pictures.take(d.browser, "set-up-filled-in"); err != nil {
		return "", err
	}
	return "typed the window's code, a user name and a passphrase of " + fmt.Sprint(len(d.passphrase)) + " characters",
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
		ok = ok && a.LastFour == d.lastFour
	}
	if !ok {
		return "", fmt.Errorf("it does not show the session:\n%s", o.Out)
	}
	return fmt.Sprintf("%s at %s, active, the same token, for %s and %s, until %s", d.name, d.desk.URL(), d.own(), d.other(), said.Accounts[0].Ends.Format(time.DateOnly)), nil
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
