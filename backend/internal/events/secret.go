package events

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// ErrSecret says that the file of the secret cannot be used.
var ErrSecret = errors.New("the secret of notifications cannot be used")

const (
	secretPrefix = "lyd_events_" //nolint:gosec // the beginning of one
	secretBytes  = 32
)

// Secret is what a registry shows when it notifies. All registries of a
// service share it.
type Secret struct{ text string }

// String hides it from logs and errors.
func (Secret) String() string { return "***" }

// Format hides it from every verb.
func (Secret) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("***")) }

// Is compares by hash, in the same time whatever was shown.
func (s Secret) Is(shown string) bool {
	ours, theirs := sha256.Sum256([]byte(s.text)), sha256.Sum256([]byte(shown))
	return subtle.ConstantTimeCompare(ours[:], theirs[:]) == 1 && s.text != ""
}

// OpenSecret reads the secret of a file (0600), and makes both at the first
// time. A file that others can read, or that holds no secret of ours, is a
// refusal in words.
func OpenSecret(path string) (Secret, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		if err := makeSecret(path); err != nil {
			return Secret{}, fmt.Errorf("make the secret of notifications: %w", err)
		}
		text, err = os.ReadFile(path)
	}
	if err != nil {
		return Secret{}, fmt.Errorf("%w: %w", ErrSecret, err)
	}
	info, err := os.Stat(path)
	if err != nil {
		return Secret{}, fmt.Errorf("%w: %w", ErrSecret, err)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return Secret{}, fmt.Errorf("%w: %s can be read by others; make it yours alone with: chmod 600 %s", ErrSecret, path, path)
	}
	secret := strings.TrimSpace(string(text))
	random, ours := strings.CutPrefix(secret, secretPrefix)
	if raw, err := base64.RawURLEncoding.DecodeString(random); !ours || err != nil || len(raw) < secretBytes {
		return Secret{}, fmt.Errorf("%w: %s does not hold one; delete the file, start again, and give the registries the new one", ErrSecret, path)
	}
	return Secret{secret}, nil
}

// makeSecret puts a whole file there or none, and never in another's place.
func makeSecret(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	random := make([]byte, secretBytes)
	rand.Read(random)
	file, err := os.CreateTemp(filepath.Dir(path), ".events-secret-")
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(file.Name()) }()
	_, err = file.WriteString(secretPrefix + base64.RawURLEncoding.EncodeToString(random) + "\n")
	if err := errors.Join(err, file.Sync(), file.Close()); err != nil {
		return err
	}
	if err := os.Link(file.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return nil
}
