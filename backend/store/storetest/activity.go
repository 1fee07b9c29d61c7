package storetest

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"lanyard/backend/activity"
	"lanyard/backend/token"
)

func event(account, actor string, minutes int) activity.Event {
	return activity.New(account, activity.TokenCreated, activity.By{Account: actor, Name: "name-" + actor, Addr: "192.0.2.1", Agent: "curl"}, after(minutes)).
		Of("t", "label").With("a", "b")
}

func everything(activity.Event) bool { return true }

func events(t *testing.T, s Store, account, before string, most int) []activity.Event {
	t.Helper()
	all, err := s.Events(t.Context(), account, before, most, everything)
	must(t, err)
	return all
}

var activityTests = map[string]func(t *testing.T, s Store){
	"every field is kept, the newest first": func(t *testing.T, s Store) {
		one, two := event("a", "a", 1), event("a", "a", 2)
		must(t, s.AddEvents(t.Context(), []activity.Event{one}))
		must(t, s.AddEvents(t.Context(), []activity.Event{two}))
		same(t, "events", events(t, s, "a", "", 9), []activity.Event{two, one})
		same(t, "another's", len(events(t, s, "aa", "", 9)), 0)
	},
	"an act for another is in both activities": func(t *testing.T, s Store) {
		one := event("a", "root", 1)
		must(t, s.AddEvents(t.Context(), []activity.Event{one}))
		same(t, "whose it is", events(t, s, "a", "", 9), []activity.Event{one})
		same(t, "who did it", events(t, s, "root", "", 9), []activity.Event{one})
	},
	"within one microsecond they keep their order": func(t *testing.T, s Store) {
		var want []string
		for i := range 40 {
			e := event("a", "root", 1).With("n", numbered("n", i))
			if i%2 == 1 {
				e = event("root", "a", 1).With("n", numbered("n", i))
			}
			must(t, s.AddEvents(t.Context(), []activity.Event{e}))
			want = append([]string{numbered("n", i)}, want...)
		}
		// One of a moment before is where it belongs.
		must(t, s.AddEvents(t.Context(), []activity.Event{event("a", "root", 0).With("n", "earlier")}))
		for _, account := range []string{"a", "root"} {
			var got []string
			seen := map[string]bool{}
			for _, e := range events(t, s, account, "", 99) {
				got, seen[e.ID] = append(got, e.Details["n"]), true
			}
			same(t, account, got, append(append([]string{}, want...), "earlier"))
			same(t, "ids of "+account, len(seen), 41)
		}
	},
	"pages": func(t *testing.T, s Store) {
		var all []activity.Event
		for i := range 7 {
			all = append(all, event("a", "", i))
		}
		must(t, s.AddEvents(t.Context(), append(all, event("b", "", 3))))
		before := ""
		for i := 6; i >= 0; i -= 2 {
			page := events(t, s, "a", before, 2)
			same(t, "page", len(page), min(2, i+1))
			same(t, "first of it", page[0], all[i])
			before = page[len(page)-1].ID
		}
		same(t, "behind the last", len(events(t, s, "a", before, 2)), 0)
		odd, err := s.Events(t.Context(), "a", "", 2, func(e activity.Event) bool { return e.At.Minute()%2 == 1 })
		must(t, err)
		same(t, "wanted", len(odd), 2)
	},
	"acts of a change are of its transaction": func(t *testing.T, s Store) {
		one := event("a", "a", 1)
		add := func(fail error) error {
			return s.Change(t.Context(), "a", func(h token.Holding) (token.Holding, error) {
				h.Tokens = []token.Token{byHand("a", "1", after(1))}
				h.Acts = append(h.Acts, one)
				return h, fail
			})
		}
		wantErr(t, add(errNo), errNo)
		same(t, "after a failure", len(events(t, s, "a", "", 9)), 0)
		must(t, add(nil))
		same(t, "events", events(t, s, "a", "", 9), []activity.Event{one})
		must(t, s.Change(t.Context(), "a", func(h token.Holding) (token.Holding, error) {
			if len(h.Acts) > 0 {
				return h, errors.New("acts come back")
			}
			return h, nil
		}))
	},
	"kept for a year": func(t *testing.T, s Store) {
		var all []activity.Event
		for i := range 300 {
			all = append(all, event(fmt.Sprintf("a%d", i%150), "", i))
		}
		must(t, s.AddEvents(t.Context(), all))
		must(t, s.AddEvents(t.Context(), []activity.Event{activity.New("a0", activity.TokenDeleted, activity.By{}, dawn.AddDate(0, 2, 0))}))
		must(t, s.Sweep(t.Context(), dawn.Add(activity.Kept-48*time.Hour)))
		same(t, "before its time", len(events(t, s, "a0", "", 9)), 3)
		for range 3 {
			must(t, s.Sweep(t.Context(), dawn.Add(activity.Kept+48*time.Hour)))
		}
		same(t, "past its time", len(events(t, s, "a0", "", 9)), 1)
		same(t, "past its time", len(events(t, s, "a149", "", 9)), 0)
	},
}
