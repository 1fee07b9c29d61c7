package signin

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/pkg/browser"

	"lanyard/backend/client"
)

// decideWithin is how long a person has in the browser.
const decideWithin = 10 * time.Minute

// authorize is steps 1 and 2: the person says yes, the code is exchanged.
func (f *Flow) authorize(ctx context.Context, machine string) (client.Grant, error) {
	if f.Device {
		return f.onDevice(ctx, machine)
	}
	back, err := listen()
	if err != nil {
		return client.Grant{}, err
	}
	defer back.close()
	attempt := client.NewAttempt(back.address())
	back.expect(attempt.State, f.Server.URL)
	page := f.Server.AuthURL(attempt, machine)
	f.show(Prompt{URL: page, Expires: f.Computer.now().Add(decideWithin), Browser: f.openBrowser(page)})

	waiting, cancel := context.WithTimeout(ctx, decideWithin)
	defer cancel()
	code, err := back.wait(waiting)
	switch {
	case errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil:
		return client.Grant{}, fmt.Errorf("%w: nobody finished it within %s", client.ErrExpired, decideWithin)
	case err != nil:
		return client.Grant{}, err
	}
	back.close()
	f.answered()
	return f.Server.Exchange(ctx, attempt, code)
}

func (f *Flow) onDevice(ctx context.Context, machine string) (client.Grant, error) {
	device, err := f.Server.BeginDevice(ctx, machine)
	if err != nil {
		return client.Grant{}, err
	}
	prompt := Prompt{URL: device.URL, Complete: device.Complete, UserCode: device.UserCode, Expires: device.Expires}
	if f.OpenBrowser != nil && device.Complete != "" {
		prompt.Browser = f.openBrowser(device.Complete)
	}
	f.show(prompt)
	grant, err := f.Server.AwaitDevice(ctx, device)
	if err == nil {
		f.answered()
	}
	return grant, err
}

func (f *Flow) openBrowser(page string) error {
	if f.OpenBrowser == nil {
		return nil
	}
	return OpenPage(page, f.Server.URL, f.OpenBrowser)
}

// OpenPage opens a page of a server, and of no other, with open.
func OpenPage(page, server string, open func(address string) error) error {
	if err := checkPage(page, server); err != nil {
		return err
	}
	return open(page)
}

func (f *Flow) answered() {
	if f.Answered != nil {
		f.Answered()
	}
}

func (f *Flow) show(p Prompt) {
	if f.Show != nil {
		f.Show(p)
	}
}

// checkPage refuses to open anything but a page of the server itself. What
// opens it may be a shell script, and the address came over the network.
func checkPage(page, server string) error {
	u, err := url.Parse(page)
	if err != nil || len(page) > 4096 || !strings.HasPrefix(page, server+"/") || u.User != nil ||
		strings.ContainsFunc(page, func(r rune) bool { return r <= ' ' || r >= 0x7f || strings.ContainsRune("\"'`\\<>^{|}", r) }) {
		return fmt.Errorf("%w: the address is not one of %s", ErrBrowser, server)
	}
	return nil
}

// silenced keeps what an opener says out of the terminal, once for all.
var silenced = sync.OnceFunc(func() { browser.Stdout, browser.Stderr = io.Discard, io.Discard })

// OpenSystemBrowser hands an address to the system's own browser and waits no
// longer than it takes to see that this fails at once: some openers stay
// until the browser ends.
func OpenSystemBrowser(page string) error {
	silenced()
	failed := make(chan error, 1)
	go func() { failed <- browser.OpenURL(page) }()
	select {
	case err := <-failed:
		if err != nil {
			return fmt.Errorf("%w: %w", ErrBrowser, err)
		}
		return nil
	case <-time.After(700 * time.Millisecond):
		return nil
	}
}
