package storetest

import (
	"errors"
	"testing"
	"time"

	"lanyard/backend/grant"
	"lanyard/backend/token"
)

var errNo = errors.New("fn says no")

func wantErr(t *testing.T, got, want error) {
	t.Helper()
	if !errors.Is(got, want) {
		t.Errorf("error %v, want %v", got, want)
	}
}

var tokenTests = map[string]func(t *testing.T, s Store){
	"one by its id": func(t *testing.T, s Store) {
		Begin(t, s, "s", "a", after(1))
		mine, auto := byHand("a", "1", after(1)), generated("a", "2", "s", after(2))
		hold(t, s, "a", mine, auto)
		hold(t, s, "ab", byHand("ab", "3", after(1)))
		one, err := s.Token(t.Context(), "a", "1")
		must(t, err)
		same(t, "by hand", one, mine)
		one, err = s.Token(t.Context(), "a", "2")
		must(t, err)
		same(t, "with the life of its session", one, held(t, s, "a").Tokens[1])
		for _, c := range [][2]string{{"a", "3"}, {"ab", "1"}, {"a", ""}, {"", "1"}, {"a", "\x00"}, {"nobody", "1"}} {
			_, err := s.Token(t.Context(), c[0], c[1])
			wantErr(t, err, token.ErrNotFound)
		}
	},
	"an owner nobody knows holds nothing": func(t *testing.T, s Store) {
		same(t, "holding", held(t, s, "nobody"), token.Holding{})
		_, err := s.ByHash(t.Context(), token.Hash("x"))
		wantErr(t, err, token.ErrNotFound)
		_, err = s.ByHash(t.Context(), [32]byte{})
		wantErr(t, err, token.ErrNotFound)
	},
	"every field is kept": func(t *testing.T, s Store) {
		manual, auto := byHand("a", "m", after(1)), generated("a", "g", "gone", after(2))
		hold(t, s, "a", manual, auto)
		same(t, "holding", held(t, s, "a").Tokens, []token.Token{manual, auto})
		for _, want := range []token.Token{manual, auto} {
			got, err := s.ByHash(t.Context(), want.Hash)
			must(t, err)
			same(t, "by hash", got, want)
		}
	},
	"oldest first, whatever fn's order": func(t *testing.T, s Store) {
		hold(t, s, "a", byHand("a", "1", after(3)), byHand("a", "2", after(1)), byHand("a", "3", after(2)), byHand("a", "4", after(2)))
		same(t, "order", idsOf(held(t, s, "a")), []string{"2", "3", "4", "1"})
		must(t, s.Change(t.Context(), "a", func(h token.Holding) (token.Holding, error) {
			same(t, "order within Change", idsOf(h), []string{"2", "3", "4", "1"})
			return h, nil
		}))
	},
	"owners are apart": func(t *testing.T, s Store) {
		hold(t, s, "a", byHand("a", "1", after(1)))
		hold(t, s, "aa", byHand("aa", "2", after(1)))
		hold(t, s, "a", byHand("a", "3", after(1)))
		same(t, "a", idsOf(held(t, s, "a")), []string{"3"})
		same(t, "aa", idsOf(held(t, s, "aa")), []string{"2"})
		hold(t, s, "a")
		same(t, "aa", idsOf(held(t, s, "aa")), []string{"2"})
	},
	"the hash index follows": func(t *testing.T, s Store) {
		one, two := byHand("a", "1", after(1)), byHand("a", "2", after(2))
		hold(t, s, "a", one, two)
		old := one.Hash
		one.Hash = token.Hash("another")
		hold(t, s, "a", one)
		for _, gone := range [][32]byte{old, two.Hash} {
			_, err := s.ByHash(t.Context(), gone)
			wantErr(t, err, token.ErrNotFound)
		}
		got, err := s.ByHash(t.Context(), one.Hash)
		must(t, err)
		same(t, "by its new hash", got, one)
		hold(t, s, "b", func() token.Token { two.Owner = "b"; return two }()) // free again
		same(t, "b", idsOf(held(t, s, "b")), []string{"2"})
	},
	"two tokens exchange their hashes": func(t *testing.T, s Store) {
		one, two := byHand("a", "1", after(1)), byHand("a", "2", after(2))
		hold(t, s, "a", one, two)
		one.Hash, two.Hash = two.Hash, one.Hash
		hold(t, s, "a", one, two)
		for _, want := range []token.Token{one, two} {
			got, err := s.ByHash(t.Context(), want.Hash)
			must(t, err)
			same(t, "by hash", got, want)
		}
	},
	"losses and evictions are kept, ends are not": func(t *testing.T, s Store) {
		want := token.Holding{
			Losses:    []token.Loss{{Token: "t", Session: "s", Fate: token.Evicted, At: after(1), Machine: "m", By: "n"}},
			Evictions: []time.Time{after(1), after(2)},
		}
		must(t, s.Change(t.Context(), "a", func(token.Holding) (token.Holding, error) {
			h := want
			h.Ends = []token.End{{Session: "unknown", Why: token.Deleted, At: after(3)}}
			return h, nil
		}))
		same(t, "holding", held(t, s, "a"), want)
		must(t, s.Change(t.Context(), "a", func(h token.Holding) (token.Holding, error) {
			same(t, "holding within Change", h, want)
			return token.Holding{}, nil
		}))
		same(t, "holding", held(t, s, "a"), token.Holding{})
	},
	"fn's no changes nothing": func(t *testing.T, s Store) {
		begin(t, s, session("s", "a"))
		kept := generated("a", "1", "s", after(1))
		hold(t, s, "a", kept)
		kept.SessionUntil = after(10)
		err := s.Change(t.Context(), "a", func(h token.Holding) (token.Holding, error) {
			h.Tokens[0].Description = "changed in place"
			h.Tokens[0].Scopes[0] = token.ScopeRead
			h.Tokens = append(h.Tokens, byHand("a", "2", after(2)))
			h.Losses = append(h.Losses, token.Loss{Token: "x"})
			h.Ends = []token.End{{Session: "s", Why: token.Deleted, At: after(3)}}
			return h, errNo
		})
		wantErr(t, err, errNo)
		same(t, "holding", held(t, s, "a"), token.Holding{Tokens: []token.Token{kept}})
		one, err := s.Session(t.Context(), "s")
		must(t, err)
		same(t, "session", one, session("s", "a"))
	},
	"what cannot be kept changes nothing": func(t *testing.T, s Store) {
		begin(t, s, session("s", "a"))
		kept, foreign := byHand("a", "1", after(1)), byHand("b", "2", after(1))
		hold(t, s, "a", kept)
		hold(t, s, "b", foreign)
		for name, bad := range map[string]token.Token{
			"another owner's hash": func() token.Token { x := byHand("a", "3", after(1)); x.Hash = foreign.Hash; return x }(),
			"another owner's id":   func() token.Token { x := byHand("a", "2", after(1)); x.Hash = token.Hash("y"); return x }(),
			"the own hash twice":   func() token.Token { x := byHand("a", "3", after(1)); x.Hash = kept.Hash; return x }(),
			"the own id twice":     func() token.Token { x := byHand("a", "1", after(1)); x.Hash = token.Hash("y"); return x }(),
			"another owner":        byHand("b", "3", after(1)),
			"no id":                byHand("a", "", after(1)),
			"no hash":              {ID: "3", Owner: "a", Source: token.Manual},
		} {
			err := s.Change(t.Context(), "a", func(h token.Holding) (token.Holding, error) {
				h.Tokens[0].Description = "changed"
				h.Tokens = append(h.Tokens, bad)
				h.Ends = []token.End{{Session: "s", Why: token.Deleted, At: after(3)}}
				return h, nil
			})
			if err == nil {
				t.Errorf("%s was kept", name)
			}
			same(t, name+": a", held(t, s, "a").Tokens, []token.Token{kept})
			same(t, name+": b", held(t, s, "b").Tokens, []token.Token{foreign})
			got, err := s.ByHash(t.Context(), foreign.Hash)
			must(t, err)
			same(t, name+": by hash", got, foreign)
			one, err := s.Session(t.Context(), "s")
			must(t, err)
			same(t, name+": session", one, session("s", "a"))
		}
	},
	"ends end sessions in the same commit": func(t *testing.T, s Store) {
		for _, id := range []string{"one", "two", "three"} {
			begin(t, s, session(id, "a"))
		}
		must(t, s.ChangeSession(t.Context(), "three", func(one grant.Session) (grant.Session, error) {
			return one.End("earlier", after(1)), nil
		}))
		must(t, s.Change(t.Context(), "a", func(h token.Holding) (token.Holding, error) {
			h.Ends = []token.End{
				{Session: "one", Why: token.Superseded, At: after(3)}, {Session: "nowhere", Why: token.Deleted, At: after(3)},
				{Session: "three", Why: token.Deleted, At: after(3)},
			}
			return h, nil
		}))
		for id, want := range map[string]grant.Session{
			"one":   session("one", "a").End(string(token.Superseded), after(3)),
			"two":   session("two", "a"),
			"three": session("three", "a").End("earlier", after(1)),
		} {
			got, err := s.Session(t.Context(), id)
			must(t, err)
			same(t, id, got, want)
		}
	},
	"SessionUntil is the session's, read along": func(t *testing.T, s Store) {
		until := map[string]time.Time{
			"unclaimed": after(10),
			"used":      after(5).Add(30 * 24 * time.Hour),
			"long used": dawn.Add(90 * 24 * time.Hour),
			"ended":     session("", "").End("test", after(7)).Until(),
			"missing":   {}, // over, wherever the clock stands
		}
		var tokens []token.Token
		for id := range until {
			if id != "missing" {
				begin(t, s, session(id, "a"))
			}
			one := generated("a", "token of "+id, id, after(1))
			one.SessionUntil = after(99_999) // whatever fn says: never written
			tokens = append(tokens, one)
		}
		tokens = append(tokens, byHand("a", "by hand", after(1)))
		tokens[len(tokens)-1].SessionUntil = after(99_999)
		hold(t, s, "a", tokens...)
		uses := []grant.Use{{Session: "used", At: after(5)}}
		for day := range 80 {
			uses = append(uses, grant.Use{Session: "long used", At: after(day*24*60 + 5)})
		}
		must(t, s.UseSessions(t.Context(), uses))
		must(t, s.ChangeSession(t.Context(), "ended", func(one grant.Session) (grant.Session, error) { return one.End("test", after(7)), nil }))

		check := func(how string, got token.Token) {
			if want := until[got.Session]; !got.SessionUntil.Equal(want) {
				t.Errorf("%s, session %q: SessionUntil %v, want %v", how, got.Session, got.SessionUntil, want)
			}
			if got.Session == "" || got.Session == "missing" {
				return
			}
			one, err := s.Session(t.Context(), got.Session)
			must(t, err)
			same(t, how+": "+got.Session, got.SessionUntil, one.Until())
		}
		for _, one := range tokens {
			got, err := s.ByHash(t.Context(), one.Hash)
			must(t, err)
			check("by hash", got)
		}
		for _, got := range held(t, s, "a").Tokens {
			check("in the holding", got)
		}
		var within []token.Token
		must(t, s.Change(t.Context(), "a", func(h token.Holding) (token.Holding, error) {
			within = h.Tokens
			return h, nil
		}))
		for _, got := range within {
			check("within Change", got)
		}
	},
	"Touch moves the last use forward only": func(t *testing.T, s Store) {
		fresh, used := byHand("a", "fresh", after(1)), byHand("a", "used", after(2))
		fresh.LastUsed = token.Use{}
		used.LastUsed = token.Use{At: after(9), Addr: "old"}
		other := byHand("b", "other", after(1))
		hold(t, s, "a", fresh, used)
		hold(t, s, "b", other)
		first := token.Use{At: after(5), Addr: "192.0.2.7", Agent: "skopeo"}
		must(t, s.Touch(t.Context(), []token.Used{
			{Owner: "a", ID: "fresh", Use: first},
			{Owner: "a", ID: "fresh", Use: token.Use{At: after(4), Addr: "late news"}},
			{Owner: "a", ID: "used", Use: token.Use{At: after(8), Addr: "late news"}},
			{Owner: "a", ID: "used", Use: token.Use{At: after(9), Addr: "same moment"}},
			{Owner: "a", ID: "gone", Use: first},
			{Owner: "nobody", ID: "gone", Use: first},
			{Owner: "b", ID: "fresh", Use: first},
		}))
		fresh.LastUsed = first
		same(t, "a", held(t, s, "a").Tokens, []token.Token{fresh, used})
		same(t, "b", held(t, s, "b").Tokens, []token.Token{other})
		must(t, s.Touch(t.Context(), nil))
	},
	"Touch and Change lose nothing of each other": func(t *testing.T, s Store) {
		one := byHand("a", "1", dawn)
		one.LastUsed, one.Description = token.Use{}, ""
		hold(t, s, "a", one)
		const n = 20
		n0, err := failed(atOnce(2*n, func(i int) error {
			if i%2 == 0 {
				return s.Touch(t.Context(), []token.Used{{Owner: "a", ID: "1", Use: token.Use{At: after(i + 1)}}})
			}
			return s.Change(t.Context(), "a", func(h token.Holding) (token.Holding, error) {
				h.Tokens[0].Description += "x"
				return h, nil
			})
		}))
		if n0 != 0 {
			t.Fatalf("%d calls failed, the first: %v", n0, err)
		}
		got := held(t, s, "a").Tokens[0]
		if len(got.Description) != n || !got.LastUsed.At.Equal(after(2*n-1)) {
			t.Errorf("%d of %d changes, last use %v, want %v", len(got.Description), n, got.LastUsed.At, after(2*n-1))
		}
	},
	"what a caller does to an answer is the caller's": func(t *testing.T, s Store) {
		want := byHand("a", "1", after(1))
		mine := byHand("a", "1", after(1))
		hold(t, s, "a", mine)
		mine.Scopes[0] = "spoilt"
		h := held(t, s, "a")
		h.Tokens[0].Scopes[0], h.Tokens[0].Description = "spoilt", "spoilt"
		got, err := s.ByHash(t.Context(), want.Hash)
		must(t, err)
		got.Scopes[0] = "spoilt"
		same(t, "holding", held(t, s, "a").Tokens, []token.Token{want})
	},
}

