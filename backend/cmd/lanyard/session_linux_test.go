package main

import (
	"context"
	"errors"
	"sync/atomic"

	"github.com/rogpeppe/go-internal/testscript"

	"lanyard/backend/activity"
	"lanyard/backend/e2e/service"
	"lanyard/backend/grant"
	"lanyard/backend/token"
)

// reachable is a service that a script can cut off.
type reachable struct {
	*service.Service
	cut atomic.Bool
}

func serviceOf(ts *testscript.TestScript, name string) *reachable {
	s := at(ts).services[name]
	if s == nil {
		ts.Fatalf("no service %s", name)
	}
	return s
}

// network cut|back SERVICE: the service cannot be reached, or can again.
func network(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 2 || args[0] != "cut" && args[0] != "back" {
		ts.Fatalf("usage: network cut|back SERVICE")
	}
	serviceOf(ts, args[1]).cut.Store(args[0] == "cut")
}

// person PERSON deactivates|activates|deletes|revokes|disabled|enabled SERVICE:
// what somebody does elsewhere to the tokens, sessions or account of PERSON.
func person(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 3 {
		ts.Fatalf("usage: person PERSON deactivates|activates|deletes|revokes|disabled|enabled SERVICE")
	}
	s, ctx := serviceOf(ts, args[2]), context.Background()
	a, err := s.Accounts().ByLogin(ctx, args[0])
	ts.Check(err)
	tokens := &token.Service{Store: s.Store, Limits: token.DefaultLimits(), Now: s.Now}
	change := func(active bool) error {
		held, err := tokens.List(ctx, a.ID)
		for _, t := range held {
			_, failed := tokens.Change(ctx, a.ID, t.ID, token.Patch{Active: &active}, activity.By{})
			err = errors.Join(err, failed)
		}
		return err
	}
	switch args[1] {
	case "deactivates":
		err = change(false)
	case "activates":
		err = change(true)
	case "deletes":
		held, failed := tokens.List(ctx, a.ID)
		err = failed
		for _, t := range held {
			err = errors.Join(err, tokens.Delete(ctx, a.ID, activity.By{}, t.ID))
		}
	case "revokes":
		sessions, failed := s.Store.SessionsOf(ctx, a.ID)
		err = failed
		for _, one := range sessions {
			err = errors.Join(err, s.Store.ChangeSession(ctx, one.ID, func(one grant.Session) (grant.Session, error) {
				return one.End(grant.WhySignedOut, s.Now()), nil
			}))
		}
	case "disabled", "enabled":
		err = s.Accounts().SetDisabled(ctx, a.ID, args[1] == "disabled")
	default:
		ts.Fatalf("what is %q?", args[1])
	}
	ts.Check(err)
}
