package account

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"math/big"
	"slices"
	"strings"
)

const (
	recoveryCodes = 10
	recoveryLen   = 15 // of the set-up code's alphabet: 73 bits
)

// newRecovery draws ten codes, as they are shown once, and what is kept of them.
func newRecovery(id string) (codes []string, kept [][]byte) {
	for range recoveryCodes {
		var b strings.Builder
		for i := range recoveryLen {
			if i > 0 && i%5 == 0 {
				b.WriteByte('-')
			}
			n, err := rand.Int(rand.Reader, big.NewInt(int64(len(setupAlphabet))))
			if err != nil {
				panic("system randomness: " + err.Error())
			}
			b.WriteByte(setupAlphabet[n.Int64()])
		}
		codes = append(codes, b.String())
		kept = append(kept, recoveryHash(id, plainCode(b.String())))
	}
	return codes, kept
}

// recoveryCode gives a typed code its one form; ok is false if it cannot be one
// of ours.
func recoveryCode(typed string) (code string, ok bool) {
	code = strings.Map(func(r rune) rune {
		switch {
		case r == '-' || r == ' ':
			return -1
		case r >= 'a' && r <= 'z': // only ASCII has two cases here
			return r - 'a' + 'A'
		}
		return r
	}, typed)
	return code, len(code) == recoveryLen && strings.Trim(code, setupAlphabet) == ""
}

// recoveryHash needs no slow hash: nobody guesses 73 bits.
func recoveryHash(id, code string) []byte {
	sum := sha256.Sum256([]byte("recovery\x00" + id + "\x00" + code))
	return sum[:]
}

// spend takes a code out of those that are left, or says that it is none.
func spend(left [][]byte, id, code string) ([][]byte, bool) {
	given := recoveryHash(id, code)
	i := slices.IndexFunc(left, func(one []byte) bool { return subtle.ConstantTimeCompare(one, given) == 1 })
	if i < 0 {
		return left, false
	}
	return slices.Concat(left[:i], left[i+1:]), true
}
