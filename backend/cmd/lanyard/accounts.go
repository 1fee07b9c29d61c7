package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"lanyard/backend/diagnosis"
	"lanyard/backend/signin"
)

func accountsCommand(t terminal) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "accounts", Short: "The accounts on this computer, and which one each registry gets", Args: usageArgs(cobra.NoArgs),
		Long: "Lists every account that is signed in here, at whichever server, and every token that was pasted.\n" +
			"Each registry gets one of them, the active one (marked *); switch makes another the active one at once.\n" +
			"It asks no server: lanyard status does.",
		Example: "  lanyard accounts\n  lanyard accounts switch ada\n  lanyard accounts switch ada@https://registry.example --registry registry.example",
		RunE:    func(cmd *cobra.Command, _ []string) error { return listAccounts(cmd.Context(), t, asJSON) },
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	cmd.AddCommand(accountsSwitch(t))
	return cmd
}

func listAccounts(ctx context.Context, t terminal, asJSON bool) error {
	p, err := newParts(t, false)
	if err != nil {
		return err
	}
	p.tidy(ctx, t)
	all, err := p.computer.Known()
	if err != nil {
		return err
	}
	views := make([]diagnosis.Account, 0, len(all))
	for _, k := range all {
		views = append(views, p.looks().Account(ctx, k))
	}
	if asJSON {
		if err := printJSON(t, views); err != nil {
			return err
		}
	} else if err := printAccounts(t, views); err != nil {
		return err
	}
	if len(all) == 0 {
		return signin.ErrNotSignedIn
	}
	return nil
}

func printAccounts(t terminal, views []diagnosis.Account) error {
	if len(views) == 0 {
		return nil
	}
	b := t.table(" ", "ACCOUNT", "SERVER", "KIND", "STATE", "REGISTRIES", "ENDS")
	for _, v := range views {
		mark, hosts := " ", []string{}
		for _, r := range v.Registries {
			host := r.Host
			switch {
			case r.LoggedOut:
				host += " (logged out by a tool)"
			case r.Active:
				mark, host = "*", host+"*"
			}
			hosts = append(hosts, host)
		}
		b.row(mark, v.Name, v.Server, v.Kind, strings.ReplaceAll(v.State, "_", " "), strings.Join(hosts, ", "), when(v.Ends))
	}
	return b.print()
}

