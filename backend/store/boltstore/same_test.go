package boltstore_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"lanyard/backend/account"
	"lanyard/backend/activity"
	"lanyard/backend/grant"
	"lanyard/backend/store/boltstore"
	"lanyard/backend/store/memstore"
	"lanyard/backend/store/storetest"
	"lanyard/backend/token"
)

// Random histories on the file and in memory, where everything is a plain
// scan: the same answers, and in the end the same rows by every way to them,
// also after the file was closed and opened again.
func TestSameAsInMemory(t *testing.T) {
	dir := t.TempDir()
	n := 0
	rapid.Check(t, func(rt *rapid.T) {
		n++
		path := fmt.Sprintf("%s/%d.db", dir, n)
		db, err := boltstore.Create(path, soon)
		if err != nil {
			rt.Fatal(err)
		}
		pair := &pair{rt: rt, file: db, memory: memstore.New(), now: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}
		defer func() { _ = pair.file.Close() }()
		rt.Repeat(map[string]func(*rapid.T){
			"sign in": pair.signIn, "generate": pair.generate, "create": pair.create, "delete": pair.remove,
			"rewrite": pair.rewrite, "touch": pair.touch, "use": pair.use, "end": pair.end, "sweep": pair.sweep,
			"account": pair.account, "change account": pair.changeAccount, "time": pair.pass, "reopen": pair.reopen(path),
			"": pair.compare,
		})
	})
}

type pair struct {
	rt           *rapid.T
	file, memory storetest.Store
	now          time.Time
	born         int
	hashes       [][32]byte
}

var ctx = context.Background()

func (p *pair) owner(t *rapid.T) string {
	return rapid.SampledFrom([]string{"a", "b", "ab"}).Draw(t, "owner")
}
func (p *pair) session(t *rapid.T) string {
	return fmt.Sprint("s", rapid.IntRange(0, 9).Draw(t, "session"))
}

// both runs one call on both stores and wants the same outcome.
func (p *pair) both(t *rapid.T, what string, call func(s storetest.Store) error) {
	inFile, inMemory := call(p.file), call(p.memory)
	if (inFile == nil) != (inMemory == nil) {
		t.Fatalf("%s: file %v, memory %v", what, inFile, inMemory)
	}
	for _, kind := range []error{token.ErrNotFound, token.ErrLimit, grant.ErrNotFound, grant.ErrUsed, account.ErrNotFound, account.ErrTaken, account.ErrSetUp, account.ErrLastAdmin} {
		if errors.Is(inFile, kind) != errors.Is(inMemory, kind) {
			t.Fatalf("%s: file %v, memory %v", what, inFile, inMemory)
		}
	}
}

func (p *pair) signIn(t *rapid.T) {
	id, owner := p.session(t), p.owner(t)
	code := token.Hash(fmt.Sprint("code", p.born))
	p.born++
	p.both(t, "put request", func(s storetest.Store) error {
		return s.Put(ctx, grant.Request{ID: fmt.Sprint("r", p.born), Code: code, CreatedAt: p.now})
	})
	p.both(t, "redeem", func(s storetest.Store) error {
		return s.RedeemRequest(ctx, code, func(r grant.Request) (grant.Request, grant.Session, error) {
			r.Session = id
			return r, grant.Session{ID: id, Account: owner, CreatedAt: p.now, ClaimBy: p.now.Add(10 * time.Minute), Idle: 20 * time.Hour, EndsAt: p.now.Add(60 * time.Hour)}, nil
		})
	})
}

func (p *pair) admit(t *rapid.T, one token.Token) {
	p.born++
	one.ID, one.Active = fmt.Sprint("t", p.born), true
	one.Hash = token.Hash(one.ID)
	p.hashes = append(p.hashes, one.Hash)
	limits := token.Limits{Auto: 2, Manual: 2}
	p.both(t, "admit", func(s storetest.Store) error {
		return s.Change(ctx, one.Owner, func(h token.Holding) (token.Holding, error) {
			h, _, err := token.Admit(h, one, limits, p.now)
			return h, err
		})
	})
}

func (p *pair) generate(t *rapid.T) {
	p.admit(t, token.Token{Owner: p.owner(t), Source: token.Auto, Session: p.session(t), Installation: fmt.Sprint(rapid.IntRange(0, 3).Draw(t, "installation"))})
}

func (p *pair) create(t *rapid.T) { p.admit(t, token.Token{Owner: p.owner(t), Source: token.Manual}) }

func (p *pair) some(t *rapid.T, owner string) string {
	h, err := p.memory.Holding(ctx, owner)
	if err != nil || len(h.Tokens) == 0 {
		return "none"
	}
	return rapid.SampledFrom(h.Tokens).Draw(t, "token").ID
}

func (p *pair) remove(t *rapid.T) {
	owner := p.owner(t)
	id := p.some(t, owner)
	p.both(t, "remove", func(s storetest.Store) error {
		return s.Change(ctx, owner, func(h token.Holding) (token.Holding, error) { return token.Remove(h, id, activity.By{}, p.now) })
	})
}

// rewrite gives tokens what no rule gives: another session, another's hash or id.
func (p *pair) rewrite(t *rapid.T) {
	owner, id, to := p.owner(t), "", p.session(t)
	id = p.some(t, owner)
	what := rapid.IntRange(0, 4).Draw(t, "what")
	foreign := token.Hash("t1")
	p.both(t, "rewrite", func(s storetest.Store) error {
		return s.Change(ctx, owner, func(h token.Holding) (token.Holding, error) {
			for i := range h.Tokens {
				if h.Tokens[i].ID != id {
					continue
				}
				switch what {
				case 0:
					h.Tokens[i].Session = to
				case 1:
					h.Tokens[i].Hash = foreign
				case 2:
					h.Tokens[i].ID = "t1"
				case 3:
					h.Tokens[i].Hash, h.Tokens[0].Hash = h.Tokens[0].Hash, h.Tokens[i].Hash
				case 4:
					h.Tokens[i].Description += "x"
				}
			}
			return h, nil
		})
	})
}

