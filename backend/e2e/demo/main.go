//go:build linux

// Command demo does Lanyard's main job by itself, with real parts: a made-up
// person opens the window, as it is released, and has no mouse; signs in
// through a real Chromium; real container tools push and pull with the token
// in a real keyring, with the window closed too; and after the sign-out nothing
// of it works. Then the same in a terminal.
// Each step looks at what it claims; the first that does not see it ends the
// demonstration with an exit status other than 0. What it is made of lies in
// package desk.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"lanyard/backend/e2e/desk"
)

func main() {
	tools := os.Getenv("LANYARD_TOOLS")
	if tools == "" {
		tools = "build/tools"
	}
	d := &demo{say: os.Stdout}
	flag.StringVar(&d.out, "out", "build/demo", "folder for the pictures; those of an earlier run are removed")
	flag.StringVar(&d.programs, "programs", "build/bin", "folder with lanyard, lanyard-desktop and docker-credential-lanyard")
	flag.StringVar(&d.tools, "tools", filepath.Join(tools, "bin"), "folder with other people's programs")
	flag.BoolVar(&d.look.Dark, "dark", false, "a desktop and a browser in dark")
	size := flag.String("size", "", "the screen in pixels, such as 720x480, the smallest that the window takes")
	flag.IntVar(&d.zoom, "zoom", 0, "how large the window draws its pages, in percent; 0: as it does by itself")
	within := flag.Duration("within", 10*time.Minute, "give up after this long")
	flag.Parse()
	if *size != "" {
		if n, err := fmt.Sscanf(*size+".", "%dx%d.", &d.look.Width, &d.look.Height); n != 2 || err != nil || d.look.Width < 1 || d.look.Height < 1 {
			fmt.Fprintf(os.Stderr, "demo: -size %q: give it as 720x480\n", *size)
			os.Exit(2)
		}
	}

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	ctx, cancel := context.WithTimeoutCause(ctx, *within, fmt.Errorf("it took longer than %v", *within))
	err := d.run(ctx)
	cancel()
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "demo: "+err.Error())
		os.Exit(1)
	}
}

// demo is one run, and what its steps hand on to each other.
type demo struct {
	say                  io.Writer
	out, programs, tools string
	look                 desk.Look
	zoom                 int // percent; 0: nobody chose
	computer
	person
	seat
	images
	pictures pictures
}

// step is a part of the story. see does it, looks, and says what it saw.
type step struct {
	name string
	see  func(context.Context) (string, error)
}

func (d *demo) steps() []step {
	return []step{
		{"A person sits down at a computer, without a mouse", d.sitDown},
		{"Every part is real", d.parts},
		{"The window opens, signed out", d.openWindow},
		{"Sign in: the own service is started, and the browser opens", d.beginInWindow},
		{"The first administrator is made, with the code that the window shows", d.setUp},
		{"The person says yes, and the browser goes back to the program", d.allow},
		{"The window says what was stored where, and what the tools need", d.signedIn},
		{"The container tools are set up, the difference shown first", d.setUpTools},
		{"The self-test pushes, pulls, compares and deletes", d.selfTest},
		{"Home shows who is signed in, with what, and for how long", d.atHome},
		{"lanyard status says the same", d.status},
		{"The window lists this computer's token", d.listed},
		{"The browser signs out, and in again with the password", d.browse},
		{"secret-tool finds the token in the keychain", d.lookUp},
		{"A separate docker-registry is started with the printed stanza", d.startRegistry},
		{"skopeo pushes to the own registry and pulls back", d.pushOwn},
		{"Home shows by itself what was used", d.used},
		{"skopeo copies to docker-registry; crane and regctl pull", d.copyOut},
		{"docker manifest inspect, without a daemon", d.inspect},
		{"A push to somebody else's name is refused", d.refusedPush},
		{"The window is closed, the service is at work, and a pull still works", d.closeAndPull},
		{"On a dark desktop it is opened again, dark from its first moment, and still signed in", d.openAgain},
		{"The desktop turns light, and the window with it", d.turnsLight},
		{"A second start raises that window, and ends", d.startAgain},
		{"Every page of the window", d.lookAround},
		{"The window speaks German, and English again", d.german},
		{"Ctrl and + draw everything larger, Ctrl and 0 as it was", d.larger},
		{"A personal access token is generated, shown once, and copied", d.generate},
		{"Another computer pulls with it", d.pullWithPAT},
		{"It is rotated, and for a day both secrets serve", d.rotate},
		{"The token is shown in full", d.inFull},
		{"It is deactivated, and both secrets are refused", d.deactivate},
		{"A token that the terminal makes is there by itself, and the desktop says that it ends soon", d.live},
		{"Who clicks that is shown the tokens", d.clicked},
		{"Half a minute after it was copied, the clipboard has forgotten it", d.forgotten},
		{"The token opens the service, as the keychain has it", d.accepted},
		{"No secret is in a file, an argument or an environment", d.nowhere},
		{"Sign out, with a receipt", d.signOut},
		{"The service refuses the old token and the old session", d.refused},
		{"The keychain has nothing, also after its daemon was killed", d.emptied},
		{"Docker's configuration is as it was, and the helper's copy gone", d.putBack},
		{"A pull is refused", d.refusedPull},
		{"The window is closed for good", d.leaveWindow},
		{"The same in a terminal: lanyard login", d.loginInTerminal},
		{"lanyard token list, and a pull", d.tokens},
		{"lanyard logout", d.logout},
		{"lanyard service stop, and nothing is left running", d.stopAll},
	}
}

