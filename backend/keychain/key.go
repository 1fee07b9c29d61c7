package keychain

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"filippo.io/age"
)

// The key to the encrypted file is an age key (X25519). It comes from one of
//
//   - a credential of systemd, $CREDENTIALS_DIRECTORY/lanyard-keychain;
//   - the key file of the settings;
//   - keychain-key.age beside the file: the key, encrypted with a passphrase
//     by scrypt. That takes half a second and 128 MiB, too much for every pull:
//     once opened, the key is held by the kernel for a while (hold_linux.go).
//
// The first two need no person. With the third alone, the folder is worth
// nothing to whoever takes it.

var (
	// ErrPassphrase: the passphrase does not open the file.
	ErrPassphrase = errors.New("wrong passphrase")
	// ErrWeak: the passphrase is too short for something that can be tried
	// offline.
	ErrWeak = errors.New("the passphrase is too short")
	// ErrKey: the key at hand is none, or not the one of the file.
	ErrKey = errors.New("the key does not open the keychain file")
	// ErrNoHold: nothing here can hold a key from one command to the next.
	ErrNoHold = errors.New("the key cannot be held on this computer")
)

const (
	keyName       = "keychain-key.age"
	credential    = "lanyard-keychain"
	keyVariable   = "LANYARD_KEYCHAIN_KEY" // in a key file written as an environment file
	scryptWork    = 17                     // 2^17 rounds of 1 KiB: 128 MiB
	maxScryptWork = 20
	minPassphrase = 12 // bytes
	maxKeyFile    = 64 << 10

	// HoldFor is how long an unlocked file stays open if nobody says otherwise.
	HoldFor = 12 * time.Hour
)

func (f file) keyPath() string { return filepath.Join(f.dir, keyName) }

// key is the one that opens raw.
func (f file) key(ctx context.Context, raw []byte) (*age.X25519Identity, error) {
	keys, err := f.atHand()
	if err != nil {
		return nil, err
	}
	foreign := len(keys) > 0
	if held := f.held(); held != nil {
		keys = append(keys, held)
	}
	for _, key := range keys {
		if f.fits(raw, key) {
			return key, nil
		}
	}
	_, err = age.Decrypt(bytes.NewReader(raw), nobody{})
	var other *age.NoIdentityMatchError
	switch {
	case !errors.As(err, &other):
		return nil, f.damaged(err)
	case !isThere(f.keyPath()) && foreign:
		return nil, fmt.Errorf("%w: %s was made with another one than %s", ErrKey, f.path(), f.source())
	case !isThere(f.keyPath()):
		return nil, fmt.Errorf("%w: %s is missing, and so is the key it was made with", ErrKey, f.keyPath())
	case !f.Asked || f.Passphrase == nil:
		return nil, ErrFileLocked
	}
	return f.ask(ctx, raw)
}

// fits: the key is one that raw was encrypted to, whatever its state beyond.
func (f file) fits(raw []byte, key *age.X25519Identity) bool {
	_, err := age.Decrypt(bytes.NewReader(raw), key)
	var other *age.NoIdentityMatchError
	return !errors.As(err, &other)
}

// nobody is an identity that fits nothing.
type nobody struct{}

func (nobody) Unwrap([]*age.Stanza) ([]byte, error) { return nil, age.ErrIncorrectIdentity }

// ask has the person open the file, alone among our programs.
func (f file) ask(ctx context.Context, raw []byte) (*age.X25519Identity, error) {
	done, err := oneprompt(ctx, f.dir)
	if err != nil {
		return nil, err
	}
	defer done()
	if held := f.held(); held != nil && f.fits(raw, held) {
		return held, nil // another program's question was answered
	}
	key, err := f.answer(ctx, raw)
	if err != nil {
		return nil, err
	}
	// Where it cannot be held, each command asks: no reason to fail this one.
	_ = f.hold(key, HoldFor)
	return key, nil
}

// answer is one question.
func (f file) answer(ctx context.Context, raw []byte) (*age.X25519Identity, error) {
	passphrase, err := f.Passphrase(ctx, false)
	if err == nil && passphrase == "" {
		err = ErrDismissed
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", err, ErrFileLocked)
	}
	return f.unlock(raw, passphrase)
}

