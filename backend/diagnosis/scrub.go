package diagnosis

import (
	"os"
	"regexp"
	"strings"

	"lanyard/backend/ledger"
)

// secrets are forms that a secret may have: a net under what is written here
// on purpose, as names and messages are other people's texts.
var secrets = regexp.MustCompile(`lyd_[a-z]+_[^\s"'/:,;]+|(?:dckr_[po]at|gh[pousr]|github_pat|glpat|npm|xox[a-z])[_-][A-Za-z0-9_.-]{6,}|eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_.-]+|AGE-SECRET-KEY-1[A-Za-z0-9]+|(?i:bearer|basic) [A-Za-z0-9+/=_.-]{8,}`)

// userinfo is a name with a password, as in an address.
var userinfo = regexp.MustCompile(`(://)[^/\s"@]*@|[^\s/:@"]+:[^\s/@"]+@`)

// Scrub takes out what looks like a secret.
func Scrub(text string) string {
	return userinfo.ReplaceAllString(secrets.ReplaceAllString(text, "***"), "${1}***@")
}

// Tidy takes secrets and the home folder out of lines, for a report.
func Tidy(lines []string) []string {
	home, _ := os.UserHomeDir()
	tidy := make([]string, len(lines))
	for i, line := range lines {
		if len(home) > 1 {
			line = strings.ReplaceAll(line, home, "~")
		}
		tidy[i] = ledger.Shown(Scrub(line))
	}
	return tidy
}

// clean takes secrets and the home folder out of all that is free text.
func (d *Report) clean() {
	tidy := func(texts ...*string) {
		for _, s := range texts {
			*s = Tidy([]string{*s})[0]
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
