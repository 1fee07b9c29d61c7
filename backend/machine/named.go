package machine

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
)

// Named are names that a server was heard to have, by server: what a shell
// completes, so that no server has to be asked while somebody types.
type Named map[string]Names

// Names are those of one server.
type Names struct {
	Organizations []string `json:"organizations,omitempty"`
	Teams         []string `json:"teams,omitempty"` // ORG/TEAM
	Repositories  []string `json:"repositories,omitempty"`
}

// NamedFile is names.json in the folder of state. Nothing depends on it: one
// that is damaged, or lost, is none, and two writers at once lose one's names.
type NamedFile struct{ Dir string }

const (
	maxNamed  = 1 << 20 // bytes
	mostNames = 1000    // of a kind
)

// Path is the file itself.
func (f NamedFile) Path() string { return filepath.Join(f.Dir, "names.json") }

// Load reads what is remembered.
func (f NamedFile) Load() Named {
	file, err := os.Open(f.Path())
	if err != nil {
		return Named{}
	}
	defer file.Close()
	named := Named{}
	if json.NewDecoder(io.LimitReader(file, maxNamed)).Decode(&named) != nil {
		return Named{}
	}
	return named
}

// Heard remembers what change makes of the names of a server.
func (f NamedFile) Heard(server string, change func(*Names)) error {
	named := f.Load()
	names := named[server]
	change(&names)
	for _, kind := range []*[]string{&names.Organizations, &names.Teams, &names.Repositories} {
		slices.Sort(*kind)
		*kind = slices.Compact(*kind)
		*kind = (*kind)[:min(len(*kind), mostNames)]
	}
	named[server] = names
	raw, err := json.MarshalIndent(named, "", "  ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(f.Dir, 0o700); err != nil {
		return err
	}
	temp, err := os.CreateTemp(f.Dir, ".names-*") // 0600
	if err != nil {
		return err
	}
	_, err = temp.Write(append(raw, '\n'))
	if err = errors.Join(err, temp.Close()); err == nil {
		err = os.Rename(temp.Name(), f.Path())
	}
	if err != nil {
		return errors.Join(err, os.Remove(temp.Name()))
	}
	return nil
}
