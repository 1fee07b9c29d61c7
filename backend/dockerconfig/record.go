package dockerconfig

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
)

const recordVersion = 1

// record is what is noted about one config.json while hosts of it are ours.
// It is written before the file is, so a program that was cut off in between
// leaves a record that claims too much and never one that claims too little.
type record struct {
	V       int               `json:"v"`
	Path    string            `json:"path"`
	Shape   Shape             `json:"shape,omitempty"`
	Keys    map[string]string `json:"keys"`             // host to the JSON text of the helper that gave way, "" for none
	Existed bool              `json:"existed"`          // the file was there before us
	Was     string            `json:"was"`              // credHelpers without members: see document.emptyHelpers
	Before  string            `json:"before,omitempty"` // hash of the backup; "" once others have written too
	After   []string          `json:"after,omitempty"`  // hashes of what we wrote; two while a write is under way
	Made    []string          `json:"made,omitempty"`   // folders we made, outermost first
	Temp    string            `json:"temp,omitempty"`   // a file of ours that may lie about
	Moved   map[string]moved  `json:"moved,omitempty"`  // key of auths to what is left of its entry
	Store   string            `json:"store,omitempty"`  // JSON text of the credsStore that was dropped

	backup []byte // checked against Before
	loaded bool   // from the journal
}

// begin is the record of a first Use. r is the one of a file that has vanished, or nothing.
func (r record) begin(f File, now snapshot, current document) record {
	n := record{V: recordVersion, Path: f.Path, Shape: f.Shape, Existed: now.exists, Was: current.emptyHelpers(), Before: hash(now.data), backup: now.data, Keys: map[string]string{}}
	n.Made, n.loaded, n.Moved = r.Made, r.loaded, r.Moved
	if r.loaded { // the file is gone: nothing of ours is in it
		n.Keys = maps.Clone(r.Keys)
		for h := range n.Keys {
			n.Keys[h] = ""
		}
	}
	return n
}

// over: nothing is left to be undone.
func (r record) over() bool { return len(r.Keys) == 0 && len(r.Moved) == 0 && r.Store == "" }

func (r record) hosts() []string { return slices.Sorted(maps.Keys(r.Keys)) }

// unchanged: the file has the bytes of before the first Use, or nobody but us wrote since.
func (r record) unchanged(now snapshot) bool {
	return r.Before != "" && (hash(now.data) == r.Before || r.wrote(now))
}

func (r record) wrote(now snapshot) bool { return slices.Contains(r.After, hash(now.data)) }

func hash(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

func unquote(text string) (s string) {
	_ = json.Unmarshal([]byte(text), &s) // "" for ""
	return s
}

// file is the place of a journal file for f.Path. One journal serves any
// number of configuration files.
func (f File) file(suffix string) string {
	return filepath.Join(f.Journal, "docker-"+hash([]byte(f.Path))[:12]+suffix)
}

func (f File) load() (record, error) {
	var r record
	data, err := os.ReadFile(f.file(".json"))
	if errors.Is(err, fs.ErrNotExist) {
		return r, nil
	}
	if err == nil {
		err = json.Unmarshal(data, &r)
	}
	switch {
	case err != nil:
		return record{}, fmt.Errorf("%w: read %s: %w", ErrJournal, f.file(".json"), err)
	case r.V > recordVersion:
		return record{}, fmt.Errorf("%w: %s was written by a newer Lanyard", ErrJournal, f.file(".json"))
	case r.Path != f.Path || r.Shape != f.Shape:
		return record{}, fmt.Errorf("%w: %s is about %s", ErrJournal, f.file(".json"), r.Path)
	}
	r.loaded = true
	if r.Before != "" {
		if r.backup, err = os.ReadFile(f.file(".backup")); err != nil || hash(r.backup) != r.Before {
			r.Before, r.backup = "", nil // our keys can still be taken out one by one
		}
	}
	return r, nil
}

func (f File) save(r record) error {
	data, err := json.MarshalIndent(r, "", "\t")
	if err == nil {
		err = writeOwn(f.file(".json"), append(data, '\n'), 0o600)
	}
	if err != nil {
		return fmt.Errorf("%w: %w", ErrJournal, err)
	}
	return nil
}

// saveBackup keeps the bytes of before the first Use. They may hold what
// docker keeps in clear text, so they go again with the record.
func (f File) saveBackup(data []byte) error {
	if err := writeOwn(f.file(".backup"), data, 0o600); err != nil {
		return fmt.Errorf("%w: %w", ErrJournal, err)
	}
	return nil
}

// dropBackup is for one that is of no use any more, and holds what is now kept elsewhere.
func (f File) dropBackup() error {
	if err := os.Remove(f.file(".backup")); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%w: %w", ErrJournal, err)
	}
	return nil
}

// forget deletes record and backup, the record last: it finds the backup again.
func (f File) forget() error {
	for _, suffix := range []string{".backup", ".json"} {
		if err := os.Remove(f.file(suffix)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("%w: %w", ErrJournal, err)
		}
	}
	return nil
}

// Recorded lists the configuration files that a journal has something to undo for.
func Recorded(journal string) ([]File, error) {
	names, err := filepath.Glob(filepath.Join(journal, "docker-????????????.json"))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrJournal, err)
	}
	var files []File
	for _, name := range names {
		var r record
		data, err := os.ReadFile(name)
		if err == nil {
			err = json.Unmarshal(data, &r)
		}
		if err != nil {
			return nil, fmt.Errorf("%w: read %s: %w", ErrJournal, name, err)
		}
		files = append(files, File{Path: r.Path, Journal: journal, Shape: r.Shape})
	}
	return files, nil
}
