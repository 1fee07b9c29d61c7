package machine

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/gofrs/flock"
)

// ErrSettings: settings.json is there and cannot be understood. It is left as
// it is, and nothing is decided without it.
var ErrSettings = errors.New("settings file is damaged")

// Settings are the person's choices on this computer, without any secret. The
// zero value is a computer on which nothing was chosen.
type Settings struct {
	Keychain  KeychainSettings  `json:"keychain,omitzero"`
	DockerHub DockerHubSettings `json:"docker_hub,omitzero"`
	Window    WindowSettings    `json:"window,omitzero"`
}

// WindowSettings are the window's. Their zero value is what a person gets who
// chose nothing.
type WindowSettings struct {
	Theme    string `json:"theme,omitempty"`    // light or dark; empty: the desktop's
	Language string `json:"language,omitempty"` // en or de; empty: the desktop's
	Zoom     int    `json:"zoom,omitempty"`     // percent; 0: 100
	// Quiet are the kinds of notices that the desktop is not to show: session,
	// replaced, tokens. The window itself shows them all the same.
	Quiet    Quiet  `json:"quiet,omitzero"`
	LogLevel string `json:"log_level,omitempty"` // debug; empty: info
}

// Quiet says which notices are no notifications.
type Quiet struct {
	Session  bool `json:"session,omitempty"`
	Replaced bool `json:"replaced,omitempty"`
	Tokens   bool `json:"tokens,omitempty"`
}

// KeychainSettings say where secrets are kept. Their words are package
// keychain's.
type KeychainSettings struct {
	// Store is the kind of keychain; empty: chosen by what is there.
	Store string `json:"store,omitempty"`
	// FailClosed: where the keychain of the system is missing, nothing takes
	// its place.
	FailClosed bool `json:"fail_closed,omitempty"`
	// KeyFile holds the key to the encrypted file, as an absolute path;
	// empty: a passphrase opens it, or a credential of systemd.
	KeyFile string `json:"key_file,omitempty"`
}

// DockerHubSettings are about Docker Hub.
type DockerHubSettings struct {
	// ClientID is an OAuth client of one's own at Docker; empty: none, and
	// Docker's own is never sent.
	ClientID string `json:"client_id,omitempty"`
}

// SettingsFile is settings.json, which a person may also write by hand.
type SettingsFile struct {
	Dir string
}

// SettingsFile is settings.json in d.Config.
func (d Dirs) SettingsFile() SettingsFile { return SettingsFile{Dir: d.Config} }

const maxSettings = 1 << 20 // bytes

// Path is the file itself.
func (f SettingsFile) Path() string { return filepath.Join(f.Dir, "settings.json") }

// Load reads the settings. No file is the zero value; fields that this
// program does not know are no error.
func (f SettingsFile) Load() (Settings, error) {
	s, _, err := f.load()
	return s, err
}

// load also returns everything that the file says, nil if there is none.
func (f SettingsFile) load() (Settings, map[string]any, error) {
	raw, err := f.read()
	if errors.Is(err, fs.ErrNotExist) {
		return Settings{}, nil, nil
	}
	if err != nil {
		return Settings{}, nil, fmt.Errorf("read the settings: %w", err)
	}
	damaged := func(err error) (Settings, map[string]any, error) {
		return Settings{}, nil, fmt.Errorf("%w: %s: correct it, or move it away: %w", ErrSettings, f.Path(), err)
	}
	var s Settings
	if err := json.Unmarshal(raw, &s); err != nil {
		return damaged(err)
	}
	var all map[string]any
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber() // a number of a later version stays as it is written
	if err := decoder.Decode(&all); err != nil {
		return damaged(err)
	}
	if all == nil {
		return damaged(errors.New("it says null"))
	}
	if file := s.Keychain.KeyFile; file != "" && !filepath.IsAbs(file) {
		return damaged(fmt.Errorf("key_file %q is not an absolute path", file))
	}
	return s, all, nil
}

func (f SettingsFile) read() ([]byte, error) {
	info, err := os.Stat(f.Path())
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || info.Size() > maxSettings {
		return nil, fmt.Errorf("%w: %s is no file of a sensible size", ErrSettings, f.Path())
	}
	return os.ReadFile(f.Path())
}

// Update changes the settings: fn sees them as they are and alters them,
// alone among our programs. What the file says besides is kept. If fn fails
// or alters nothing, nothing is written.
func (f SettingsFile) Update(fn func(*Settings) error) error {
	if err := os.MkdirAll(f.Dir, 0o700); err != nil {
		return fmt.Errorf("make the settings folder: %w", err)
	}
	lock := flock.New(filepath.Join(f.Dir, "settings.lock"), flock.SetPermissions(0o600))
	if err := lock.Lock(); err != nil { // held for one write, by a program that lives
		return fmt.Errorf("lock the settings: %w", err)
	}
	defer func() { _ = lock.Close() }()

	s, all, err := f.load()
	if err != nil {
		return err
	}
	before, err := plain(s)
	if err != nil {
		return err
	}
	if err := fn(&s); err != nil {
		return err
	}
	after, err := plain(s)
	if err != nil {
		return err
	}
	merged, changed := merge(all, before, after)
	if !changed {
		return nil
	}
	raw, err := json.MarshalIndent(merged, "", "  ")
	if err != nil {
		return fmt.Errorf("encode the settings: %w", err)
	}
	if err := f.write(append(raw, '\n')); err != nil {
		return fmt.Errorf("write the settings: %w", err)
	}
	return nil
}

// plain is a value as JSON says it.
func plain(s Settings) (map[string]any, error) {
	raw, err := json.Marshal(s)
	if err != nil {
		return nil, fmt.Errorf("encode the settings: %w", err)
	}
	var m map[string]any
	return m, json.Unmarshal(raw, &m)
}

// merge brings into all what became of before, and nothing else.
func merge(all, before, after map[string]any) (merged map[string]any, changed bool) {
	merged = map[string]any{}
	for key, value := range all {
		merged[key] = value
	}
	for key := range before {
		if _, kept := after[key]; kept {
			continue
		}
		inner, _ := all[key].(map[string]any)
		was, deeper := before[key].(map[string]any)
		if deeper { // a section that became empty may hold what is not ours
			if rest, _ := merge(inner, was, nil); len(rest) > 0 {
				merged[key], changed = rest, true
				continue
			}
		}
		delete(merged, key)
		changed = true
	}
	for key, value := range after {
		section, deeper := value.(map[string]any)
		if !deeper {
			if before[key] != value {
				merged[key], changed = value, true
			}
			continue
		}
		inner, _ := all[key].(map[string]any)
		was, _ := before[key].(map[string]any)
		rest, other := merge(inner, was, section)
		merged[key], changed = rest, changed || other
	}
	return merged, changed
}

// write replaces the file in one step. A link is followed, as people keep
// such files elsewhere and link them.
func (f SettingsFile) write(raw []byte) error {
	path := f.Path()
	if target, err := filepath.EvalSymlinks(path); err == nil {
		path = target
	}
	file, err := os.CreateTemp(filepath.Dir(path), ".settings-*") // 0600
	if err != nil {
		return err
	}
	_, err = file.Write(raw)
	err = errors.Join(err, file.Sync(), file.Close())
	if err == nil {
		err = os.Rename(file.Name(), path)
	}
	if err != nil {
		_ = os.Remove(file.Name())
		return err
	}
	return syncDir(filepath.Dir(path))
}