func (d *demo) run(ctx context.Context) (err error) {
	if err := d.pictures.open(d.out); err != nil {
		return err
	}
	begun := time.Now()
	defer func() {
		if left := d.leave(); left != "" && err == nil {
			err = fmt.Errorf("left running: %s", left)
		}
	}()
	for i, s := range d.steps() {
		start := time.Now()
		seen, err := s.see(ctx)
		if ctx.Err() != nil {
			err = context.Cause(ctx) // what it spoiled says less
		}
		if err != nil {
			return fmt.Errorf("step %d failed after %s: %s\n%s", i+1, took(start), s.name, indent(err.Error()+d.scene()))
		}
		fmt.Fprintf(d.say, "%2d %7s  %s\n%s\n", i+1, took(start), s.name, indent(seen))
	}
	fmt.Fprintf(d.say, "   %7s  All of it was seen to work. %d pictures are in %s\n", took(begun), d.pictures.count, d.out)
	return nil
}

// scene is what there is to see at the place where a step failed, before it is
// cleared away.
func (d *demo) scene() string {
	said := ""
	if d.browser != nil {
		path := filepath.Join(d.out, failedPage)
		if err := d.browser.Picture(path); err == nil {
			said += "\nthe browser's page: " + path
		}
	}
	if d.screen != nil {
		path := filepath.Join(d.out, failedScreen)
		if err := d.screen.Picture(path); err == nil {
			said += "\nthe screen: " + path
		}
	}
	if d.desk == nil {
		return said
	}
	for _, log := range []string{filepath.Join(d.desk.Data(), "service.log"), d.registryLog()} {
		if text, err := os.ReadFile(log); err == nil {
			lines := strings.Split(strings.TrimSpace(string(text)), "\n")
			said += "\n" + filepath.Base(log) + " ends with\n" + strings.Join(lines[max(0, len(lines)-10):], "\n")
		}
	}
	return said
}

// leave gets up from the computer and says what did not end.
func (d *demo) leave() string {
	if d.desk == nil {
		return ""
	}
	d.stopRegistry()
	d.closeScreen()
	if d.desktop != nil {
		_ = d.desktop.Close()
	}
	if d.notifications != nil {
		_ = d.notifications.Close()
	}
	d.desk.Close()
	return names(d.desk.Processes())
}

func took(start time.Time) string { return fmt.Sprintf("%.1f s", time.Since(start).Seconds()) }

func indent(text string) string {
	return "            " + strings.ReplaceAll(strings.TrimSpace(text), "\n", "\n            ")
}
