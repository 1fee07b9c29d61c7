//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"lanyard/backend/e2e/desk"
)

// listed: the tokens' page, with the one of this computer on it.
func (d *demo) listed(ctx context.Context) (string, error) {
	words, err := d.oneToken(ctx)
	if err != nil {
		return "", err
	}
	if err := d.window.Press(ctx, tokensButton); err != nil {
		return "", err
	}
	for _, words := range []string{"Access permissions", "Auto-generated", "Active", "This computer", "…" + d.lastFour, "1 active, 0 deactivated"} {
		if err := d.window.Wait(ctx, words); err != nil {
			return "", err
		}
	}
	if err := d.window.Hear(ctx, desk.ColumnHeader, "Description", "Source", "Status", "Access permissions", "Created", "Last used", "Expires"); err != nil {
		return "", err
	}
	if err := d.window.Hear(ctx, desk.Cell, "Active", "Read, Write, Delete", "With its session"); err != nil {
		return "", err
	}
	return words + "; lanyard token list says the same", d.pictures.take(d.screen, "tokens")
}

// lookAround goes to each page, by the keys where it has some, else by its
// name at the side.
func (d *demo) lookAround(ctx context.Context) (string, error) {
	pages := []struct {
		key, name, picture string
		says               []string
	}{
		{"ctrl+2", "Tools", "tools", []string{"Installed here", "What the doctor finds", "Why was my pull denied?", "skopeo", "crane", "regctl"}},
		{"ctrl+3", "Activity", "activity", []string{"What happened to your tokens and sessions", d.name}},
		{"ctrl+4", "Security", "security", []string{"Where your account is signed in", "This computer"}},
		{"", "General", "general", []string{"Appearance", "Open Lanyard when I log in"}},
		{"", "Accounts and servers", "accounts", []string{"Add an account", d.name, "Answers for"}},
		{"", "This computer’s service", "service", []string{"Running", d.own(), "Save a backup"}},
		{"", "Keychain", "keychain", []string{"Where the secrets of this computer are kept"}},
		{"", "Notifications", "notifications", []string{"What Lanyard tells you on the desktop"}},
		{"", "Diagnostics", "diagnostics", []string{"Read it before you send it to anybody"}},
		{"", "About", "about", []string{"Wails v2", "WebKitGTK"}},
	}
	var seen []string
	for _, p := range pages {
		var err error
		if p.key != "" {
			err = d.window.Key(ctx, p.key)
		} else {
			err = d.window.Press(ctx, p.name)
		}
		if err != nil {
			return "", err
		}
		if err := d.window.Hear(ctx, desk.Heading, p.name); err != nil {
			return "", err
		}
		if err := d.window.Wait(ctx, p.says...); err != nil {
			return "", err
		}
		if err := d.window.WaitGone(ctx, "Looking"); err != nil {
			return "", err
		}
		if err := d.pictures.take(d.screen, "page-"+p.picture); err != nil {
			return "", err
		}
		seen = append(seen, p.name)
	}
	return strings.Join(seen, ", "), nil
}

func (d *demo) german(ctx context.Context) (string, error) {
	if err := d.window.Press(ctx, "General"); err != nil {
		return "", err
	}
	if err := d.speaks(ctx, "Language", "Deutsch", "Allgemein"); err != nil {
		return "", err
	}
	if err := d.pictures.take(d.screen, "german"); err != nil {
		return "", err
	}
	return "at once, and remembered", d.speaks(ctx, "Sprache", "English", "General")
}

// larger draws the page at 150 % by the keys, and as it was.
func (d *demo) larger(ctx context.Context) (string, error) {
	if d.zoom != 0 {
		return fmt.Sprintf("all of this is drawn at %d %%", d.zoom), nil
	}
	plain, err := d.window.Height(ctx, desk.Heading, "General", func(int) bool { return true })
	if err != nil {
		return "", err
	}
	if err := d.window.Key(ctx, "ctrl+plus", "ctrl+plus", "ctrl+plus"); err != nil {
		return "", err
	}
	large, err := d.window.Height(ctx, desk.Heading, "General", func(pixels int) bool { return pixels*10 >= plain*14 })
	if err != nil {
		return "", err
	}
	if err := d.pictures.take(d.screen, "larger"); err != nil {
		return "", err
	}
	kept, err := read(d.settingsPath())
	if err != nil {
		return "", err
	}
	if !strings.Contains(string(kept.text), `"zoom": 150`) {
		return "", fmt.Errorf("the settings do not say so: %s", kept.text)
	}
	if err := d.window.Key(ctx, "ctrl+0"); err != nil {
		return "", err
	}
	_, err = d.window.Height(ctx, desk.Heading, "General", func(pixels int) bool { return pixels == plain })
	return fmt.Sprintf("the page's heading was %d pixels high, and is %d at 150 %%", plain, large), err
}

