package account

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/sync/semaphore"
)

func TestCheckPassword(t *testing.T) {
	for name, c := range map[string]struct{ password, bad string }{
		"a passphrase":             {"correct horse battery staple", ""},
		"another":                  {"Der Mond ist aufgegangen, na und?", ""},
		"no composition rules":     {"kontrabass zwetschge unfug", ""},
		"fifteen characters":       {"xkq zvw pjh tby", ""},
		"fifteen of other letters": {"щцюэ жбъхы фёпгн", ""},
		"long":                     {strings.Repeat("xk9 qzv ", 16), ""},
		"the longest":              {"ottoman pelican " + strings.Repeat("y", maxPassword-16), ""},

		"empty":                     {"", "at least 15"},
		"short":                     {"pass", "at least 15"},
		"fourteen characters":       {"xkq zvw pjh tb", "at least 15"},
		"fourteen, though 28 bytes": {"щцюэжбъхыфёпгн", "at least 15"},
		"too long":                  {strings.Repeat("xk9 qzv ", 129), "at most 1024"},
		"not text":                  {"xkq zvw pjh tby\xff\xfe", "not valid text"},
		"common":                    {"passwordpassword123", "easy to guess"},
		"common, longer":            {"password1234567890", "easy to guess"},
		"one letter":                {"aaaaaaaaaaaaaaaaaaaa", "easy to guess"},
		"a row of keys":             {"qwertyuiopasdfghjkl", "easy to guess"},
		"counting":                  {"123456789012345678", "easy to guess"},
		"the product":               {"lanyardlanyard1", "easy to guess"},
		"the product, spaced":       {"docker registry", "easy to guess"},
		"the own name":              {"anna-lovelaceanna-lovelace", "easy to guess"},
		"the own address":           {"anna.lovelace@example.org", "easy to guess"},
	} {
		t.Run(name, func(t *testing.T) {
			judged(t, CheckPassword(c.password, "anna-lovelace", "anna.lovelace@example.org"), c.bad)
		})
	}
}

// Strangers choose what is judged; the judge must not be what they take us down by.
func TestJudgingAPasswordIsBounded(t *testing.T) {
	for name, password := range map[string]string{
		"words":    strings.Repeat("password", 128),
		"dates":    strings.Repeat("12121212", 128),
		"leet":     strings.Repeat("p4$$w0rd", 128),
		"one byte": strings.Repeat("a", 1024),
		"keys":     strings.Repeat("qwerty", 170),
		"cut rune": strings.Repeat("a", 99) + strings.Repeat("ä", 400),
	} {
		t.Run(name, func(t *testing.T) {
			start := time.Now()
			_ = CheckPassword(password)
			if took := time.Since(start); took > 3*time.Second {
				t.Errorf("took %v", took)
			}
		})
	}
}

func TestHashRoundTrip(t *testing.T) {
	h := NewHasher()
	hash, err := h.Hash(t.Context(), "correct horse battery staple")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(hash, "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Errorf("hash %s", hash)
	}
	again, err := h.Hash(t.Context(), "correct horse battery staple")
	if err != nil || again == hash {
		t.Errorf("no salt: %s, %v", again, err)
	}
	for name, c := range map[string]struct {
		password string
		want     bool
	}{
		"right":            {"correct horse battery staple", true},
		"empty":            {"", false},
		"last character":   {"correct horse battery staplf", false},
		"other case":       {"Correct horse battery staple", false},
		"a space more":     {"correct horse battery staple ", false},
		"NUL and more":     {"correct horse battery staple\x00x", false},
		"longer than read": {"correct horse battery staple" + strings.Repeat("x", maxPassword), false},
	} {
		t.Run(name, func(t *testing.T) {
			if got, err := h.Matches(t.Context(), c.password, hash); err != nil || got != c.want {
				t.Errorf("matches %v, %v", got, err)
			}
		})
	}
}

// bcrypt forgets what comes after 72 bytes; we do not.
func TestTheLastCharacterCounts(t *testing.T) {
	h := NewHasher()
	long := strings.Repeat("x", maxPassword-1)
	hash, err := h.Hash(t.Context(), long+"a")
	if err != nil {
		t.Fatal(err)
	}
	if got, err := h.Matches(t.Context(), long+"b", hash); err != nil || got {
		t.Errorf("matches %v, %v", got, err)
	}
	if got, err := h.Matches(t.Context(), long+"a", hash); err != nil || !got {
		t.Errorf("matches %v, %v", got, err)
	}
}

