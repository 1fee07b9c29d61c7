package changes_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"lanyard/backend/internal/changes"
)

// waiting is a call of Wait and what became of it.
type waiting struct {
	mark string
	err  error
	done bool
}

func wait(ctx context.Context, b *changes.Board, account, after string) *waiting {
	w := new(waiting)
	go func() {
		w.mark, w.err = b.Wait(ctx, account, after)
		w.done = true
	}()
	return w
}

func mark(t *testing.T, b *changes.Board, account string) string {
	t.Helper()
	m, err := b.Wait(t.Context(), account, "")
	if err != nil || m == "" {
		t.Fatalf("%q, %v", m, err)
	}
	return m
}

func TestWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := changes.New()
		first := mark(t, b, "ada")
		if again := mark(t, b, "ada"); again != first {
			t.Error("nothing happened, and the mark is another")
		}
		// As many as there are windows, and one of somebody else.
		var all []*waiting
		for range 2000 {
			all = append(all, wait(t.Context(), b, "ada", first))
		}
		bob := wait(t.Context(), b, "bob", mark(t, b, "bob"))
		synctest.Wait()
		for _, w := range all {
			if w.done {
				t.Fatal("answered before anything happened")
			}
		}
		b.Told("ada", "eve")
		synctest.Wait()
		now := mark(t, b, "ada")
		for _, w := range all {
			if !w.done || w.err != nil || w.mark != now || w.mark == first {
				t.Fatalf("%+v, want %q", *w, now)
			}
		}
		if bob.done {
			t.Error("bob is told of what is not his")
		}
		// What came between two calls is not missed.
		b.Told("ada")
		if m, err := b.Wait(t.Context(), "ada", now); err != nil || m == now {
			t.Errorf("%q, %v", m, err)
		}
		b.Close()
		synctest.Wait()
		if !bob.done || !errors.Is(bob.err, changes.ErrClosed) {
			t.Errorf("after the end: %+v", *bob)
		}
		b.Close()
	})
}

func TestWaitEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := changes.New()
		first := mark(t, b, "ada")
		ctx, cancel := context.WithTimeout(t.Context(), 25*time.Second)
		defer cancel()
		if m, err := b.Wait(ctx, "ada", first); m != first || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("nothing happened: %q, %v", m, err)
		}
		for _, unknown := range []string{"x", "another run's", first + "0"} {
			if m, err := b.Wait(t.Context(), "ada", unknown); m != first || err != nil {
				t.Errorf("%s: %q, %v", unknown, m, err)
			}
		}
	})
}

// However many accounts ask, the board stays small; who is forgotten while they
// wait is answered and looks.
func TestForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := changes.New()
		first := mark(t, b, "ada")
		ada := wait(t.Context(), b, "ada", first)
		synctest.Wait()
		for i := range 50_000 {
			mark(t, b, fmt.Sprint(i))
		}
		synctest.Wait()
		if !ada.done || ada.err != nil || ada.mark == first {
			t.Errorf("%+v", *ada)
		}
	})
}

// A machine that pulls all day is news every five seconds, the last pull, too.
func TestUsed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, told := changes.New(), []time.Duration{}
		b.Used(time.Now(), "ada", "bob") // nobody has asked
		last, began := mark(t, b, "ada"), time.Now()
		bobs := mark(t, b, "bob")
		look := func() {
			if now := mark(t, b, "ada"); now != last {
				last, told = now, append(told, time.Since(began))
			}
		}
		for range 24 { // twelve seconds
			b.Used(time.Now(), "ada")
			b.Flush(time.Now())
			look()
			time.Sleep(500 * time.Millisecond)
		}
		for range 60 {
			b.Flush(time.Now())
			look()
			time.Sleep(500 * time.Millisecond)
		}
		if want := "[0s 5s 10s 15s]"; fmt.Sprint(told) != want {
			t.Errorf("told at %v, want %s", told, want)
		}
		if mark(t, b, "bob") != bobs {
			t.Error("bob is told of what is not his")
		}
		b.Used(time.Now(), "ada")
		b.Told("ada") // anything else is told at once
		look()
		b.Told("ada")
		look()
		if len(told) != 6 {
			t.Errorf("told at %v", told)
		}
	})
}
