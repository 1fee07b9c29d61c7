// Package ledger remembers which program was handed which token: a small file
// of lines on this computer, for the person to look at. It holds no secret,
// proves nothing (whoever may read the keychain may write here too), and is
// never in anyone's way: what cannot be written is not written.
//
// It leaves to others what may be handed out, and what the token is worth.
package ledger

import (
	"path/filepath"
	"time"
)

// Use is one question for a managed or a stored registry, and what came of it.
type Use struct {
	// At stands first in a line, see repeated.
	At time.Time `json:"at"`
	// Tool is the program that asked: its path, or its bare name where the
	// path cannot be seen; empty: unknown.
	Tool string `json:"tool,omitempty"`
	// Folder is where it was run; empty: unknown. See Shown.
	Folder string `json:"folder,omitempty"`
	// Host is the canonical host, or the key exactly as a tool stored it.
	Host    string `json:"host"`
	Server  string `json:"server,omitempty"` // empty: a tool's own
	Account string `json:"account,omitempty"`
	// LastFour and UUID are what the token is recognised by, where it has them.
	LastFour string `json:"last_four,omitempty"`
	UUID     string `json:"uuid,omitempty"`
	// Refused is the reason why nothing was handed out; empty: a token was.
	Refused string `json:"refused,omitempty"`
}

// Ledger is ledger.jsonl in Dir and, once that has grown, its predecessor
// ledger.old.jsonl. Many programs may write to it at once.
type Ledger struct{ Dir string }

// Path is the file that is written to.
func (l Ledger) Path() string { return filepath.Join(l.Dir, "ledger.jsonl") }

func (l Ledger) oldPath() string { return filepath.Join(l.Dir, "ledger.old.jsonl") }

const (
	maxFile = 256 << 10 // bytes of each of the two files
	// rotateAt leaves room for those who have the file open while it is moved
	// away: some sixty of the longest lines.
	rotateAt = 128 << 10
	maxLine  = 2 << 10
	// repeat: of the same use again and again, one line in such a time.
	repeat = time.Minute
)
