package boltstore

import (
	"context"

	"lanyard/backend/account"
)

// Account returns one account, or ErrNotFound.
func (db *DB) Account(ctx context.Context, id string) (a account.Account, err error) {
	err = db.view(ctx, func(t *txn) error {
		a, err = accountOf(t, id)
		return err
	})
	return a, err
}

// AccountByLogin returns the account of the key of a name or e-mail.
func (db *DB) AccountByLogin(ctx context.Context, login string) (a account.Account, err error) {
	err = db.view(ctx, func(t *txn) error {
		id := accountByKey(t, login)
		if id == "" {
			return account.ErrNotFound
		}
		a, err = accountOf(t, id)
		return err
	})
	return a, err
}

// Accounts returns every account, by name.
func (db *DB) Accounts(ctx context.Context) (all []account.Account, err error) {
	err = db.view(ctx, func(t *txn) error {
		return t.under(byName, nil, func(_, id []byte) (bool, error) {
			a, err := accountOf(t, string(id))
			all = append(all, a)
			return true, err
		})
	})
	return all, err
}

// CreateAccount keeps a new account: ErrTaken, ErrSetUp.
func (db *DB) CreateAccount(ctx context.Context, a account.Account, first bool) error {
	return db.update(ctx, func(t *txn) error {
		if any, _ := t.Bucket([]byte(inAccounts)).Cursor().First(); first && any != nil {
			return account.ErrSetUp
		}
		if t.get(inAccounts, []byte(a.ID)) != nil {
			return account.ErrTaken
		}
		return keepAccount(t, account.Account{}, a)
	})
}

// ChangeAccount replaces an account with what fn makes of it.
func (db *DB) ChangeAccount(ctx context.Context, id string, fn func(a account.Account, others bool) (account.Account, error)) error {
	return db.update(ctx, func(t *txn) error {
		old, err := accountOf(t, id)
		if err != nil {
			return err
		}
		others := false
		if err := t.under(byAdmin, nil, func(k, _ []byte) (bool, error) {
			others = string(k) != id
			return !others, nil
		}); err != nil {
			return err
		}
		a, err := fn(old, others)
		if err != nil {
			return err
		}
		if a.ID != id {
			return errMoved
		}
		return keepAccount(t, old, a)
	})
}

func accountOf(t *txn, id string) (a account.Account, err error) {
	found, err := load(t, inAccounts, []byte(id), &a)
	if err == nil && !found {
		err = account.ErrNotFound
	}
	return a, err
}

// accountByKey is the id of the account of a name or e-mail, "" if nobody's.
func accountByKey(t *txn, login string) string {
	if id := t.get(byName, []byte(login)); id != nil {
		return string(id)
	}
	return string(t.get(byEmail, []byte(login)))
}

// keepAccount writes what became of old, which may be nobody yet.
func keepAccount(t *txn, old, a account.Account) error {
	name, email := account.Key(a.Name), account.Key(a.Email)
	if !keyable(a.ID) || !keyable(name) || (email != "" && !keyable(email)) {
		return errKey
	}
	for _, login := range []string{name, email} {
		if other := accountByKey(t, login); other != "" && other != a.ID {
			return account.ErrTaken
		}
		if login != "" && t.get(inOrganizations, []byte(login)) != nil {
			return account.ErrTaken
		}
	}
	for _, index := range []struct{ bucket, old, new string }{
		{byName, account.Key(old.Name), name}, {byEmail, account.Key(old.Email), email}, {byAdmin, administrator(old), administrator(a)},
	} {
		if index.old != "" && index.old != index.new {
			if err := t.drop(index.bucket, []byte(index.old)); err != nil {
				return err
			}
		}
		if index.new != "" {
			if err := t.put(index.bucket, []byte(index.new), []byte(a.ID)); err != nil {
				return err
			}
		}
	}
	return t.keep(inAccounts, []byte(a.ID), a)
}

// administrator is the id of an enabled administrator, "" of anybody else.
func administrator(a account.Account) string {
	if a.Admin && !a.Disabled {
		return a.ID
	}
	return ""
}
