package machine

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func settings(t *testing.T, text string) SettingsFile {
	t.Helper()
	f := SettingsFile{Dir: filepath.Join(t.TempDir(), "config")}
	if text == "" {
		return f
	}
	if err := os.Mkdir(f.Dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(f.Path(), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return f
}

func choose(t *testing.T, f SettingsFile, fn func(*Settings)) {
	t.Helper()
	if err := f.Update(func(s *Settings) error { fn(s); return nil }); err != nil {
		t.Fatal(err)
	}
}

func TestSettings(t *testing.T) {
	f := settings(t, "")
	if s, err := f.Load(); err != nil || s != (Settings{}) {
		t.Errorf("a fresh computer has %+v, %v", s, err)
	}
	if _, err := os.Stat(f.Dir); err == nil {
		t.Error("reading made the folder")
	}
	choose(t, f, func(*Settings) {})
	if _, err := os.Stat(f.Path()); err == nil {
		t.Error("an update that changes nothing made the file")
	}
	want := Settings{
		Keychain:  KeychainSettings{Store: "file", FailClosed: true, KeyFile: "/etc/lanyard/key"},
		DockerHub: DockerHubSettings{ClientID: "c"},
	}
	choose(t, f, func(s *Settings) { *s = want })
	if s, err := f.Load(); err != nil || s != want {
		t.Errorf("got %+v, %v", s, err)
	}
	for path, want := range map[string]os.FileMode{f.Path(): 0o600, f.Dir: 0o700 | os.ModeDir} {
		if info, err := os.Stat(path); err != nil || info.Mode() != want {
			t.Errorf("%s: %v %v, want %v", path, info.Mode(), err, want)
		}
	}
	failed := errors.New("no")
	if err := f.Update(func(s *Settings) error { *s = Settings{}; return failed }); !errors.Is(err, failed) {
		t.Errorf("the error of fn: %v", err)
	}
	if s, err := f.Load(); err != nil || s != want {
		t.Errorf("after a failed update: %+v, %v", s, err)
	}
	choose(t, f, func(s *Settings) { *s = Settings{} })
	if raw, _ := os.ReadFile(f.Path()); string(raw) != "{}\n" {
		t.Errorf("emptied: %s", raw)
	}
}

// What a later Lanyard, or a person, wrote besides stays.
func TestSettingsKeepWhatTheyDoNotKnow(t *testing.T) {
	f := settings(t, `{"later":{"a":[1,12345678901234567890]},"keychain":{"store":"file","colour":"blue","fail_closed":true},"docker_hub":{}}`)
	choose(t, f, func(s *Settings) { s.Keychain = KeychainSettings{Store: "secret-service"} })
	raw, err := os.ReadFile(f.Path())
	if err != nil {
		t.Fatal(err)
	}
	const want = `{
  "docker_hub": {},
  "keychain": {
    "colour": "blue",
    "store": "secret-service"
  },
  "later": {
    "a": [
      1,
      12345678901234567890
    ]
  }
}
`
	if diff := cmp.Diff(want, string(raw)); diff != "" {
		t.Error(diff)
	}
	choose(t, f, func(s *Settings) { *s = Settings{} })
	if raw, _ := os.ReadFile(f.Path()); !strings.Contains(string(raw), `"colour": "blue"`) || strings.Contains(string(raw), "store") {
		t.Errorf("emptied: %s", raw)
	}
}

func TestSettingsThatCannotBeRead(t *testing.T) {
	for name, text := range map[string]string{
		"emptied":         " ",
		"cut off":         `{"keychain":{"sto`,
		"no JSON":         "store = file",
		"null":            "null",
		"a list":          "[]",
		"wrong type":      `{"keychain":{"fail_closed":"yes"}}`,
		"section a word":  `{"keychain":"file"}`,
		"two values":      `{}{}`,
		"relative key":    `{"keychain":{"key_file":"key"}}`,
		"too long":        `{"a":"` + strings.Repeat("x", maxSettings) + `"}`,
		"NULs of a crash": strings.Repeat("\x00", 200),
	} {
		t.Run(name, func(t *testing.T) {
			f := settings(t, text)
			if s, err := f.Load(); !errors.Is(err, ErrSettings) || !strings.Contains(err.Error(), f.Path()) || s != (Settings{}) {
				t.Errorf("load: %+v %v", s, err)
			}
			if err := f.Update(func(s *Settings) error { s.Keychain.Store = "file"; return nil }); !errors.Is(err, ErrSettings) {
				t.Errorf("update: %v", err)
			}
			if raw, _ := os.ReadFile(f.Path()); string(raw) != text {
				t.Errorf("the file became %q", raw)
			}
		})
	}
	t.Run("a folder", func(t *testing.T) {
		f := SettingsFile{Dir: t.TempDir()}
		if err := os.Mkdir(f.Path(), 0o700); err != nil {
			t.Fatal(err)
		}
		if _, err := f.Load(); !errors.Is(err, ErrSettings) {
			t.Errorf("load: %v", err)
		}
	})
}

// People keep such files in one place and link them.
func TestSettingsThroughALink(t *testing.T) {
	f := settings(t, `{}`)
	target := filepath.Join(t.TempDir(), "mine.json")
	if err := os.Rename(f.Path(), target); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(target, f.Path()); err != nil {
		t.Fatal(err)
	}
	choose(t, f, func(s *Settings) { s.Keychain.Store = "file" })
	if to, err := os.Readlink(f.Path()); err != nil || to != target {
		t.Errorf("the link: %q %v", to, err)
	}
	if raw, _ := os.ReadFile(target); !strings.Contains(string(raw), "file") {
		t.Errorf("the file: %s", raw)
	}
}

func TestSettingsOfManyProgramsAtOnce(t *testing.T) {
	f := settings(t, "")
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			err := f.Update(func(s *Settings) error { s.DockerHub.ClientID += "x"; return nil })
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if s, err := f.Load(); err != nil || s.DockerHub.ClientID != strings.Repeat("x", 20) {
		t.Errorf("%+v %v", s, err)
	}
	if left, _ := filepath.Glob(filepath.Join(f.Dir, ".settings-*")); len(left) > 0 {
		t.Errorf("left %v", left)
	}
}
