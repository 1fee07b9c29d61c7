package boltstore

import (
	"context"
	"fmt"

	"lanyard/backend/grant"
)

// Put keeps a request.
func (db *DB) Put(ctx context.Context, r grant.Request) error {
	return db.update(ctx, func(t *txn) error {
		var old grant.Request
		if _, err := load(t, inRequests, []byte(r.ID), &old); err != nil {
			return err
		}
		if err := note(t, r.CreatedAt.Add(lookAgain), dueRequest, r.ID); err != nil {
			return err
		}
		return keepRequest(t, old, r)
	})
}

// Request returns one request, or ErrNotFound.
func (db *DB) Request(ctx context.Context, id string) (r grant.Request, err error) {
	err = db.view(ctx, func(t *txn) error {
		r, err = requestOf(t, []byte(id))
		return err
	})
	return r, err
}

// RequestByCode returns the request of a code, or ErrNotFound.
func (db *DB) RequestByCode(ctx context.Context, code [32]byte) (r grant.Request, err error) {
	err = db.view(ctx, func(t *txn) error {
		r, err = requestOf(t, t.get(byCode, code[:]))
		return err
	})
	return r, err
}

// ChangeRequest replaces a request with what fn makes of it.
func (db *DB) ChangeRequest(ctx context.Context, id string, fn func(grant.Request) (grant.Request, error)) error {
	return db.update(ctx, func(t *txn) error {
		return redeemRequest(t, []byte(id), func(r grant.Request) (grant.Request, grant.Session, error) {
			r, err := fn(r)
			return r, grant.Session{}, err
		})
	})
}

// RedeemRequest finds the request of a code and keeps what fn makes of it,
// with the session.
func (db *DB) RedeemRequest(ctx context.Context, code [32]byte, fn func(grant.Request) (grant.Request, grant.Session, error)) error {
	return db.update(ctx, func(t *txn) error { return redeemRequest(t, t.get(byCode, code[:]), fn) })
}

// PutDevice keeps a new device: ErrUsed if its id or user code is taken.
func (db *DB) PutDevice(ctx context.Context, d grant.Device) error {
	return db.update(ctx, func(t *txn) error {
		if t.get(inDevices, d.ID[:]) != nil {
			return grant.ErrUsed
		}
		if err := note(t, d.ExpiresAt.Add(lookAgain), dueDevice, string(d.ID[:])); err != nil {
			return err
		}
		return keepDevice(t, d, d)
	})
}

// Device returns one device, or ErrNotFound.
func (db *DB) Device(ctx context.Context, id [32]byte) (d grant.Device, err error) {
	err = db.view(ctx, func(t *txn) error {
		d, err = deviceOf(t, id[:])
		return err
	})
	return d, err
}

// DeviceByUserCode returns the device of a user code, or ErrNotFound.
func (db *DB) DeviceByUserCode(ctx context.Context, code string) (d grant.Device, err error) {
	err = db.view(ctx, func(t *txn) error {
		d, err = deviceOf(t, t.get(byUserCode, []byte(code)))
		return err
	})
	return d, err
}

// ChangeDevice replaces a device with what fn makes of it.
func (db *DB) ChangeDevice(ctx context.Context, id [32]byte, fn func(grant.Device) (grant.Device, error)) error {
	return db.RedeemDevice(ctx, id, func(d grant.Device) (grant.Device, grant.Session, error) {
		d, err := fn(d)
		return d, grant.Session{}, err
	})
}

// RedeemDevice keeps what fn makes of a device, with the session.
func (db *DB) RedeemDevice(ctx context.Context, id [32]byte, fn func(grant.Device) (grant.Device, grant.Session, error)) error {
	return db.update(ctx, func(t *txn) error {
		old, err := deviceOf(t, id[:])
		if err != nil {
			return err
		}
		d, s, err := fn(old)
		if err != nil {
			return err
		}
		if d.ID != id {
			return errMoved
		}
		if err := newSession(t, s); err != nil {
			return err
		}
		return keepDevice(t, old, d)
	})
}

// requestOf takes the id as an index gives it: nil is none.
func requestOf(t *txn, id []byte) (r grant.Request, err error) {
	found, err := load(t, inRequests, id, &r)
	if err == nil && !found {
		err = grant.ErrNotFound
	}
	return r, err
}

func redeemRequest(t *txn, id []byte, fn func(grant.Request) (grant.Request, grant.Session, error)) error {
	old, err := requestOf(t, id)
	if err != nil {
		return err
	}
	r, s, err := fn(old)
	if err != nil {
		return err
	}
	if r.ID != string(id) {
		return errMoved
	}
	if err := newSession(t, s); err != nil {
		return err
	}
	return keepRequest(t, old, r)
}

// keepRequest writes what became of old, which may be nothing yet.
func keepRequest(t *txn, old, r grant.Request) error {
	if !keyable(r.ID) {
		return errKey
	}
	none := [32]byte{}
	if old.Code != none && old.Code != r.Code {
		if err := t.drop(byCode, old.Code[:]); err != nil {
			return err
		}
	}
	if r.Code != none {
		if other := t.get(byCode, r.Code[:]); other != nil && string(other) != r.ID {
			return fmt.Errorf("code of another request: %w", grant.ErrUsed)
		}
		if err := t.put(byCode, r.Code[:], []byte(r.ID)); err != nil {
			return err
		}
	}
	return t.keep(inRequests, []byte(r.ID), r)
}

func dropRequest(t *txn, r grant.Request) error {
	if r.Code != [32]byte{} {
		if err := t.drop(byCode, r.Code[:]); err != nil {
			return err
		}
	}
	return t.drop(inRequests, []byte(r.ID))
}

func deviceOf(t *txn, id []byte) (d grant.Device, err error) {
	found, err := load(t, inDevices, id, &d)
	if err == nil && !found {
		err = grant.ErrNotFound
	}
	return d, err
}

func keepDevice(t *txn, old, d grant.Device) error {
	if d.ID == [32]byte{} || !keyable(d.UserCode) {
		return errKey
	}
	if old.UserCode != d.UserCode {
		if err := t.drop(byUserCode, []byte(old.UserCode)); err != nil {
			return err
		}
	}
	if other := t.get(byUserCode, []byte(d.UserCode)); other != nil && string(other) != string(d.ID[:]) {
		return grant.ErrUsed
	}
	if err := t.put(byUserCode, []byte(d.UserCode), d.ID[:]); err != nil {
		return err
	}
	return t.keep(inDevices, d.ID[:], d)
}

func dropDevice(t *txn, d grant.Device) error {
	if err := t.drop(byUserCode, []byte(d.UserCode)); err != nil {
		return err
	}
	return t.drop(inDevices, d.ID[:])
}
