package dockerconfig

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// copied notes a copy of ours, before it is made.
type copied struct {
	V       int      `json:"v"`
	Path    string   `json:"path"`
	Hash    string   `json:"hash"`
	Earlier string   `json:"earlier,omitempty"` // of the copy that this one replaces
	Made    []string `json:"made,omitempty"`    // folders, outermost first
	Temp    string   `json:"temp,omitempty"`    // a file of ours that may lie about
}

func (h Helper) note() string { return filepath.Join(h.Journal, "docker-helper.json") }

func (h Helper) load() (copied, error) {
	var c copied
	data, err := os.ReadFile(h.note())
	if errors.Is(err, fs.ErrNotExist) {
		return c, nil
	}
	if err == nil {
		err = json.Unmarshal(data, &c)
	}
	if err == nil && c.V > recordVersion {
		err = errors.New("written by a newer Lanyard")
	}
	if err != nil {
		return c, fmt.Errorf("%w: read %s: %w", ErrJournal, h.note(), err)
	}
	return c, nil
}

func (h Helper) save(c copied) error {
	data, err := json.MarshalIndent(c, "", "\t")
	if err == nil {
		err = writeOwn(h.note(), append(data, '\n'), 0o600)
	}
	if err != nil {
		return fmt.Errorf("%w: %w", ErrJournal, err)
	}
	return nil
}

// copyProgram is there whole or not at all; what is in the way gives way for an update only.
func copyProgram(from, temp, to string, update bool) error {
	data, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	if err := writeNew(temp, data, 0o755); err != nil {
		return err
	}
	if update {
		err = os.Rename(temp, to)
	} else {
		err = place(temp, to)
	}
	if err != nil {
		return errors.Join(err, os.Remove(temp))
	}
	return syncDir(filepath.Dir(to))
}

// sweep deletes what a program that was cut off left; "" is nothing.
func sweep(temp string) error {
	if temp == "" {
		return nil
	}
	if err := os.Remove(temp); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("sweep: %w", err)
	}
	return nil
}

func hashFile(path string) (string, error) {
	if info, err := os.Stat(path); err != nil || !info.Mode().IsRegular() {
		return "", errors.Join(err, fs.ErrInvalid)
	}
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

// under: dir lies in home, also once links are followed.
func under(home, dir string) bool {
	if !filepath.IsAbs(dir) {
		return false
	}
	real, err := filepath.EvalSymlinks(dir)
	realHome, errHome := filepath.EvalSymlinks(home)
	if err != nil || errHome != nil {
		return false
	}
	rel, err := filepath.Rel(realHome, real)
	return err == nil && rel != "." && rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator))
}

// writable: a folder of ours, not on a file system mounted for reading.
func writable(dir string) bool {
	info, err := os.Stat(dir)
	if err != nil || !info.IsDir() || !ours(info) {
		return false
	}
	return mayWrite(dir)
}

func onPath(dirs []string, dir string) bool {
	for _, d := range dirs {
		if filepath.Clean(d) == filepath.Clean(dir) {
			return true
		}
	}
	return false
}
