package e2e_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"lanyard/backend/client"
	"lanyard/backend/e2e/service"
	"lanyard/backend/machine"
)

// installation is one of anna's computers: her session there and its token,
// with what this computer itself would know of them.
type installation struct {
	id       string
	server   *client.Server
	name     string // of the token's entry
	weekly   bool   // it pulls at least once in any seven days
	next     time.Time
	grant    client.Grant
	made     client.Generated
	state    machine.StateFile
	pulled   time.Time
	signedIn bool
	evicted  bool
}

// seven are anna's computers in a bubble, over 60 days.
type seven struct {
	*testing.T
	service *service.Service
	person  *service.Person
	random  *rand.Rand
	all     []*installation

	signIns, retakes, evictions, pulls, refreshes int
}

// Seven installations of one account, where five tokens are, with random pulls
// over 60 days: none that pulled weekly is ever signed out, and a token is
// evicted by a person at another one and by nothing else. LANYARD_SEED repeats a run.
func TestSevenInstallationsOverSixtyDays(t *testing.T) {
	all, err := bubbleKeys()
	if err != nil {
		t.Fatal(err)
	}
	seed := uint64(time.Now().UnixNano())
	if text := os.Getenv("LANYARD_SEED"); text != "" {
		if seed, err = strconv.ParseUint(text, 10, 64); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("LANYARD_SEED=%d", seed)
	home := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		s := &seven{T: t, service: service.Start(t, service.Options{Pipes: true, Keys: all}), random: rand.New(rand.NewPCG(seed, 1))}
		s.person = s.service.Person(t, "anna")
		for n := range 7 {
			transport := s.service.Transport()
			t.Cleanup(transport.CloseIdleConnections)
			server, err := client.Open(t.Context(), s.service.URL, transport)
			if err != nil {
				t.Fatal(err)
			}
			// Four are in use every week, three now and then.
			s.all = append(s.all, &installation{
				id: strings.Repeat(fmt.Sprintf("%02x", n), 32), server: server, weekly: n < 4, name: "token/" + strconv.Itoa(n),
				state: machine.StateFile{Dir: fmt.Sprintf("%s/%d", home, n)}, next: time.Now().Add(time.Duration(n) * time.Hour),
			})
		}
		began := time.Now()
		for end := began.Add(60 * day); time.Now().Before(end); {
			i := slices.MinFunc(s.all, func(a, b *installation) int { return a.next.Compare(b.next) })
			time.Sleep(time.Until(i.next))
			s.pull(i)
			s.never()
			i.next = time.Now().Add(s.pause(i))
			if err := errors.Join(s.service.Flush(t.Context()), s.service.Store.Sweep(t.Context(), s.service.Now())); err != nil {
				t.Fatal(err)
			}
		}
		t.Logf("%d pulls, %d refreshes in the background, %d sign-ins and %d retakes by a person, %d evictions", s.pulls, s.refreshes, s.signIns, s.retakes, s.evictions)
		if s.pulls < 60 || s.refreshes == 0 || s.evictions == 0 || s.signIns < 7 {
			t.Error("too little happened to show anything")
		}
	})
}

// pause is how long it is until the next pull: within a week, or up to 40 days.
func (s *seven) pause(i *installation) time.Duration {
	most := 7 * day
	if !i.weekly {
		most = 40 * day
	}
	return time.Minute + time.Duration(s.random.Int64N(int64(most-time.Minute)))
}

// pull is a tool that asks this computer's helper and then the service. Where
// the token gave way, the person takes a place again, without a browser; where
// nobody is signed in, they sign in. Then the tool pulls.
func (s *seven) pull(i *installation) {
	s.Helper()
	switch {
	case i.serves(s) && s.accepted(i):
	case i.evicted && s.refresh(i) == nil:
		s.take(i)
		s.retakes++
	case i.weekly && i.signedIn:
		s.Fatalf("%s pulled %v ago, and is signed out (evicted: %v)", i.id[:2], time.Since(i.pulled), i.evicted)
	default:
		s.signIn(i)
	}
	if !s.accepted(i) {
		s.Fatalf("%s has a new token, and it is refused", i.id[:2])
	}
	s.pulled(i)
}

func (s *seven) accepted(i *installation) bool {
	s.Helper()
	accepted, err := i.server.Accepts(s.Context(), "anna", i.made.Secret)
	if err != nil {
		s.Fatal(err)
	}
	return accepted
}