func (p *pair) touch(t *rapid.T) {
	owner := p.owner(t)
	id := p.some(t, owner)
	at := p.now.Add(time.Duration(rapid.IntRange(-60, 60).Draw(t, "minutes")) * time.Minute)
	addr := rapid.SampledFrom([]string{"x", "y"}).Draw(t, "addr")
	p.both(t, "touch", func(s storetest.Store) error {
		return s.Touch(ctx, []token.Used{{Owner: owner, ID: id, Use: token.Use{At: at, Addr: addr}}, {Owner: owner, ID: "none", Use: token.Use{At: at}}})
	})
}

func (p *pair) use(t *rapid.T) {
	id := p.session(t)
	p.both(t, "use", func(s storetest.Store) error {
		return s.UseSessions(ctx, []grant.Use{{Session: id, At: p.now}, {Session: "none", At: p.now}})
	})
}

func (p *pair) end(t *rapid.T) {
	id := p.session(t)
	p.both(t, "end", func(s storetest.Store) error {
		return s.ChangeSession(ctx, id, func(one grant.Session) (grant.Session, error) { return one.End("test", p.now), nil })
	})
}

func (p *pair) sweep(t *rapid.T) {
	p.both(t, "sweep", func(s storetest.Store) error { return s.Sweep(ctx, p.now) })
}

func (p *pair) account(t *rapid.T) {
	id := rapid.SampledFrom([]string{"a", "b", "ab"}).Draw(t, "id")
	name := rapid.SampledFrom([]string{"ann", "Bob", "cy"}).Draw(t, "name")
	email := rapid.SampledFrom([]string{"", "x@example.org", "X@Example.org", "y@example.org"}).Draw(t, "email")
	admin, first := rapid.Bool().Draw(t, "admin"), rapid.Bool().Draw(t, "first")
	p.both(t, "create account", func(s storetest.Store) error {
		return s.CreateAccount(ctx, account.Account{ID: id, Name: name, Email: email, Admin: admin}, first)
	})
}

func (p *pair) changeAccount(t *rapid.T) {
	id := rapid.SampledFrom([]string{"a", "b", "ab"}).Draw(t, "id")
	name := rapid.SampledFrom([]string{"ann", "bob", "cy"}).Draw(t, "name")
	email := rapid.SampledFrom([]string{"", "x@example.org", "y@example.org"}).Draw(t, "email")
	admin, disabled := rapid.Bool().Draw(t, "admin"), rapid.Bool().Draw(t, "disabled")
	p.both(t, "change account", func(s storetest.Store) error {
		return s.ChangeAccount(ctx, id, func(a account.Account, others bool) (account.Account, error) {
			if disabled && !others {
				return a, account.ErrLastAdmin
			}
			a.Name, a.Email, a.Admin, a.Disabled = name, email, admin, disabled
			return a, nil
		})
	})
}

// pass lets time pass, never so long that sessions are forgotten: the file
// drops those rows a little later.
func (p *pair) pass(t *rapid.T) {
	if p.now.YearDay() < 20 {
		p.now = p.now.Add(time.Duration(rapid.IntRange(1, 30).Draw(t, "hours")) * time.Hour)
	}
}

func (p *pair) reopen(path string) func(*rapid.T) {
	return func(t *rapid.T) {
		if wrong := p.file.(*boltstore.DB).Audit(); len(wrong) != 0 {
			t.Fatal(strings.Join(wrong, "\n"))
		}
		if err := p.file.Close(); err != nil {
			t.Fatal(err)
		}
		db, err := boltstore.Open(path, soon)
		if err != nil {
			t.Fatal(err)
		}
		p.file = db
	}
}

// compare looks at every row in every way.
func (p *pair) compare(t *rapid.T) {
	looks := map[string]func(s storetest.Store) any{
		"accounts": func(s storetest.Store) any { return answer(s.Accounts(ctx)) },
	}
	for _, owner := range []string{"a", "b", "ab"} {
		looks["holding "+owner] = func(s storetest.Store) any {
			h, err := s.Holding(ctx, owner)
			all := answer(h.Tokens, err) + answer(h.Losses, h.Evictions)
			for _, one := range h.Tokens {
				all += answer(s.Uses(ctx, owner, one.ID))
			}
			return all
		}
		looks["sessions of "+owner] = func(s storetest.Store) any {
			of, err := s.SessionsOf(ctx, owner)
			slices.SortFunc(of, func(a, b grant.Session) int { return strings.Compare(a.ID, b.ID) })
			return answer(of, err)
		}
	}
	for _, login := range []string{"ann", "bob", "cy", "x@example.org", "y@example.org"} {
		looks["login "+login] = func(s storetest.Store) any { return answer(s.AccountByLogin(ctx, login)) }
	}
	for i, hash := range p.hashes {
		looks[fmt.Sprint("hash ", i)] = func(s storetest.Store) any {
			one, err := s.Presented(ctx, hash, []string{"ann/app"})
			two, err2 := s.ByHash(ctx, hash)
			return answer(one) + answer(two, err, err2)
		}
	}
	for what, look := range looks {
		if inFile, inMemory := look(p.file), look(p.memory); !reflect.DeepEqual(inFile, inMemory) {
			t.Fatalf("%s:\nfile   %+v\nmemory %+v", what, inFile, inMemory)
		}
	}
}

func answer(parts ...any) string { return fmt.Sprintf("%+v;", parts) }
