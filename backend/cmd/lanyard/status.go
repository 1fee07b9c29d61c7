package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"lanyard/backend/client"
	"lanyard/backend/ownservice"
	"lanyard/backend/signin"
)

func statusCommand(t terminal) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "status", Short: "Who is signed in here, until when, and for which tools", Args: usageArgs(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error { return status(cmd.Context(), t, asJSON) },
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

// report of status, as --json prints it; names are stable.
type statusReport struct {
	SignedIn bool            `json:"signed_in"`
	Accounts []accountReport `json:"accounts"`
	Service  serviceReport   `json:"service"`
}

type accountReport struct {
	Server     string     `json:"server"`
	Account    string     `json:"account"`
	Registries []string   `json:"registries"`
	State      string     `json:"state"` // active, offline, ended, replaced, deactivated
	Detail     string     `json:"detail,omitempty"`
	LastFour   string     `json:"token_last_four,omitempty"`
	Ends       *time.Time `json:"ends,omitempty"`
	IdleEnds   *time.Time `json:"idle_ends,omitempty"`
	Tools      bool       `json:"docker_set_up"`
}

type serviceReport struct {
	State      string `json:"state"` // running, stopped
	PublicURL  string `json:"public_url,omitempty"`
	NeedsSetup bool   `json:"needs_setup,omitempty"`
}

func status(ctx context.Context, t terminal, asJSON bool) error {
	p, err := newParts(t, false)
	if err != nil {
		return err
	}
	p.tidy(ctx, t)
	report, failed := p.report(ctx)
	if asJSON {
		if err := printJSON(t, report); err != nil {
			return err
		}
	} else {
		printStatus(t, report)
	}
	if failed == nil && len(report.Accounts) == 0 {
		return signin.ErrNotSignedIn
	}
	return failed
}

func (p *parts) report(ctx context.Context) (statusReport, error) {
	report := statusReport{Accounts: []accountReport{}, Service: p.service(ctx)}
	accounts, err := p.computer.Accounts()
	if err != nil {
		return report, err
	}
	set := map[string]bool{}
	if st, err := p.docker.File.Status(); err == nil {
		for _, host := range st.Hosts {
			set[host] = true
		}
	}
	var failed error
	for _, a := range accounts {
		st, err := p.computer.Look(ctx, a, true)
		one := describe(st, err)
		one.Tools = len(st.Hosts) > 0
		for _, host := range st.Hosts {
			one.Tools = one.Tools && set[host]
		}
		report.SignedIn = report.SignedIn || one.State == "active" || one.State == "offline"
		report.Accounts = append(report.Accounts, one)
		if err != nil && failed == nil {
			failed = err
		}
	}
	return report, failed
}

func describe(st signin.Status, err error) accountReport {
	one := accountReport{Server: st.Account.Server, Account: st.Account.Name, Registries: st.Hosts, LastFour: st.LastFour, State: "active"}
	if one.Registries == nil {
		one.Registries = []string{}
	}
	if !st.Life.Ends.IsZero() {
		one.Ends = &st.Life.Ends
	}
	if end, ok := st.Life.End(); ok {
		one.IdleEnds = &end
	}
	switch {
	case errors.Is(err, client.ErrEnded):
		one.State, one.Detail = "ended", "the session has ended at the service; sign in again: lanyard login"
	case err != nil:
		one.State, one.Detail = "unknown", err.Error()
	case st.Offline != nil:
		one.State, one.Detail = "offline", "the service does not answer; the token is kept and its end is counted here"
	case st.Session != nil:
		one.Ends, one.IdleEnds = &st.Session.Ends, &st.Session.IdleBy
		one.State, one.Detail = fate(st.Session)
	}
	return one
}

// fate puts in words what became of this computer's token.
func fate(s *client.Session) (state, detail string) {
	switch {
	case s.Token != nil && !s.Token.Active:
		return "deactivated", "this computer's token was deactivated; activate it: lanyard token activate " + s.Token.UUID
	case s.Token != nil:
		return "active", ""
	case s.TokenLost != nil && s.TokenLost.Fate == "evicted":
		by := s.TokenLost.By
		if by == "" {
			by = "another computer"
		}
		return "replaced", fmt.Sprintf("this computer's token gave way to %s on %s (an account has at most five); take its place again: lanyard login", by, day(s.TokenLost.At))
	}
	return "replaced", "this computer has no token at the service; make one: lanyard login"
}

func (p *parts) service(ctx context.Context) serviceReport {
	st, err := p.own.Status(ctx)
	if errors.Is(err, ownservice.ErrNotRunning) {
		return serviceReport{State: "stopped"}
	}
	if err != nil {
		return serviceReport{State: "unknown"}
	}
	return serviceReport{State: "running", PublicURL: st.PublicURL, NeedsSetup: st.NeedsSetup}
}

func printStatus(t terminal, r statusReport) {
	for _, a := range r.Accounts {
		fmt.Fprintf(t.Out, "%s at %s: %s\n", a.Account, a.Server, a.State)
		if a.Detail != "" {
			fmt.Fprintf(t.Out, "  %s\n", a.Detail)
		}
		if a.LastFour != "" {
			fmt.Fprintf(t.Out, "  token        …%s (Read, Write, Delete)\n", a.LastFour)
		}
		if a.Ends != nil {
			fmt.Fprintf(t.Out, "  session ends %s\n", day(*a.Ends))
		}
		if a.IdleEnds != nil {
			fmt.Fprintf(t.Out, "  if unused    %s\n", day(*a.IdleEnds))
		}
		for _, host := range a.Registries {
			fmt.Fprintf(t.Out, "  registry     %s\n", host)
		}
		if !a.Tools && len(a.Registries) > 0 {
			fmt.Fprintln(t.Out, "  docker is not set up for it: lanyard docker setup")
		}
	}
	switch r.Service.State {
	case "running":
		fmt.Fprintf(t.Out, "own service: running at %s\n", r.Service.PublicURL)
		if r.Service.NeedsSetup {
			fmt.Fprintln(t.Out, "  it has no account yet: lanyard login sets it up")
		}
	default:
		fmt.Fprintf(t.Out, "own service: %s\n", r.Service.State)
	}
}

func printJSON(t terminal, v any) error {
	encoder := json.NewEncoder(t.Out)
	encoder.SetIndent("", "  ")
	return encoder.Encode(v)
}
