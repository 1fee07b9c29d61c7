package keychain

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"filippo.io/age"
)

// maker is the key that a new file is made with by itself.
func (f file) maker() (*age.X25519Identity, error) {
	keys, err := f.atHand()
	if err != nil {
		return nil, err
	}
	if len(keys) == 0 {
		return nil, fmt.Errorf("%w: %s is not made yet", ErrNoService, f.path())
	}
	return keys[0], nil
}

// atHand are the keys that need no person.
func (f file) atHand() ([]*age.X25519Identity, error) {
	var keys []*age.X25519Identity
	if dir := os.Getenv("CREDENTIALS_DIRECTORY"); filepath.IsAbs(dir) {
		// The folder is systemd's, which sees to it that nobody else reads it.
		raw, err := readSmall(filepath.Join(dir, credential))
		if err == nil {
			var key *age.X25519Identity
			if key, err = parseKey(raw); err == nil {
				keys = append(keys, key)
			}
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("%w: the credential %s: %w", ErrKey, credential, err)
		}
	}
	if f.keyFile != "" {
		key, err := readKeyFile(f.keyFile)
		if err != nil {
			return nil, err
		}
		keys = append(keys, key)
	}
	return keys, nil
}

func readKeyFile(path string) (*age.X25519Identity, error) {
	info, err := os.Stat(path)
	if err == nil {
		err = readableByUs(path, info)
	}
	var raw []byte
	if err == nil {
		raw, err = readSmall(path)
	}
	var key *age.X25519Identity
	if err == nil {
		key, err = parseKey(raw)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: the key file %s: %w", ErrKey, path, err)
	}
	return key, nil
}

// source is where the keys at hand come from, in words.
func (f file) source() string {
	var from []string
	if dir := os.Getenv("CREDENTIALS_DIRECTORY"); filepath.IsAbs(dir) && isThere(filepath.Join(dir, credential)) {
		from = append(from, "the systemd credential "+credential)
	}
	if f.keyFile != "" {
		from = append(from, "the key file "+f.keyFile)
	}
	return strings.Join(from, " or ")
}

func readSmall(path string) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	if info, err := file.Stat(); err != nil || !info.Mode().IsRegular() {
		return nil, errors.Join(errors.New("it is no file"), err)
	}
	raw, err := io.ReadAll(io.LimitReader(file, maxKeyFile+1))
	if err == nil && len(raw) > maxKeyFile {
		err = ErrTooBig
	}
	return raw, err
}

// parseKey finds the one key in a file as age-keygen writes it, or as systemd
// reads it with EnvironmentFile=, under LANYARD_KEYCHAIN_KEY. Its errors quote
// nothing of it.
func parseKey(raw []byte) (*age.X25519Identity, error) {
	var found *age.X25519Identity
	number := 0
	for line := range strings.SplitSeq(string(raw), "\n") {
		number++
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if name, value, is := strings.Cut(line, "="); is {
			if name != keyVariable {
				continue
			}
			line = strings.Trim(value, `"'`)
		}
		key, err := age.ParseX25519Identity(line)
		if err != nil {
			return nil, fmt.Errorf("line %d is no age key (AGE-SECRET-KEY-1…)", number)
		}
		if found != nil {
			return nil, errors.New("it has more than one key")
		}
		found = key
	}
	if found == nil {
		return nil, errors.New("there is no age key (AGE-SECRET-KEY-1…) in it")
	}
	return found, nil
}

// MakeKeyFile writes a new key to a file that is not there yet.
func MakeKeyFile(path string) error {
	key, err := age.GenerateX25519Identity()
	if err != nil {
		return fmt.Errorf("make a key: %w", err)
	}
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("make a key file: %w", err)
	}
	_, err = fmt.Fprintf(file, "# Opens Lanyard's encrypted file of secrets on this computer.\n%s=%s\n", keyVariable, key)
	if err := errors.Join(err, file.Sync(), file.Close()); err != nil {
		_ = os.Remove(path)
		return fmt.Errorf("make a key file: %w", err)
	}
	return nil
}
