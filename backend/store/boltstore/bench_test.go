package boltstore

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"lanyard/backend/account"
	"lanyard/backend/grant"
	"lanyard/backend/token"
)

var dawn = time.Date(2026, 3, 4, 5, 6, 7, 891_011_000, time.UTC)

// BenchmarkPresented is the store's part of a registry token: design §3 wants
// a million accounts to be served like a thousand.
func BenchmarkPresented(b *testing.B) {
	for _, n := range []int{1_000, 1_000_000} {
		b.Run(fmt.Sprintf("accounts=%d", n), func(b *testing.B) {
			db := create1(b)
			defer db.Close()
			populate(b, db, n)
			b.ReportAllocs()
			b.ResetTimer()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					p, err := db.Presented(b.Context(), secretOf(rand.IntN(n)), []string{"person-00000001/app"})
					if err != nil || p.Token.Owner != p.Account.ID || !p.Token.SessionUntil.After(dawn) {
						b.Errorf("%v %v %v", p.Token.Owner, p.Account.ID, err)
						return
					}
				}
			})
		})
	}
}

// BenchmarkGenerate is a sign-in's write.
func BenchmarkGenerate(b *testing.B) {
	db := create1(b)
	defer db.Close()
	service := &token.Service{Store: db, Limits: token.Limits{Auto: 5}}
	for i := range b.N {
		if _, _, err := service.Generate(b.Context(), "a", token.For{Session: fmt.Sprint(i % 1000)}); err != nil {
			b.Fatal(err)
		}
	}
}

func ownerOf(i int) string { return fmt.Sprintf("%08x-0000-4000-8000-000000000000", i) }

// secretOf hashes spread like real ones, so that each look-up is somewhere else.
func secretOf(i int) [32]byte {
	return token.Hash(string(binary.BigEndian.AppendUint64(nil, uint64(i))))
}

// populate writes the rows that Presented reads, the index in the order of its
// keys: written as the service writes them, a million take an hour.
func populate(b *testing.B, db *DB, n int) {
	b.Helper()
	hashes := make([]int, n)
	for i := range hashes {
		hashes[i] = i
	}
	slices.SortFunc(hashes, func(i, j int) int {
		one, other := secretOf(i), secretOf(j)
		return bytes.Compare(one[:], other[:])
	})
	const batch = 50_000
	for from := 0; from < n; from += batch {
		err := db.update(b.Context(), func(t *txn) error {
			for i := from; i < min(n, from+batch); i++ {
				if err := populateOne(t, i); err != nil {
					return err
				}
				j := hashes[i]
				secret := secretOf(j)
				if err := t.put(byHash, secret[:], key(ownerOf(j), ownerOf(j)+"-t")); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
	}
}

func populateOne(t *txn, i int) error {
	owner := ownerOf(i)
	if err := t.keep(inAccounts, []byte(owner), account.Account{
		ID: owner, Name: fmt.Sprintf("person-%08d", i), Email: fmt.Sprintf("person-%08d@example.org", i), CreatedAt: dawn,
		Password: "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$c29tZWhhc2hzb21laGFzaHNvbWVoYXNoc29tZWhhc2g",
	}); err != nil {
		return err
	}
	s := session{
		ID: fmt.Sprintf("%032x", i), Account: owner, Client: "lanyard", Scopes: []string{"openid", "offline_access"},
		CreatedAt: dawn, AuthTime: dawn, EndsAt: dawn.Add(90 * 24 * time.Hour), Idle: 30 * 24 * time.Hour, ClaimBy: dawn.Add(time.Minute),
		LastUsed: dawn, Addr: "192.0.2.1", Agent: "lanyard/1.0 (linux)", Refresh: grant.Refresh{Generation: 1, Current: secretOf(i)},
	}
	if err := writeSession(t, s); err != nil {
		return err
	}
	secret := secretOf(i)
	return t.keep(inTokens, key(owner, owner+"-t"), tokenRow{Token: token.Token{
		ID: owner + "-t", Owner: owner, LastFour: "abcd", Description: "Lanyard on laptop", Source: token.Auto,
		Scopes: []token.Scope{token.ScopeAdmin}, Active: true, CreatedAt: dawn, Session: s.ID, Installation: fmt.Sprintf("%064x", i),
		Machine: "laptop", OS: "linux", LastUsed: token.Use{At: dawn, Addr: "192.0.2.1", Agent: "docker/28.2.2 go/go1.24"},
	}, Hash: secret[:]})
}
