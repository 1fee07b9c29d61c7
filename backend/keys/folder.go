package keys

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"time"
)

// The files of the folder.
const (
	oauthFile   = "oauth.pem"    // RSA private key, PKCS 8
	caFile      = "registry.pem" // the authority's certificate and private key
	serviceFile = "service.key"  // 32 bytes
)

// maxFile is far above what any of the files needs.
const maxFile = 64 << 10

// Exists says whether anything lies at dir: then Open, never Create.
func Exists(dir string) bool {
	_, err := os.Lstat(dir)
	return !errors.Is(err, fs.ErrNotExist)
}

// Create makes new keys in a new folder. The folder appears whole or not at
// all: its files are written and synced beside it and it is renamed into
// place. ErrExists if anything lies at dir, also if another Create was first.
func Create(dir string, now time.Time) (*Keys, error) {
	if Exists(dir) {
		return nil, fmt.Errorf("create keys in %s: %w", dir, ErrExists)
	}
	k, err := New(now)
	if err != nil {
		return nil, err
	}
	if err := k.write(dir); err != nil {
		return nil, fmt.Errorf("create keys in %s: %w", dir, err)
	}
	return k, nil
}

// Open reads the keys of a folder. It makes nothing: whatever is missing,
// damaged, foreign or readable by others is refused.
func Open(dir string, now time.Time) (*Keys, error) {
	k, err := read(dir)
	if err != nil {
		return nil, err
	}
	// An authority past its time stops registry tokens only, at signing.
	if err := k.Renew(now); err != nil && !errors.Is(err, ErrEnded) {
		return nil, err
	}
	return k, nil
}

func (k *Keys) write(dir string) error {
	oauth, err := x509.MarshalPKCS8PrivateKey(k.oauth.Private)
	if err != nil {
		return err
	}
	ca, err := x509.MarshalPKCS8PrivateKey(k.ca.private)
	if err != nil {
		return err
	}
	parent := filepath.Dir(dir)
	made, err := os.MkdirTemp(parent, "."+filepath.Base(dir)+"-") // 0700
	if err != nil {
		return err
	}
	defer os.RemoveAll(made) //nolint:errcheck // gone by its rename, or not worth a second error
	for name, content := range map[string][]byte{
		oauthFile:   encodePEM(pemPrivate, oauth),
		caFile:      append(k.CAPEM(), encodePEM(pemPrivate, ca)...),
		serviceFile: k.service,
	} {
		if err := writeSynced(filepath.Join(made, name), content); err != nil {
			return err
		}
	}
	if err := syncDir(made); err != nil {
		return err
	}
	if err := os.Rename(made, dir); err != nil {
		if errors.Is(err, fs.ErrExist) || Exists(dir) { // ENOTEMPTY where another was first
			return ErrExists
		}
		return err
	}
	return syncDir(parent)
}

func writeSynced(path string, content []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	return errors.Join(err, f.Sync(), f.Close())
}

func syncDir(dir string) error {
	if runtime.GOOS == "windows" {
		return nil // a folder cannot be synced there
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

func read(dir string) (*Keys, error) {
	info, err := os.Stat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("%w: the folder %s is not there; put it back from a backup", ErrMissing, dir)
	case err != nil:
		return nil, fmt.Errorf("open keys: %w", err)
	case !info.IsDir():
		return nil, fmt.Errorf("%w: %s is not a folder", ErrDamaged, dir)
	}
	if err := private(dir, info); err != nil {
		return nil, err
	}
	k := &Keys{}
	for _, file := range []struct {
		name string
		take func([]byte) error
	}{
		{oauthFile, k.takeOAuth},
		{caFile, k.takeAuthority},
		{serviceFile, k.takeService},
	} {
		path := filepath.Join(dir, file.name)
		content, err := readPrivate(path)
		if err != nil {
			return nil, err
		}
		if err := file.take(content); err != nil {
			return nil, fmt.Errorf("%w: %s: %w", ErrDamaged, path, err)
		}
	}
	return k, nil
}

func readPrivate(path string) ([]byte, error) {
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("%w: %s is not there; put it back from a backup", ErrMissing, path)
	case err != nil:
		return nil, fmt.Errorf("open keys: %w", err)
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%w: %s is not a plain file", ErrDamaged, path)
	case info.Size() > maxFile:
		return nil, fmt.Errorf("%w: %s has %d bytes", ErrDamaged, path, info.Size())
	}
	if err := private(path, info); err != nil {
		return nil, err
	}
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("open keys: %w", err)
	}
	return content, nil
}

func private(path string, info fs.FileInfo) error {
	mode := info.Mode().Perm()
	if runtime.GOOS == "windows" || mode&0o077 == 0 {
		return nil
	}
	return fmt.Errorf("%w: %s has mode %04o; if nobody else has used this computer: chmod go= %s", ErrReadable, path, mode, path)
}

func (k *Keys) takeService(content []byte) error {
	if len(content) != serviceKeyLength || bytes.Equal(content, make([]byte, serviceKeyLength)) {
		return fmt.Errorf("expected %d random bytes, found %d", serviceKeyLength, len(content))
	}
	k.service = content
	return nil
}

func (k *Keys) takeOAuth(content []byte) error {
	blocks, err := blocksOf(content, pemPrivate)
	if err != nil {
		return err
	}
	parsed, err := x509.ParsePKCS8PrivateKey(blocks[0])
	if err != nil {
		return err
	}
	private, ok := parsed.(*rsa.PrivateKey)
	if !ok || private.N.BitLen() < rsaBits {
		return fmt.Errorf("expected an RSA key of %d bits or more", rsaBits)
	}
	k.oauth, err = signingKey(private)
	return err
}

func (k *Keys) takeAuthority(content []byte) error {
	blocks, err := blocksOf(content, pemCertificate, pemPrivate)
	if err != nil {
		return err
	}
	certificate, err := x509.ParseCertificate(blocks[0])
	if err != nil {
		return err
	}
	parsed, err := x509.ParsePKCS8PrivateKey(blocks[1])
	if err != nil {
		return err
	}
	private, ok := parsed.(*ecdsa.PrivateKey)
	if !ok || private.Curve != elliptic.P256() {
		return errors.New("expected an ECDSA key on P-256")
	}
	if !certificate.IsCA || !private.PublicKey.Equal(certificate.PublicKey) {
		return errors.New("the certificate is not this key's authority")
	}
	k.ca = authority{private, certificate}
	return nil
}

// blocksOf expects exactly these PEM blocks and nothing after them.
func blocksOf(content []byte, kinds ...string) ([][]byte, error) {
	var blocks [][]byte
	for _, kind := range kinds {
		block, rest := pem.Decode(content)
		if block == nil || block.Type != kind {
			return nil, fmt.Errorf("expected a block of type %s", kind)
		}
		blocks, content = append(blocks, block.Bytes), rest
	}
	if len(bytes.TrimSpace(content)) > 0 {
		return nil, errors.New("there is more in it than a key")
	}
	return blocks, nil
}
