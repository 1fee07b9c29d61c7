//go:build linux

// Command window lets Playwright use the whole window: it opens the one of a
// development build, which Wails also serves over http, on a desk of its own
// with a real keyring, and answers questions about that desk on loopback. What
// the window would open in a browser is written down, for the test to open.
//
// Once the window answers, it says on one line of stdout where everything is.
// It ends with a signal, or when its stdin is closed, and all that ran on the
// desk with it.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"lanyard/backend/e2e/desk"
	"lanyard/backend/internal/keyringtest"
)

const openWithin = 60 * time.Second // a computer at work on something else takes a while

func main() {
	tools := os.Getenv("LANYARD_TOOLS")
	if tools == "" {
		tools = "build/tools"
	}
	var o options
	flag.StringVar(&o.programs, "programs", "build/tmp/dev", "folder with lanyard, docker-credential-lanyard and a development build of lanyard-desktop")
	flag.StringVar(&o.tools, "tools", filepath.Join(tools, "bin"), "folder with other people's programs")
	flag.StringVar(&o.assets, "assets", "frontend/dist", "folder with the window's pages: a development build serves them from there")
	flag.BoolVar(&o.hub, "hub", false, "our own service under Docker Hub's names, by a proxy")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	ctx, closed := context.WithCancel(ctx)
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin) // until whoever started us is gone
		closed()
	}()
	err := run(ctx, o)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "window: "+err.Error())
		os.Exit(1)
	}
}

type options struct {
	programs, tools, assets string
	hub                     bool
}

// places are where a test finds what it uses.
type places struct {
	Page    string `json:"page"`    // the window's
	Answers string `json:"answers"` // questions about the desk
	Home    string `json:"home"`
	Own     string `json:"own"`   // this computer's own service, once it runs
	Proxy   string `json:"proxy"` // by which a browser reaches Docker Hub; "": there is none
}

// run returns nil when it was told to end.
func run(ctx context.Context, o options) error {
	programs, err := filepath.Abs(o.programs)
	if err != nil {
		return err
	}
	assets, err := filepath.Abs(o.assets)
	if err != nil {
		return err
	}
	d, err := desk.New(programs, o.tools, keyringtest.Options{})
	if err != nil {
		return err
	}
	defer d.Close()
	p := places{Home: d.Home, Own: d.URL()}
	if o.hub {
		h, err := openHub(ctx, d)
		if err != nil {
			return err
		}
		defer h.close()
		p.Proxy = h.proxy.URL.String()
	}
	opened, err := writeOpener(d)
	if err != nil {
		return err
	}
	s, err := d.Screen(ctx)
	if err != nil {
		return err
	}
	defer s.Close()

	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	a, err := newAnswers(d, s, opened)
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	defer a.close()
	server := &http.Server{Handler: a.handler(), ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = server.Serve(listener) }() // until Close
	defer server.Close()

	port, err := desk.FreePort()
	if err != nil {
		return err
	}
	ended, err := open(d, programs, assets, "127.0.0.1:"+port)
	if err != nil {
		return err
	}
	p.Page, p.Answers = "http://127.0.0.1:"+port, "http://"+listener.Addr().String()
	shown := make(chan error, 1)
	go func() { shown <- show(ctx, p) }()
	for {
		select {
		case <-ctx.Done():
			return nil
		case err := <-shown:
			if err != nil {
				return errors.Join(err, words(d))
			}
		case err := <-ended:
			return fmt.Errorf("the window ended by itself: %w\n%w", err, words(d))
		}
	}
}

// words are what the window said.
func words(d *desk.Desk) error {
	text, _ := os.ReadFile(filepath.Join(d.Runtime, "window.log")) // or nothing
	return errors.New(string(text))
}

// show waits until the window is served, and says where.
func show(ctx context.Context, p places) error {
	if err := await(ctx, p.Page); err != nil {
		return errors.Join(errors.New("the window is not served"), err)
	}
	return json.NewEncoder(os.Stdout).Encode(p)
}

// await waits until something does at an address.
func await(ctx context.Context, address string) error {
	ctx, cancel := context.WithTimeout(ctx, openWithin)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
		if err != nil {
			return err
		}
		response, err := http.DefaultClient.Do(request)
		if err == nil {
			_ = response.Body.Close()
			if response.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return errors.Join(ctx.Err(), err)
		}
	}
}

// open opens the window. Where the environment says where its parts are, Wails
// looks at no flags: hence flags alone.
func open(d *desk.Desk, programs, assets, page string) (<-chan error, error) {
	cmd := exec.Command(filepath.Join(programs, "lanyard-desktop"),
		"-assetdir", assets, "-devserver", page, "-loglevel", "Error")
	log, err := os.Create(filepath.Join(d.Runtime, "window.log"))
	if err != nil {
		return nil, err
	}
	defer log.Close()
	cmd.Dir, cmd.Stdout, cmd.Stderr = d.Home, log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	for _, v := range d.Env() {
		switch name, _, _ := strings.Cut(v, "="); name {
		case "assetdir", "devserver", "frontenddevserverurl", "loglevel":
		default:
			cmd.Env = append(cmd.Env, v)
		}
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	return ended, nil
}

const opener = `#!/bin/sh
printf '%%s\n' "$1" >> '%s'
`

// writeOpener puts an xdg-open before the desk's own, which writes addresses
// into the file that is returned.
func writeOpener(d *desk.Desk) (file string, err error) {
	file = filepath.Join(d.Runtime, "opened")
	dir := filepath.Join(d.Runtime, "first")
	if err := os.Mkdir(dir, 0o700); err != nil {
		return "", err
	}
	if err := os.WriteFile(filepath.Join(dir, "xdg-open"), fmt.Appendf(nil, opener, file), 0o700); err != nil {
		return "", err
	}
	d.Setenv("PATH", dir+":/usr/local/bin:/usr/bin:/bin")
	return file, nil
}
