package keychain

import (
	"context"
	"errors"
	"time"

	"github.com/godbus/dbus/v5"
)

const (
	ssPrompt = "org.freedesktop.Secret.Prompt"
	// takeBack is how long a prompt may take to go away.
	takeBack = 500 * time.Millisecond
)

// unlock has the service ask the person, and takes the question back when ctx
// ends: gnome-keyring leaves it on the screen when whoever asked is gone, and
// go-keyring never takes it back. Whether the keychain is open then is for the
// caller to look.
func unlock(ctx context.Context) error {
	r, end, err := openFor(ctx)
	if err != nil {
		return err
	}
	defer end()
	collection, locked, err := r.target()
	if err != nil || !locked {
		return err
	}
	var opened []dbus.ObjectPath
	var prompt dbus.ObjectPath
	if err := r.finish(r.start(ssPath, ssService+".Unlock", []dbus.ObjectPath{collection}), &opened, &prompt); err != nil {
		return err
	}
	if prompt == "/" {
		return nil
	}
	return r.ask(prompt)
}

// openFor is open with a connection that outlives ctx, so that a prompt can be
// taken back then. Calls end with ctx all the same.
func openFor(ctx context.Context) (*reader, func(), error) {
	life, end := context.WithCancel(context.WithoutCancel(ctx))
	opening := context.AfterFunc(ctx, end)
	r, err := open(life)
	if !opening() {
		err = errors.Join(err, ctx.Err())
	}
	if err != nil {
		end()
		return nil, nil, inTime(ctx, err)
	}
	r.ctx = ctx
	return r, func() { r.close(); end() }, nil
}

// ask shows a prompt and waits until it is completed, or takes it back.
func (r *reader) ask(prompt dbus.ObjectPath) error {
	signals := make(chan *dbus.Signal, 16)
	r.conn.Signal(signals)
	const match = "type='signal',interface='" + ssPrompt + "',member='Completed'"
	if err := r.finish(r.conn.BusObject().Go("org.freedesktop.DBus.AddMatch", 0, nil, match)); err != nil {
		return err
	}
	shown := r.finish(r.start(prompt, ssPrompt+".Prompt", ""))
	for shown == nil {
		select {
		case signal, open := <-signals:
			if !open {
				return ErrNoService
			}
			if signal.Path == prompt && signal.Name == ssPrompt+".Completed" {
				// KeePassXC (2.7.4) may crash if whoever asked is gone at
				// once; its answer to another call tells that it is done.
				_ = r.finish(r.start(ssPath, peerPing))
				return nil
			}
		case <-r.ctx.Done():
			shown = inTime(r.ctx, r.ctx.Err())
		}
	}
	var cancel context.CancelFunc
	r.ctx, cancel = context.WithTimeout(context.WithoutCancel(r.ctx), takeBack)
	defer cancel()
	_ = r.finish(r.start(prompt, ssPrompt+".Dismiss"))
	return shown
}
