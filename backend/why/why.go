// Package why says why a tool may or may not pull and push an image: which
// file it looks in, under which key, which helper it asks, whose account and
// which token that answers with, and what the registry decides about it; then
// the reason in a sentence, and the one thing to do.
//
// It does what the tool would do and nothing else: it asks the helpers and
// the registry, pulls nothing and changes nothing. What tools look at is
// tool's to say, what registries grant registryauth's; the rules that draw the
// conclusion are judge's, which is a pure function.
package why

import (
	"context"
	"errors"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"lanyard/backend/keychain"
	"lanyard/backend/ledger"
	"lanyard/backend/machine"
	"lanyard/backend/registryauth"
	"lanyard/backend/standing"
	"lanyard/backend/tool"
)

// Asker is what explains.
type Asker struct {
	Here      tool.Here
	State     machine.StateFile
	Ledger    ledger.Ledger     // without a Dir: nothing is remembered
	Transport http.RoundTripper // nil: the system's
	// Keychain says whether the keychain can be read; nil: it is not asked.
	Keychain func(ctx context.Context) error
	// Ends is when an account's token ends here; zero: not known. May be nil.
	Ends func(ctx context.Context, server, account string) time.Time
}

// Report is the whole chain; names in JSON are stable.
type Report struct {
	Image Image     `json:"image"`
	Tool  tool.Name `json:"tool"`
	Looks []Look    `json:"looks"` // where the tool looks, in its order, up to the one that has credentials
	// Account is Lanyard's that answers for the registry, or would; nil: none.
	Account *Account `json:"account"`
	Login   *Login   `json:"login"` // what the tool would show the registry; nil: nothing
	// Decides is what the registry says; nil where it could not be asked.
	Decides     *Decision `json:"registry"`
	Unreachable string    `json:"unreachable,omitempty"` // why it could not be
	// Rules are what the account's service says of pull and push; nil where it is
	// no Lanyard service, or was not reached.
	Rules []Ruling `json:"rules,omitempty"`
	// LastRefusal is what became of the last tool that asked for the registry, if
	// it was given nothing; nil: it was, or nobody asked.
	LastRefusal *Refusal `json:"last_refusal,omitempty"`
	Conclusion
}

// Refusal is of a tool that Lanyard's helper gave nothing.
type Refusal struct {
	At   time.Time `json:"at"`
	Tool string    `json:"tool"` // "": unknown
	Why  string    `json:"why"`
}

// Look is one place where a tool looks.
type Look struct {
	tool.Step
	Outcome Outcome `json:"outcome"`
	Said    string  `json:"said,omitempty"` // in the helper's or the file's own words
}

// Outcome is what came out of a look.
type Outcome string

// The outcomes.
const (
	Has     Outcome = "has_credentials"
	HasNone Outcome = "has_none"
	Missing Outcome = "helper_missing"
	Failed  Outcome = "failed"
	Broken  Outcome = "file_broken"
)

// Account is one of Lanyard's.
type Account struct {
	Server string `json:"server"`
	Name   string `json:"name"`
	Pasted bool   `json:"pasted"`
	Chosen bool   `json:"chosen,omitempty"` // by LANYARD_AS, for this command
	Off    bool   `json:"logged_out,omitempty"`
	Buried bool   `json:"-"` // its token is being removed
	// Others could answer for the registry, too: NAME@SERVER.
	Others []string `json:"others,omitempty"`
}

// Ref is NAME@SERVER.
func (a Account) Ref() string { return machine.AccountRef(a.Server, a.Name) }

// Login is what a tool shows a registry, but for the secret.
type Login struct {
	Username string     `json:"username"`
	LastFour string     `json:"token_last_four,omitempty"`
	Ends     *time.Time `json:"ends,omitempty"`
	Lanyard  bool       `json:"from_lanyard"`
}

// Decision is what a registry says.
type Decision struct {
	Pull  registryauth.Answer `json:"pull"`
	Push  registryauth.Answer `json:"push"`
	Login registryauth.Answer `json:"login"` // whether it takes name and secret
	Found registryauth.Answer `json:"found"` // whether the image is there
	Words string              `json:"words,omitempty"`
}

// Explain does what the tool would do for an image: ErrImage if that is none.
func (a Asker) Explain(ctx context.Context, as tool.Name, text string) (Report, error) {
	image, err := ParseImage(text)
	if err != nil {
		return Report{}, err
	}
	r := Report{Image: image, Tool: as, Looks: []Look{}}
	if a.Ledger.Dir != "" {
		uses, _ := a.Ledger.Read(-1) // before the look, which is noted, too
		r.LastRefusal = lastRefused(uses, image.Host)
	}
	configs, login := a.look(ctx, as, &r)
	state, err := a.State.Load() // after the helper, which may have found an end
	if err != nil {
		return r, err
	}
	r.Account = accountAt(state, image.Host, a.Here.Getenv(machine.AsVariable))
	if r.Login != nil && r.Login.Lanyard && r.Account != nil && a.Ends != nil {
		if ends := a.Ends(ctx, r.Account.Server, r.Account.Name); !ends.IsZero() {
			r.Login.Ends = &ends
		}
	}
	verdict, err := registryauth.Registry{Host: image.Host, Transport: a.Transport}.Ask(ctx, image.Repository, image.Reference, login)
	switch {
	case ctx.Err() != nil:
		return r, ctx.Err()
	case err != nil:
		r.Unreachable = err.Error()
	default:
		r.Decides = &Decision{verdict.Pull, verdict.Push, verdict.Login, verdict.Found, verdict.Words}
	}
	if r.Decides != nil {
		r.Rules = a.rulings(ctx, r, login)
	}
	f := facts{Report: r, unreachable: errors.Is(err, registryauth.ErrUnreachable), configs: configs}
	f.stranger = stranger(state, a.Here.Getenv(machine.AsVariable))
	if a.Keychain != nil {
		f.keychain = a.Keychain(ctx)
	}
	if ending, ok := state.EndingAt(image.Host); ok {
		f.ended, f.endedAt = ending.State, serverOf(state, ending)
	}
	r.Conclusion = judge(f)
	return r, nil
}

