package keys

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"errors"
	"fmt"
)

// errSealed says no more: whoever tries learns nothing from the reason.
var errSealed = errors.New("not sealed with this service's key for this place")

// Sealer keeps values that the database must not tell by itself: AES-256-GCM
// under a key of its own, derived from the service key, so that one is of no
// use in the place of the other.
type Sealer struct{ aead cipher.AEAD }

// Sealer derives the key; it is the same for as long as the service key is.
func (k *Keys) Sealer() (Sealer, error) {
	key, err := hkdf.Key(sha256.New, k.service, nil, "lanyard sealed values 1", 32)
	if err != nil {
		return Sealer{}, fmt.Errorf("derive the key of sealed values: %w", err)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return Sealer{}, fmt.Errorf("derive the key of sealed values: %w", err)
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return Sealer{}, fmt.Errorf("derive the key of sealed values: %w", err)
	}
	return Sealer{aead}, nil
}

// Seal hides plain. of says what it is and whose: it opens there and nowhere else.
func (s Sealer) Seal(plain []byte, of string) []byte {
	return s.aead.Seal(nil, nil, plain, []byte(of))
}

// Open returns what was sealed of the same place.
func (s Sealer) Open(sealed []byte, of string) ([]byte, error) {
	plain, err := s.aead.Open(nil, nil, sealed, []byte(of))
	if err != nil {
		return nil, errSealed
	}
	return plain, nil
}

// Format keeps the key out of every print and log.
func (Sealer) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("***")) }
