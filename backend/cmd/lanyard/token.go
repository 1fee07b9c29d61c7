package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"lanyard/backend/client"
	"lanyard/backend/signin"
)

func tokenCommand(t terminal) *cobra.Command {
	var w whose
	cmd := group("token", "Personal access tokens: list, create, show, change, rotate, delete",
		tokenList(t, &w), tokenCreate(t, &w), tokenShow(t, &w), tokenRename(t, &w), tokenScopes(t, &w),
		tokenSet(t, &w, "deactivate", "Refuse tokens until they are activated again", client.Deactivate),
		tokenSet(t, &w, "activate", "Accept deactivated tokens again", client.Activate),
		tokenDelete(t, &w), tokenRotate(t, &w), tokenWhich(t, &w),
		tokenPin(t, &w, "pin", "Keep an auto-generated token from giving way to a sixth computer", true),
		tokenPin(t, &w, "unpin", "Let a pinned token give way again", false),
	)
	cmd.Long = "Manages the tokens of the account that is signed in here; with several accounts, of the one --account names.\n" +
		"An administrator manages another person's with --user, which both find in their activity.\n" +
		"A TOKEN is named by its id, by the beginning of it (4 characters or more), or by its whole description."
	cmd.PersistentFlags().StringVar(&w.account, "account", "", "the account, as NAME or NAME@SERVER (default: the one that is signed in)")
	cmd.PersistentFlags().StringVar(&w.user, "user", "", "another person's tokens, for administrators")
	return cmd
}

// whose tokens a command is about.
type whose struct {
	account string // signed in here; "": the one there is
	user    string // another person there; "": the account itself
}

// withHolder runs do for whoever's tokens are meant.
func withHolder(ctx context.Context, t terminal, w whose, do func(signin.Access, client.Holder) error) error {
	return withAccess(ctx, t, w.account, func(a signin.Access) error {
		if w.user != "" {
			if err := lanyardOnly(a, "--user"); err != nil {
				return err
			}
		}
		return do(a, a.Server.Holder(a.Token, w.user))
	})
}

// withService is withAccess for what Docker Hub has elsewhere.
func withService(ctx context.Context, t terminal, name, what string, do func(signin.Access) error) error {
	return withAccess(ctx, t, name, func(a signin.Access) error {
		if err := lanyardOnly(a, what); err != nil {
			return err
		}
		return do(a)
	})
}

// lanyardOnly refuses for Docker Hub what it does not have, or not so.
func lanyardOnly(a signin.Access, what string) error {
	if atHub(a) {
		return usagef("%s is for a Lanyard service; Docker Hub has its own pages for that: https://hub.docker.com", what)
	}
	return nil
}

func atHub(a signin.Access) bool { return a.Server.URL == client.HubURL }

// withAccess runs do for the session of an account; name "": of the one there is.
func withAccess(ctx context.Context, t terminal, name string, do func(signin.Access) error) error {
	p, err := newParts(t, false)
	if err != nil {
		return err
	}
	defer t.waitFor("Asking the service")()
	p.tidy(ctx, t)
	account, err := p.session(name)
	if err != nil {
		return err
	}
	done := t.waitFor("Asking %s", account.Server)
	defer done()
	access, err := p.computer.Access(ctx, account)
	if err != nil {
		return err
	}
	return do(access)
}

// session finds the account whose tokens are meant. Between several that
// answer for a registry nobody chooses but the person.
func (p *parts) session(name string) (signin.Account, error) {
	all, err := p.computer.Known()
	if err != nil {
		return signin.Account{}, err
	}
	if name != "" {
		k, err := signin.Named(all, name)
		if err == nil && k.Pasted {
			err = usagef("the token of %s was pasted: its registry alone lists and makes tokens %s", k.Ref(), signin.TokenPage(k.Server))
		}
		return k.Account, err
	}
	sessions := slices.DeleteFunc(all, func(k signin.Known) bool { return k.Pasted })
	if active := slices.DeleteFunc(slices.Clone(sessions), func(k signin.Known) bool { return len(k.Active) == 0 }); len(active) > 0 {
		sessions = active
	}
	switch len(sessions) {
	case 0:
		return signin.Account{}, signin.ErrNotSignedIn
	case 1:
		return sessions[0].Account, nil
	}
	var refs []string
	for _, k := range sessions {
		refs = append(refs, k.Ref())
	}
	return signin.Account{}, fmt.Errorf("%w: several accounts are signed in here; say which: --account %s", signin.ErrAmbiguous, strings.Join(refs, " or --account "))
}
