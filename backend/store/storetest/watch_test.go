package storetest_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"lanyard/backend/activity"
	"lanyard/backend/store/memstore"
	"lanyard/backend/store/storetest"
	"lanyard/backend/token"
)

var noon = time.Date(2026, 5, 6, 12, 0, 0, 0, time.UTC)

// The suite itself on a watched store: the wrapper changes no answer.
func TestWatchedPassesTheSuite(t *testing.T) {
	storetest.Run(t, func(*testing.T) storetest.Store { return storetest.Watch(memstore.New()) })
}

// The real rule under a crowd, with uses noted, persons deleting and pins.
func TestWatchFindsNothingWrongWithTheRule(t *testing.T) {
	for name, store := range map[string]storetest.Store{
		"once": memstore.New(), "every fn twice": storetest.Again(memstore.New()),
	} {
		t.Run(name, func(t *testing.T) {
			for i := range 12 {
				for j := range 25 {
					if i+j != 20 { // these tokens are dead from the start
						storetest.Begin(t, store, fmt.Sprintf("session-%d-%d", i, j), fmt.Sprint("owner-", j%2), noon)
					}
				}
			}
			w := storetest.Watch(store)
			var clock atomic.Int64
			service := &token.Service{Store: w, Limits: token.DefaultLimits(), Now: func() time.Time {
				return noon.Add(time.Duration(clock.Add(1)/3) * time.Minute)
			}}
			service.Limits.PerHour = 0
			ctx := t.Context()
			var crowd sync.WaitGroup
			for i := range 12 {
				crowd.Go(func() {
					for j := range 25 {
						owner := fmt.Sprint("owner-", j%2)
						made, _, err := service.Generate(ctx, owner, token.For{
							Session: fmt.Sprintf("session-%d-%d", i, j), Installation: fmt.Sprint("computer-", (i+j)%9),
						})
						if err != nil {
							t.Error(err)
							return
						}
						service.Used(made, "192.0.2.1", "docker")
						switch j % 5 {
						case 0:
							_ = service.Delete(ctx, owner, activity.By{}, made.ID)
						case 1:
							_ = service.Flush(ctx)
						case 2:
							pin := true
							_, _ = service.Change(ctx, owner, made.ID, token.Patch{Pinned: &pin}, activity.By{})
						case 3:
							byHand, _, err := service.Create(ctx, owner, token.Spec{Description: "by hand"})
							if err == nil {
								_, _, err = service.Rotate(ctx, owner, byHand.ID, time.Hour, activity.By{})
							}
							if err != nil {
								t.Error(err)
							}
						case 4:
							_ = w.Sweep(ctx, noon)
						}
					}
				})
			}
			crowd.Wait()
			for _, err := range w.Errors() {
				t.Error(err)
			}
			if n := w.Commits(); n < 300 {
				t.Errorf("%d commits replayed, want 300 and more", n)
			}
		})
	}
}

// torn is a store whose Change reads in one transaction and writes in another.
type torn struct{ storetest.Store }

func (s torn) Change(ctx context.Context, owner string, fn func(token.Holding) (token.Holding, error)) error {
	h, err := s.Holding(ctx, owner)
	if err != nil {
		return err
	}
	next, err := fn(h)
	if err != nil {
		return err
	}
	return s.Store.Change(ctx, owner, func(token.Holding) (token.Holding, error) { return next, nil })
}