// unlock opens the key with the passphrase.
func (f file) unlock(raw []byte, passphrase Secret) (*age.X25519Identity, error) {
	sealed, err := readOurs(f.keyPath())
	if err != nil {
		return nil, fmt.Errorf("read the key: %w", err)
	}
	with, err := age.NewScryptIdentity(passphrase.Reveal())
	if err != nil {
		return nil, ErrPassphrase
	}
	with.SetMaxWorkFactor(maxScryptWork)
	in, err := age.Decrypt(bytes.NewReader(sealed), with)
	var wrong *age.NoIdentityMatchError
	if errors.As(err, &wrong) {
		return nil, ErrPassphrase
	}
	var plain []byte
	if err == nil {
		plain, err = io.ReadAll(io.LimitReader(in, maxKeyFile))
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ErrDamaged, f.keyPath(), err)
	}
	key, err := parseKey(plain)
	if err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ErrDamaged, f.keyPath(), err)
	}
	if raw != nil && !f.fits(raw, key) {
		return nil, fmt.Errorf("%w: %s does not belong to %s", ErrKey, f.keyPath(), f.path())
	}
	return key, nil
}

// create makes the file, empty, with a new key that the passphrase opens, or
// with the key at hand if there is one.
func (f file) create(ctx context.Context) error {
	unlock, err := lockFile(ctx, f.path()+".lock", fileEvery)
	if err != nil {
		return err
	}
	defer unlock()
	if f.exists() {
		return fmt.Errorf("%w: %s", ErrExists, f.path())
	}
	keys, err := f.atHand()
	if err != nil {
		return err
	}
	if len(keys) > 0 {
		return f.save(map[string][]byte{}, keys[0])
	}
	if f.Passphrase == nil {
		return fmt.Errorf("%w: a new file needs a passphrase", ErrDismissed)
	}
	secret, err := f.Passphrase(ctx, true)
	switch {
	case err != nil:
		return err
	case secret == "":
		return ErrDismissed
	case len(secret) < minPassphrase:
		return fmt.Errorf("%w: at least %d characters; a few random words are easiest", ErrWeak, minPassphrase)
	}
	key, err := age.GenerateX25519Identity()
	if err != nil {
		return fmt.Errorf("make a key: %w", err)
	}
	if err := f.seal(key, secret); err != nil {
		return err
	}
	if err := f.save(map[string][]byte{}, key); err != nil {
		return err
	}
	_ = f.hold(key, HoldFor)
	return nil
}

// seal writes the key, encrypted with the passphrase. A key whose file is
// gone is put aside: it may be the key of a copy.
func (f file) seal(key *age.X25519Identity, passphrase Secret) error {
	if err := aside(f.keyPath()); err != nil {
		return err
	}
	to, err := age.NewScryptRecipient(passphrase.Reveal())
	if err != nil {
		return fmt.Errorf("encrypt the key: %w", err)
	}
	to.SetWorkFactor(cmp.Or(f.work, scryptWork))
	sealed, err := seal([]byte(key.String()+"\n"), to)
	if err != nil {
		return fmt.Errorf("encrypt the key: %w", err)
	}
	return replaceOurs(f.keyPath(), sealed, func(raw []byte) error {
		if !bytes.Equal(raw, sealed) {
			return ErrMismatch
		}
		return nil
	})
}

func aside(path string) error {
	if !isThere(path) {
		return nil
	}
	for n := 1; ; n++ {
		to := path + ".old" + strconv.Itoa(n)
		if !isThere(to) {
			return os.Rename(path, to)
		}
	}
}

// holdName is what the kernel knows the key by: one for each folder.
func (f file) holdName() string {
	sum := sha256.Sum256([]byte(f.dir))
	return "lanyard:keychain:" + hex.EncodeToString(sum[:16])
}

func (f file) hold(key *age.X25519Identity, duration time.Duration) error {
	return holdKey(f.holdName(), key.String(), duration)
}

func (f file) held() *age.X25519Identity {
	text, ok := heldKey(f.holdName())
	if !ok {
		return nil
	}
	key, err := age.ParseX25519Identity(text)
	if err != nil {
		return nil
	}
	return key
}
