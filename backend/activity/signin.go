package activity

import (
	"context"
	"errors"
	"net/netip"
	"strconv"
	"sync"
	"time"
)

// SignIns notes who signed in, and who was refused. Whoever guesses does not
// fill the record: of one account and address, one refusal a minute is written,
// with how many tries it stands for. The zero SignIns but for Log is ready.
type SignIns struct {
	Log *Log

	mu      sync.Mutex
	refused map[string]map[string]tally // by account, and address
}

// A SignIn is a try of somebody who is known to sign in to an account.
type SignIn struct {
	Account, Name string // id and name of the account
	By            string // password, code, recovery code, passkey, token, device code
	Why           string // refused: in a word or two; "": it passed
	Addr, Agent   string
}

const (
	refusalEvery = time.Minute
	// maxAddresses of one account have a line of their own; further ones share one.
	maxAddresses = 20
)

// tally is what was written, and what was not yet, of one account and address.
type tally struct {
	written time.Time
	latest  SignIn
	at      time.Time
	tries   int // since then
}

// add counts a refusal, and says how many tries are to be written now; 0: none.
func (t tally) add(one SignIn, now time.Time) (tally, int) {
	t.latest, t.at, t.tries = one, now, t.tries+1
	return t.due(now)
}

// due says how many tries are to be written now.
func (t tally) due(now time.Time) (tally, int) {
	if t.tries == 0 || now.Sub(t.written) < refusalEvery {
		return t, 0
	}
	tries := t.tries
	t.written, t.tries = now, 0
	return t, tries
}

// Note keeps a sign-in, or counts a refusal.
func (s *SignIns) Note(ctx context.Context, one SignIn) error {
	now := s.Log.now()
	if one.Why == "" {
		by := By{Account: one.Account, Name: one.Name, Addr: one.Addr, Agent: one.Agent}
		return s.Log.Note(ctx, New(one.Account, SignInPassed, by, now).With("by", one.By))
	}
	t, tries := s.count(one, now)
	if tries == 0 {
		return nil
	}
	return s.Log.Note(ctx, t.event(tries))
}

func (s *SignIns) count(one SignIn, now time.Time) (tally, int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.refused == nil {
		s.refused = make(map[string]map[string]tally)
	}
	of := s.refused[one.Account]
	if of == nil {
		of = make(map[string]tally)
		s.refused[one.Account] = of
	}
	from := network(one.Addr)
	if _, known := of[from]; !known && len(of) >= maxAddresses {
		from = ""
	}
	t, tries := of[from].add(one, now)
	of[from] = t
	return t, tries
}

func (t tally) event(tries int) Event {
	one := t.latest
	return New(one.Account, SignInRefused, By{Addr: one.Addr, Agent: one.Agent}, t.at).
		With("by", one.By).With("why", one.Why).With("tries", strconv.Itoa(tries))
}

// Flush writes the refusals whose minute is over. Call it every now and then;
// and at the end with all, for what is left.
func (s *SignIns) Flush(ctx context.Context, all bool) error {
	var failed []error
	for _, e := range s.due(s.Log.now(), all) {
		failed = append(failed, s.Log.Note(ctx, e))
	}
	return errors.Join(failed...)
}

func (s *SignIns) due(now time.Time, all bool) (out []Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for account, of := range s.refused {
		for from, t := range of {
			if all {
				t.written = time.Time{}
			}
			t, tries := t.due(now)
			switch of[from] = t; {
			case tries > 0:
				out = append(out, t.event(tries))
			case now.Sub(t.written) >= refusalEvery:
				delete(of, from)
			}
		}
		if len(of) == 0 {
			delete(s.refused, account)
		}
	}
	return out
}

// network is what one guesser has: an address, of version 6 a whole /64.
func network(host string) string {
	addr, err := netip.ParseAddr(host)
	if err != nil || addr.Is4() || addr.Is4In6() {
		return host
	}
	whole, err := addr.WithZone("").Prefix(64)
	if err != nil {
		return host
	}
	return whole.String()
}
