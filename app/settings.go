package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"runtime"
	"runtime/debug"
	"slices"

	"lanyard/backend/autostart"
	"lanyard/backend/client"
	"lanyard/backend/keychain"
	"lanyard/backend/machine"
)

// Settings is bound: the person's choices about the window, what it has to
// tell, and what is said of it.
type Settings struct{ core *core }

// PreferencesView are the choices.
type PreferencesView struct {
	Theme                 string     `json:"theme"`    // system, light or dark
	Language              string     `json:"language"` // "": the desktop's
	Zoom                  int        `json:"zoom"`     // percent, 50 to 200
	ZoomAvailable         bool       `json:"zoomAvailable"`
	StartAtLogin          bool       `json:"startAtLogin"`
	StartAtLoginAvailable bool       `json:"startAtLoginAvailable"`
	Notify                NotifyView `json:"notify" ts_type:"{ session: boolean; replaced: boolean; tokens: boolean }"` // a class could not be sent
	LogLevel              string     `json:"logLevel"`                                                                  // info or debug
}

// NotifyView says which notices the desktop shows.
type NotifyView struct {
	Session  bool `json:"session"`
	Replaced bool `json:"replaced"`
	Tokens   bool `json:"tokens"`
}

// TextView is a text to be read.
type TextView struct {
	Text string `json:"text"`
}

// AboutView says what runs here, and where its files are.
type AboutView struct {
	Version string `json:"version"`
	Go      string `json:"go"`
	Wails   string `json:"wails"`
	Webview string `json:"webview"`
	Licence string `json:"licence"`
	Config  string `json:"config"`
	State   string `json:"state"`
	Data    string `json:"data"`
}

const licence = "Apache-2.0"

// Get says what was chosen.
func (s *Settings) Get() (PreferencesView, error) {
	settings, err := s.core.Computer.Dirs.SettingsFile().Load()
	if err != nil {
		return PreferencesView{}, err
	}
	w := settings.Window
	v := PreferencesView{
		Theme: w.Theme, Language: w.Language, Zoom: percent(w.Zoom), ZoomAvailable: zooms, LogLevel: w.LogLevel,
		Notify: NotifyView{Session: !w.Quiet.Session, Replaced: !w.Quiet.Replaced, Tokens: !w.Quiet.Tokens},
	}
	if v.Theme == "" {
		v.Theme = "system"
	}
	if v.LogLevel == "" {
		v.LogLevel = "info"
	}
	if s.core.Entries == nil {
		return v, nil
	}
	v.StartAtLoginAvailable = true
	is, err := s.core.Entries.Look(s.core.AtLogin)
	if err != nil {
		return PreferencesView{}, err
	}
	v.StartAtLogin = is != autostart.Absent
	return v, nil
}

// Set keeps what was chosen. What cannot be is refused, and changes nothing.
func (s *Settings) Set(p PreferencesView) (PreferencesView, error) {
	for _, c := range []struct {
		name, is string
		may      []string
	}{
		{"theme", p.Theme, []string{"system", "light", "dark"}},
		{"language", p.Language, []string{"", "en", "de"}},
		{"log level", p.LogLevel, []string{"info", "debug"}},
	} {
		if !slices.Contains(c.may, c.is) {
			return PreferencesView{}, fmt.Errorf("%w: there is no %s %.40q", client.ErrRefused, c.name, c.is)
		}
	}
	if p.Zoom != percent(p.Zoom) {
		return PreferencesView{}, fmt.Errorf("%w: there is no zoom of %d %%; %d to %d are", client.ErrRefused, p.Zoom, leastZoom, mostZoom)
	}
	if err := s.atLogin(p.StartAtLogin); err != nil { // first, as it alone may be refused
		return PreferencesView{}, err
	}
	err := s.core.Computer.Dirs.SettingsFile().Update(func(all *machine.Settings) error {
		all.Window = machine.WindowSettings{
			Theme: unless(p.Theme, "system"), Language: p.Language, Zoom: unless(p.Zoom, unzoomed), LogLevel: unless(p.LogLevel, "info"),
			Quiet: machine.Quiet{Session: !p.Notify.Session, Replaced: !p.Notify.Replaced, Tokens: !p.Notify.Tokens},
		}
		return nil
	})
	if err != nil {
		return PreferencesView{}, err
	}
	s.core.log.level(p.LogLevel)
	s.core.screen.Theme(unless(p.Theme, "system"))
	s.core.screen.Zoom(p.Zoom)
	return s.Get()
}