func TestWatchFindsALostUpdate(t *testing.T) {
	w := storetest.Watch(torn{memstore.New()})
	// Both read before either writes.
	var both sync.WaitGroup
	both.Add(2)
	var crowd sync.WaitGroup
	for i := range 2 {
		crowd.Go(func() {
			err := w.Change(context.Background(), "a", func(h token.Holding) (token.Holding, error) {
				both.Done()
				both.Wait()
				h.Tokens = append(h.Tokens, auto(fmt.Sprint(i), noon.Add(time.Duration(i)*time.Second)))
				return h, nil
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	crowd.Wait()
	wantFound(t, w, "an update was lost")
}

// forgetful is a store that leaves sessions alive.
type forgetful struct{ storetest.Store }

func (s forgetful) Change(ctx context.Context, owner string, fn func(token.Holding) (token.Holding, error)) error {
	return s.Store.Change(ctx, owner, func(h token.Holding) (token.Holding, error) {
		next, err := fn(h)
		next.Ends = nil
		return next, err
	})
}

func TestWatchFindsALivingSession(t *testing.T) {
	for name, s := range map[string]struct {
		store storetest.Store
		found bool
	}{"the store": {memstore.New(), false}, "a forgetful one": {forgetful{memstore.New()}, true}} {
		t.Run(name, func(t *testing.T) {
			storetest.Begin(t, s.store, "session of 0", "a", noon)
			w := storetest.Watch(s.store)
			service := &token.Service{Store: w, Now: func() time.Time { return noon }}
			made, _, err := service.Generate(t.Context(), "a", token.For{Session: "session of 0"})
			if err != nil {
				t.Fatal(err)
			}
			if err := service.Delete(t.Context(), "a", activity.By{}, made.ID); err != nil {
				t.Fatal(err)
			}
			if s.found {
				wantFound(t, w, "lives after the commit that ends it")
			} else if errs := w.Errors(); len(errs) != 0 {
				t.Error(errs)
			}
		})
	}
}

func auto(id string, born time.Time) token.Token {
	return token.Token{
		ID: id, Owner: "a", Hash: token.Hash(id), Source: token.Auto, Active: true, CreatedAt: born,
		Session: "session of " + id, Installation: "computer of " + id,
	}
}

// full is an account with five tokens of living sessions, the first seen
// longest ago, and one made by hand.
func full(t *testing.T) (*storetest.Watched, token.Holding) {
	s := memstore.New()
	h := token.Holding{Tokens: []token.Token{{ID: "hand", Owner: "a", Hash: token.Hash("hand"), Source: token.Manual, Active: true, CreatedAt: noon.Add(-time.Hour)}}}
	for i := range 5 {
		id := fmt.Sprint(i)
		storetest.Begin(t, s, "session of "+id, "a", noon.Add(-time.Hour))
		h.Tokens = append(h.Tokens, auto(id, noon.Add(time.Duration(i-9)*time.Minute)))
	}
	if err := s.Change(t.Context(), "a", func(token.Holding) (token.Holding, error) { return h, nil }); err != nil {
		t.Fatal(err)
	}
	return storetest.Watch(s), h
}

// Rules that are nearly right, each wrong in one way.
func TestWatchBites(t *testing.T) {
	drop := func(h token.Holding, id string, why token.Fate) token.Holding {
		h.Tokens = slices.DeleteFunc(slices.Clone(h.Tokens), func(t token.Token) bool { return t.ID == id })
		h.Losses = append(h.Losses, token.Loss{Token: id, Fate: why, At: noon})
		if why == token.Evicted {
			h.Evictions = append(h.Evictions, noon)
		}
		return h
	}
	add := func(h token.Holding, t token.Token) token.Holding {
		h.Tokens = append(h.Tokens, t)
		return h
	}
	newcomer := auto("new", noon)
	for name, c := range map[string]struct {
		rule  func(h token.Holding) token.Holding
		found string // "": nothing wrong
	}{
		"right":              {func(h token.Holding) token.Holding { return add(drop(h, "0", token.Evicted), newcomer) }, ""},
		"a sixth":            {func(h token.Holding) token.Holding { return add(h, newcomer) }, "6 auto-generated tokens"},
		"the second longest": {func(h token.Holding) token.Holding { return add(drop(h, "1", token.Evicted), newcomer) }, "the model keeps it"},
		"the newest":         {func(h token.Holding) token.Holding { return add(drop(h, "4", token.Evicted), newcomer) }, "the model keeps it"},
		"one too many": {func(h token.Holding) token.Holding {
			return add(drop(drop(h, "0", token.Evicted), "1", token.Evicted), newcomer)
		}, "the model keeps it"},
		"one by hand": {func(h token.Holding) token.Holding {
			return add(drop(drop(h, "0", token.Evicted), "hand", token.Evicted), newcomer)
		}, "manual token hand"},
		"untold": {func(h token.Holding) token.Holding {
			h = drop(h, "0", token.Evicted)
			h.Losses = nil
			return add(h, newcomer)
		}, `gone as ""`},
		"told as swept": {func(h token.Holding) token.Holding { return add(drop(h, "0", token.Swept), newcomer) }, `gone as "swept"`},
		"itself":        {func(h token.Holding) token.Holding { return drop(h, "4", token.Evicted) }, `gone as "evicted"`},
		"born before another": {func(h token.Holding) token.Holding {
			n := newcomer
			n.CreatedAt = noon.Add(-5 * time.Minute)
			return add(drop(h, "0", token.Evicted), n)
		}, "was born at"},
		"two at once": {func(h token.Holding) token.Holding {
			return add(add(drop(drop(h, "0", token.Evicted), "1", token.Evicted), newcomer), auto("n2", noon))
		}, "2 tokens added at once"},
		"an end without a token": {func(h token.Holding) token.Holding {
			h = add(drop(h, "0", token.Evicted), newcomer)
			h.Ends = []token.End{{Session: "session of 2", Why: token.Deleted, At: noon}}
			return h
		}, "its token stays"},
		"the evicted session ends": {func(h token.Holding) token.Holding {
			h = add(drop(h, "0", token.Evicted), newcomer)
			h.Ends = []token.End{{Session: "session of 0", Why: token.Evicted, At: noon}}
			return h
		}, "its session ends: true"},
		"the computer keeps two": {func(h token.Holding) token.Holding {
			n := newcomer
			n.Installation = "computer of 3"
			return add(drop(h, "0", token.Evicted), n)
		}, "the model says it is superseded"},
		"superseded, yet it lives": {func(h token.Holding) token.Holding {
			n := newcomer
			n.Installation = "computer of 3"
			return add(drop(h, "3", token.Superseded), n)
		}, "its session ends: false"},
		"the session keeps two": {func(h token.Holding) token.Holding {
			n := newcomer
			n.Session = "session of 3"
			return add(drop(h, "0", token.Evicted), n)
		}, "the model says it is replaced"},
		"a use is forgotten":         {func(h token.Holding) token.Holding { h.Tokens[2].LastUsed = token.Use{At: noon}; return h }, ""},
		"a token changes its secret": {func(h token.Holding) token.Holding { h.Tokens[2].Hash = token.Hash("x"); return h }, "became another"},
		"deleted with its session": {func(h token.Holding) token.Holding {
			h = drop(h, "2", token.Deleted)
			h.Ends = []token.End{{Session: "session of 2", Why: token.Deleted, At: noon}}
			return h
		}, ""},
		"deleted without it": {func(h token.Holding) token.Holding { return drop(h, "2", token.Deleted) }, "its session ends: false"},
		"swept alive":        {func(h token.Holding) token.Holding { return drop(h, "2", token.Swept) }, `gone as "swept"`},
	} {
		t.Run(name, func(t *testing.T) {
			w, _ := full(t)
			if err := w.Change(t.Context(), "a", func(h token.Holding) (token.Holding, error) { return c.rule(h), nil }); err != nil {
				t.Fatal(err)
			}
			if c.found != "" {
				wantFound(t, w, c.found)
			} else if errs := w.Errors(); len(errs) != 0 {
				t.Error(errs)
			}
		})
	}
	t.Run("a use goes back", func(t *testing.T) {
		w, _ := full(t)
		for _, at := range []time.Time{noon, noon.Add(-time.Minute)} {
			if err := w.Change(t.Context(), "a", func(h token.Holding) (token.Holding, error) { h.Tokens[2].LastUsed.At = at; return h, nil }); err != nil {
				t.Fatal(err)
			}
		}
		wantFound(t, w, "went back")
	})
	t.Run("a pinned one", func(t *testing.T) {
		w, _ := full(t)
		for _, fn := range []func(h token.Holding) token.Holding{
			func(h token.Holding) token.Holding { h.Tokens[1].Pinned = true; return h },
			func(h token.Holding) token.Holding { return add(drop(h, "0", token.Evicted), newcomer) },
		} {
			if err := w.Change(t.Context(), "a", func(h token.Holding) (token.Holding, error) { return fn(h), nil }); err != nil {
				t.Fatal(err)
			}
		}
		wantFound(t, w, "the model keeps it")
	})
	t.Run("written behind its back", func(t *testing.T) {
		w, _ := full(t)
		same := func(h token.Holding) (token.Holding, error) { return h, nil }
		behind := func(h token.Holding) (token.Holding, error) { h.Tokens = h.Tokens[1:]; return h, nil }
		for _, err := range []error{w.Change(t.Context(), "a", same), w.Store.Change(t.Context(), "a", behind), w.Change(t.Context(), "a", same)} {
			if err != nil {
				t.Fatal(err)
			}
		}
		wantFound(t, w, "an update was lost")
	})
}

func wantFound(t *testing.T, w *storetest.Watched, what string) {
	t.Helper()
	for _, err := range w.Errors() {
		if strings.Contains(err.Error(), what) {
			return
		}
	}
	t.Errorf("%q was not found; found: %v", what, w.Errors())
}
