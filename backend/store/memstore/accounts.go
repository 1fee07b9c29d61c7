package memstore

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"lanyard/backend/account"
)

// Account returns one account, or ErrNotFound.
func (db *DB) Account(ctx context.Context, id string) (account.Account, error) {
	unlock, err := db.lock(ctx)
	if err != nil {
		return account.Account{}, err
	}
	defer unlock()
	a, ok := db.accounts[id]
	if !ok {
		return account.Account{}, account.ErrNotFound
	}
	return cloneAccount(a), nil
}

// AccountByLogin returns the account of the key of a name or e-mail.
func (db *DB) AccountByLogin(ctx context.Context, key string) (account.Account, error) {
	unlock, err := db.lock(ctx)
	if err != nil {
		return account.Account{}, err
	}
	defer unlock()
	for _, a := range db.accounts {
		if key != "" && (account.Key(a.Name) == key || account.Key(a.Email) == key) {
			return cloneAccount(a), nil
		}
	}
	return account.Account{}, account.ErrNotFound
}

// Accounts returns every account, by name.
func (db *DB) Accounts(ctx context.Context) ([]account.Account, error) {
	unlock, err := db.lock(ctx)
	if err != nil {
		return nil, err
	}
	defer unlock()
	all := slices.SortedFunc(maps.Values(db.accounts), func(a, b account.Account) int {
		return cmp.Compare(account.Key(a.Name), account.Key(b.Name))
	})
	for i := range all {
		all[i] = cloneAccount(all[i])
	}
	return all, nil
}

// CreateAccount keeps a new account: ErrTaken, ErrSetUp.
func (db *DB) CreateAccount(ctx context.Context, a account.Account, first bool) error {
	unlock, err := db.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	if first && len(db.accounts) > 0 {
		return account.ErrSetUp
	}
	if _, taken := db.accounts[a.ID]; taken {
		return account.ErrTaken
	}
	return db.putAccount(a)
}

// ChangeAccount replaces an account with what fn makes of it.
func (db *DB) ChangeAccount(ctx context.Context, id string, fn func(a account.Account, others bool) (account.Account, error)) error {
	unlock, err := db.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	a, ok := db.accounts[id]
	if !ok {
		return account.ErrNotFound
	}
	others := false
	for _, o := range db.accounts {
		others = others || (o.ID != id && o.Admin && !o.Disabled)
	}
	if a, err = fn(cloneAccount(a), others); err != nil {
		return err
	}
	if a.ID != id {
		return errMoved
	}
	return db.putAccount(a)
}

func (db *DB) putAccount(a account.Account) error {
	name, email := account.Key(a.Name), account.Key(a.Email)
	if a.ID == "" || name == "" {
		return errKey
	}
	for _, o := range db.accounts {
		if o.ID == a.ID {
			continue
		}
		for _, key := range []string{account.Key(o.Name), account.Key(o.Email)} {
			if key != "" && (key == name || key == email) {
				return account.ErrTaken
			}
		}
	}
	if db.organizations[name].ID != "" || email != "" && db.organizations[email].ID != "" {
		return account.ErrTaken
	}
	db.accounts[a.ID] = cloneAccount(a)
	return nil
}

func cloneAccount(a account.Account) account.Account {
	a.Factors.Passkeys, a.Factors.Recovery = slices.Clone(a.Factors.Passkeys), slices.Clone(a.Factors.Recovery)
	return a
}
