package storetest

import (
	"testing"
	"time"

	"lanyard/backend/token"
)

// usesTests are of what is kept of a token's uses, by address and program.
var usesTests = map[string]func(t *testing.T, s Store){
	"by address and program, the most recent first": func(t *testing.T, s Store) {
		hold(t, s, "a", byHand("a", "1", dawn))
		same(t, "never used", usesOf(t, s, "a", "1"), []token.UsedBy(nil))
		touch(t, s, use("a", "1", "x", "docker", after(1)), use("a", "1", "y", "docker", after(2)), use("a", "1", "x", "skopeo", after(3)))
		touch(t, s, use("a", "1", "x", "docker", after(5)), use("a", "1", "y", "docker", after(1)))
		same(t, "uses", usesOf(t, s, "a", "1"), []token.UsedBy{
			{Addr: "x", Agent: "docker", First: after(1), Last: after(5), Count: 2},
			{Addr: "x", Agent: "skopeo", First: after(3), Last: after(3), Count: 1},
			{Addr: "y", Agent: "docker", First: after(1), Last: after(2), Count: 2},
		})
		same(t, "last use", held(t, s, "a").Tokens[0].LastUsed, token.Use{At: after(5), Addr: "x", Agent: "docker"})
	},
	"several in one": func(t *testing.T, s Store) {
		hold(t, s, "a", byHand("a", "1", dawn))
		touch(t, s, use("a", "1", "x", "", after(1)))
		touch(t, s, token.Used{Owner: "a", ID: "1", Use: token.Use{At: after(9), Addr: "y"}, By: []token.UsedBy{
			{Addr: "y", First: after(2), Last: after(9), Count: 700}, {Addr: "x", First: after(3), Last: after(4), Count: 30},
		}})
		same(t, "uses", usesOf(t, s, "a", "1"), []token.UsedBy{
			{Addr: "y", First: after(2), Last: after(9), Count: 700}, {Addr: "x", First: after(1), Last: after(4), Count: 31},
		})
	},
	"at most twenty": func(t *testing.T, s Store) {
		hold(t, s, "a", byHand("a", "1", dawn))
		for i := range 30 {
			touch(t, s, use("a", "1", numbered("at", i), "docker", after(i+1)))
		}
		got := usesOf(t, s, "a", "1")
		if len(got) != 20 || got[0].Addr != "at-29" || got[19].Addr != "at-10" {
			t.Errorf("%d uses: %+v", len(got), got)
		}
	},
	"of both secrets": func(t *testing.T, s Store) {
		one := byHand("a", "1", dawn)
		one.LastUsed = token.Use{}
		one.Previous = &token.Previous{Hash: token.Hash("before"), Since: after(3), Until: after(99)}
		hold(t, s, "a", one)
		early, late := use("a", "1", "x", "", after(2)), use("a", "1", "x", "", after(4))
		early.Previous, late.Previous = true, true
		touch(t, s, early) // from before the rotation: of a secret earlier still
		if used := held(t, s, "a").Tokens[0].Previous.LastUsed; !used.At.IsZero() {
			t.Errorf("the earlier secret was used at %v, before it was the earlier one", used.At)
		}
		touch(t, s, late, use("a", "1", "y", "", after(5)))
		same(t, "uses", usesOf(t, s, "a", "1"), []token.UsedBy{
			{Addr: "y", First: after(5), Last: after(5), Count: 1}, {Addr: "x", First: after(2), Last: after(4), Count: 2},
		})
		got := held(t, s, "a").Tokens[0]
		same(t, "of the earlier secret", got.Previous.LastUsed, late.Use)
		same(t, "last use", got.LastUsed.At, after(5))
	},
	"only of what is held, by who holds it": func(t *testing.T, s Store) {
		hold(t, s, "a", byHand("a", "1", dawn))
		touch(t, s, use("a", "1", "x", "", after(1)), use("b", "1", "x", "", after(1)), use("a", "2", "x", "", after(1)))
		for _, of := range [][2]string{{"b", "1"}, {"a", "2"}, {"", ""}, {"nobody", "none"}} {
			_, err := s.Uses(t.Context(), of[0], of[1])
			wantErr(t, err, token.ErrNotFound)
		}
		hold(t, s, "a", byHand("a", "2", dawn))
		same(t, "of a later token", usesOf(t, s, "a", "2"), []token.UsedBy(nil))
	},
	"they go with their token": func(t *testing.T, s Store) {
		hold(t, s, "a", byHand("a", "1", dawn), byHand("a", "2", dawn))
		touch(t, s, use("a", "1", "x", "", after(1)), use("a", "2", "x", "", after(1)))
		hold(t, s, "a", byHand("a", "2", dawn))
		_, err := s.Uses(t.Context(), "a", "1")
		wantErr(t, err, token.ErrNotFound)
		again := byHand("a", "1", dawn)
		hold(t, s, "a", again, byHand("a", "2", dawn))
		same(t, "of another of that id", usesOf(t, s, "a", "1"), []token.UsedBy(nil))
		same(t, "its last use", held(t, s, "a").Tokens[0].LastUsed, again.LastUsed)
		same(t, "of the one that stayed", len(usesOf(t, s, "a", "2")), 1)
	},
	"what is done to the token leaves them": func(t *testing.T, s Store) {
		hold(t, s, "a", byHand("a", "1", dawn))
		touch(t, s, use("a", "1", "x", "", after(9)))
		must(t, s.Change(t.Context(), "a", func(h token.Holding) (token.Holding, error) {
			same(t, "last use within Change", h.Tokens[0].LastUsed.At, after(9))
			h.Tokens[0].Description = "renamed"
			return h, nil
		}))
		touch(t, s, use("a", "1", "x", "", after(8)))
		same(t, "uses", usesOf(t, s, "a", "1"), []token.UsedBy{{Addr: "x", First: after(8), Last: after(9), Count: 2}})
		same(t, "last use", held(t, s, "a").Tokens[0].LastUsed.At, after(9))
		got := usesOf(t, s, "a", "1")
		got[0].Addr = "spoilt"
		same(t, "what a caller does to an answer", usesOf(t, s, "a", "1")[0].Addr, "x")
	},
}

func use(owner, id, addr, agent string, at time.Time) token.Used {
	return token.Used{Owner: owner, ID: id, Use: token.Use{At: at, Addr: addr, Agent: agent}}
}

func touch(t *testing.T, s Store, uses ...token.Used) {
	t.Helper()
	must(t, s.Touch(t.Context(), uses))
}

func usesOf(t *testing.T, s Store, owner, id string) []token.UsedBy {
	t.Helper()
	all, err := s.Uses(t.Context(), owner, id)
	must(t, err)
	if len(all) == 0 {
		return nil
	}
	return all
}
