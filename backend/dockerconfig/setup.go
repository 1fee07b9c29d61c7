package dockerconfig

import (
	"context"
	"errors"
)

// SetUp makes the account's shell find the helper, and only then gives it the
// hosts: a file that names a helper which docker cannot find fails every pull.
// Without consent to a copy (mayCopy) it is a NotFoundError with the Offer; a
// copy of an older version was agreed to before. When it fails, helper and
// file are as they were.
func SetUp(ctx context.Context, f File, h Helper, hosts []string, mayCopy bool) (Change, error) {
	return setUp(ctx, f, h, hosts, mayCopy, f.Use)
}

// SetUpMore is SetUp of hosts beside those of before.
func SetUpMore(ctx context.Context, f File, h Helper, hosts []string, mayCopy bool) (Change, error) {
	return setUp(ctx, f, h, hosts, mayCopy, f.Add)
}

func setUp(ctx context.Context, f File, h Helper, hosts []string, mayCopy bool, use func([]string) (Change, error)) (Change, error) {
	if _, err := f.Plan(hosts); err != nil { // before anything is copied
		return Change{}, err
	}
	o, found, err := h.offer(ctx)
	if err != nil {
		return Change{}, err
	}
	copies := o.Path != ""
	switch {
	case copies && !o.Update && !mayCopy:
		return Change{}, &NotFoundError{Shell: found.Shell, Offer: o, Line: o.Line, File: o.File}
	case copies:
		if _, err := h.Install(ctx); err != nil {
			return Change{}, err
		}
	}
	c, err := use(hosts)
	if err != nil && copies && !o.Update {
		err = errors.Join(err, h.Undo())
	}
	return c, err
}

// TakeDown undoes SetUp for one file, and for the helper once no file on record needs it.
func TakeDown(f File, h Helper) (Change, error) {
	c, err := f.Undo()
	if err != nil {
		return c, err
	}
	others, err := Recorded(f.Journal)
	if err != nil || len(others) > 0 {
		return c, err
	}
	return c, h.Undo()
}
