package account

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"runtime"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/trustelem/zxcvbn"
	"golang.org/x/crypto/argon2"
	"golang.org/x/sync/semaphore"
	"golang.org/x/text/unicode/norm"
)

// MinPassword is how many characters a password has as the only factor.
const MinPassword = minPassword

const (
	minPassword       = 15 // characters, as the only factor (NIST SP 800-63B-4)
	minPasswordBeside = 8  // beside a second factor
	maxPassword       = 1024

	argonMemory  = 19 * 1024 // KiB; OWASP's argon2id minimum with two passes
	argonTime    = 2
	argonThreads = 1
	argonKey     = 32

	// queueFor is how long a check waits for its turn before ErrBusy.
	queueFor = 5 * time.Second
	// guessable: passwords below this zxcvbn score (0 to 4) are refused; eight
	// letters by chance have 2.
	guessable       = 3
	guessableBeside = 2
)

// CheckPassword says why password cannot be chosen, as the only factor, by the
// owner of the given words (name, e-mail), or nil. There are no composition
// rules.
func CheckPassword(password string, words ...string) error {
	return checkPassword(password, minPassword, guessable, words)
}

// CheckPasswordBeside is CheckPassword for whoever has a second factor.
func CheckPasswordBeside(password string, words ...string) error {
	return checkPassword(password, minPasswordBeside, guessableBeside, words)
}

// short says whether a password will do only beside a second factor.
func short(password string) bool { return utf8.RuneCountInString(password) < minPassword }

func checkPassword(password string, least, score int, words []string) error {
	switch {
	case !utf8.ValidString(password):
		return fmt.Errorf("%w: the password is not valid text", ErrInvalid)
	case utf8.RuneCountInString(password) < least:
		return fmt.Errorf("%w: a password has at least %d characters; a few words in a row are fine", ErrInvalid, least)
	case len(password) > maxPassword:
		return fmt.Errorf("%w: a password has at most %d bytes", ErrInvalid, maxPassword)
	}
	head := password
	if len(head) > 100 { // enough to judge; its cost grows with length
		head = head[:100]
	}
	known := append(words, "lanyard", "docker", "registry")
	// Once more without spaces: between known words they are no secret.
	for _, text := range []string{head, strings.ReplaceAll(head, " ", "")} {
		if zxcvbn.PasswordStrength(text, known).Score < score {
			return fmt.Errorf("%w: this password is on lists of common ones or easy to guess; add a word or two that have nothing to do with each other", ErrInvalid)
		}
	}
	return nil
}

// Hasher makes and checks argon2id hashes, a few at a time: each takes 19 MiB
// and half a core, so unbounded ones would take the machine.
type Hasher struct{ turns *semaphore.Weighted }

// NewHasher allows as many hashes at once as there are cores.
func NewHasher() *Hasher {
	return &Hasher{turns: semaphore.NewWeighted(int64(runtime.NumCPU()))}
}

// Hash makes the PHC string of password, or ErrBusy.
func (h *Hasher) Hash(ctx context.Context, password string) (string, error) {
	var salt [16]byte
	_, _ = rand.Read(salt[:]) // cannot fail since Go 1.24
	key, err := h.key(ctx, password, salt[:], argonMemory, argonTime, argonThreads)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, argonMemory, argonTime, argonThreads,
		base64.RawStdEncoding.EncodeToString(salt[:]), base64.RawStdEncoding.EncodeToString(key)), nil
}

// Matches says whether password is the one of hash. An empty or broken hash
// matches nothing but takes as long, so that time tells nobody who exists.
func (h *Hasher) Matches(ctx context.Context, password, hash string) (bool, error) {
	memory, passes, threads, salt, want, ok := parseHash(hash)
	if !ok {
		memory, passes, threads, salt, want = argonMemory, argonTime, argonThreads, make([]byte, 16), make([]byte, argonKey)
	}
	if len(password) > maxPassword {
		password = ""
	}
	got, err := h.key(ctx, password, salt, memory, passes, threads)
	if err != nil {
		return false, err
	}
	return subtle.ConstantTimeCompare(got, want) == 1 && ok, nil
}

func (h *Hasher) key(ctx context.Context, password string, salt []byte, memory, passes uint32, threads uint8) ([]byte, error) {
	waiting, cancel := context.WithTimeout(ctx, queueFor)
	defer cancel()
	if err := h.turns.Acquire(waiting, 1); err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, ErrBusy
	}
	defer h.turns.Release(1)
	return argon2.IDKey(norm.NFKC.Bytes([]byte(password)), salt, passes, memory, threads, argonKey), nil
}

// parseHash reads a PHC string; costs beyond what we ever wrote are refused,
// so that a planted row cannot take the machine.
func parseHash(phc string) (memory, passes uint32, threads uint8, salt, key []byte, ok bool) {
	parts := strings.Split(phc, "$")
	if len(parts) != 6 || parts[1] != "argon2id" || parts[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return 0, 0, 0, nil, nil, false
	}
	if n, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &memory, &passes, &threads); n != 3 || err != nil ||
		memory < 8 || memory > 256*1024 || passes < 1 || passes > 10 || threads < 1 || threads > 8 {
		return 0, 0, 0, nil, nil, false
	}
	salt, err1 := base64.RawStdEncoding.DecodeString(parts[4])
	key, err2 := base64.RawStdEncoding.DecodeString(parts[5])
	if err1 != nil || err2 != nil || len(salt) < 8 || len(key) != argonKey {
		return 0, 0, 0, nil, nil, false
	}
	return memory, passes, threads, salt, key, true
}
