//go:build linux

package desk

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/remote"
)

// opener is the desk's xdg-open: it starts the real Chromium with the address
// as its first page, and stays until that ends, as some openers do. Headless
// and without the calls home that a closed network would refuse. A second call
// hands its address to the Chromium that runs.
const opener = `#!/bin/sh
[ -L "%[1]s/profile/SingletonLock" ] || rm -f "%[1]s/profile/DevToolsActivePort"
TMPDIR="%[1]s" exec chromium --headless=new %[2]s --disable-gpu --disable-quic --no-first-run --no-default-browser-check \
  --disable-background-networking --disable-component-update --disable-sync --disable-extensions \
  --password-store=basic --window-size=1280,900 --hide-scrollbars --remote-debugging-port=0 \
  --user-data-dir="%[1]s/profile" $%[3]s "$1" >> "%[1]s/chromium.log" 2>&1
`

// browserLook is the variable of the flags by which Chromium looks as the desk does.
const browserLook = "DESK_BROWSER_LOOK"

func (d *Desk) installOpener() error {
	sandbox := ""
	if os.Getuid() == 0 {
		sandbox = "--no-sandbox"
	}
	if _, err := exec.LookPath("chromium"); err != nil {
		return fmt.Errorf("the browser: %w", err)
	}
	if err := os.Mkdir(d.bin, 0o700); err != nil {
		return err
	}
	script := fmt.Sprintf(opener, d.Runtime, sandbox, browserLook)
	return os.WriteFile(filepath.Join(d.bin, "xdg-open"), []byte(script), 0o700)
}

// Browser is the person at their Chromium.
type Browser struct {
	desk  *Desk
	ctx   context.Context
	leave func() // ends the connection
}

// Browser waits until a program on the desk has opened a browser, and sits
// down at it.
func (d *Desk) Browser(ctx context.Context) (*Browser, error) {
	var port string
	for port == "" {
		if text, err := os.ReadFile(d.devTools()); err == nil && strings.Contains(string(text), "\n") {
			port, _, _ = strings.Cut(string(text), "\n")
		}
		if err := pause(ctx); err != nil {
			log, _ := os.ReadFile(filepath.Join(d.Runtime, "chromium.log"))
			return nil, fmt.Errorf("no browser was opened: %w\n%s", err, log)
		}
	}
	allocator, cancelRemote := remote.NewAllocator(ctx, "ws://127.0.0.1:"+port)
	finder, cancelFinder := chromedp.NewContext(allocator)
	stop := func() { cancelFinder(); cancelRemote() }
	var failed error // of the latest try: a page that just loads cannot be followed yet
	for {
		targets, err := chromedp.Targets(finder)
		if err != nil {
			stop()
			return nil, fmt.Errorf("sit down at the browser: %w", err)
		}
		for _, one := range targets {
			if one.Type == "page" && strings.HasPrefix(one.URL, "http") {
				tab, cancelTab := chromedp.NewContext(finder, chromedp.WithTargetID(one.TargetID))
				b := &Browser{desk: d, ctx: tab, leave: func() { cancelTab(); stop() }}
				// What follows the page lives as long as the context of the first act.
				if failed = chromedp.Do(tab); failed == nil {
					return b, nil
				}
			}
		}
		if err := pause(ctx); err != nil {
			stop()
			return nil, fmt.Errorf("the browser shows no page: %w", errors.Join(err, failed))
		}
	}
}

// Step is one act of the person.
type Step = chromedp.Action[chromedp.Void]

// Do acts on the page, within half a minute.
func (b *Browser) Do(steps ...Step) error {
	ctx, cancel := context.WithTimeout(b.ctx, 30*time.Second)
	defer cancel()
	return chromedp.Do(ctx, steps...)
}

// Type puts text into the field of a form, by its name.
func Type(field, text string) Step {
	return chromedp.SendKeys(chromedp.CSS(`[name="`+field+`"]:not([type=hidden])`), text)
}

// Wait waits until something is there to be seen.
func Wait(css string) Step { return chromedp.WaitVisible(chromedp.CSS(css)) }

// WaitGone waits until it is there no more.
func WaitGone(css string) Step { return chromedp.WaitNotPresent(chromedp.CSS(css)) }

// Press presses a button.
func Press(css string) Step { return chromedp.Click(chromedp.CSS(css)) }

// Go opens an address.
func Go(address string) Step { return chromedp.Navigate(address) }

// Location is the address of the page.
func (b *Browser) Location() (string, error) {
	ctx, cancel := context.WithTimeout(b.ctx, 30*time.Second)
	defer cancel()
	return chromedp.Run(ctx, chromedp.Location())
}

// Text is what the page says.
func (b *Browser) Text() (string, error) {
	ctx, cancel := context.WithTimeout(b.ctx, 30*time.Second)
	defer cancel()
	return chromedp.Run(ctx, chromedp.Text(chromedp.CSS("body")))
}

// Picture takes the whole page as it is into a PNG.
func (b *Browser) Picture(path string) error {
	ctx, cancel := context.WithTimeout(b.ctx, 30*time.Second)
	defer cancel()
	png, err := chromedp.Run(ctx, chromedp.FullScreenshot(100))
	if err != nil {
		return fmt.Errorf("take a picture: %w", err)
	}
	return os.WriteFile(path, png, 0o600)
}

// Leave ends the browser, as closing its window does.
func (b *Browser) Leave() {
	b.leave()
	b.desk.closeBrowser()
}

// closeBrowser ends the Chromium that the desk's opener started, and waits
// until all its processes are gone.
func (d *Desk) closeBrowser() {
	told := map[int]bool{} // a second time would cut its tidying off
	for range 250 {
		var left bool
		for _, p := range d.Processes() {
			line := strings.Join(p.Args, " ")
			if !strings.Contains(line, d.profile()) {
				continue
			}
			left = true
			if !told[p.PID] && !strings.Contains(line, "--type=") {
				told[p.PID] = true
				_ = syscall.Kill(p.PID, syscall.SIGTERM) // gone in between
			}
		}
		if !left {
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	_ = os.Remove(d.devTools()) // it tells where this one was
}

func (d *Desk) devTools() string { return filepath.Join(d.profile(), "DevToolsActivePort") }

func (d *Desk) profile() string { return filepath.Join(d.Runtime, "profile") }

// pause is a moment between two looks at something outside.
func pause(ctx context.Context) error {
	select {
	case <-time.After(30 * time.Millisecond):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
