package boltstore

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"math/big"
	"slices"
	"strings"
	"time"

	"lanyard/backend/account"
	"lanyard/backend/grant"
	"lanyard/backend/token"
)

// Crowd is a database full of people, for benchmarks of the whole service: people
// accounts, each with a session and its token, and tokens made by hand up to tokens in
// all. It writes rows and indexes as the service does, in the order of their keys: as the
// service writes them, a million take an hour.
type Crowd struct {
	People, Tokens int
	At             time.Time
}

// Name, Owner and Session are those of a person; Secret is a token's.
func (c *Crowd) Name(person int) string    { return fmt.Sprintf("person-%08d", person) }
func (c *Crowd) Owner(person int) string   { return ownerOf(person) }
func (c *Crowd) Session(person int) string { return fmt.Sprintf("%032x", person) }
func (c *Crowd) Secret(person, one int) string {
	return c.secret(person*c.Tokens + one).Reveal()
}

// secret is that of a token by its number: a million that are kept would be a
// million things for the collector of whoever measures.
func (c *Crowd) secret(number int) token.Secret {
	prefix := "lyd_pat_"
	if number%c.Tokens == 0 {
		prefix = "lyd_auto_"
	}
	sum := sha256.Sum256(binary.BigEndian.AppendUint64([]byte("crowd"), uint64(number)))
	body := prefix + base62(new(big.Int).SetBytes(sum[:20]), 27)
	return token.Secret(body + base62(new(big.Int).SetUint64(uint64(crc32.ChecksumIEEE([]byte(body)))), 6))
}

func base62(n *big.Int, digits int) string {
	short := n.Text(62)
	text := []byte(strings.Repeat("0", digits-len(short)) + short)
	for i, c := range text { // math/big's alphabet is digits, lower, upper
		if c >= 'A' {
			text[i] = c ^ 0x20
		}
	}
	return string(text)
}

// Fill writes the crowd.
func (db *DB) Fill(ctx context.Context, c *Crowd) error {
	n := c.People * c.Tokens
	hashes, sorted := make([][32]byte, n), make([]int, n)
	for i := range n {
		hashes[i], sorted[i] = token.Hash(c.secret(i).Reveal()), i
	}
	slices.SortFunc(sorted, func(i, j int) int { return bytes.Compare(hashes[i][:], hashes[j][:]) })
	if err := db.each(ctx, c.People, c.keepPerson); err != nil {
		return err
	}
	return db.each(ctx, n, func(t *txn, i int) error {
		at := sorted[i]
		return t.put(byHash, hashes[at][:], key(ownerOf(at/c.Tokens), c.id(at)))
	})
}

// each calls fn for 0 to n, many to a transaction, with full pages, and waits for the
// disk once.
func (db *DB) each(ctx context.Context, n int, fn func(t *txn, i int) error) error {
	const batch = 50_000
	db.bolt.NoSync = true
	for from := 0; from < n; from += batch {
		if err := db.update(ctx, func(t *txn) error {
			for _, name := range []string{inAccounts, byName, byEmail, inSessions, inTokens, byHash} {
				t.Bucket([]byte(name)).FillPercent = 0.9
			}
			for i := from; i < min(n, from+batch); i++ {
				if err := fn(t, i); err != nil {
					return err
				}
			}
			return nil
		}); err != nil {
			return err
		}
	}
	db.bolt.NoSync = false
	return db.bolt.Sync()
}

func (c *Crowd) id(one int) string {
	return fmt.Sprintf("%s-%04d", ownerOf(one/c.Tokens), one%c.Tokens)
}

func (c *Crowd) keepPerson(t *txn, i int) error {
	owner := c.Owner(i)
	if err := keepAccount(t, account.Account{}, account.Account{
		ID: owner, Name: c.Name(i), Email: c.Name(i) + "@example.org", CreatedAt: c.At,
		Password: "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$c29tZWhhc2hzb21laGFzaHNvbWVoYXNoc29tZWhhc2g",
	}); err != nil {
		return err
	}
	s := session{
		ID: c.Session(i), Account: owner, Client: "lanyard", Scopes: []string{"openid", "offline_access"},
		CreatedAt: c.At, AuthTime: c.At, EndsAt: c.At.Add(90 * 24 * time.Hour), Idle: 30 * 24 * time.Hour,
		LastUsed: c.At, Addr: "192.0.2.1", Agent: "lanyard/1.0 (linux)", Refresh: grant.Refresh{Generation: 1, Current: token.Hash(owner)},
	}
	if err := writeSession(t, s); err != nil {
		return err
	}
	for one := i * c.Tokens; one < (i+1)*c.Tokens; one++ {
		secret := c.secret(one)
		made := token.Token{
			ID: c.id(one), Owner: owner, LastFour: secret.LastFour(), Description: fmt.Sprintf("token %d of %s", one%c.Tokens, c.Name(i)),
			Source: token.Manual, Scopes: []token.Scope{token.ScopeAdmin}, Active: true, CreatedAt: c.At.Add(time.Duration(one%c.Tokens) * time.Second),
			Hash: token.Hash(secret.Reveal()), LastUsed: token.Use{At: c.At, Addr: "192.0.2.1", Agent: "docker/28.2.2 go/go1.24"},
		}
		if one%c.Tokens == 0 {
			made.Source, made.Session, made.Installation, made.Machine, made.OS = token.Auto, s.ID, fmt.Sprintf("%064x", i), "laptop", "linux"
		}
		if err := t.keep(inTokens, key(owner, made.ID), rowOf(made)); err != nil {
			return err
		}
	}
	return nil
}

// Commits is how often the file was written so far.
func (db *DB) Commits() (n int, err error) {
	err = db.view(context.Background(), func(t *txn) error {
		n = t.ID()
		return nil
	})
	return n, err
}