// One keyboard sends ä as one code point, another as two.
func TestAnAccentIsAnAccent(t *testing.T) {
	h := NewHasher()
	hash, err := h.Hash(t.Context(), "zwetschgenk\u00e4mmerer")
	if err != nil {
		t.Fatal(err)
	}
	if got, err := h.Matches(t.Context(), "zwetschgenka\u0308mmerer", hash); err != nil || !got {
		t.Errorf("matches %v, %v", got, err)
	}
}

func TestBrokenAndCostlyHashesMatchNothing(t *testing.T) {
	const salt, key = "AAAAAAAAAAAAAAAAAAAAAA", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
	h := NewHasher()
	for name, hash := range map[string]string{
		"none":            "",
		"not a hash":      "correct horse",
		"bcrypt":          "$2a$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy",
		"argon2i":         "$argon2i$v=19$m=19456,t=2,p=1$" + salt + "$" + key,
		"older version":   "$argon2id$v=16$m=19456,t=2,p=1$" + salt + "$" + key,
		"64 GiB":          "$argon2id$v=19$m=67108864,t=2,p=1$" + salt + "$" + key,
		"past 32 bits":    "$argon2id$v=19$m=19456,t=99999999999,p=1$" + salt + "$" + key,
		"million passes":  "$argon2id$v=19$m=19456,t=1000000,p=1$" + salt + "$" + key,
		"no passes":       "$argon2id$v=19$m=19456,t=0,p=1$" + salt + "$" + key,
		"many threads":    "$argon2id$v=19$m=19456,t=2,p=255$" + salt + "$" + key,
		"no threads":      "$argon2id$v=19$m=19456,t=2,p=0$" + salt + "$" + key,
		"no memory":       "$argon2id$v=19$m=0,t=2,p=1$" + salt + "$" + key,
		"negative":        "$argon2id$v=19$m=-1,t=2,p=1$" + salt + "$" + key,
		"short salt":      "$argon2id$v=19$m=19456,t=2,p=1$AAAA$" + key,
		"short key":       "$argon2id$v=19$m=19456,t=2,p=1$" + salt + "$AAAA",
		"no key":          "$argon2id$v=19$m=19456,t=2,p=1$" + salt + "$",
		"not base64":      "$argon2id$v=19$m=19456,t=2,p=1$" + salt + "$!" + key[1:],
		"a part too much": "$argon2id$v=19$m=19456,t=2,p=1$" + salt + "$" + key + "$x",
	} {
		t.Run(name, func(t *testing.T) {
			if _, _, _, _, _, ok := parseHash(hash); ok {
				t.Fatal("accepted as a hash")
			}
			for _, password := range []string{"", "correct horse"} {
				if got, err := h.Matches(t.Context(), password, hash); got || err != nil {
					t.Errorf("matches %v, %v", got, err)
				}
			}
		})
	}
}

func TestHashesTakeTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &Hasher{turns: semaphore.NewWeighted(2)}
		if err := h.turns.Acquire(t.Context(), 2); err != nil {
			t.Fatal(err)
		}
		var done atomic.Int32
		for range 3 {
			go func() {
				if _, err := h.Hash(t.Context(), "correct horse battery staple"); err != nil {
					t.Error(err)
				}
				done.Add(1)
			}()
		}
		synctest.Wait()
		if n := done.Load(); n != 0 {
			t.Fatalf("%d went ahead of their turn", n)
		}
		h.turns.Release(2)
		synctest.Wait()
		if n := done.Load(); n != 3 || !h.turns.TryAcquire(2) {
			t.Errorf("%d of 3 done, or a turn was not given back", n)
		}
	})
}

func TestAsManyTurnsAsCores(t *testing.T) {
	h := NewHasher()
	if !h.turns.TryAcquire(int64(runtime.NumCPU())) || h.turns.TryAcquire(1) {
		t.Error("not as many turns as cores")
	}
}

func TestWaitingForATurnEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &Hasher{turns: semaphore.NewWeighted(1)}
		if err := h.turns.Acquire(t.Context(), 1); err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		if _, err := h.Matches(t.Context(), "x", ""); !errors.Is(err, ErrBusy) || time.Since(start) != queueFor {
			t.Errorf("after %v: %v", time.Since(start), err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start = time.Now()
		if _, err := h.Hash(ctx, "x"); !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, ErrBusy) || time.Since(start) != time.Second {
			t.Errorf("the caller's own end, after %v: %v", time.Since(start), err)
		}
	})
}
