//go:build linux

package app

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"lanyard/backend/autostart"
)

var ordinary = PreferencesView{
	Theme: "system", Zoom: 100, ZoomAvailable: zooms, StartAtLoginAvailable: true, Notify: NotifyView{Session: true, Replaced: true, Tokens: true}, LogLevel: "info",
}

func TestPreferences(t *testing.T) {
	w := newWorld(t)
	s := w.App.settings
	if v, err := s.Get(); err != nil || v != ordinary {
		t.Fatalf("of a person who chose nothing: %+v %v", v, err)
	}
	file := w.core.Computer.Dirs.SettingsFile().Path()
	want := PreferencesView{Theme: "dark", Language: "de", Zoom: 150, ZoomAvailable: zooms, StartAtLogin: true, StartAtLoginAvailable: true, Notify: NotifyView{Tokens: true}, LogLevel: "debug"}
	if v, err := s.Set(want); err != nil || v != want {
		t.Fatalf("%+v %v", v, err)
	}
	if _, err := os.Stat(filepath.Join(w.core.Entries.Dir, "lanyard.desktop")); err != nil {
		t.Error(err)
	}
	if w.screen.theme != "dark" {
		t.Errorf("the window's frame is %q", w.screen.theme)
	}
	if w.screen.zoom != 150 {
		t.Errorf("the page is drawn at %d %%", w.screen.zoom)
	}
	for name, change := range map[string]func(*PreferencesView){
		"theme": func(p *PreferencesView) { p.Theme = "blue" }, "no theme": func(p *PreferencesView) { p.Theme = "" },
		"language": func(p *PreferencesView) { p.Language = "../de" }, "level": func(p *PreferencesView) { p.LogLevel = "trace" },
		"no zoom": func(p *PreferencesView) { p.Zoom = 0 }, "too far": func(p *PreferencesView) { p.Zoom = 201 }, "too small": func(p *PreferencesView) { p.Zoom = 49 },
	} {
		bad := ordinary
		change(&bad)
		if _, err := s.Set(bad); codeOf(err) != "refused" {
			t.Errorf("%s: %v", name, err)
		}
		if v, err := s.Get(); err != nil || v != want {
			t.Errorf("%s changed it: %+v %v", name, v, err)
		}
	}
	if v, err := s.Set(ordinary); err != nil || v != ordinary {
		t.Errorf("back to what it was: %+v %v", v, err)
	}
	if _, err := os.Stat(filepath.Join(w.core.Entries.Dir, "lanyard.desktop")); !os.IsNotExist(err) {
		t.Error("the entry is still there")
	}
	if text, err := os.ReadFile(file); err != nil || strings.Contains(string(text), "dark") {
		t.Errorf("%s %v", text, err)
	}

	t.Run("an entry that a person edited", func(t *testing.T) {
		entry := filepath.Join(w.core.Entries.Dir, "lanyard.desktop")
		write(t, entry, "[Desktop Entry]\nHidden=true\n", 0o600)
		v, err := s.Get()
		if err != nil || !v.StartAtLogin {
			t.Fatalf("%+v %v", v, err)
		}
		off, dark := v, v
		off.StartAtLogin, dark.Theme = false, "dark"
		if _, err := s.Set(off); codeOf(err) != "refused" || !strings.Contains(err.Error(), entry) {
			t.Errorf("%v", err)
		}
		if text, err := os.ReadFile(entry); err != nil || string(text) != "[Desktop Entry]\nHidden=true\n" {
			t.Errorf("it was touched: %s %v", text, err)
		}
		if v, err := s.Set(dark); err != nil || v.Theme != "dark" {
			t.Errorf("what has nothing to do with it: %+v %v", v, err)
		}
	})
	t.Run("where nothing starts the window", func(t *testing.T) {
		w.core.Entries = nil
		v, err := s.Get()
		if err != nil || v.StartAtLoginAvailable || v.StartAtLogin {
			t.Errorf("%+v %v", v, err)
		}
		v.StartAtLogin = true
		if _, err := s.Set(v); codeOf(err) != "refused" {
			t.Errorf("%v", err)
		}
	})
	t.Run("a zoom written by hand", func(t *testing.T) {
		for chosen, want := range map[string]int{"110": 110, "0": 100, "-3": 100, "1000": 100} {
			write(t, file, `{"window":{"zoom":`+chosen+`}}`, 0o600)
			build(w.core.Parts, w.screen).Startup(t.Context())
			if v, err := s.Get(); err != nil || v.Zoom != want || w.screen.zoom != want {
				t.Errorf("%s: %d, drawn at %d %v", chosen, v.Zoom, w.screen.zoom, err)
			}
		}
	})
	t.Run("a damaged file", func(t *testing.T) {
		write(t, file, "{", 0o600)
		if _, err := s.Get(); codeOf(err) != "failed" || !strings.Contains(err.Error(), file) {
			t.Errorf("%v", err)
		}
	})
}

