package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"lanyard/backend/doctor"
	"lanyard/backend/ledger"
	"lanyard/backend/signin"
	"lanyard/backend/tool"
)

func reportCommand(t terminal) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "report", Short: "All that helps to find a fault, without a secret", Args: usageArgs(cobra.NoArgs),
		Long: "Prints what somebody needs who looks for a fault: versions, the keychain, the modes of files, the accounts with\n" +
			"the last four characters of their tokens, what tools asked lately, and what lanyard docker doctor finds. It holds\n" +
			"no password, token or key, opens nothing that is locked, and asks no server. It does name accounts, servers and\n" +
			"registries: read it before you send it.",
		Example: "  lanyard report > report.txt",
		RunE: func(cmd *cobra.Command, _ []string) error {
			d := diagnose(cmd.Context(), t, time.Now())
			if asJSON {
				return printJSON(t, d)
			}
			d.print(t)
			return nil
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

// diagnosis is what report prints; names are stable. What could not be learned
// is among Problems: a report is most wanted where things are broken.
type diagnosis struct {
	At        time.Time        `json:"at"`
	Version   string           `json:"version"`
	Go        string           `json:"go"`
	System    string           `json:"system"`
	Variables []string         `json:"variables"` // that are set, by name; their values may be anything
	Files     []fileMode       `json:"files"`
	Keychain  *keychainReport  `json:"keychain"`
	Accounts  []accountView    `json:"accounts"`
	Ended     []endedReport    `json:"ended"`
	Pending   []pendingReport  `json:"pending_revocations"`
	Uses      []useView        `json:"uses"`
	Service   serviceDiagnosis `json:"service"`
	Tools     []tool.Tool      `json:"tools"`
	Findings  []findingReport  `json:"findings"`
	Problems  []string         `json:"problems"`
}

type fileMode struct {
	Path string `json:"path"`
	Mode string `json:"mode"`
	Size int64  `json:"size"`
}

type serviceDiagnosis struct {
	State   string `json:"state"` // running, stopped, unknown
	Version string `json:"version,omitempty"`
	URL     string `json:"public_url,omitempty"`
	AtLogin *bool  `json:"starts_at_login,omitempty"`
}

type findingReport struct {
	ID     string        `json:"id"`
	Weight doctor.Weight `json:"weight"`
	What   string        `json:"what"`
}

// usesShown is how many of the ledger's lines are in a report.
const usesShown = 10

// variables decide where things are looked for, and whether they are found.
var variables = []string{
	"LANYARD_HOME", "LANYARD_AS", "DOCKER_CONFIG", "DOCKER_AUTH_CONFIG", "REGISTRY_AUTH_FILE", "DBUS_SESSION_BUS_ADDRESS", "XDG_RUNTIME_DIR",
	"XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_DATA_HOME", "DISPLAY", "WAYLAND_DISPLAY", "SSH_CONNECTION", "CREDENTIALS_DIRECTORY",
	"LANYARD_KEYCHAIN_KEY", "HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY", "SUDO_USER", "WSL_DISTRO_NAME", "CI",
}

func diagnose(ctx context.Context, t terminal, now time.Time) diagnosis {
	d := diagnosis{
		At: now.UTC().Truncate(time.Second), Version: version, Go: runtime.Version(), System: runtime.GOOS + "/" + runtime.GOARCH,
		Variables: []string{}, Files: []fileMode{}, Accounts: []accountView{}, Ended: []endedReport{}, Pending: []pendingReport{},
		Uses: []useView{}, Tools: []tool.Tool{}, Findings: []findingReport{}, Problems: []string{}, Service: serviceDiagnosis{State: "unknown"},
	}
	for _, name := range variables {
		if t.Getenv(name) != "" {
			d.Variables = append(d.Variables, name)
		}
	}
	p, err := newParts(t, false)
	if err != nil {
		d.failed("this computer", err)
		d.clean()
		return d
	}
	defer t.waitFor("Looking at this computer")()
	d.files(p.computer.Dirs.Config, p.computer.Dirs.State, p.docker.File.Path)
	d.keychain(ctx, p)
	d.sessions(ctx, p)
	d.ledger(p.computer.Dirs.State)
	d.service(ctx, p)
	d.doctor(ctx, p)
	d.clean()
	return d
}

func (d *diagnosis) failed(what string, err error) {
	if err != nil {
		d.Problems = append(d.Problems, what+": "+err.Error())
	}
}

// files notes the modes of what lies there; nothing is opened.
func (d *diagnosis) files(places ...string) {
	for _, place := range places {
		err := filepath.WalkDir(place, func(path string, _ fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			info, err := os.Lstat(path)
			if err == nil {
				d.Files = append(d.Files, fileMode{path, info.Mode().String(), info.Size()})
			}
			if len(d.Files) >= 200 {
				return fs.SkipAll
			}
			return err
		})
		if !errors.Is(err, fs.ErrNotExist) {
			d.failed("files", err)
		}
	}
}

func (d *diagnosis) keychain(ctx context.Context, p *parts) {
	settings, err := p.computer.Dirs.SettingsFile().Load()
	d.failed("settings", err)
	if err != nil {
		return
	}
	s, err := p.computer.Keychain.Standing(ctx)
	d.failed("keychain", err)
	if err == nil {
		r := reportKeychain(s, settings)
		d.Keychain = &r
	}
}

func (d *diagnosis) sessions(ctx context.Context, p *parts) {
	all, err := p.computer.Known()
	d.failed("accounts", err)
	for _, k := range all {
		d.Accounts = append(d.Accounts, p.view(ctx, k))
	}
	ended, err := p.computer.Ended()
	d.failed("ended sessions", err)
	for _, e := range ended {
		w := e.State.Words()
		d.Ended = append(d.Ended, endedReport{e.Account.Server, e.Account.Name, w.Name, string(e.State), w.Says, w.Command, e.At})
	}
	pending, err := p.computer.Pending()
	d.failed("pending sign-outs", err)
	for _, r := range pending {
		d.Pending = append(d.Pending, pendingReport{r.Account.Server, r.Account.Name, r.Since})
	}
}

// ledger takes the last uses, without the folders that they were made in.
func (d *diagnosis) ledger(state string) {
	all, err := ledger.Ledger{Dir: state}.Read(usesShown)
	d.failed("uses", err)
	for _, u := range all {
		u.Folder, u.Tool = "", filepath.Base(u.Tool)
		d.Uses = append(d.Uses, useView(u))
	}
}

func (d *diagnosis) service(ctx context.Context, p *parts) {
	known := p.service(ctx)
	d.Service.State, d.Service.URL, d.Service.AtLogin = known.State, known.PublicURL, known.AtLogin
	if st, err := p.own.Status(ctx); err == nil {
		d.Service.Version = st.Version
	} else if known.State == "unknown" {
		d.failed("own service", err)
	}
}

// doctor has the tools' files looked at; no look-up is made, and no registry asked.
func (d *diagnosis) doctor(ctx context.Context, p *parts) {
	src, err := p.sources()
	d.failed("tools", err)
	if err != nil {
		return
	}
	seen := doctor.Gather(ctx, src)
	d.Tools = append(d.Tools, seen.Tools...)
	for _, f := range doctor.Examine(seen) {
		d.Findings = append(d.Findings, findingReport{f.ID, f.Weight, f.What})
	}
}

// secrets are forms that a secret may have: a net under what is written here
// on purpose, as names and messages are other people's texts.
var secrets = regexp.MustCompile(`lyd_[a-z]+_[^\s"'/:,;]+|(?:dckr_[po]at|gh[pousr]|github_pat|glpat|npm|xox[a-z])[_-][A-Za-z0-9_.-]{6,}|eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_.-]+|AGE-SECRET-KEY-1[A-Za-z0-9]+|(?i:bearer|basic) [A-Za-z0-9+/=_.-]{8,}`)

// userinfo is a name with a password, as in an address.
var userinfo = regexp.MustCompile(`(://)[^/\s"@]*@|[^\s/:@"]+:[^\s/@"]+@`)

func scrub(text string) string {
	return userinfo.ReplaceAllString(secrets.ReplaceAllString(text, "***"), "${1}***@")
}

// clean takes secrets and the home folder out of all that is free text.
func (d *diagnosis) clean() {
	home, _ := os.UserHomeDir()
	tidy := func(texts ...*string) {
		for _, s := range texts {
			if len(home) > 1 {
				*s = strings.ReplaceAll(*s, home, "~")
			}
			*s = ledger.Shown(scrub(*s))
		}
	}
	for i := range d.Files {
		tidy(&d.Files[i].Path)
	}
	if k := d.Keychain; k != nil {
		tidy(&k.Name, &k.Why, &k.Detail, &k.File, &k.OpenedBy)
	}
	for i := range d.Accounts {
		a := &d.Accounts[i]
		tidy(&a.Name, &a.Server, &a.Ref, &a.Detail)
		for j := range a.Registries {
			tidy(&a.Registries[j].Host)
		}
	}
	for i := range d.Ended {
		tidy(&d.Ended[i].Server, &d.Ended[i].Account, &d.Ended[i].Detail)
	}
	for i := range d.Pending {
		tidy(&d.Pending[i].Server, &d.Pending[i].Account)
	}
	for i := range d.Uses {
		u := &d.Uses[i]
		tidy(&u.Tool, &u.Host, &u.Server, &u.Account, &u.Refused)
	}
	tidy(&d.Service.URL, &d.Service.Version)
	for i := range d.Tools {
		tidy(&d.Tools[i].Path, &d.Tools[i].Version)
	}
	for i := range d.Findings {
		tidy(&d.Findings[i].What)
	}
	for i := range d.Problems {
		tidy(&d.Problems[i])
	}
}

func (d *diagnosis) print(t terminal) {
	t.interrupt()
	fmt.Fprintf(t.Out, "lanyard %s, %s, %s, at %s\n", d.Version, d.System, d.Go, d.At.Format(time.RFC3339))
	section := func(title string, n int, rows func(b *table)) {
		if n == 0 {
			fmt.Fprintf(t.Out, "\n%s: none\n", title)
			return
		}
		fmt.Fprintf(t.Out, "\n%s:\n", title)
		b := &table{out: t.Out} // it is for a file: nothing is cut
		rows(b)
		_ = b.print()
	}
	section("keychain", 1, func(b *table) {
		k := d.Keychain
		if k == nil {
			b.row("  not known, see below")
			return
		}
		b.row("  store", fmt.Sprintf("%s (%s), %s", k.Name, k.Store, k.Why))
		b.row("  state", strings.TrimSpace(k.State+" "+k.Detail))
		if k.Entries != nil {
			b.row("  entries", fmt.Sprint(*k.Entries))
		}
		b.row("  policy", map[bool]string{true: "fail_closed", false: "a file may take its place"}[k.FailClosed])
	})
	section("accounts", len(d.Accounts), func(b *table) {
		for _, a := range d.Accounts {
			b.row("  "+a.Ref, a.Kind, a.State, or("…"+a.LastFour, a.LastFour != ""), "ends "+when(a.Ends), a.Detail)
		}
	})
	section("ended", len(d.Ended), func(b *table) {
		for _, e := range d.Ended {
			b.row("  "+e.Account+"@"+e.Server, e.Reason, signin.Day(e.At))
		}
	})
	section("sign-outs pending", len(d.Pending), func(b *table) {
		for _, e := range d.Pending {
			b.row("  "+e.Account+"@"+e.Server, "since "+signin.Day(e.Since))
		}
	})
	section("last uses", len(d.Uses), func(b *table) {
		for _, u := range d.Uses {
			b.row("  "+u.At.UTC().Format(time.RFC3339), or(u.Tool, u.Tool != "" && u.Tool != "."), u.Host, or(u.Account, u.Account != ""), given(ledger.Use(u)))
		}
	})
	section("own service", 1, func(b *table) { b.row("  "+d.Service.State, d.Service.Version, d.Service.URL) })
	section("tools", len(d.Tools), func(b *table) {
		for _, one := range d.Tools {
			b.row("  "+string(one.Name), one.Version, one.Path)
		}
	})
	section("findings", len(d.Findings), func(b *table) {
		for _, f := range d.Findings {
			b.row("  "+string(f.Weight), f.ID, f.What)
		}
	})
	section("files", len(d.Files), func(b *table) {
		for _, f := range d.Files {
			b.row("  "+f.Mode, fmt.Sprint(f.Size), f.Path)
		}
	})
	section("variables that are set", len(d.Variables), func(b *table) { b.row("  " + strings.Join(d.Variables, " ")) })
	section("what could not be learned", len(d.Problems), func(b *table) {
		for _, one := range d.Problems {
			b.row("  " + one)
		}
	})
}