// lastRefused looks at what the last tool got that asked for host; uses are the
// newest first. Lanyard's own looks are no tool's.
func lastRefused(uses []ledger.Use, host string) *Refusal {
	for _, u := range uses {
		name := strings.TrimSuffix(filepath.Base(u.Tool), ".exe")
		if asked, err := machine.CanonicalHost(u.Host); err != nil || asked != host || name == "lanyard" {
			continue
		}
		if u.Refused == "" {
			return nil
		}
		return &Refusal{At: u.At, Tool: u.Tool, Why: u.Refused}
	}
	return nil
}

// look walks through the places, as the tool does, until one has credentials.
func (a Asker) look(ctx context.Context, as tool.Name, r *Report) ([]tool.Config, registryauth.Login) {
	var configs []tool.Config
	for _, file := range a.Here.Files(as) {
		c := tool.Read(file)
		configs = append(configs, c)
		if c.Problem != "" {
			r.Looks = append(r.Looks, Look{Step: tool.Step{File: c.Path, Key: as.Key(r.Image.Domain)}, Outcome: Broken, Said: c.Problem})
		}
	}
	around := tool.Around{Native: a.Here.Native()}
	around.EnvAuth, _ = a.Here.EnvAuth()
	if len(around.EnvAuth) > 0 { // whether it counts depends on the version
		for _, t := range a.Here.Find(ctx) {
			if t.Name == as {
				around.Version = t.Version
			}
		}
	}
	for _, step := range as.Resolve(configs, around, r.Image.Domain) {
		l := Look{Step: step}
		login, err := a.credentials(ctx, step)
		l.Outcome, l.Said = outcome(err)
		r.Looks = append(r.Looks, l)
		if l.Outcome == Has {
			r.Login = &Login{Username: login.Username, LastFour: lastFour(login.Secret), Lanyard: step.Helper == ourSuffix}
			return configs, login
		}
	}
	return configs, registryauth.Login{}
}

// accountAt is the account that answers for a host, or would if it were not
// logged out of or ended.
func accountAt(state machine.State, host, as string) *Account {
	r, managed := state.Registries[host]
	chosen := false
	if server, name, ok := machine.ParseAccountRef(as); ok && slices.Contains(state.HostsOf(server), host) {
		r, managed, chosen = machine.Registry{Server: server, Account: name}, true, true
	}
	var all []string
	for entry := range state.Entries {
		kind, parts, err := keychain.ParseName(entry)
		if err != nil || kind != keychain.Tokens || state.Buried(entry) || !slices.Contains(state.HostsOf(parts[0]), host) {
			continue
		}
		if parts[0] != r.Server || parts[1] != r.Account {
			all = append(all, machine.AccountRef(parts[0], parts[1]))
		}
	}
	slices.Sort(all)
	if !managed {
		if len(all) == 0 {
			return nil
		}
		return &Account{Others: all}
	}
	_, session := state.Entries[keychain.SessionName(r.Server, r.Account)]
	return &Account{
		Server: r.Server, Name: r.Account, Pasted: !session, Chosen: chosen, Off: r.Off && !chosen,
		Buried: state.Buried(keychain.TokenName(r.Server, r.Account)), Others: all,
	}
}

// stranger: the variable is set, and names nobody who is signed in here. The
// helper then serves nothing at all.
func stranger(state machine.State, as string) bool {
	server, name, ok := machine.ParseAccountRef(as)
	_, known := state.Entries[keychain.TokenName(server, name)]
	return as != "" && (!ok || !known)
}

// facts are what judge decides by.
type facts struct {
	Report
	unreachable bool
	configs     []tool.Config
	keychain    error
	stranger    bool // LANYARD_AS names nobody who is here
	// ended is how the session that served the registry ended, a word of
	// package standing, and endedAt its server; "": none did.
	ended, endedAt string
}

// endedAs is how that session ended, in words.
func (f facts) endedAs() (standing.Words, bool) {
	if f.ended == "" {
		return standing.Words{}, false
	}
	return standing.State(f.ended).Words(), true
}

// serverOf is the server of a session that ended; "": not known.
func serverOf(state machine.State, ending machine.Ending) string {
	for name, e := range state.Endings {
		if _, parts, err := keychain.ParseName(name); err == nil && e.At.Equal(ending.At) && slices.Equal(e.Hosts, ending.Hosts) {
			return parts[0]
		}
	}
	return ""
}
