// Package keys owns the secrets the service signs with: the RSA key of OAuth
// tokens, the authority behind registry tokens and the key that successors of
// refresh tokens are derived with and values of the database sealed. It makes
// them, keeps them in one folder, signs and seals. What is signed, for whom and for how long is others' business.
package keys

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

var (
	// ErrMissing says that the folder or one of its files is not there.
	ErrMissing = errors.New("key is missing")
	// ErrReadable says that somebody else on this computer could have read it.
	ErrReadable = errors.New("key can be read by others")
	// ErrDamaged says that a file is cut off or is not what its name says.
	ErrDamaged = errors.New("key is damaged or foreign")
	// ErrExists says that Create found something where the folder should go.
	ErrExists = errors.New("keys exist already")
	// ErrEnded says that the authority's ten years are over.
	ErrEnded = errors.New("the authority of registry tokens has expired")
)

const serviceKeyLength = 32

// Keys are one service's. Safe for use by many goroutines.
type Keys struct {
	service []byte
	oauth   SigningKey
	ca      authority

	leaf     atomic.Pointer[leaf]
	renewing sync.Mutex
}

// New makes keys that are kept nowhere.
func New(now time.Time) (*Keys, error) {
	k := &Keys{service: make([]byte, serviceKeyLength)}
	rand.Read(k.service)
	var err error
	if k.oauth, err = newSigningKey(); err != nil {
		return nil, fmt.Errorf("make the key of OAuth tokens: %w", err)
	}
	if k.ca, err = newAuthority(now); err != nil {
		return nil, fmt.Errorf("make the authority of registry tokens: %w", err)
	}
	return k, k.Renew(now)
}

// Service is the HMAC key for what the database must not be able to tell by
// itself.
func (k *Keys) Service() []byte { return slices.Clone(k.service) }

// OAuth is the key of access and ID tokens.
func (k *Keys) OAuth() SigningKey { return k.oauth }

// Format keeps key material out of every print and log.
func (k *Keys) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "***") }
