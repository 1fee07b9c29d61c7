package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

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
	Kind       string     `json:"kind"` // session, pasted
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
	for _, one := range p.pastedReports(ctx, set, time.Now()) {
		report.SignedIn = report.SignedIn || one.State == "active"
		report.Accounts = append(report.Accounts, one)
	}
	return report, failed
}

func describe(st signin.Status, err error) accountReport {
	one := accountReport{Kind: "session", Server: st.Account.Server, Account: st.Account.Name, Registries: st.Hosts, LastFour: st.LastFour}
	if one.Registries == nil {
		one.Registries = []string{}
	}
	ends, idle := st.Ends()
	one.Ends, one.IdleEnds = known(ends), known(idle)
	standing, happened := signin.Judge(st, err)
	one.Detail = happened
	switch one.State = string(standing); standing {
	case signin.Locked, signin.Missing:
		one.State = "unknown"
	case signin.Ended:
		one.Detail += "; sign in again: lanyard login"
	case signin.Deactivated:
		one.Detail += "; activate it: lanyard token activate " + st.Session.Token.UUID
	case signin.Replaced:
		one.Detail += "; make it anew: lanyard login"
	}
	return one
}

// known is nil for a time that is not.
func known(at time.Time) *time.Time {
	if at.IsZero() {
		return nil
	}
	return &at
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
			rights := " (Read, Write, Delete)"
			if a.Kind == "pasted" {
				rights = " (pasted)"
			}
			fmt.Fprintf(t.Out, "  token        …%s%s\n", a.LastFour, rights)
		}
		if a.Ends != nil {
			fmt.Fprintf(t.Out, "  %-12s %s\n", map[string]string{"session": "session ends", "pasted": "token ends"}[a.Kind], signin.Day(*a.Ends))
		}
		if a.IdleEnds != nil {
			fmt.Fprintf(t.Out, "  if unused    %s\n", signin.Day(*a.IdleEnds))
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