func accountsSwitch(t terminal) *cobra.Command {
	var registry string
	var asJSON, yes bool
	cmd := &cobra.Command{
		Use: "switch NAME", Short: "Let another account answer for its registries", Args: usageArgs(cobra.ExactArgs(1)),
		Long: "Makes the account the active one at the registries of its server, or at --registry alone. Tools that\n" +
			"run now keep what they have; the next one that asks gets the other account. NAME is an account's name,\n" +
			"or NAME@SERVER where a name is at two servers.",
		RunE: func(cmd *cobra.Command, args []string) error {
			p, err := newParts(t, false)
			if err != nil {
				return err
			}
			all, err := p.computer.Known()
			if err != nil {
				return err
			}
			k, err := signin.Named(all, args[0])
			if err != nil {
				return err
			}
			p.docker.MayCopy = yes
			hosts, err := p.computer.Switch(cmd.Context(), k, registry)
			tools := err
			if err != nil && !errors.Is(err, signin.ErrTools) {
				return err
			}
			if asJSON {
				k, err = signin.Named(knownNow(p, all), k.Ref())
				if err != nil {
					return err
				}
				return printJSON(t, p.looks().Account(cmd.Context(), k))
			}
			fmt.Fprintf(t.Out, "%s now gets %s.\n", strings.Join(hosts, ", "), k.Ref())
			if tools != nil {
				return p.settleTools(cmd.Context(), t, tools, k.Account, hosts)
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&registry, "registry", "", "switch at this registry alone")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	cmd.Flags().BoolVarP(&yes, "yes", "y", false, "agree to a copy of the credential helper where the shell does not find it")
	cmd.ValidArgsFunction = completeAccount(t)
	return cmd
}

// completeAccount offers the accounts of this computer, by the shortest name
// that is one account's. It reads the state alone, so no keychain can prompt.
func completeAccount(t terminal) cobra.CompletionFunc {
	return func(_ *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
		if len(args) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		p, err := newParts(t, false)
		if err != nil {
			return nil, cobra.ShellCompDirectiveError
		}
		all, err := p.computer.Known()
		if err != nil {
			return nil, cobra.ShellCompDirectiveError
		}
		var names []cobra.Completion
		for _, k := range all {
			name := k.Name
			if found, err := signin.Named(all, name); err != nil || found.Account != k.Account {
				name = k.Ref()
			}
			names = append(names, cobra.CompletionWithDesc(name, "at "+k.Server))
		}
		return names, cobra.ShellCompDirectiveNoFileComp
	}
}

// knownNow are the accounts as they are now, or before where that fails.
func knownNow(p *parts, before []signin.Known) []signin.Known {
	if now, err := p.computer.Known(); err == nil {
		return now
	}
	return before
}

// whom are the accounts that a logout is for: the one that is named; with all,
// everyone; else the one that there is, or the one that is no pasted token.
// Between several nobody chooses but the person.
func (p *parts) whom(args []string, server string, all bool) ([]signin.Known, error) {
	known, err := p.computer.Known()
	if err != nil {
		return nil, err
	}
	if server != "" {
		known = slices.DeleteFunc(known, func(k signin.Known) bool { return !k.At(server) })
	}
	switch {
	case len(known) == 0:
		return nil, signin.ErrNotSignedIn
	case all:
		return known, nil
	case len(args) == 1:
		k, err := signin.Named(known, args[0])
		return []signin.Known{k}, err
	case len(known) == 1:
		return known, nil
	}
	sessions := slices.DeleteFunc(slices.Clone(known), func(k signin.Known) bool { return k.Pasted })
	if len(sessions) == 1 {
		return sessions, nil
	}
	var refs []string
	for _, k := range known {
		refs = append(refs, k.Ref())
	}
	return nil, fmt.Errorf("%w: several accounts are signed in here; say which, or --all: %s", signin.ErrAmbiguous, strings.Join(refs, ", "))
}

// discard removes a pasted token and says what is still alive.
func (p *parts) discard(ctx context.Context, t terminal, k signin.Known) (signin.Receipt, error) {
	r, err := p.computer.Discard(ctx, k.Account)
	t.interrupt()
	if err != nil {
		return r, err
	}
	fmt.Fprintf(t.Out, "Signed out: %s\n", k.Account)
	token := "the token"
	if r.LastFour != "" {
		token += " …" + r.LastFour
	}
	fmt.Fprintf(t.Out, "  %s: removed from the keychain\n", token)
	fmt.Fprintf(t.Out, "  the token itself stays valid at %s; delete it there", k.Server)
	if page := signin.TokenPage(k.Server); page != "" {
		fmt.Fprintf(t.Out, ": %s", page)
	}
	fmt.Fprintln(t.Out)
	if r.Tools != nil {
		return r, fmt.Errorf("signed out, but docker's configuration was not put back: %w", r.Tools)
	}
	return r, nil
}

// sayWaiting tells of accounts that could take over hosts; none does so by itself.
func (p *parts) sayWaiting(t terminal, hosts []string) {
	all, err := p.computer.Known()
	if err != nil {
		return // what was asked for is done
	}
	for _, k := range signin.Waiting(all, hosts) {
		t.say("  %s is still signed in here, and answers for nothing now; to use it: lanyard accounts switch %s", k.Account, k.Ref())
	}
}

// pastedReports are the pasted tokens in status, with a reminder of their end.
func (p *parts) pastedReports(ctx context.Context, set map[string]bool, now time.Time) []accountReport {
	all, err := p.computer.Known()
	if err != nil {
		return nil // said of the others already
	}
	var reports []accountReport
	for _, k := range all {
		if !k.Pasted {
			continue
		}
		st, err := p.computer.Look(ctx, k.Account, false)
		one := describe(st, err)
		one.Kind, one.IdleEnds, one.Tools = "pasted", nil, len(k.Active) > 0
		for _, host := range k.Active {
			one.Tools = one.Tools && set[host]
		}
		if one.Ends != nil && one.Ends.Sub(now) < signin.RemindWithin {
			one.Detail = strings.TrimPrefix(one.Detail+fmt.Sprintf("; the token ends on %s: make another at %s and paste it", signin.Day(*one.Ends), k.Server), "; ")
		}
		reports = append(reports, one)
	}
	return reports
}
