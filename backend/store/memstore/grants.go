package memstore

import (
	"context"
	"fmt"
	"slices"

	"lanyard/backend/grant"
)

// Put keeps a request.
func (db *DB) Put(ctx context.Context, r grant.Request) error {
	unlock, err := db.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	return db.putRequest(r)
}

// Request returns one request, or ErrNotFound.
func (db *DB) Request(ctx context.Context, id string) (grant.Request, error) {
	unlock, err := db.lock(ctx)
	if err != nil {
		return grant.Request{}, err
	}
	defer unlock()
	r, ok := db.requests[id]
	if !ok {
		return grant.Request{}, grant.ErrNotFound
	}
	return cloneRequest(r), nil
}

// RequestByCode returns the request of a code, or ErrNotFound.
func (db *DB) RequestByCode(ctx context.Context, code [32]byte) (grant.Request, error) {
	unlock, err := db.lock(ctx)
	if err != nil {
		return grant.Request{}, err
	}
	defer unlock()
	return db.requestByCode(code)
}

// ChangeRequest replaces a request with what fn makes of it.
func (db *DB) ChangeRequest(ctx context.Context, id string, fn func(grant.Request) (grant.Request, error)) error {
	unlock, err := db.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	r, ok := db.requests[id]
	if !ok {
		return grant.ErrNotFound
	}
	if r, err = fn(cloneRequest(r)); err != nil {
		return err
	}
	if r.ID != id {
		return errMoved
	}
	return db.putRequest(r)
}

// RedeemRequest finds the request of a code and keeps what fn makes of it,
// with the session.
func (db *DB) RedeemRequest(ctx context.Context, code [32]byte, fn func(grant.Request) (grant.Request, grant.Session, error)) error {
	unlock, err := db.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	r, err := db.requestByCode(code)
	if err != nil {
		return err
	}
	id := r.ID
	r, s, err := fn(r)
	if err != nil {
		return err
	}
	if r.ID != id {
		return errMoved
	}
	if err := db.newSession(s); err != nil {
		return err
	}
	if err := db.putRequest(r); err != nil {
		return err
	}
	db.keepSession(s)
	return nil
}

// PutDevice keeps a new device: ErrUsed if its id or user code is taken.
func (db *DB) PutDevice(ctx context.Context, d grant.Device) error {
	unlock, err := db.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	if _, taken := db.devices[d.ID]; taken {
		return grant.ErrUsed
	}
	return db.putDevice(d)
}

// Device returns one device, or ErrNotFound.
func (db *DB) Device(ctx context.Context, id [32]byte) (grant.Device, error) {
	unlock, err := db.lock(ctx)
	if err != nil {
		return grant.Device{}, err
	}
	defer unlock()
	d, ok := db.devices[id]
	if !ok {
		return grant.Device{}, grant.ErrNotFound
	}
	return cloneDevice(d), nil
}

// DeviceByUserCode returns the device of a user code, or ErrNotFound.
func (db *DB) DeviceByUserCode(ctx context.Context, code string) (grant.Device, error) {
	unlock, err := db.lock(ctx)
	if err != nil {
		return grant.Device{}, err
	}
	defer unlock()
	for _, d := range db.devices {
		if d.UserCode == code {
			return cloneDevice(d), nil
		}
	}
	return grant.Device{}, grant.ErrNotFound
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
	unlock, err := db.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	d, ok := db.devices[id]
	if !ok {
		return grant.ErrNotFound
	}
	d, s, err := fn(cloneDevice(d))
	if err != nil {
		return err
	}
	if d.ID != id {
		return errMoved
	}
	if err := db.newSession(s); err != nil {
		return err
	}
	if err := db.putDevice(d); err != nil {
		return err
	}
	db.keepSession(s)
	return nil
}

func (db *DB) requestByCode(code [32]byte) (grant.Request, error) {
	for _, r := range db.requests {
		if code != [32]byte{} && r.Code == code {
			return cloneRequest(r), nil
		}
	}
	return grant.Request{}, grant.ErrNotFound
}

func (db *DB) putRequest(r grant.Request) error {
	if r.ID == "" {
		return errKey
	}
	for _, o := range db.requests {
		if r.Code != [32]byte{} && o.Code == r.Code && o.ID != r.ID {
			return fmt.Errorf("code of another request: %w", grant.ErrUsed)
		}
	}
	db.requests[r.ID] = cloneRequest(r)
	return nil
}

func (db *DB) putDevice(d grant.Device) error {
	if d.ID == [32]byte{} || d.UserCode == "" {
		return errKey
	}
	for _, o := range db.devices {
		if o.UserCode == d.UserCode && o.ID != d.ID {
			return grant.ErrUsed
		}
	}
	db.devices[d.ID] = cloneDevice(d)
	return nil
}

func cloneRequest(r grant.Request) grant.Request {
	r.Scopes, r.Audience, r.Prompt = slices.Clone(r.Scopes), slices.Clone(r.Audience), slices.Clone(r.Prompt)
	return r
}

func cloneDevice(d grant.Device) grant.Device {
	d.Scopes, d.Audience = slices.Clone(d.Scopes), slices.Clone(d.Audience)
	return d
}
