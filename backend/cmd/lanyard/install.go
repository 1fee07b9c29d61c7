package main

import (
	"context"
	"errors"
	"fmt"
	"runtime"

	"github.com/spf13/cobra"

	"lanyard/backend/autostart"
	"lanyard/backend/ownservice"
)

// serviceStatusReport is service status --json; names are stable.
type serviceStatusReport struct {
	ownservice.Status
	Automatic ownservice.Automatic `json:"automatic"`
}

// installReport is what install and uninstall print as JSON.
type installReport struct {
	Automatic ownservice.Automatic `json:"automatic"`
	PublicURL string               `json:"public_url,omitempty"`
	PID       int                  `json:"pid,omitempty"`
}

type installOptions struct{ janitor, asJSON, print bool }

func (o installOptions) set() ownservice.Set {
	return ownservice.Set{Service: !o.janitor, Janitor: true}
}

func serviceInstall(t terminal) *cobra.Command {
	var o installOptions
	cmd := &cobra.Command{
		Use: "install", Short: "Have the system start it by itself, and look every hour for what is over", Args: usageArgs(cobra.NoArgs),
		Long: "Writes systemd user units for you, nobody else: the own service runs from log-in on and is started\n" +
			"again if it fails, and a timer runs the janitor, which ends sessions that are over when no other\n" +
			"program of Lanyard runs. A service that runs is handed over with its data and port. What you edit\n" +
			"of the units afterwards is left alone. On other systems, --print shows what to install by hand.",
		Example: "  lanyard service install\n  lanyard service install --janitor    # your registry is elsewhere: the timer alone",
		RunE:    func(cmd *cobra.Command, _ []string) error { return install(cmd.Context(), t, o) },
	}
	cmd.Flags().BoolVar(&o.janitor, "janitor", false, "the timer alone, not the service")
	cmd.Flags().BoolVar(&o.print, "print", false, "print the files and change nothing")
	cmd.Flags().BoolVar(&o.asJSON, "json", false, "print JSON")
	return cmd
}

func install(ctx context.Context, t terminal, o installOptions) error {
	p, err := newParts(t, false)
	if err != nil {
		return err
	}
	if o.print {
		return printFiles(t, p.own, o.set())
	}
	if err := p.own.Install(ctx, o.set()); err != nil {
		return err
	}
	return p.sayInstalled(ctx, t, o.asJSON)
}

// sayInstalled tells what is so now, and what is not and may be wanted.
func (p *parts) sayInstalled(ctx context.Context, t terminal, asJSON bool) error {
	report, err := p.installReport(ctx)
	if err != nil {
		return err
	}
	if asJSON {
		return printJSON(t, report)
	}
	a := report.Automatic
	if a.Service != autostart.Absent {
		fmt.Fprintf(t.Out, "The own service runs at %s, from log-in on (unit lanyard.service, process %d).\n", report.PublicURL, report.PID)
	}
	fmt.Fprintln(t.Out, "Every hour the janitor ends what is over (unit lanyard-janitor.timer).")
	if !a.Lingers {
		t.say("Both end when you log out. To have them from boot on: loginctl enable-linger")
	}
	t.say("To take it away: lanyard service uninstall")
	return nil
}

func (p *parts) installReport(ctx context.Context) (installReport, error) {
	automatic, err := p.own.Automatic(ctx)
	if err != nil {
		return installReport{}, err
	}
	st, err := p.own.Status(ctx)
	if err != nil && !errors.Is(err, ownservice.ErrNotRunning) {
		return installReport{}, err
	}
	return installReport{Automatic: automatic, PublicURL: st.PublicURL, PID: st.PID}, nil
}

func serviceUninstall(t terminal) *cobra.Command {
	var o installOptions
	cmd := &cobra.Command{
		Use: "uninstall", Short: "Take away what install wrote; the service goes on until it is stopped", Args: usageArgs(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			p, err := newParts(t, false)
			if err != nil {
				return err
			}
			if err := p.own.Uninstall(cmd.Context(), o.set()); err != nil {
				return err
			}
			report, err := p.installReport(cmd.Context())
			if err != nil {
				return err
			}
			if o.asJSON {
				return printJSON(t, report)
			}
			fmt.Fprintln(t.Out, "The system starts nothing of Lanyard by itself any more.")
			if report.PID != 0 {
				fmt.Fprintf(t.Out, "The own service goes on at %s until you stop it or log out: lanyard service stop\n", report.PublicURL)
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&o.janitor, "janitor", false, "the timer alone, not the service")
	cmd.Flags().BoolVar(&o.asJSON, "json", false, "print JSON")
	return cmd
}

// sayAutomatic says what a reboot does.
func sayAutomatic(t terminal, a ownservice.Automatic) {
	switch {
	case a.Service == autostart.Absent && a.Unavailable != "":
		fmt.Fprintf(t.Out, "reboot    stops it, and lanyard service start starts it again (%s)\n", a.Unavailable)
	case a.Service == autostart.Absent:
		fmt.Fprintln(t.Out, "reboot    stops it; to have it started by itself: lanyard service install")
	case a.Unavailable != "":
		fmt.Fprintf(t.Out, "reboot    a unit is installed, but %s\n", a.Unavailable)
	case a.Service == autostart.Other:
		fmt.Fprintln(t.Out, "reboot    starts another program, folder or build than this; to renew it: lanyard service install")
	case a.Service == autostart.Edited:
		fmt.Fprintln(t.Out, "reboot    a unit lanyard.service of your own decides; Lanyard leaves it alone")
	case a.Lingers:
		fmt.Fprintln(t.Out, "reboot    starts it by itself")
	default:
		fmt.Fprintln(t.Out, "reboot    starts it when you log in; from boot on: loginctl enable-linger")
	}
	if a.Janitor != autostart.Absent {
		fmt.Fprintln(t.Out, "janitor   every hour")
	}
}

// printFiles shows what install would write, with the commands that make the
// system read it.
func printFiles(t terminal, own *ownservice.Service, want ownservice.Set) error {
	files, err := own.Written(runtime.GOOS, want)
	if err != nil {
		return err
	}
	how := map[string]string{
		"darwin":  "in ~/Library/LaunchAgents; then: launchctl bootstrap gui/$(id -u) ~/Library/LaunchAgents/%s",
		"windows": "anywhere; then: schtasks /Create /TN Lanyard\\%[1]s /XML %[1]s",
	}[runtime.GOOS]
	if how == "" {
		how = "in ~/.config/systemd/user; then: systemctl --user daemon-reload && systemctl --user enable --now %s"
	}
	for i, f := range files {
		if i > 0 {
			fmt.Fprintln(t.Out)
		}
		t.say("%s, "+how, f.Name, f.Name)
		fmt.Fprint(t.Out, f.Text)
	}
	return nil
}

// askAutomatic asks, once and never by --yes, whether the system may start the
// own service by itself. What goes wrong is told: the sign-in stands.
func (p *parts) askAutomatic(ctx context.Context, t terminal) {
	if !t.person() || !p.own.MayAsk(ctx) {
		return
	}
	yes := ask(t, "Shall the system start your own registry by itself when you log in? (Else a reboot stops it, and pulls from it fail until lanyard service start.)")
	err := p.own.NoteAsked()
	if yes {
		err = errors.Join(err, p.own.Install(ctx, ownservice.Set{Service: true, Janitor: true}))
	}
	switch {
	case err != nil:
		t.say("lanyard: %v", err)
	case yes:
		if err := p.sayInstalled(ctx, t, false); err != nil {
			t.say("lanyard: %v", err)
		}
	default:
		t.say("You are not asked again. To have it later: lanyard service install")
	}
}
