// Package doctor finds out why a container tool of this computer would not be
// signed in, or not as whom it should be, and what to do about it. Gather
// looks: at the files, the programs and the tools' own look-ups. Examine
// judges: a pure function of what was seen. SetUp and Repairs say which files
// would have to be changed; the changing, with difference and undo, is
// dockerconfig's, and whether to is the person's.
package doctor

import (
	"net/netip"
	"slices"
	"time"

	"lanyard/backend/dockerconfig"
	"lanyard/backend/tool"
)

// Slow is what a helper may take before it is felt: builds ask it again and again.
const Slow = 100 * time.Millisecond

// Weight is how much a finding matters.
type Weight string

// The weights.
const (
	Problem Weight = "problem" // a tool is not signed in, or as somebody else
	Warning Weight = "warning" // a secret lies open, or something will fail one day
	Note    Weight = "note"    // good to know
)

// Finding is one thing that is not as it should be.
type Finding struct {
	ID      string      `json:"id"`
	Weight  Weight      `json:"weight"`
	Tools   []tool.Name `json:"tools"` // that suffer; none: all, or nobody yet
	What    string      `json:"what"`
	Why     string      `json:"why"`
	Fix     string      `json:"fix"` // in words
	Fixable bool        `json:"fixable"`

	step Step // that fixes it, if it is a file's
}

// Registry is one that Lanyard serves on this computer.
type Registry struct {
	Host    string `json:"host"`
	Account string `json:"account"`
	Off     bool   `json:"off,omitempty"` // a tool logged out of it (docker logout)
	// Address is where it answers, Realm where tokens for it are given; ""
	// where nobody answered. Resolved are the realm's addresses.
	Address  string       `json:"address,omitempty"`
	Realm    string       `json:"realm,omitempty"`
	Resolved []netip.Addr `json:"-"`
}

// Look is what became of a tool's look-up of a registry.
type Look struct {
	Tool  tool.Name   `json:"tool"`
	Host  string      `json:"host"`
	Steps []tool.Step `json:"steps"` // where it looks, in its order
	User  string      `json:"user"`  // whom it would be; "": nobody
	Words string      `json:"words,omitempty"`
	// Itself: the tool was asked. The others have no command for it: their
	// steps were gone for them.
	Itself bool `json:"asked_itself"`
}

// Helper is our credential helper as a fresh shell of the person finds it.
type Helper struct {
	Path  string        `json:"path"`
	Shell string        `json:"shell"`
	Offer string        `json:"-"` // where a copy would be put
	Line  string        `json:"-"` // what to add to LineFile otherwise
	File  string        `json:"-"`
	Older bool          `json:"older,omitempty"`   // a copy of an earlier version
	Other string        `json:"problem,omitempty"` // what is wrong instead, in words
	Took  time.Duration `json:"-"`                 // for one get; 0: not asked
}

// KeychainState is what the keychain says of itself.
type KeychainState string

// The states of a keychain.
const (
	KeychainReady   KeychainState = ""
	KeychainLocked  KeychainState = "locked"
	KeychainMissing KeychainState = "missing"
	KeychainSilent  KeychainState = "silent"
)

// Snapshot is all that was seen, without a secret. Examine needs nothing else.
type Snapshot struct {
	Now        time.Time
	Registries []Registry
	Tools      []tool.Tool
	Files      map[tool.Name][]string // the files of each tool, found or not, in its order
	Configs    map[string]tool.Config // by path
	Status     map[string]dockerconfig.Status
	Refused    map[string]string // path to why dockerconfig leaves that file alone
	Looks      []Look
	Helper     Helper
	Programs   map[string]string // suffix of every helper that a file names, to its path; "": not there
	Native     string            // tool.Around's
	Listed     []string          // tool.Around's
	EnvAuth    []string          // hosts in DOCKER_AUTH_CONFIG
	EnvBroken  bool              // it is not JSON
	Keychain   KeychainState
	SudoUser   string // we are root by sudo, of that account
	Socket     string // of docker's daemon, that this account may not open; "": none such
}

// tools that read a file, of those that are there.
func (s Snapshot) readers(path string) []tool.Name {
	var names []tool.Name
	for _, t := range s.Tools {
		if slices.Contains(s.Files[t.Name], path) {
			names = append(names, t.Name)
		}
	}
	return names
}

// resolve is where a tool looks, if configs were what they are.
func (s Snapshot) resolve(t tool.Tool, configs map[string]tool.Config, host string) []tool.Step {
	var all []tool.Config
	for _, path := range s.Files[t.Name] {
		all = append(all, configs[path])
	}
	return t.Name.Resolve(all, tool.Around{Native: s.Native, EnvAuth: s.EnvAuth, Version: t.Version, Listed: s.Listed}, host)
}

func (s Snapshot) tool(name tool.Name) tool.Tool {
	for _, t := range s.Tools {
		if t.Name == name {
			return t
		}
	}
	return tool.Tool{Name: name}
}

func (s Snapshot) managed(host string) bool {
	return slices.ContainsFunc(s.Registries, func(r Registry) bool { return r.Host == host })
}

// first is the first place that counts for a tool, ok false where there is none.
func first(steps []tool.Step) (tool.Step, bool) {
	if len(steps) == 0 {
		return tool.Step{}, false
	}
	return steps[0], true
}

func ours(step tool.Step) bool { return step.Helper == dockerconfig.Suffix }