// speaks chooses a language in the list of that name, until the page's heading is in
// it: WebKit forgets what was typed into a list when the keys come slowly.
func (d *demo) speaks(ctx context.Context, list, language, heading string) (err error) {
	for range 3 {
		if err = d.window.Choose(ctx, list, language); err != nil {
			return err
		}
		soon, cancel := context.WithTimeout(ctx, 10*time.Second)
		err = d.window.Hear(soon, desk.Heading, heading)
		cancel()
		if err == nil {
			return nil
		}
	}
	return err
}

const nightly = "nightly build"

// live: what another program does shows without a key pressed here. The token
// ends soon, which the desktop is told.
func (d *demo) live(ctx context.Context) (string, error) {
	if before := d.notifications.All(); len(before) > 0 {
		return "", fmt.Errorf("the desktop was told before there was something to tell: %+v", before)
	}
	o, err := desk.Run(d.desk.Lanyard(ctx, "token", "create", "--description", nightly, "--scope", "read", "--expires", "1d"))
	if err != nil || o.Code != 0 {
		return "", errors.Join(err, fmt.Errorf("lanyard token create: exit status %d\n%s", o.Code, o.Err)) // its secret is on stdout
	}
	secret := strings.TrimSpace(o.Out)
	if !strings.HasPrefix(secret, "lyd_pat_") {
		return "", errors.New("lanyard token create does not give a token alone")
	}
	d.pats = append(d.pats, secret)
	made := time.Now()
	if err := d.window.Wait(ctx, nightly, "2 active, 1 deactivated", "Expiring soon"); err != nil {
		return "", err
	}
	shown := time.Since(made)
	for end := time.Now().Add(time.Minute); len(d.notifications.All()) == 0; {
		if time.Now().After(end) {
			return "", errors.New("the desktop is told nothing of a token that ends within a day")
		}
		if err := wait(ctx); err != nil {
			return "", err
		}
	}
	all := d.notifications.All()
	if n := all[0]; len(all) != 1 || n.Program != "Lanyard" || n.Title != "A token expires soon" || !strings.Contains(n.Body, nightly) || len(n.Actions) != 2 {
		return "", fmt.Errorf("the desktop was told %+v", all)
	}
	if err := d.window.Wait(ctx, "Notices: 1 new"); err != nil {
		return "", err
	}
	return fmt.Sprintf("shown %s after the terminal had made it; the desktop's notification: %s: %s", shown.Round(100*time.Millisecond), all[0].Title, all[0].Body),
		d.pictures.take(d.screen, "live")
}

func (d *demo) clicked(ctx context.Context) (string, error) {
	if err := d.window.Key(ctx, "ctrl+1"); err != nil {
		return "", err
	}
	if err := d.window.Wait(ctx, "Signed in as"); err != nil {
		return "", err
	}
	if err := d.window.Hide(ctx); err != nil {
		return "", err
	}
	if err := d.notifications.Click(0); err != nil {
		return "", err
	}
	if err := d.window.Raised(ctx); err != nil {
		return "", err
	}
	if err := d.window.Hear(ctx, desk.Heading, tokensButton); err != nil {
		return "", err
	}
	if err := d.window.Unfold(ctx, "Notices"); err != nil {
		return "", err
	}
	if err := d.window.Wait(ctx, "The token “"+nightly+"” expires within a day"); err != nil {
		return "", err
	}
	if err := d.pictures.take(d.screen, "notices"); err != nil {
		return "", err
	}
	return "the window was hidden and came; the bell says the same", d.window.Key(ctx, "Escape")
}
