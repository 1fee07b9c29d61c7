// Command lanyard-desktop is the window: it builds the parts, hands them to
// app, and runs Wails. It listens nowhere, except on loopback while somebody
// signs in, and has neither the account service nor its database in it.
package main

import (
	"embed"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/wailsapp/wails/v2"
	"github.com/wailsapp/wails/v2/pkg/options"
	"github.com/wailsapp/wails/v2/pkg/options/assetserver"
	"github.com/wailsapp/wails/v2/pkg/options/linux"
	"github.com/wailsapp/wails/v2/pkg/options/windows"

	"lanyard/app"
	"lanyard/backend/autostart"
	"lanyard/backend/notification"
	"lanyard/backend/ownservice"
	"lanyard/backend/signin"
)

// version is the build, set by the linker. An own service of another one is
// restarted, so all programs of a build are given the same.
var version = "dev"

//go:embed all:frontend/dist
var pages embed.FS

//go:embed build/windowicon.png
var icon []byte

func main() {
	if err := errors.Join(unsetOrders(os.Environ()), run()); err != nil {
		fmt.Fprintln(os.Stderr, "lanyard-desktop:", err)
		os.Exit(1)
	}
}

// unsetOrders: whoever sets WEBKIT_INSPECTOR_SERVER or …_HTTP_SERVER could run
// scripts in the window, and so call what is bound.
func unsetOrders(environ []string) (failed error) {
	for _, v := range environ {
		if name, _, _ := strings.Cut(v, "="); strings.HasPrefix(name, "WEBKIT_INSPECTOR_") && !takesOrders {
			failed = errors.Join(failed, os.Unsetenv(name))
		}
	}
	return failed
}

func run() error {
	raise := make(chan struct{}, 1)
	if raised, err := elsewhere(os.Getenv, raise, os.Stdout); raised || err != nil {
		return err
	}
	p, err := parts()
	if err != nil {
		return err
	}
	var window *app.App
	desktop := &notification.Desktop{
		Address: os.Getenv("DBUS_SESSION_BUS_ADDRESS"), Program: "lanyard", Icon: "lanyard",
		Opened: func(id string) { window.NoticeOpened(id) },
	}
	defer desktop.Close()
	p.Notifier = desktop
	window = app.New(p)
	go func() {
		for range raise {
			window.SecondInstance()
		}
	}()
	theme := window.Theme()
	// Known before there is a window, so that one on a dark desktop has no light moment.
	dark := theme == "" && darkDesktop(os.Getenv)
	app.Expect(theme, dark)
	return onDisplay(func() error { return wails.Run(settings(window, app.Background(theme, dark))) })
}

func settings(window *app.App, first app.Colour) *options.App {
	return &options.App{
		Title: "Lanyard", Width: 1000, Height: 720, MinWidth: 720, MinHeight: 480,
		BackgroundColour: options.NewRGB(first.R, first.G, first.B),
		AssetServer:      &assetserver.Options{Assets: pages, Middleware: app.Secure},
		Bind:             window.Bound(),
		ErrorFormatter:   app.Explain,
		Logger:           app.NewLog(),
		OnStartup:        window.Startup, OnDomReady: window.DomReady, OnBeforeClose: window.BeforeClose, OnShutdown: window.Shutdown,
		SingleInstanceLock: lock(window),
		Linux:              &linux.Options{Icon: icon, ProgramName: "lanyard-desktop", WebviewGpuPolicy: linux.WebviewGpuPolicyNever},
		Windows:            &windows.Options{Theme: windows.SystemDefault},
	}
}

// parts are those of this computer and this person.
func parts() (app.Parts, error) {
	computer, docker, err := signin.Here(os.Getenv, false)
	if err != nil {
		return app.Parts{}, err
	}
	asked := *computer
	asked.Keychain.Asked = true
	lanyard, err := signin.Beside("lanyard")
	if err != nil {
		return app.Parts{}, err
	}
	own := ownservice.Of(computer.Dirs, lanyard, version)
	p := app.Parts{Computer: computer, Asked: &asked, Docker: docker, Own: own, Data: own.Data, Version: version}
	p.Entries, p.AtLogin, err = atLogin(os.Getenv)
	return p, err
}

// atLogin is how the desktop starts this window when the person logs in, if
// they want that; nil where it could not.
func atLogin(getenv func(string) string) (*autostart.Entries, autostart.Job, error) {
	home, err := os.UserHomeDir()
	if err != nil {
		return nil, autostart.Job{}, fmt.Errorf("find the home folder: %w", err)
	}
	self, err := os.Executable()
	if err != nil {
		return nil, autostart.Job{}, fmt.Errorf("find this program: %w", err)
	}
	entries, ok := autostart.EntriesHere(getenv, home)
	if !ok {
		return nil, autostart.Job{}, nil
	}
	return &entries, autostart.Job{Name: "lanyard", Title: "Lanyard", Program: self}, nil
}