// serves is what the helper decides: the rules are machine's.
func (i *installation) serves(s *seven) bool {
	if !i.signedIn {
		return false
	}
	state, err := i.state.Load()
	if err != nil {
		s.Fatal(err)
	}
	return !state.Over(i.name, i.made.SessionEnds, 30*day, time.Now())
}

// pulled notes a pull, and refreshes in the background where that is due.
func (s *seven) pulled(i *installation) {
	s.pulls++
	i.pulled = time.Now()
	if err := i.state.Note(i.name, time.Now()); err != nil {
		s.Fatal(err)
	}
	state, err := i.state.Load()
	if err != nil {
		s.Fatal(err)
	}
	if !state.RefreshDue(i.name, state.Life(i.name, i.made.SessionEnds, 30*day), time.Now()) {
		return
	}
	if claimed, err := i.state.ClaimRefresh(time.Now()); err != nil || !claimed {
		s.Fatalf("due, and not begun: %v", err)
	}
	if err := s.refresh(i); err != nil {
		s.Fatalf("%s, refreshed in the background: %v", i.id[:2], err)
	}
	s.refreshes++
}

func (s *seven) refresh(i *installation) error {
	g, err := i.server.Refresh(s.Context(), i.grant.Refresh)
	if err != nil {
		return err
	}
	i.grant.Access, i.grant.Refresh = g.Access, g.Refresh
	return i.state.Update(func(m *machine.State) error { m.Heard(i.name, time.Now(), i.server.Date()); return nil })
}

// signIn is a person at this computer.
func (s *seven) signIn(i *installation) {
	s.Helper()
	attempt := client.NewAttempt("http://127.0.0.1:1/callback")
	told, err := s.person.Answer(i.server.AuthURL(attempt, "computer "+i.id[:2]))
	if err != nil {
		s.Fatal(err)
	}
	if i.grant, err = i.server.Exchange(s.Context(), attempt, told.Get("code")); err != nil {
		s.Fatal(err)
	}
	s.take(i)
	s.signIns++
	i.signedIn = true
}

// take makes this computer's token, as a person asked for. It is the one thing
// that may take another computer's.
func (s *seven) take(i *installation) {
	s.Helper()
	before := s.alive()
	made, err := i.server.Generate(s.Context(), i.grant.Access, client.Machine{Installation: i.id, Machine: "computer " + i.id[:2], OS: "linux"})
	if err != nil {
		s.Fatal(err)
	}
	i.made, i.evicted = made, false
	if err := i.state.Update(func(m *machine.State) error { m.Added(i.name, time.Now()); return nil }); err != nil {
		s.Fatal(err)
	}
	after := s.alive()
	for _, other := range s.all {
		if other == i || !slices.Contains(before, other.made.UUID) || slices.Contains(after, other.made.UUID) {
			continue
		}
		other.evicted = true
		s.evictions++
		for _, third := range s.all { // the one that was used least recently
			if third != other && third != i && slices.Contains(after, third.made.UUID) && third.pulled.Before(other.pulled) {
				s.Errorf("%s gave way, used %v ago; %s was used %v ago", other.id[:2], time.Since(other.pulled), third.id[:2], time.Since(third.pulled))
			}
		}
	}
}

func (s *seven) alive() []string {
	s.Helper()
	tokens, _, err := s.service.Alive("anna")
	if err != nil {
		s.Fatal(err)
	}
	return tokens
}

// never: at no moment are there more than five tokens, each is of a computer,
// and none is gone that neither gave way to a person nor ran out.
func (s *seven) never() {
	s.Helper()
	alive, sessions, err := s.service.Alive("anna")
	if err != nil {
		s.Fatal(err)
	}
	if len(alive) > 5 {
		s.Fatalf("%d tokens live", len(alive))
	}
	for _, i := range s.all {
		lives := slices.Contains(alive, i.made.UUID)
		switch unused := time.Since(i.pulled); {
		case !i.signedIn, lives == !i.evicted, !lives && unused >= 30*day:
		case lives:
			s.Fatalf("%s gave way, and its token lives", i.id[:2])
		default:
			s.Fatalf("the token of %s is gone after %v, and nobody took its place", i.id[:2], unused)
		}
		if i.weekly && i.signedIn && !slices.Contains(sessions, i.made.SessionID) {
			s.Fatalf("%s pulls weekly, and its session has ended", i.id[:2])
		}
	}
}
