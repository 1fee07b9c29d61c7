package token_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"lanyard/backend/activity"
	"lanyard/backend/token"
)

// shelf is a store for these tests alone: one owner's holding at a time under
// one lock. Stores proper are tested by storetest.
type shelf struct {
	mu       sync.Mutex
	held     map[string]token.Holding
	sessions map[string]time.Time // until when each lives
	touched  [][]token.Used
	uses     map[string][]token.UsedBy
	acts     []activity.Event
	broken   error
	writing  func() // what happens while uses are written
}

func newShelf() *shelf {
	return &shelf{held: make(map[string]token.Holding), sessions: make(map[string]time.Time), uses: make(map[string][]token.UsedBy)}
}

func (s *shelf) ByHash(_ context.Context, hash [32]byte) (token.Token, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for owner := range s.held {
		for _, t := range s.read(owner).Tokens {
			if t.Hash == hash || t.Previous != nil && t.Previous.Hash == hash {
				t.ByPrevious = t.Hash != hash
				return t, s.broken
			}
		}
	}
	return token.Token{}, cmp.Or(s.broken, token.ErrNotFound)
}

func (s *shelf) Holding(_ context.Context, owner string) (token.Holding, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.read(owner), s.broken
}

func (s *shelf) Change(_ context.Context, owner string, fn func(token.Holding) (token.Holding, error)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.broken != nil {
		return s.broken
	}
	if _, err := fn(s.read(owner)); err != nil { // it may run more than once
		return err
	}
	h, err := fn(s.read(owner))
	if err != nil {
		return err
	}
	for _, e := range h.Ends {
		s.sessions[e.Session] = e.At
	}
	s.acts = append(s.acts, h.Acts...)
	h.Ends, h.Acts = nil, nil
	s.held[owner] = h
	return nil
}

