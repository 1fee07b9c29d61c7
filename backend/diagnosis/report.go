package diagnosis

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"lanyard/backend/doctor"
	"lanyard/backend/ledger"
	"lanyard/backend/tool"
)

// Report is all that helps to find a fault; names in JSON are stable. What could not be learned
// is among Problems: a report is most wanted where things are broken.
type Report struct {
	At        time.Time       `json:"at"`
	Version   string          `json:"version"`
	Go        string          `json:"go"`
	System    string          `json:"system"`
	Variables []string        `json:"variables"` // that are set, by name; their values may be anything
	Files     []FileMode      `json:"files"`
	Keychain  *Keychain       `json:"keychain"`
	Accounts  []Account       `json:"accounts"`
	Ended     []Ended         `json:"ended"`
	Pending   []Pending       `json:"pending_revocations"`
	Uses      []Use           `json:"uses"`
	Service   ServiceReport   `json:"service"`
	Tools     []tool.Tool     `json:"tools"`
	Findings  []FindingReport `json:"findings"`
	Problems  []string        `json:"problems"`
}

// FileMode is a file of ours, by its mode.
type FileMode struct {
	Path string `json:"path"`
	Mode string `json:"mode"`
	Size int64  `json:"size"`
}

// ServiceReport is this computer's own service.
type ServiceReport struct {
	State   string `json:"state"` // running, stopped, unknown
	Version string `json:"version,omitempty"`
	URL     string `json:"public_url,omitempty"`
	AtLogin *bool  `json:"starts_at_login,omitempty"`
}

// FindingReport is one of the doctor's.
type FindingReport struct {
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

// Report looks at this computer. It opens nothing that is locked, and asks no
// server.
func (c Computer) Report(ctx context.Context, now time.Time, getenv func(string) string) Report {
	d := begun(c.Version, now, getenv)
	d.files(c.Sign.Dirs.Config, c.Sign.Dirs.State, c.Docker.File.Path)
	d.keychain(ctx, c)
	d.sessions(ctx, c)
	d.ledger(c.Sign.Dirs.State)
	d.service(ctx, c)
	d.doctor(ctx, c)
	d.clean()
	return d
}

// Failed is the report where this computer cannot even be looked at.
func Failed(version string, now time.Time, getenv func(string) string, err error) Report {
	d := begun(version, now, getenv)
	d.failed("this computer", err)
	d.clean()
	return d
}

func begun(version string, now time.Time, getenv func(string) string) Report {
	d := Report{
		At: now.UTC().Truncate(time.Second), Version: version, Go: runtime.Version(), System: runtime.GOOS + "/" + runtime.GOARCH,
		Variables: []string{}, Files: []FileMode{}, Accounts: []Account{}, Ended: []Ended{}, Pending: []Pending{},
		Uses: []Use{}, Tools: []tool.Tool{}, Findings: []FindingReport{}, Problems: []string{}, Service: ServiceReport{State: "unknown"},
	}
	for _, name := range variables {
		if getenv(name) != "" {
			d.Variables = append(d.Variables, name)
		}
	}
	return d
}

func (d *Report) failed(what string, err error) {
	if err != nil {
		d.Problems = append(d.Problems, what+": "+err.Error())
	}
}

// files notes the modes of what lies there; nothing is opened.
func (d *Report) files(places ...string) {
	for _, place := range places {
		err := filepath.WalkDir(place, func(path string, _ fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			info, err := os.Lstat(path)
			if err == nil {
				d.Files = append(d.Files, FileMode{path, info.Mode().String(), info.Size()})
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

func (d *Report) keychain(ctx context.Context, c Computer) {
	settings, err := c.Sign.Dirs.SettingsFile().Load()
	d.failed("settings", err)
	if err != nil {
		return
	}
	s, err := c.Sign.Keychain.Standing(ctx)
	d.failed("keychain", err)
	if err == nil {
		r := KeychainOf(s, settings)
		d.Keychain = &r
	}
}

func (d *Report) sessions(ctx context.Context, c Computer) {
	all, err := c.Sign.Known()
	d.failed("accounts", err)
	for _, k := range all {
		d.Accounts = append(d.Accounts, c.Account(ctx, k))
	}
	ended, err := c.Sign.Ended()
	d.failed("ended sessions", err)
	for _, e := range ended {
		d.Ended = append(d.Ended, EndedOf(e))
	}
	pending, err := c.Sign.Pending()
	d.failed("pending sign-outs", err)
	for _, r := range pending {
		d.Pending = append(d.Pending, Pending{r.Account.Server, r.Account.Name, r.Since})
	}
}

// ledger takes the last uses, without the folders that they were made in.
func (d *Report) ledger(state string) {
	all, err := ledger.Ledger{Dir: state}.Read(usesShown)
	d.failed("uses", err)
	for _, u := range all {
		u.Folder, u.Tool = "", filepath.Base(u.Tool)
		d.Uses = append(d.Uses, Use(u))
	}
}

func (d *Report) service(ctx context.Context, c Computer) {
	st, state, err := c.running(ctx)
	d.failed("own service", err)
	d.Service.State, d.Service.URL, d.Service.Version = state, st.PublicURL, st.Version
	if state != "running" {
		return
	}
	if a, err := c.Own.Automatic(ctx); err == nil {
		does := a.Survives()
		d.Service.AtLogin = &does
	}
}

// doctor has the tools' files looked at; no look-up is made, and no registry asked.
func (d *Report) doctor(ctx context.Context, c Computer) {
	src, err := c.Sources()
	d.failed("tools", err)
	if err != nil {
		return
	}
	seen := doctor.Gather(ctx, src)
	d.Tools = append(d.Tools, seen.Tools...)
	for _, f := range doctor.Examine(seen) {
		d.Findings = append(d.Findings, FindingReport{f.ID, f.Weight, f.What})
	}
}