// unless is what is to be kept of a choice: nothing of the ordinary one.
func unless[T comparable](chosen, ordinary T) (kept T) {
	if chosen == ordinary {
		return kept
	}
	return chosen
}

// atLogin has the window started at log-in, or no longer. Nothing is touched
// where that is so already.
func (s *Settings) atLogin(want bool) error {
	if s.core.Entries == nil {
		if want {
			return autostart.ErrUnavailable
		}
		return nil
	}
	is, err := s.core.Entries.Look(s.core.AtLogin)
	switch {
	case err != nil:
		return err
	case want == (is != autostart.Absent) && is != autostart.Other:
		return nil
	case want:
		return s.core.Entries.Install(s.core.AtLogin)
	}
	return s.core.Entries.Uninstall(s.core.AtLogin)
}

// Notices are what notifications say, and more; the newest first.
func (s *Settings) Notices() ([]NoticeView, error) { return s.core.notices.shown(), nil }

// Dismiss puts one away.
func (s *Settings) Dismiss(id string) error {
	s.core.notices.dismiss(id)
	return nil
}

// Report is all that helps to find a fault, without a secret.
func (s *Settings) Report() (TextView, error) {
	ctx, cancel := s.core.context(asked)
	defer cancel()
	r := s.core.looks().Report(ctx, s.core.now(), os.Getenv)
	return TextView{Text: r.String() + s.core.log.report()}, nil
}

// SaveReport writes it to a file of the person's choice.
func (s *Settings) SaveReport() (SavedView, error) {
	file, err := s.core.save("Save the report", "lanyard-report.txt", func(out io.Writer) error {
		r, err := s.Report()
		if err == nil {
			_, err = io.WriteString(out, r.Text)
		}
		return err
	})
	return SavedView{File: file}, err
}

// Reset signs out of everything, puts the tools' files back, and forgets what
// was chosen. The person was asked. What fails is told, and stops nothing else
// that can be done without it.
func (s *Settings) Reset() ([]ReceiptView, error) {
	ctx, cancel := s.core.context(asked)
	defer cancel()
	c := s.core
	receipts := []ReceiptView{}
	all, err := c.Computer.Known()
	if err != nil {
		return receipts, err
	}
	var failed error
	for _, k := range all {
		r, err := c.leave(ctx, k)
		if err != nil {
			failed = errors.Join(failed, err)
			continue
		}
		receipts = append(receipts, r)
	}
	c.begun()
	defer c.soon()
	if failed != nil { // settings may say where what is left is kept
		return receipts, failed
	}
	return receipts, errors.Join(c.undoTools(), s.atLogin(false), s.forget(ctx))
}

// forget removes the settings. Where the keychain keeps what a tool stored
// itself, the choice of keychain stays.
func (s *Settings) forget(ctx context.Context) error {
	c := s.core
	c.memory.forget()
	file := c.Computer.Dirs.SettingsFile()
	standing, err := c.Computer.Keychain.Standing(ctx)
	if err == nil && standing.Entries == 0 && standing.Store != keychain.File {
		if err := os.Remove(file.Path()); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("remove the settings: %w", err)
		}
		return nil
	}
	return file.Update(func(all *machine.Settings) error {
		*all = machine.Settings{Keychain: all.Keychain}
		return nil
	})
}

// About says what runs here.
func (s *Settings) About() (AboutView, error) {
	d := s.core.Computer.Dirs
	v := AboutView{Version: s.core.Version, Go: runtime.Version(), Webview: webview(), Licence: licence, Config: d.Config, State: d.State, Data: s.core.Data}
	if build, ok := debug.ReadBuildInfo(); ok {
		for _, one := range build.Deps {
			if one.Path == "github.com/wailsapp/wails/v2" {
				v.Wails = one.Version
			}
		}
	}
	return v, nil
}
