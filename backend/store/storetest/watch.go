package storetest

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"lanyard/backend/token"
)

// Watched is a store whose commits of tokens are replayed, in their order,
// against a model: each must begin with what the one before left, obey
// judge, and be what a reader then finds. It lets Changes run side by side as
// the store beneath does, and holds them up only for Touch and Sweep.
//
// The order is that in which the store runs fn, so the store beneath must run
// fn while nobody else can commit for that owner, as ours do.
type Watched struct {
	Store
	// Auto is how many auto-generated tokens an account may have; zero: design §3's.
	Auto int

	quiet sync.RWMutex // held for reading by Change, for writing by what has no fn

	mu      sync.Mutex
	owners  map[string]*watchedOwner
	commits int
	errs    []error
}

// watchedOwner is the model of one owner.
type watchedOwner struct {
	known   bool // else the next commit says what there was
	state   token.Holding
	perhaps []token.Holding // left by changes whose outcome nobody knows
	waiting []*watchedCommit
}

// watchedCommit is one run of fn, from its answer to the outcome.
type watchedCommit struct {
	before, after token.Holding
	done, kept    bool
}

// Watch begins with whatever s holds.
func Watch(s Store) *Watched { return &Watched{Store: s, owners: map[string]*watchedOwner{}} }

// Errors are the commits that broke a rule, so far.
func (w *Watched) Errors() []error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.errs)
}

// Commits is how many were replayed: a test that saw none proves nothing.
func (w *Watched) Commits() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.commits
}

// Failed is the store's own, or nil.
func (w *Watched) Failed() <-chan struct{} {
	if f, ok := w.Store.(interface{ Failed() <-chan struct{} }); ok {
		return f.Failed()
	}
	return nil
}

// Change is the store's, watched.
func (w *Watched) Change(ctx context.Context, owner string, fn func(token.Holding) (token.Holding, error)) error {
	w.quiet.RLock()
	defer w.quiet.RUnlock()
	c := &watchedCommit{}
	err := w.Store.Change(ctx, owner, func(h token.Holding) (token.Holding, error) {
		w.withdraw(owner, c)
		before := copied(h)
		next, err := fn(h)
		if err == nil {
			w.answered(owner, c, before, copied(next))
		}
		return next, err
	})
	w.outcome(owner, c, err)
	if err == nil {
		w.look(context.WithoutCancel(ctx), owner, c.after.Ends)
	}
	return err
}

// Holding is the store's: a reader never sees too many.
func (w *Watched) Holding(ctx context.Context, owner string) (token.Holding, error) {
	h, err := w.Store.Holding(ctx, owner)
	if n := autos(h); err == nil && len(n) > w.limit() {
		w.report(owner, fmt.Errorf("a reader found %d auto-generated tokens", len(n)))
	}
	return h, err
}

// Touch is the store's; the model notes the uses too.
func (w *Watched) Touch(ctx context.Context, uses []token.Used) error {
	w.quiet.Lock()
	defer w.quiet.Unlock()
	err := w.Store.Touch(ctx, uses)
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, u := range uses {
		o := w.owners[u.Owner]
		if o == nil {
			continue
		}
		if err != nil {
			o.known = false
		}
		for i, t := range o.state.Tokens {
			if t.ID == u.ID {
				o.state.Tokens[i] = t.UsedAt(u)
			}
		}
	}
	return err
}

// Sweep is the store's; it may take out of a holding only what is dead.
func (w *Watched) Sweep(ctx context.Context, now time.Time) error {
	w.quiet.Lock()
	defer w.quiet.Unlock()
	w.mu.Lock()
	names := make([]string, 0, len(w.owners))
	for name := range w.owners {
		names = append(names, name)
	}
	w.mu.Unlock()
	before := map[string]token.Holding{}
	for _, name := range names {
		h, err := w.Store.Holding(ctx, name)
		if err != nil {
			return err
		}
		before[name] = h
	}
	swept := w.Store.Sweep(ctx, now)
	for _, name := range names {
		after, err := w.Store.Holding(ctx, name)
		if err != nil {
			return errors.Join(swept, err)
		}
		c := &watchedCommit{}
		w.answered(name, c, before[name], copied(after))
		w.outcome(name, c, nil)
	}
	return swept
}

