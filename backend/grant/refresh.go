package grant

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"strings"
	"time"
)

// A refresh token is lyd_ref_<family>_<secret>. It rotates at each use; the
// successor is derived from the one presented and a key that is not in the
// database, so a client whose answer was lost presents the same one again and
// gets the same successor, and nobody who reads the database can make one.
const (
	refreshPrefix = "lyd_ref_"
	tagLen        = 11 // base64url characters

	// grace is how long the predecessor is accepted in any case.
	grace = 60 * time.Second
	// lostAnswer is how long it is accepted while its successor was never used.
	lostAnswer = 24 * time.Hour
)

// Refresh is what a session keeps of its refresh tokens: hashes only.
type Refresh struct {
	Generation  int       `json:"generation"` // of Current, from 1
	Current     [32]byte  `json:"current"`
	Previous    [32]byte  `json:"previous"` // zero in the first generation
	RotatedAt   time.Time `json:"rotated_at"`
	CurrentUsed bool      `json:"current_used"` // presented, or an access token issued with it was accepted
}

// RefreshToken is a refresh token in clear; printed it is "***".
type RefreshToken string

// String hides the token from logs.
func (RefreshToken) String() string { return "***" }

// Format hides it from every verb.
func (RefreshToken) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("***")) }

// MarshalText hides it from JSON and the like.
func (RefreshToken) MarshalText() ([]byte, error) { return []byte("***"), nil }

// Reveal is the token itself, for the answer that hands it out.
func (t RefreshToken) Reveal() string { return string(t) }

// Family is the session a refresh token claims to belong to, and its secret.
func (t RefreshToken) Family() (session, secret string, ok bool) {
	rest, ok := strings.CutPrefix(string(t), refreshPrefix)
	if !ok || len(rest) > 256 {
		return "", "", false
	}
	session, secret, ok = strings.Cut(rest, "_")
	return session, secret, ok && session != "" && len(secret) > tagLen
}

// first gives a new session its first refresh token.
func (s Session) first(key []byte) (Session, RefreshToken) {
	var chance [32]byte
	_, _ = rand.Read(chance[:]) // cannot fail since Go 1.24
	secret := tagged(key, s.ID, base64.RawURLEncoding.EncodeToString(chance[:]))
	s.Refresh = Refresh{Generation: 1, Current: sha256.Sum256([]byte(secret))}
	return s, s.token(secret)
}

// Rotate decides what presenting secret does to the session at now. It
// returns the session to keep and the successor. ErrEnded: the session is
// over. ErrUsed: secret was ours but has had its time; the session returned
// has ended for it and must be kept. ErrInvalid: it was never ours, nothing
// changes.
func (s Session) Rotate(secret string, key []byte, now time.Time) (Session, RefreshToken, error) {
	if !isTagged(key, s.ID, secret) {
		return s, "", ErrInvalid
	}
	if !s.Live(now) {
		return s, "", ErrEnded
	}
	r := s.Refresh
	switch presented := sha256.Sum256([]byte(secret)); {
	case hmac.Equal(presented[:], r.Current[:]):
		next := s.successor(secret, key, r.Generation+1)
		s.Refresh = Refresh{Generation: r.Generation + 1, Current: sha256.Sum256([]byte(next)), Previous: presented, RotatedAt: stamp(now)}
		return s.Use(0, now), s.token(next), nil
	case hmac.Equal(presented[:], r.Previous[:]) && s.forgives(now):
		return s.Use(0, now), s.token(s.successor(secret, key, r.Generation)), nil
	}
	return s.End(WhyReuse, now), "", ErrUsed
}

// forgives says whether the predecessor is accepted once more.
func (s Session) forgives(now time.Time) bool {
	since := now.Sub(s.Refresh.RotatedAt)
	return since < grace || (!s.Refresh.CurrentUsed && since < lostAnswer)
}

// successor is HMAC-SHA-256(key, family ‖ generation ‖ presented secret).
func (s Session) successor(presented string, key []byte, generation int) string {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(s.ID))
	_ = binary.Write(mac, binary.BigEndian, uint64(generation)) // counts from 1
	mac.Write([]byte(presented))
	return tagged(key, s.ID, base64.RawURLEncoding.EncodeToString(mac.Sum(nil)))
}

func (s Session) token(secret string) RefreshToken {
	return RefreshToken(refreshPrefix + s.ID + "_" + secret)
}

// tagged appends a short MAC, so that an old secret of ours is told from
// garbage without keeping every old one: the first ends the session, the
// second, which anybody could send, does nothing.
func tagged(key []byte, family, body string) string {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte("refresh tag\x00" + family + "\x00" + body))
	return body + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))[:tagLen]
}

func isTagged(key []byte, family, secret string) bool {
	if len(secret) <= tagLen {
		return false
	}
	return hmac.Equal([]byte(tagged(key, family, secret[:len(secret)-tagLen])), []byte(secret))
}
