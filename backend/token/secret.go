package token

import (
	"crypto/rand"
	"fmt"
	"hash/crc32"
	"io"
	"math/big"
	"strings"
)

// The form of a secret (design §3): a prefix that says what it is, 27 random
// base62 characters (160 bits), and the CRC-32 of all before it as 6 more, so
// that a scanner tells ours from a look-alike without asking anybody.
const (
	prefixManual = "lyd_pat_"
	prefixAuto   = "lyd_auto_"
	prefixOrg    = "lyd_oat_"

	randomLen = 27
	checkLen  = 6
	base62    = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
)

// Secret is the clear text of a token. It exists between its making and the
// one answer that shows it; printed by accident, in whatever format, it is
// "***". Only an unexported field printed from outside shows it: keep none.
type Secret string

// String hides the secret from logs and error texts.
func (Secret) String() string { return "***" }

// Format hides it from every verb of fmt, wrong ones too.
func (Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "***") }

// MarshalText hides it from JSON and the like.
func (Secret) MarshalText() ([]byte, error) { return []byte("***"), nil }

// Reveal is the secret itself, for the one answer that shows it.
func (s Secret) Reveal() string { return string(s) }

// LastFour is what people recognise a token by.
func (s Secret) LastFour() string { return string(s[len(s)-4:]) }

// NewSecret draws a secret for a token of source.
func NewSecret(source Source) Secret {
	body := prefixOf(source) + randomBase62(randomLen)
	return Secret(body + check(body))
}

func prefixOf(source Source) string {
	switch source {
	case Auto:
		return prefixAuto
	case Org:
		return prefixOrg
	}
	return prefixManual
}

// Plausible says whether s has the form of a secret of ours, checksum
// included: a cheap first look before any store is asked.
func Plausible(s string) bool {
	at := strings.LastIndexByte(s, '_') + 1
	if prefix := s[:at]; prefix != prefixManual && prefix != prefixAuto && prefix != prefixOrg {
		return false
	}
	if rest := s[at:]; len(rest) != randomLen+checkLen || strings.Trim(rest, base62) != "" {
		return false
	}
	sum := len(s) - checkLen
	return check(s[:sum]) == s[sum:]
}

func check(body string) string {
	n := crc32.ChecksumIEEE([]byte(body))
	var out [checkLen]byte
	for i := checkLen - 1; i >= 0; i-- {
		out[i] = base62[n%62]
		n /= 62
	}
	return string(out[:])
}

// randomBase62 draws n characters without bias; crypto/rand cannot fail.
func randomBase62(n int) string {
	limit := new(big.Int).Exp(big.NewInt(62), big.NewInt(int64(n)), nil)
	v, err := rand.Int(rand.Reader, limit)
	if err != nil {
		panic(fmt.Sprintf("system randomness: %v", err))
	}
	s := v.Text(62)
	return swapCase(strings.Repeat("0", n-len(s)) + s)
}

// swapCase maps math/big's alphabet (digits, lower, upper) to ours.
func swapCase(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z':
			return r - 'a' + 'A'
		case r >= 'A' && r <= 'Z':
			return r - 'A' + 'a'
		}
		return r
	}, s)
}
