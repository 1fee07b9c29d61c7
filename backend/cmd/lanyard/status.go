package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"lanyard/backend/diagnosis"
	"lanyard/backend/ledger"
	"lanyard/backend/ownservice"
	"lanyard/backend/signin"
	"lanyard/backend/standing"
)

func statusCommand(t terminal) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "status", Short: "Who is signed in here, until when, and for which tools", Args: usageArgs(cobra.NoArgs),
		Long: "Says for every account here how it stands, what happened, and the one command that helps: active,\n" +
			"offline, expired, deactivated, replaced by another computer, ended elsewhere (and why), keychain locked\n" +
			"or missing. It finishes what was cut off, and says which sign-outs a service is still to be told of.\n" +
			"Exit code 3: nobody is signed in.",
		RunE: func(cmd *cobra.Command, _ []string) error { return status(cmd.Context(), t, asJSON) },
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

// report of status, as --json prints it; names are stable.
type statusReport struct {
	SignedIn bool                `json:"signed_in"`
	Accounts []accountReport     `json:"accounts"`
	Ended    []diagnosis.Ended   `json:"ended"`               // until the next sign-in or sign-out
	Pending  []diagnosis.Pending `json:"pending_revocations"` // sign-outs that a service is still to be told of
	Service  serviceReport       `json:"service"`
	Uses     []diagnosis.Use     `json:"last_uses"` // the newest first
	Pulls    *pullsReport        `json:"docker_hub_pulls,omitempty"`
}

type accountReport struct {
	Server     string     `json:"server"`
	Account    string     `json:"account"`
	Kind       string     `json:"kind"` // session, pasted
	Registries []string   `json:"registries"`
	State      string     `json:"state"`            // active, offline, expired, ended, replaced, deactivated, keychain_locked, keychain_missing, unknown
	Reason     string     `json:"reason,omitempty"` // more than state says: expiring, evicted, deleted, revoked, superseded, reused, disabled, gone
	Detail     string     `json:"detail,omitempty"`
	Command    string     `json:"command,omitempty"` // the one that helps
	LastFour   string     `json:"token_last_four,omitempty"`
	Ends       *time.Time `json:"ends,omitempty"`
	IdleEnds   *time.Time `json:"idle_ends,omitempty"`
	Tools      bool       `json:"docker_set_up"`
	LoggedOut  []string   `json:"logged_out,omitempty"`         // registries that a tool logged out of
	Skew       int64      `json:"clock_skew_seconds,omitempty"` // the service's clock is so far ahead of this computer's
}

type serviceReport struct {
	State      string `json:"state"` // running, stopped
	PublicURL  string `json:"public_url,omitempty"`
	NeedsSetup bool   `json:"needs_setup,omitempty"`
	AtLogin    *bool  `json:"starts_at_login,omitempty"` // absent: not known
}

func status(ctx context.Context, t terminal, asJSON bool) error {
	p, err := newParts(t, false)
	if err != nil {
		return err
	}
	done := t.waitFor("Asking the services")
	p.tidy(ctx, t)
	pulls := p.pullsMeanwhile(ctx)
	report, failed := p.report(ctx)
	done()
	if err := showStatus(t, report, asJSON, pulls); err != nil {
		return err
	}
	if failed == nil && len(report.Accounts) == 0 {
		return signin.ErrNotSignedIn
	}
	return failed
}

// showStatus prints the report. A person sees it before Docker Hub has answered.
func showStatus(t terminal, report statusReport, asJSON bool, pulls func() *pullsReport) error {
	if asJSON {
		report.Pulls = pulls()
		return printJSON(t, report)
	}
	printStatus(t, report)
	if left := pulls(); left != nil {
		fmt.Fprintf(t.Out, "pulls left at Docker Hub: %s\n", left)
	}
	return nil
}

func (p *parts) report(ctx context.Context) (statusReport, error) {
	report := statusReport{Accounts: []accountReport{}, Ended: []diagnosis.Ended{}, Pending: []diagnosis.Pending{}, Service: p.service(ctx), Uses: p.lastUses()}
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
	// Last, as looking may have found something to have ended.
	ended, err := p.computer.Ended()
	for _, e := range ended {
		report.Ended = append(report.Ended, diagnosis.EndedOf(e))
	}
	pending, more := p.computer.Pending()
	for _, r := range pending {
		report.Pending = append(report.Pending, diagnosis.Pending{Server: r.Account.Server, Account: r.Account.Name, Since: r.Since})
	}
	return report, cmp.Or(failed, err, more)
}

