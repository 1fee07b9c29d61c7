package app

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// memory is STATE/window.json: what the window said once. Nothing depends on
// it: what is lost is said again.
type memory struct {
	file string
	mu   sync.Mutex
}

// remembered is what it keeps.
type remembered struct {
	Closing   bool                 `json:"closing,omitempty"`   // what closing the window leaves at work was said
	Told      map[string]time.Time `json:"told,omitempty"`      // notices that the desktop showed
	Dismissed map[string]time.Time `json:"dismissed,omitempty"` // … and that a person put away
	Shown     string               `json:"shown,omitempty"`     // NAME@SERVER of the account that the window is to show
	Backup    time.Time            `json:"backup,omitzero"`     // the latest copy of the own service's database
}

func newMemory(state string) *memory { return &memory{file: filepath.Join(state, "window.json")} }

func (m *memory) load() remembered {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.read()
}

func (m *memory) read() remembered {
	var r remembered
	if text, err := os.ReadFile(m.file); err != nil || json.Unmarshal(text, &r) != nil {
		return remembered{}
	}
	return r
}

// update keeps what change makes of it; false if it changes nothing.
func (m *memory) update(change func(*remembered) bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	r := m.read()
	r.Told, r.Dismissed = maps.Clone(r.Told), maps.Clone(r.Dismissed)
	if !change(&r) {
		return
	}
	text, err := json.Marshal(r)
	if err != nil || os.MkdirAll(filepath.Dir(m.file), 0o700) != nil {
		return
	}
	temp := m.file + ".new"
	if os.WriteFile(temp, append(text, '\n'), 0o600) == nil {
		_ = os.Rename(temp, m.file)
	}
}

// forget removes it.
func (m *memory) forget() {
	m.mu.Lock()
	defer m.mu.Unlock()
	_ = os.Remove(m.file)
}
