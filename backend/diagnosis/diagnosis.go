// Package diagnosis puts together what looks for faults on this computer, for
// the terminal and the window alike: what the doctor looks at, what explains a
// refusal, and the report that somebody needs who looks for a fault. It judges
// nothing itself and changes nothing.
package diagnosis

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"lanyard/backend/dockerconfig"
	"lanyard/backend/doctor"
	"lanyard/backend/ledger"
	"lanyard/backend/ownservice"
	"lanyard/backend/signin"
	"lanyard/backend/tool"
	"lanyard/backend/why"
)

// Own is this computer's own service, as ownservice has it.
type Own interface {
	Status(ctx context.Context) (ownservice.Status, error)
	Automatic(ctx context.Context) (ownservice.Automatic, error)
}

// Computer is what there is to look at.
type Computer struct {
	Sign    *signin.Computer
	Docker  *signin.DockerConfig
	Own     Own
	Version string // of the running program
}

// Here is what tools find around them, which is what this program was given.
func (c Computer) Here() (tool.Here, error) {
	home, err := os.UserHomeDir()
	if err != nil {
		return tool.Here{}, fmt.Errorf("find the home folder: %w", err)
	}
	return tool.Here{Environ: os.Environ(), Home: home, UID: os.Getuid()}, nil
}

// Sources are what doctor looks at on this computer, for those who are signed
// in here. Nobody is no error.
func (c Computer) Sources() (doctor.Sources, error) {
	here, err := c.Here()
	if err != nil {
		return doctor.Sources{}, err
	}
	src := doctor.Sources{
		Here: here, File: c.Docker.File, Helper: c.Docker.Helper,
		Keychain: func(ctx context.Context) error { return c.Sign.Keychain.Probe(ctx) },
	}
	all, err := c.Sign.Known()
	if err != nil {
		return src, err
	}
	for _, k := range all {
		for _, host := range k.Active {
			src.Registries = append(src.Registries, doctor.Registry{Host: host, Account: k.Name, Off: slices.Contains(k.Off, host)})
		}
	}
	slices.SortFunc(src.Registries, func(a, b doctor.Registry) int { return strings.Compare(a.Host, b.Host) })
	return src, nil
}

// Plan works out what steps of the doctor's would change. forced: other
// helpers give way everywhere.
func (c Computer) Plan(steps []doctor.Step, forced bool) ([]dockerconfig.Piece, error) {
	var all []dockerconfig.Piece
	for _, s := range steps {
		all = append(all, dockerconfig.Piece{File: c.Docker.At(s.Path, s.Shape, s.Replace || forced), Want: s.Want, Why: s.Why})
	}
	return dockerconfig.Compare(all)
}

// Repairs are the files to change. One that cannot be is told, and stops no
// other.
func (c Computer) Repairs(findings []doctor.Finding) (all []dockerconfig.Piece, blocked []error) {
	for _, step := range doctor.Repairs(findings) {
		one, err := c.Plan([]doctor.Step{step}, false)
		if err != nil {
			blocked = append(blocked, err)
		}
		all = append(all, one...)
	}
	return all, blocked
}

// Asker explains why an image can, or cannot, be pulled.
func (c Computer) Asker() (why.Asker, error) {
	here, err := c.Here()
	if err != nil {
		return why.Asker{}, err
	}
	return why.Asker{
		Here: here, State: c.Sign.Dirs.StateFile(), Ledger: ledger.Ledger{Dir: c.Sign.Dirs.State}, Transport: c.Sign.Transport,
		Keychain: c.Sign.Keychain.Probe,
		Ends: func(ctx context.Context, server, account string) time.Time {
			st, err := c.Sign.Look(ctx, signin.Account{Server: server, Name: account}, false)
			if err != nil {
				return time.Time{}
			}
			ends, _ := st.Ends()
			return ends
		},
	}, nil
}

// running says how the own service stands.
func (c Computer) running(ctx context.Context) (ownservice.Status, string, error) {
	st, err := c.Own.Status(ctx)
	switch {
	case errors.Is(err, ownservice.ErrNotRunning):
		return st, "stopped", nil
	case err != nil:
		return st, "unknown", err
	}
	return st, "running", nil
}
