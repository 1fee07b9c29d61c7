package machine

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Installation is the name this installation goes by at the service: the
// SHA-256, in hex, of a random id kept in d.State and of the machine's own
// id. A copied home or disk image is another installation. On a machine
// without an id the random one counts alone.
func (d Dirs) Installation() (string, error) {
	id, err := d.randomID()
	if err != nil {
		return "", fmt.Errorf("installation id: %w", err)
	}
	sum := sha256.Sum256([]byte(id + "\n" + machineID()))
	return hex.EncodeToString(sum[:]), nil
}

const randomBytes = 32

// randomID reads the id, or makes it once: of several programs that start
// together, one makes it and all get the same.
func (d Dirs) randomID() (string, error) {
	path := filepath.Join(d.State, "installation")
	id, err := readID(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return id, err
	}
	if err := os.MkdirAll(d.State, 0o700); err != nil {
		return "", err
	}
	file, err := os.CreateTemp(d.State, "installation-*") // 0600
	if err != nil {
		return "", err
	}
	defer func() { _ = os.Remove(file.Name()) }()
	var random [randomBytes]byte
	_, _ = rand.Read(random[:]) // never fails
	_, err = file.WriteString(hex.EncodeToString(random[:]) + "\n")
	if err := errors.Join(err, file.Sync(), file.Close()); err != nil {
		return "", err
	}
	// Link, unlike rename, fails if another program was first.
	if err := os.Link(file.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) {
		return "", err
	}
	return readID(path)
}

func readID(path string) (string, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	id := strings.TrimSpace(string(raw))
	if random, err := hex.DecodeString(id); err != nil || len(random) != randomBytes {
		return "", fmt.Errorf("%s is damaged: remove it and sign in again", path)
	}
	return id, nil
}
