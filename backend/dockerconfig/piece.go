package dockerconfig

import (
	"context"
	"slices"
)

// Piece is one file of a set-up or a repair that changes several.
type Piece struct {
	File File
	Want Want
	Why  string // the file is needed, in words
	Diff Diff   // by Compare
}

// Compare works the differences out, and leaves out what has all already. It
// writes nothing.
func Compare(pieces []Piece) ([]Piece, error) {
	var all []Piece
	for _, one := range pieces {
		var err error
		if one.Diff, err = one.File.Preview(one.Want); err != nil {
			return nil, err
		}
		if !one.Diff.Empty() {
			all = append(all, one)
		}
	}
	return all, nil
}

// CarryOut writes what was compared, the copy of the helper (copies: the person
// agreed to it) before any file names it. If one file cannot be written, those
// before it are put back.
func CarryOut(ctx context.Context, h Helper, all []Piece, copies bool) error {
	if copies {
		if _, err := h.Install(ctx); err != nil {
			return err
		}
	}
	for i, one := range all {
		if _, err := one.File.Apply(one.Want); err != nil {
			for _, done := range slices.Backward(all[:i]) {
				if _, back := done.File.Remove(added(done.Diff)); back != nil {
					return back
				}
			}
			return err
		}
	}
	return nil
}

// added are the keys that a difference brings.
func added(d Diff) []string {
	var keys []string
	for _, l := range d.Lines {
		if l.Before == "" {
			keys = append(keys, l.Host)
		}
	}
	return keys
}