func (s *shelf) Touch(_ context.Context, all []token.Used) error {
	if s.writing != nil {
		s.writing()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.broken != nil {
		return s.broken
	}
	s.touched = append(s.touched, all)
	for _, one := range all {
		for i, t := range s.held[one.Owner].Tokens {
			if t.ID == one.ID {
				s.held[one.Owner].Tokens[i] = t.UsedAt(one)
				s.uses[t.ID] = token.Noted(s.uses[t.ID], one)
			}
		}
	}
	return nil
}

func (s *shelf) Uses(_ context.Context, owner, id string) ([]token.UsedBy, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !slices.ContainsFunc(s.held[owner].Tokens, func(t token.Token) bool { return t.ID == id }) {
		return nil, token.ErrNotFound
	}
	return s.uses[id], s.broken
}

func (s *shelf) Token(_ context.Context, owner, id string) (token.Token, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, t := range s.read(owner).Tokens {
		if t.ID == id {
			return t, s.broken
		}
	}
	return token.Token{}, cmp.Or(s.broken, token.ErrNotFound)
}

func (s *shelf) TokensFrom(_ context.Context, from string, most int) ([]token.Token, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []token.Token
	for owner := range s.held {
		for _, t := range s.read(owner).Tokens {
			if t.ID >= from {
				all = append(all, t)
			}
		}
	}
	slices.SortFunc(all, func(a, b token.Token) int { return cmp.Compare(a.ID, b.ID) })
	return all[:min(most, len(all))], s.broken
}

func (s *shelf) read(owner string) token.Holding {
	h := s.held[owner]
	h.Tokens = slices.Clone(h.Tokens)
	for i, t := range h.Tokens {
		h.Tokens[i].SessionUntil = s.sessions[t.Session]
	}
	return h
}

// desk is a service with a clock that can be set.
type desk struct {
	*token.Service
	shelf *shelf
	now   time.Time
}

func newDesk() *desk {
	d := &desk{shelf: newShelf(), now: noon}
	d.Service = &token.Service{Store: d.shelf, Limits: token.DefaultLimits(), Now: func() time.Time { return d.now }}
	return d
}

// signIn makes the token of a session of ada's that lives for a day.
func (d *desk) signIn(t *testing.T, session, installation string) (token.Token, token.Secret) {
	t.Helper()
	d.shelf.sessions[session] = d.now.Add(24 * time.Hour)
	made, secret, err := d.Generate(t.Context(), "ada", token.For{Session: session, Installation: installation, Machine: installation})
	if err != nil {
		t.Fatal(err)
	}
	return made, secret
}

func TestCreate(t *testing.T) {
	d := newDesk()
	d.now = noon.Add(123456789 * time.Nanosecond)
	made, secret, err := d.Create(t.Context(), "ada", token.Spec{
		Description: "CI", Scopes: []string{"repo:read", "repo:write"}, Expires: "2027-01-31T12:00:00Z", By: activity.By{Addr: "192.0.2.1", Agent: "curl"},
	})
	if err != nil {
		t.Fatal(err)
	}
	found, err := d.Find(t.Context(), secret.Reveal())
	if err != nil || found.ID != made.ID {
		t.Fatalf("by its secret: %v, %v", found.ID, err)
	}
	switch {
	case found.Owner != "ada", found.Source != token.Manual, !found.Active, found.Description != "CI":
		t.Errorf("%+v", found)
	case !slices.Equal(found.Scopes, []token.Scope{"repo:read", "repo:write"}):
		t.Errorf("scopes %v", found.Scopes)
	case found.CreatedAt != noon.Add(123456*time.Microsecond):
		t.Errorf("created at %s: not cut to microseconds", found.CreatedAt)
	case found.ExpiresText != "2027-01-31T12:00:00Z" || !found.ExpiresAt.Equal(time.Date(2027, 1, 31, 12, 0, 0, 0, time.UTC)):
		t.Errorf("expires %s %q", found.ExpiresAt, found.ExpiresText)
	case found.LastFour != secret.LastFour() || found.Prefix() != "lyd_pat_":
		t.Errorf("shown as %s…%s", found.Prefix(), found.LastFour)
	case found.Creator != token.Use{Addr: "192.0.2.1", Agent: "curl"}:
		t.Errorf("made by %+v", found.Creator)
	}
	if _, err := d.Find(t.Context(), token.NewSecret(token.Manual).Reveal()); !errors.Is(err, token.ErrNotFound) {
		t.Errorf("another secret: %v", err)
	}
	d.shelf.broken = errors.New("disk")
	if _, err := d.Find(t.Context(), "no secret of ours"); !errors.Is(err, token.ErrNotFound) {
		t.Errorf("an implausible secret asked the store: %v", err)
	}
	if _, _, err := d.Create(t.Context(), "ada", token.Spec{Description: "x"}); !errors.Is(err, d.shelf.broken) {
		t.Errorf("a broken store: %v", err)
	}
}

func TestCreateScopes(t *testing.T) {
	d := newDesk()
	made, _, err := d.Create(t.Context(), "ada", token.Spec{Description: "silent"})
	if err != nil || !slices.Equal(made.Scopes, []token.Scope{token.ScopePublicRead}) {
		t.Errorf("silent: %v %v", made.Scopes, err)
	}
	same := []string{"repo:read", "repo:read"}
	if made, _, err = d.Create(t.Context(), "ada", token.Spec{Description: "twice", Scopes: same}); err != nil || len(made.Scopes) != 2 {
		t.Errorf("as sent: %v %v", made.Scopes, err)
	}
}

// Each of these is refused with words, and nothing is made.
func TestCreateInvalid(t *testing.T) {
	good := token.Spec{Description: "CI", Scopes: []string{"repo:read"}}
	for name, spoil := range map[string]func(*token.Spec){
		"no description":            func(s *token.Spec) { s.Description = "" },
		"a description of spaces":   func(s *token.Spec) { s.Description = " \u00a0 " },
		"101 characters":            func(s *token.Spec) { s.Description = strings.Repeat("ä", 101) },
		"a line end":                func(s *token.Spec) { s.Description = "a\nb" },
		"an escape":                 func(s *token.Spec) { s.Description = "\x1b[31mred" },
		"no UTF-8":                  func(s *token.Spec) { s.Description = "\xff" },
		"an unknown scope":          func(s *token.Spec) { s.Scopes = []string{"repo:read", "org:admin"} },
		"a scope in capitals":       func(s *token.Spec) { s.Scopes = []string{"REPO:READ"} },
		"an empty scope":            func(s *token.Spec) { s.Scopes = []string{""} },
		"nine scopes":               func(s *token.Spec) { s.Scopes = slices.Repeat([]string{"repo:read"}, 9) },
		"an expiry that is no date": func(s *token.Spec) { s.Expires = "tomorrow" },
		"a day only":                func(s *token.Spec) { s.Expires = "2027-01-31" },
		"no zone":                   func(s *token.Spec) { s.Expires = "2027-01-31T12:00:00" },
		"an hour of one digit":      func(s *token.Spec) { s.Expires = "2027-01-31T2:00:00Z" },
		"a comma for the point":     func(s *token.Spec) { s.Expires = "2027-01-31T12:00:00,5Z" },
		"the 31st of February":      func(s *token.Spec) { s.Expires = "2027-02-31T12:00:00Z" },
		"spaces around":             func(s *token.Spec) { s.Expires = " 2027-01-31T12:00:00Z" },
		"now":                       func(s *token.Spec) { s.Expires = "2026-11-23T12:00:00Z" },
		"the past":                  func(s *token.Spec) { s.Expires = "2020-01-31T12:00:00Z" },
		"two years ahead":           func(s *token.Spec) { s.Expires = "2028-11-23T12:00:00Z" },
		"digits without end":        func(s *token.Spec) { s.Expires = "2027-01-31T12:00:00." + strings.Repeat("0", 1000) + "Z" },
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk()
			spec := good
			spoil(&spec)
			_, secret, err := d.Create(t.Context(), "ada", spec)
			if !errors.Is(err, token.ErrInvalid) || secret != "" {
				t.Errorf("%v", err)
			}
			if len(d.shelf.held) != 0 {
				t.Error("something was kept")
			}
		})
	}
	for name, expires := range map[string]string{
		"a year and a leap": "2027-11-23T23:59:59Z", "another zone": "2027-01-31T12:00:00+05:30", "six digits": "2027-01-31T12:00:00.123456Z", "nine digits": "2027-01-31T12:00:00.123456789Z",
	} {
		spec := good
		spec.Expires = expires
		made, _, err := newDesk().Create(t.Context(), "ada", spec)
		if err != nil || made.ExpiresText != expires {
			t.Errorf("%s: %q, %v", name, made.ExpiresText, err)
		}
		if made.ExpiresAt.Location() != time.UTC || made.ExpiresAt.Truncate(time.Microsecond) != made.ExpiresAt {
			t.Errorf("%s: %s is not in UTC and microseconds", name, made.ExpiresAt)
		}
	}
}

