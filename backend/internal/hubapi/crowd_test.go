package hubapi_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"lanyard/backend/store/boltstore"
	"lanyard/backend/store/storetest"
	"lanyard/backend/token"
)

// watched is the surface over a real database, each commit of which is checked
// against the model that replays them in order.
func watched(t *testing.T) (*world, *storetest.Watched) {
	t.Helper()
	db, err := boltstore.Create(filepath.Join(t.TempDir(), "lanyard.db"), boltstore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	store := storetest.Watch(db)
	w := newWorldOn(t, store)
	t.Cleanup(func() { // after the listener's, which is newer
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return w, store
}

// answered is what one computer of the crowd got.
type answered struct {
	status         int
	reason, secret string
}

// crowd lets n sessions of ada's call desktop-generate at once; computer names
// the installation of each.
func (w *world) crowd(n int, computer func(i int) string) []answered {
	w.t.Helper()
	all := make([]computerOf, n)
	for i := range all {
		all[i] = computerOf{w.signIn("ada"), computer(i)}
	}
	out := make([]answered, n)
	start := make(chan struct{})
	var wait sync.WaitGroup
	for i, one := range all {
		wait.Go(func() {
			<-start
			got, err := w.send(one.bearer, "POST", "/v2/access-tokens/desktop-generate", one.body())
			if err != nil {
				w.t.Error(err)
				return
			}
			var read struct {
				Reason  string
				Message string
				Data    struct{ Token string }
			}
			if err := json.Unmarshal(got.body, &read); err != nil {
				w.t.Errorf("%d %s: %v", got.status, got.body, err)
			}
			if got.status != 201 && (read.Reason == "" || read.Message == "") {
				w.t.Errorf("refused without a reason: %d %s", got.status, got.body)
			}
			out[i] = answered{got.status, read.Reason, read.Data.Token}
		})
	}
	reading := make(chan struct{})
	var readers sync.WaitGroup
	watcher := w.signIn("ada")
	for range 2 { // a person looks on: never more than five
		readers.Go(func() {
			for looks := 0; ; looks++ {
				got, err := w.send(watcher.bearer, "GET", "/v2/access-tokens?page_size=100", nil)
				if err != nil {
					w.t.Error(err)
					return
				}
				var page struct{ Count int }
				if err := json.Unmarshal(got.body, &page); err != nil || got.status != 200 || page.Count > 5+byHand {
					w.t.Errorf("a reader got %d, %d tokens, %v", got.status, page.Count, err)
					return
				}
				select {
				case <-reading:
					return
				default:
				}
			}
		})
	}
	close(start)
	wait.Wait()
	close(reading)
	readers.Wait()
	return out
}

type computerOf struct {
	computer
	installation string
}

// body is nothing for the Docker CLI.
func (c computerOf) body() any {
	if c.installation == "" {
		return nil
	}
	return map[string]string{"installation": c.installation, "machine": c.installation, "os": "linux"}
}

// byHand is how many tokens made by hand look on.
const byHand = 2

func TestDesktopGenerate200(t *testing.T) {
	own := func(i int) string { return fmt.Sprint("computer ", i) }
	cli := func(int) string { return "" }
	for name, c := range map[string]struct {
		n, perHour int
		computer   func(int) string
		made       int // 201s; -1: at least one
		left       int
	}{
		"without a rate limit":             {200, 0, own, 200, 5},
		"at thirty an hour":                {200, 30, own, 35, 5},
		"the Docker CLI, without a body":   {60, 30, cli, 35, 5},
		"on twenty computers, three times": {60, 0, func(i int) string { return own(i % 20) }, -1, 5},
		"all on one computer":              {60, 30, func(int) string { return "one" }, -1, 1},
	} {
		t.Run(name, func(t *testing.T) {
			w, store := watched(t)
			w.tokens.Limits.PerHour = c.perHour
			person := w.signIn("ada")
			for i := range byHand {
				w.create(person.bearer, fmt.Sprint("by hand ", i))
			}
			answers := w.crowd(c.n, c.computer)

			counts := make(map[string]int)
			good := 0
			for _, a := range answers {
				counts[fmt.Sprint(a.status, a.reason)]++
				if a.status != 201 {
					continue
				}
				if found, err := w.tokens.Find(t.Context(), a.secret); err == nil && found.Usable(w.now()) == nil {
					good++
				}
			}
			for _, kind := range slices.Sorted(maps.Keys(counts)) {
				allowed := kind == "201" || kind == "429rate" && c.perHour > 0 || kind == "401ended" && c.made < 0
				if !allowed {
					t.Errorf("%d answers are %s", counts[kind], kind)
				}
			}
			if made := counts["201"]; made != c.made && c.made >= 0 || made == 0 {
				t.Errorf("%d were made, want %d: %v", made, c.made, counts)
			}
			if good != c.left {
				t.Errorf("%d secrets are good, want %d", good, c.left)
			}
			held, err := store.Holding(t.Context(), "ada-id")
			if err != nil {
				t.Fatal(err)
			}
			sources := make(map[token.Source]int)
			for _, one := range held.Tokens {
				sources[one.Source]++
			}
			if sources[token.Auto] != c.left || sources[token.Manual] != byHand {
				t.Errorf("held: %v", sources)
			}
			for _, err := range store.Errors() {
				t.Error(err)
			}
			if seen := store.Commits(); seen != counts["201"]+byHand {
				t.Errorf("%d commits were checked, want %d", seen, counts["201"]+byHand)
			}
		})
	}
}