func describe(st signin.Status, err error) accountReport {
	one := accountReport{Kind: "session", Server: st.Account.Server, Account: st.Account.Name, Registries: st.Hosts, LastFour: st.LastFour}
	if one.Registries == nil {
		one.Registries = []string{}
	}
	ends, idle := st.Ends()
	one.Ends, one.IdleEnds = known(ends), known(idle)
	state, says := signin.Judge(st, err)
	words := state.Words()
	one.State, one.Detail, one.Command, one.LoggedOut = words.Name, says, words.Command, st.Off
	if string(state) != words.Name {
		one.Reason = string(state)
	}
	if state == standing.Deactivated {
		one.Command += " " + st.Session.Token.UUID
	}
	one.Skew = int64(st.Skew / time.Second)
	return one
}

// acknowledge tells of sessions that had ended before a person signed out, for
// the last time.
func (p *parts) acknowledge(t terminal, server string) {
	told, err := p.computer.Acknowledge(server)
	for _, a := range told {
		t.say("lanyard: the session of %s had ended already; nothing of it is left here", a)
	}
	if err != nil {
		t.say("lanyard: not finished yet: %v", err)
	}
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
	return serviceReport{State: "running", PublicURL: st.PublicURL, NeedsSetup: st.NeedsSetup, AtLogin: p.atLogin(ctx)}
}

// atLogin says whether the system starts the own service at log-in; nil: not
// known. Where it does not, a reboot stops it.
func (p *parts) atLogin(ctx context.Context) *bool {
	a, err := p.own.Automatic(ctx)
	if err != nil {
		return nil
	}
	does := a.Survives()
	return &does
}

func printStatus(t terminal, r statusReport) {
	for _, a := range r.Accounts {
		fmt.Fprintf(t.Out, "%s at %s: %s\n", a.Account, a.Server, heading(a.State, a.Reason))
		sayState(t, a.Detail, a.Command)
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
			if slices.Contains(a.LoggedOut, host) {
				host += ": a tool logged out of it (docker logout), so it is not served; lanyard login serves it again"
			}
			fmt.Fprintf(t.Out, "  registry     %s\n", host)
		}
		if a.Skew != 0 {
			fmt.Fprintf(t.Out, "  clock        this computer's is %s the service's: set it right, or sessions end at the wrong time\n", skew(a.Skew))
		}
		if !a.Tools && len(a.Registries) > 0 {
			fmt.Fprintln(t.Out, "  docker is not set up for it: lanyard docker setup")
		}
	}
	for _, e := range r.Ended {
		fmt.Fprintf(t.Out, "%s at %s: %s, on %s\n", e.Account, e.Server, heading(e.State, e.Reason), signin.Day(e.At))
		sayState(t, e.Detail, e.Command)
	}
	for _, p := range r.Pending {
		fmt.Fprintf(t.Out, "%s at %s: signed out, revocation pending since %s\n", p.Account, p.Server, signin.Day(p.Since))
		fmt.Fprintln(t.Out, "  the next lanyard command that reaches keychain and service carries it out")
	}
	for i, u := range r.Uses {
		name := "last asked:"
		if i > 0 {
			name = ""
		}
		fmt.Fprintf(t.Out, "%-11s %s on %s, for %s: it got %s\n", name, toolName(u.Tool), signin.Day(u.At), ledger.Shown(u.Host), diagnosis.Given(ledger.Use(u)))
	}
	switch r.Service.State {
	case "running":
		fmt.Fprintf(t.Out, "own service: running at %s\n", r.Service.PublicURL)
		if r.Service.NeedsSetup {
			fmt.Fprintln(t.Out, "  it has no account yet: lanyard login sets it up")
		}
		if r.Service.AtLogin != nil && !*r.Service.AtLogin {
			fmt.Fprintln(t.Out, "  a reboot stops it; lanyard service install has it started when you log in")
		}
	default:
		fmt.Fprintf(t.Out, "own service: %s\n", r.Service.State)
	}
}

// heading is a state in words, with what more is known.
func heading(state, reason string) string {
	state = strings.ReplaceAll(state, "_", " ")
	if reason == "" || reason == state {
		return state
	}
	return fmt.Sprintf("%s (%s)", state, reason)
}

func sayState(t terminal, detail, command string) {
	if detail != "" {
		fmt.Fprintf(t.Out, "  %s\n", detail)
	}
	if detail != "" && command != "" {
		fmt.Fprintf(t.Out, "  → %s\n", command)
	}
}

func skew(seconds int64) string {
	by := (time.Duration(seconds) * time.Second).Abs().String()
	if seconds > 0 {
		return by + " behind"
	}
	return by + " ahead of"
}

func printJSON(t terminal, v any) error {
	encoder := json.NewEncoder(t.Out)
	encoder.SetIndent("", "  ")
	return encoder.Encode(v)
}