func TestGenerate(t *testing.T) {
	d := newDesk()
	made, secret := d.signIn(t, "s1", "laptop")
	if made.Source != token.Auto || made.Session != "s1" || made.Description != "Lanyard on laptop" || !slices.Equal(made.Scopes, []token.Scope{token.ScopeAdmin}) {
		t.Errorf("%+v", made)
	}
	if found, err := d.Find(t.Context(), secret.Reveal()); err != nil || found.Usable(d.now) != nil {
		t.Errorf("%v, usable: %v", err, found.Usable(d.now))
	}
	cli, _, err := d.Generate(t.Context(), "ada", token.For{Session: "s2"})
	if err != nil || cli.Description != "Generated by Docker CLI" {
		t.Errorf("without a body: %q, %v", cli.Description, err)
	}
	long, _, err := d.Generate(t.Context(), "ada", token.For{Session: "s3", Machine: strings.Repeat("m", 128)})
	if err != nil || len(long.Description) != 100 {
		t.Errorf("a long name: %d characters, %v", len(long.Description), err)
	}
	for name, f := range map[string]token.For{
		"no session":             {},
		"a machine of 129":       {Session: "s", Machine: strings.Repeat("m", 129)},
		"a machine with escapes": {Session: "s", Machine: "\x1b[2J"},
		"an installation of 129": {Session: "s", Installation: strings.Repeat("m", 129)},
		"a system of 129":        {Session: "s", OS: strings.Repeat("m", 129)},
	} {
		if _, _, err := d.Generate(t.Context(), "ada", f); !errors.Is(err, token.ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// The same installation of another account is another account's.
func TestGenerateForAnotherAccount(t *testing.T) {
	d := newDesk()
	_, secret := d.signIn(t, "s1", "laptop")
	d.shelf.sessions["s2"] = d.now.Add(time.Hour)
	if _, _, err := d.Generate(t.Context(), "bob", token.For{Session: "s2", Installation: "laptop"}); err != nil {
		t.Fatal(err)
	}
	if found, err := d.Find(t.Context(), secret.Reveal()); err != nil || found.Usable(d.now) != nil {
		t.Errorf("ada's: %v, usable: %v", err, found.Usable(d.now))
	}
}

// The fates of a token as its machine sees them.
func TestFates(t *testing.T) {
	generate := func(d *desk, t *testing.T, session string) error {
		_, _, err := d.Generate(t.Context(), "ada", token.For{Session: session, Installation: "laptop", Machine: "laptop"})
		return err
	}
	lives := func(d *desk, session string) bool { return d.shelf.sessions[session].After(d.now) }
	loss := func(d *desk, t *testing.T, session string) token.Loss {
		t.Helper()
		h, err := d.Holding(t.Context(), "ada")
		if err != nil {
			t.Fatal(err)
		}
		l, ok := h.LossOf(session)
		if !ok {
			t.Fatalf("nothing is known of a loss of %s", session)
		}
		return l
	}

	t.Run("deactivated: refused until activated", func(t *testing.T) {
		d := newDesk()
		made, secret := d.signIn(t, "s1", "laptop")
		off, on := false, true
		if _, err := d.Change(t.Context(), "ada", made.ID, token.Patch{Active: &off}, activity.By{}); err != nil {
			t.Fatal(err)
		}
		found, err := d.Find(t.Context(), secret.Reveal())
		if err != nil || !errors.Is(found.Usable(d.now), token.ErrInactive) {
			t.Errorf("%v, usable: %v", err, found.Usable(d.now))
		}
		for range 2 {
			if err := generate(d, t, "s1"); !errors.Is(err, token.ErrInactive) {
				t.Fatalf("generated: %v", err)
			}
		}
		if !lives(d, "s1") {
			t.Error("the session was ended")
		}
		if _, err := d.Change(t.Context(), "ada", made.ID, token.Patch{Active: &on}, activity.By{}); err != nil {
			t.Fatal(err)
		}
		if err := generate(d, t, "s1"); err != nil {
			t.Errorf("after activation: %v", err)
		}
	})
	t.Run("deleted: the session ends with it", func(t *testing.T) {
		d := newDesk()
		made, secret := d.signIn(t, "s1", "laptop")
		if err := d.Delete(t.Context(), "ada", activity.By{}, made.ID); err != nil {
			t.Fatal(err)
		}
		if _, err := d.Find(t.Context(), secret.Reveal()); !errors.Is(err, token.ErrNotFound) {
			t.Errorf("%v", err)
		}
		if lives(d, "s1") || loss(d, t, "s1").Fate != token.Deleted {
			t.Errorf("session lives %v, loss %+v", lives(d, "s1"), loss(d, t, "s1"))
		}
	})
	t.Run("evicted: the session lives and knows by whom", func(t *testing.T) {
		d := newDesk()
		_, secret := d.signIn(t, "s1", "laptop")
		for i := range 5 {
			d.now = d.now.Add(time.Minute)
			d.signIn(t, fmt.Sprint("t", i), fmt.Sprint("other", i))
		}
		if _, err := d.Find(t.Context(), secret.Reveal()); !errors.Is(err, token.ErrNotFound) {
			t.Errorf("%v", err)
		}
		if l := loss(d, t, "s1"); !lives(d, "s1") || l.Fate != token.Evicted || l.By != "other4" || l.At != d.now || l.Machine != "laptop" {
			t.Errorf("session lives %v, loss %+v", lives(d, "s1"), l)
		}
		if err := generate(d, t, "s1"); err != nil { // the one button
			t.Errorf("asked again: %v", err)
		}
	})
	t.Run("superseded: the earlier session of the same computer ends", func(t *testing.T) {
		d := newDesk()
		_, secret := d.signIn(t, "s1", "laptop")
		d.signIn(t, "s2", "laptop")
		if _, err := d.Find(t.Context(), secret.Reveal()); !errors.Is(err, token.ErrNotFound) {
			t.Errorf("%v", err)
		}
		if lives(d, "s1") || !lives(d, "s2") || loss(d, t, "s1").Fate != token.Superseded {
			t.Errorf("sessions live: %v %v, loss %+v", lives(d, "s1"), lives(d, "s2"), loss(d, t, "s1"))
		}
	})
	t.Run("ended: refused, swept, not listed", func(t *testing.T) {
		d := newDesk()
		made, secret := d.signIn(t, "s1", "laptop")
		d.now = d.now.Add(24 * time.Hour)
		found, err := d.Find(t.Context(), secret.Reveal())
		if err != nil || !errors.Is(found.Usable(d.now), token.ErrSessionEnded) {
			t.Errorf("%v, usable: %v", err, found.Usable(d.now))
		}
		if listed, err := d.List(t.Context(), "ada"); err != nil || len(listed) != 0 {
			t.Errorf("%v, %d listed", err, len(listed))
		}
		off := false
		if _, err := d.Change(t.Context(), "ada", made.ID, token.Patch{Active: &off}, activity.By{}); !errors.Is(err, token.ErrSessionEnded) {
			t.Errorf("changed: %v", err)
		}
	})
}

// A use that no store has seen yet counts for eviction and is listed.
func TestUnwrittenUseCounts(t *testing.T) {
	d := newDesk()
	first, secret := d.signIn(t, "s0", "c0")
	for i := 1; i < 5; i++ {
		d.now = d.now.Add(time.Minute)
		d.signIn(t, fmt.Sprint("s", i), fmt.Sprint("c", i))
	}
	d.now = d.now.Add(time.Minute)
	d.Used(first, "192.0.2.7", "docker/28")
	if len(d.shelf.touched) != 0 {
		t.Error("a use was written at once")
	}
	if got, err := d.Get(t.Context(), "ada", first.ID); err != nil || got.LastUsed != (token.Use{At: d.now, Addr: "192.0.2.7", Agent: "docker/28"}) {
		t.Errorf("%v, last used %+v", err, got.LastUsed)
	}
	d.now = d.now.Add(time.Minute)
	d.signIn(t, "s5", "c5")
	if _, err := d.Find(t.Context(), secret.Reveal()); err != nil {
		t.Errorf("the one used a minute ago was evicted: %v", err)
	}
	if l, ok := d.shelf.held["ada"].LossOf("s1"); !ok || l.Fate != token.Evicted {
		t.Errorf("evicted was not the one seen least recently: %+v", d.shelf.held["ada"].Losses)
	}
}

func TestFlush(t *testing.T) {
	d := newDesk()
	made, _ := d.signIn(t, "s1", "laptop")
	if err := d.Flush(t.Context()); err != nil || len(d.shelf.touched) != 0 {
		t.Errorf("nothing to write: %v, %d writes", err, len(d.shelf.touched))
	}
	later := d.now.Add(time.Minute)
	d.now = later
	d.Used(made, "192.0.2.2", strings.Repeat("a", 300))
	d.now = later.Add(-time.Second) // a slower goroutine
	d.Used(made, "192.0.2.1", "early")
	d.shelf.broken = errors.New("disk")
	if err := d.Flush(t.Context()); !errors.Is(err, d.shelf.broken) {
		t.Fatalf("a broken store: %v", err)
	}
	d.shelf.broken = nil
	for range 2 {
		if err := d.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if len(d.shelf.touched) != 1 || len(d.shelf.touched[0]) != 1 {
		t.Fatalf("writes: %v", d.shelf.touched)
	}
	if got := d.shelf.held["ada"].Tokens[0].LastUsed; got.At != later || got.Addr != "192.0.2.2" || len(got.Agent) != 256 {
		t.Errorf("kept %+v", got)
	}
}

func TestChange(t *testing.T) {
	d := newDesk()
	made, _, err := d.Create(t.Context(), "ada", token.Spec{Description: "CI", Expires: "2026-11-24T12:00:00Z"})
	if err != nil {
		t.Fatal(err)
	}
	name, empty, on, off := "deploy", " ", true, false
	got, err := d.Change(t.Context(), "ada", made.ID, token.Patch{Description: &name}, activity.By{})
	if err != nil || got.Description != "deploy" || !got.Active {
		t.Errorf("renamed: %+v, %v", got, err)
	}
	if got, err = d.Change(t.Context(), "ada", made.ID, token.Patch{Active: &off}, activity.By{}); err != nil || got.Active || got.Description != "deploy" {
		t.Errorf("deactivated: %+v, %v", got, err)
	}
	for what, c := range map[string]struct {
		owner, id string
		patch     token.Patch
		want      error
	}{
		"no description":      {"ada", made.ID, token.Patch{Description: &empty}, token.ErrInvalid},
		"another's":           {"bob", made.ID, token.Patch{Active: &on}, token.ErrNotFound},
		"unknown":             {"ada", "x", token.Patch{Active: &on}, token.ErrNotFound},
		"a pin by hand":       {"ada", made.ID, token.Patch{Pinned: &on}, token.ErrInvalid},
		"half of it is wrong": {"ada", made.ID, token.Patch{Active: &on, Pinned: &on}, token.ErrInvalid},
	} {
		if _, err := d.Change(t.Context(), c.owner, c.id, c.patch, activity.By{}); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if got, err = d.Get(t.Context(), "ada", made.ID); err != nil || got.Active {
		t.Errorf("a refused change changed: %+v, %v", got, err)
	}
	d.now = d.now.Add(24 * time.Hour)
	if _, err = d.Change(t.Context(), "ada", made.ID, token.Patch{Active: &on}, activity.By{}); !errors.Is(err, token.ErrExpired) {
		t.Errorf("expired and deactivated: %v", err)
	}
	if err := d.Delete(t.Context(), "bob", activity.By{}, made.ID); !errors.Is(err, token.ErrNotFound) {
		t.Errorf("another's deleted: %v", err)
	}
	if err := d.Delete(t.Context(), "ada", activity.By{}, made.ID); err != nil {
		t.Errorf("expired, deleted: %v", err)
	}
}

func TestPins(t *testing.T) {
	d := newDesk()
	on := true
	var last token.Token
	for i := range 5 {
		d.now = d.now.Add(time.Minute)
		last, _ = d.signIn(t, fmt.Sprint("s", i), fmt.Sprint("c", i))
		if i == 4 {
			break
		}
		for range 2 { // pinning twice is pinning once
			if _, err := d.Change(t.Context(), "ada", last.ID, token.Patch{Pinned: &on}, activity.By{}); err != nil {
				t.Fatalf("pin %d: %v", i, err)
			}
		}
	}
	if _, err := d.Change(t.Context(), "ada", last.ID, token.Patch{Pinned: &on}, activity.By{}); !errors.Is(err, token.ErrLimit) {
		t.Errorf("the fifth pin: %v", err)
	}
	d.now = d.now.Add(time.Minute)
	d.signIn(t, "s5", "c5")
	if _, err := d.Get(t.Context(), "ada", last.ID); !errors.Is(err, token.ErrNotFound) {
		t.Errorf("the only one without a pin stayed: %v", err)
	}
}

func TestList(t *testing.T) {
	d := newDesk()
	for i := range 3 {
		if _, _, err := d.Create(t.Context(), "ada", token.Spec{Description: fmt.Sprint(i), Expires: "2026-11-24T12:00:00Z"}); err != nil {
			t.Fatal(err)
		}
	}
	d.now = d.now.Add(48 * time.Hour) // what expired stays until a person deletes it
	listed, err := d.List(t.Context(), "ada")
	if err != nil || len(listed) != 3 || listed[0].Description != "2" || listed[2].Description != "0" {
		t.Errorf("%v: want the newest first of %v", err, listed)
	}
	if listed, err = d.List(t.Context(), "bob"); err != nil || len(listed) != 0 {
		t.Errorf("bob's: %v, %v", listed, err)
	}
}

// Many sign-ins at once: no two births alike, never more than five.
func TestGenerateAtOnce(t *testing.T) {
	d := newDesk()
	d.Limits.PerHour = 0
	var wait sync.WaitGroup
	for i := range 100 {
		d.shelf.sessions[fmt.Sprint("s", i)] = noon.Add(time.Hour)
	}
	births := make(chan time.Time, 100)
	for i := range 100 {
		wait.Go(func() {
			made, _, err := d.Generate(t.Context(), "ada", token.For{Session: fmt.Sprint("s", i)})
			if err != nil {
				t.Error(err)
			}
			births <- made.CreatedAt
		})
	}
	wait.Wait()
	close(births)
	met := make(map[time.Time]bool)
	for at := range births {
		if met[at] {
			t.Fatalf("two were born at %s", at)
		}
		met[at] = true
	}
	if h, _ := d.Holding(t.Context(), "ada"); len(h.Tokens) != 5 {
		t.Errorf("%d are held", len(h.Tokens))
	}
}