// The report holds nothing that was planted where somebody might look.
func TestReport(t *testing.T) {
	w := newWorld(t)
	v := w.signIn()
	const planted = "lyd_pat_PLANTEDplantedPLANTEDplanted01234567"
	t.Setenv("DOCKER_AUTH_CONFIG", `{"auths":{"x":{"auth":"`+planted+`"}}}`)
	t.Setenv("HTTPS_PROXY", "http://me:"+planted+"@proxy.example:3128")
	docker := w.core.Docker.File.Path
	if err := os.MkdirAll(filepath.Dir(docker), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(w.core.Computer.Dirs.Config, 0o700); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(w.core.Computer.Dirs.Config, "note-"+planted), planted, 0o600)
	write(t, docker, `{"auths":{"other.example":{"auth":"`+planted+`"}}}`, 0o600)
	write(t, filepath.Join(w.core.Computer.Dirs.State, "ledger.jsonl"), `{"at":"2027-01-31T12:00:00Z","tool":"/home/`+planted+`/docker","host":"`+planted+`","refused":"Bearer `+planted+`"}`+"\n", 0o600)
	secrets := append(w.secrets(v), planted)
	w.core.log.level("debug")
	w.core.log.logger.Debug("look", "token", planted, "home", w.session.Home+"/x")
	w.screen.saveTo = t.TempDir()
	r, err := w.App.settings.Report()
	if err != nil {
		t.Fatal(err)
	}
	w.search("the report", r, secrets)
	for _, part := range []string{"lanyard test", "anna@" + w.service.URL, "keychain:", "HTTPS_PROXY", "the window's log", "look", "~/x"} {
		if !strings.Contains(r.Text, part) {
			t.Errorf("it does not have %q:\n%s", part, r.Text)
		}
	}
	if strings.Contains(r.Text, w.session.Home+"/") {
		t.Errorf("it names the home folder:\n%s", r.Text)
	}
	saved, err := w.App.settings.SaveReport()
	text, wrong := os.ReadFile(saved.File)
	if err != nil || wrong != nil || !strings.HasPrefix(string(text), "lanyard test") {
		t.Errorf("%+v %v %v", saved, err, wrong)
	}
	w.search("the saved report", string(text), secrets)
}

func TestReset(t *testing.T) {
	w := newWorld(t)
	v := w.signIn()
	if _, err := w.App.start.Paste(PasteView{Host: "localhost:1", Username: "robot", Secret: "some-token-of-theirs", NoCheck: true}); err != nil {
		t.Fatal(err)
	}
	p := ordinary
	p.Theme, p.StartAtLogin = "dark", true
	if _, err := w.App.settings.Set(p); err != nil {
		t.Fatal(err)
	}
	if !w.App.window.first() {
		t.Error("it was told before")
	}
	all, err := w.App.settings.Reset()
	if err != nil || len(all) != 2 {
		t.Fatalf("%+v %v", all, err)
	}
	for _, r := range all {
		if !r.Removed {
			t.Errorf("%+v", r)
		}
	}
	if got, err := w.App.settings.Get(); err != nil || got != ordinary {
		t.Errorf("%+v %v", got, err)
	}
	if left, err := w.core.Computer.Keychain.List(t.Context(), ""); err != nil || len(left) > 0 {
		t.Errorf("the keychain has %q, %v", left, err)
	}
	if accounts, err := w.App.accounts.List(); err != nil || len(accounts) > 0 {
		t.Errorf("%+v %v", accounts, err)
	}
	if is, err := w.core.Entries.Look(w.core.AtLogin); err != nil || is != autostart.Absent {
		t.Errorf("%s %v", is, err)
	}
	if recorded, err := w.core.Docker.Recorded(); err != nil || len(recorded) > 0 {
		t.Errorf("%+v %v", recorded, err)
	}
	if !w.App.window.first() {
		t.Error("what was said once is remembered")
	}
	w.stands("signed_out")
	if alive, _, err := w.service.Alive("anna"); err != nil || len(alive) > 0 {
		t.Errorf("the service still takes %q of %s, %v", alive, v.LastFour, err)
	}
}

// A keychain that does not open keeps the settings that say where it is.
func TestResetWithALockedKeychain(t *testing.T) {
	w := newWorld(t)
	w.signIn()
	if err := w.session.Lock(); err != nil {
		t.Fatal(err)
	}
	w.core.Asked.Keychain.Asked = false // nobody answers the prompt
	p := ordinary
	p.Theme = "dark"
	if _, err := w.App.settings.Set(p); err != nil {
		t.Fatal(err)
	}
	if _, err := w.App.settings.Reset(); explain(err).Message == "" || codeOf(err) == "" {
		t.Error("nothing is said of it")
	}
	if v, err := w.App.settings.Get(); err != nil || v.Theme != "dark" {
		t.Errorf("the settings went: %+v %v", v, err)
	}
}

func TestAbout(t *testing.T) {
	w := newWorld(t)
	v, err := w.App.settings.About()
	if err != nil || v.Version != "test" || v.Go == "" || v.Licence != "Apache-2.0" || v.Config != w.core.Computer.Dirs.Config || v.State == "" || v.Data == "" {
		t.Errorf("%+v %v", v, err)
	}
}
