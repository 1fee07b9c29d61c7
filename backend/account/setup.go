package account

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"math/big"
	"strings"
	"sync"
	"time"
)

const (
	setupTries = 10
	setupLife  = 15 * time.Minute
	// setupAlphabet has no look-alikes; 12 of them are 58 bits.
	setupAlphabet = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
	setupLen      = 12
)

// Setup guards the making of the first administrator with a one-time code.
// The code is shown on the console or by the own service's socket, is typed
// by the person, and lives in memory only. The zero Setup has no code and
// accepts none.
type Setup struct {
	Now func() time.Time // nil: time.Now

	mu    sync.Mutex
	code  [32]byte // SHA-256
	until time.Time
	tries int
}

// Fresh makes a code, in the place of any earlier one: ABCD-EFGH-JKLM.
func (s *Setup) Fresh() string {
	var b strings.Builder
	for i := range setupLen {
		if i > 0 && i%4 == 0 {
			b.WriteByte('-')
		}
		n, err := rand.Int(rand.Reader, big.NewInt(int64(len(setupAlphabet))))
		if err != nil {
			panic("system randomness: " + err.Error())
		}
		b.WriteByte(setupAlphabet[n.Int64()])
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.code, s.until, s.tries = sha256.Sum256([]byte(plainCode(b.String()))), s.now().Add(setupLife), 0
	return b.String()
}

// Try checks a typed code and counts the try. nil or ErrCode. A right code
// stays good until Close, so that a mistyped password does not cost it.
func (s *Setup) Try(typed string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.tries >= setupTries || !s.now().Before(s.until) {
		return ErrCode
	}
	s.tries++
	given := sha256.Sum256([]byte(plainCode(typed)))
	if subtle.ConstantTimeCompare(given[:], s.code[:]) != 1 {
		return ErrCode
	}
	s.tries--
	return nil
}

// Close spends the code.
func (s *Setup) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.code, s.until = [32]byte{}, time.Time{}
}

func (s *Setup) now() time.Time {
	if s.Now == nil {
		return time.Now()
	}
	return s.Now()
}

func plainCode(typed string) string {
	return strings.NewReplacer("-", "", " ", "").Replace(strings.ToUpper(typed))
}