// answered queues a run of fn behind those of the same owner.
func (w *Watched) answered(owner string, c *watchedCommit, before, after token.Holding) {
	w.mu.Lock()
	defer w.mu.Unlock()
	c.before, c.after = before, after
	o := w.owners[owner]
	if o == nil {
		o = &watchedOwner{}
		w.owners[owner] = o
	}
	o.waiting = append(o.waiting, c)
}

// withdraw forgets an earlier run of the same fn.
func (w *Watched) withdraw(owner string, c *watchedCommit) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if o := w.owners[owner]; o != nil {
		o.waiting = slices.DeleteFunc(o.waiting, func(other *watchedCommit) bool { return other == c })
	}
}

// outcome replays whatever is no longer waiting for an earlier outcome.
func (w *Watched) outcome(owner string, c *watchedCommit, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	c.done, c.kept = true, err == nil
	o := w.owners[owner]
	for o != nil && len(o.waiting) > 0 && o.waiting[0].done {
		next := o.waiting[0]
		o.waiting = o.waiting[1:]
		if !next.kept {
			o.perhaps = append(o.perhaps, next.after)
			continue
		}
		w.commits++
		if o.known && !alike(next.before, o.state) && !slices.ContainsFunc(o.perhaps, func(h token.Holding) bool { return alike(next.before, h) }) {
			w.wrong(owner, fmt.Errorf("commit %d began with %s, the one before left %s: an update was lost", w.commits, spell(next.before), spell(o.state)))
		}
		for _, err := range judge(w.limit(), next.before, next.after) {
			w.wrong(owner, fmt.Errorf("commit %d: %w", w.commits, err))
		}
		o.known, o.state, o.perhaps = true, copied(next.after), nil
	}
}

// look reads what a commit left: never too many, and its sessions ended.
func (w *Watched) look(ctx context.Context, owner string, ends []token.End) {
	_, _ = w.Holding(ctx, owner)
	for _, end := range ends {
		if s, err := w.Session(ctx, end.Session); err == nil && s.EndedAt.IsZero() {
			w.report(owner, fmt.Errorf("session %s lives after the commit that ends it", end.Session))
		}
	}
}

func (w *Watched) limit() int {
	if w.Auto > 0 {
		return w.Auto
	}
	return token.DefaultLimits().Auto
}

func (w *Watched) report(owner string, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.wrong(owner, err)
}

func (w *Watched) wrong(owner string, err error) {
	w.errs = append(w.errs, fmt.Errorf("tokens of %s: %w", owner, err))
}

func copied(h token.Holding) token.Holding {
	h.Tokens, h.Losses = slices.Clone(h.Tokens), slices.Clone(h.Losses)
	h.Evictions, h.Ends = slices.Clone(h.Evictions), slices.Clone(h.Ends)
	slices.SortStableFunc(h.Tokens, func(a, b token.Token) int {
		return cmp.Or(a.CreatedAt.Compare(b.CreatedAt), cmp.Compare(a.ID, b.ID))
	})
	return h
}

// alike compares what is kept: neither SessionUntil nor Ends nor Acts.
func alike(a, b token.Holding) bool {
	return bytes.Equal(kept(a), kept(b))
}

func kept(h token.Holding) []byte {
	h.Ends, h.Acts = nil, nil
	if len(h.Tokens) == 0 {
		h.Tokens = nil
	}
	if len(h.Losses) == 0 {
		h.Losses = nil
	}
	if len(h.Evictions) == 0 {
		h.Evictions = nil
	}
	row, err := json.Marshal(h)
	if err != nil {
		panic(err) // tokens are plain values
	}
	return row
}

// spell names a holding's tokens with the moments they were seen.
func spell(h token.Holding) string {
	var out []string
	for _, t := range h.Tokens {
		out = append(out, fmt.Sprintf("%s@%s", t.ID, t.LastSeen().Format("15:04:05.000000")))
	}
	return fmt.Sprint(out)
}