// rotationTests are of a token with two secrets.
var rotationTests = map[string]func(t *testing.T, s Store){
	"both secrets lead to it": func(t *testing.T, s Store) {
		one := byHand("a", "1", after(1))
		one.Previous = &token.Previous{Hash: token.Hash("before"), LastFour: "0000", Until: after(9), LastUsed: token.Use{At: after(2), Addr: "192.0.2.1"}}
		one.Repositories, one.CreatedBy, one.Note = []string{"a/*"}, "ann", "n"
		one.Resources = []token.Resource{{Type: "TYPE_REPO", Path: "a/b", Scopes: []string{token.ImagePull}}}
		hold(t, s, "a", one)
		same(t, "kept", held(t, s, "a").Tokens, []token.Token{one})
		got, err := s.ByHash(t.Context(), one.Hash)
		must(t, err)
		same(t, "by the new one", got, one)
		got, err = s.ByHash(t.Context(), one.Previous.Hash)
		must(t, err)
		by := one
		by.ByPrevious = true
		same(t, "by the earlier one", got, by)
		hold(t, s, "a")
		_, err = s.ByHash(t.Context(), token.Hash("before"))
		wantErr(t, err, token.ErrNotFound)
	},
	"a secret leads to one token": func(t *testing.T, s Store) {
		one, two := byHand("a", "1", after(1)), byHand("b", "2", after(1))
		two.Previous = &token.Previous{Hash: one.Hash, Until: after(9)}
		hold(t, s, "a", one)
		if err := s.Change(t.Context(), "b", func(h token.Holding) (token.Holding, error) {
			h.Tokens = []token.Token{two}
			return h, nil
		}); err == nil {
			t.Error("an earlier secret is another token's")
		}
	},
	"uses are told apart": func(t *testing.T, s Store) {
		one := byHand("a", "1", after(1))
		one.LastUsed, one.Previous = token.Use{}, &token.Previous{Hash: token.Hash("before"), Until: after(9)}
		hold(t, s, "a", one)
		must(t, s.Touch(t.Context(), []token.Used{
			{Owner: "a", ID: "1", Use: token.Use{At: after(3)}}, {Owner: "a", ID: "1", Use: token.Use{At: after(2), Addr: "old"}, Previous: true},
		}))
		got := held(t, s, "a").Tokens[0]
		same(t, "last use", got.LastUsed.At, after(3))
		same(t, "of the earlier secret", got.Previous.LastUsed, token.Use{At: after(2), Addr: "old"})
	},
	"everybody's, by id": func(t *testing.T, s Store) {
		hold(t, s, "b", byHand("b", "1", after(1)), byHand("b", "4", after(1)))
		hold(t, s, "a", byHand("a", "3", after(1)), generated("a", "2", "gone", after(1)))
		var ids []string
		for from := ""; ; {
			page, err := s.TokensFrom(t.Context(), from, 2)
			must(t, err)
			for _, one := range page {
				ids = append(ids, one.ID)
			}
			if len(page) < 2 {
				break
			}
			from = ids[len(ids)-1] + "\x00"
		}
		same(t, "ids", ids, []string{"1", "2", "3", "4"})
		page, err := s.TokensFrom(t.Context(), "3", 1)
		must(t, err)
		same(t, "from one", idsOf(token.Holding{Tokens: page}), []string{"3"})
	},
}
