//go:build linux

package desk

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/godbus/dbus/v5"
)

// Screen is a display that nobody sees, with a window manager, a keyboard, and
// the bus on which screen readers ask programs what they show.
type Screen struct {
	desk  *Desk
	parts []*exec.Cmd // in the order in which they were started
	tree  *dbus.Conn
}

const (
	launcher = "/usr/libexec/at-spi-bus-launcher"
	wide     = 1280
	high     = 800

	mostLooks = 8 // at a screen on which something moves, as a clock may
)

// Screen starts one. Programs that are started on the desk from then on show
// their windows there.
func (d *Desk) Screen(ctx context.Context) (*Screen, error) {
	s := &Screen{desk: d}
	if err := s.start(ctx); err != nil {
		s.Close()
		return nil, fmt.Errorf("start a screen: %w", err)
	}
	return s, nil
}

func (l Look) size() string {
	if l.Width == 0 {
		return fmt.Sprintf("%dx%dx24", wide, high)
	}
	return fmt.Sprintf("%dx%dx24", l.Width, l.Height)
}

// look tells GTK and the browser. WebKit takes dark from GTK's theme.
func (d *Desk) look() {
	var flags []string
	if d.Look.Dark {
		d.Setenv("GTK_THEME", "Adwaita:dark")
		flags = append(flags, "--force-dark-mode")
	}
	if d.Look.Width > 0 {
		flags = append(flags, fmt.Sprintf("--window-size=%d,%d", d.Look.Width, d.Look.Height))
	}
	d.Setenv(browserLook, strings.Join(flags, " "))
}

func (s *Screen) start(ctx context.Context) error {
	display, err := s.startDisplay()
	if err != nil {
		return err
	}
	s.desk.Setenv("DISPLAY", display)
	s.desk.Setenv("XAUTHORITY", s.authority())
	s.desk.look()
	if err := s.part("matchbox-window-manager", "-use_cursor", "no"); err != nil {
		return err
	}
	// Without dconf on the desk's bus, what is set below would not be kept.
	if err := s.part("env", "GSETTINGS_BACKEND=memory", launcher, "--launch-immediately"); err != nil {
		return err
	}
	return s.listen(ctx)
}

// startDisplay returns once the display can be used.
func (s *Screen) startDisplay() (display string, err error) {
	// Only who reads this file may look at the display or type into it.
	cookie := make([]byte, 16)
	_, _ = rand.Read(cookie) // never fails
	if err := os.WriteFile(s.authority(), authority(cookie), 0o600); err != nil {
		return "", err
	}
	out, in, err := os.Pipe()
	if err != nil {
		return "", err
	}
	defer out.Close()
	err = s.part("Xvfb", "-displayfd", "3", "-screen", "0", s.desk.Look.size(), "-fbdir", s.desk.Runtime, "-nolisten", "tcp", "-noreset", "-auth", s.authority(), in)
	in.Close()
	if err != nil {
		return "", err
	}
	number, err := bufio.NewReader(out).ReadString('\n') // once it listens
	if err != nil {
		return "", fmt.Errorf("start Xvfb: %w", err)
	}
	return ":" + strings.TrimSpace(number), nil
}

// part starts a program of the screen, which dies with this one. Arguments are
// strings, or files that it inherits from 3 on.
func (s *Screen) part(name string, args ...any) error {
	var words []string
	var files []*os.File
	for _, a := range args {
		switch a := a.(type) {
		case string:
			words = append(words, a)
		case *os.File:
			files = append(files, a)
		}
	}
	log, err := os.OpenFile(filepath.Join(s.desk.Runtime, "screen.log"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	cmd := exec.Command(name, words...)
	cmd.Env, cmd.Dir, cmd.ExtraFiles, cmd.Stdout, cmd.Stderr = s.desk.Env(), s.desk.Home, files, log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		return err
	}
	s.parts = append(s.parts, cmd)
	return nil
}

func (s *Screen) authority() string { return filepath.Join(s.desk.Runtime, "Xauthority") }

// authority is the file of an X display's cookie, for whatever display: Xau(3).
func authority(cookie []byte) []byte {
	const wild = 0xffff
	const name = "MIT-MAGIC-COOKIE-1"
	b := binary.BigEndian.AppendUint16(nil, wild)
	for _, field := range []string{"", "", name, string(cookie)} { // address, number
		b = binary.BigEndian.AppendUint16(b, uint16(len(field)))
		b = append(b, field...)
	}
	return b
}

// listen connects to the bus of screen readers and says that there is one:
// programs tell nothing before.
func (s *Screen) listen(ctx context.Context) error {
	session, err := dbus.Connect(s.desk.Address)
	if err != nil {
		return err
	}
	defer session.Close()
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	bus := session.Object("org.a11y.Bus", "/org/a11y/bus")
	var address string
	for {
		err := bus.CallWithContext(ctx, "org.a11y.Bus.GetAddress", 0).Store(&address)
		if err == nil {
			break
		}
		if waited := pause(ctx); waited != nil {
			return fmt.Errorf("the bus of screen readers: %w", errors.Join(err, waited))
		}
	}
	if err := bus.SetProperty("org.a11y.Status.IsEnabled", dbus.MakeVariant(true)); err != nil {
		return fmt.Errorf("say that there is a screen reader: %w", err)
	}
	s.tree, err = dbus.Connect(address)
	return err
}

// Picture takes the whole screen into a PNG, once two looks at it are alike:
// what a window says is ahead of what it paints.
func (s *Screen) Picture(path string) error {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	last := ""
	for range mostLooks {
		o, err := Must(s.desk.Program(ctx, "import", "-window", "root", "-strip", "-define", "png:exclude-chunks=date,time", "png:-"))
		if err != nil {
			return fmt.Errorf("take a picture: %w", err)
		}
		if o.Out == last {
			break
		}
		last = o.Out
	}
	return os.WriteFile(path, []byte(last), 0o600)
}

// Key presses keys, one after the other: "Tab", "Return", "alt+F4".
func (s *Screen) Key(ctx context.Context, keys ...string) error {
	_, err := Must(s.desk.Program(ctx, "xdotool", append([]string{"key"}, keys...)...))
	return err
}

// Type types text at the keyboard.
func (s *Screen) Type(ctx context.Context, text string) error {
	cmd := s.desk.Program(ctx, "xdotool", "type", "--delay", "8", "--file", "-")
	cmd.Stdin = bytes.NewReader([]byte(text))
	_, err := Must(cmd)
	return err
}

// Clipboard is what a selection ("clipboard", "primary") gives as target; "" if
// it has none such.
func (s *Screen) Clipboard(ctx context.Context, selection, target string) (string, error) {
	o, err := Run(s.desk.Program(ctx, "xclip", "-out", "-selection", selection, "-target", target))
	if err != nil || o.Code != 0 {
		return "", err
	}
	return o.Out, nil
}

// Close ends the screen, and with it the windows on it.
func (s *Screen) Close() {
	if s.tree != nil {
		s.tree.Close()
	}
	for i := len(s.parts) - 1; i >= 0; i-- {
		_ = s.parts[i].Process.Signal(syscall.SIGTERM) // it may have ended
		ended := time.AfterFunc(5*time.Second, func() { _ = s.parts[i].Process.Kill() })
		_ = s.parts[i].Wait()
		ended.Stop()
	}
	s.parts = nil
}
