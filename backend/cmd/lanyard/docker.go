package main

import (
	"context"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"lanyard/backend/dockerconfig"
	"lanyard/backend/doctor"
	"lanyard/backend/tool"
)

func dockerCommand(t terminal) *cobra.Command {
	return group("docker", "The container tools: set up, undo, find what is wrong", dockerSetup(t), dockerUndo(t), dockerDoctor(t))
}

// sources are what doctor looks at on this computer, for those who are signed
// in here. Nobody is no error.
func (p *parts) sources() (doctor.Sources, error) {
	home, err := os.UserHomeDir()
	if err != nil {
		return doctor.Sources{}, err
	}
	src := doctor.Sources{
		Here: tool.Here{Environ: os.Environ(), Home: home, UID: os.Getuid()},
		File: p.docker.File, Helper: p.docker.Helper,
		Keychain: func(ctx context.Context) error { return p.computer.Keychain.Probe(ctx) },
	}
	all, err := p.computer.Known()
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

// toolFlag is --tool, which may be repeated.
func toolFlag(cmd *cobra.Command, names *[]string) {
	cmd.Flags().StringArrayVar(names, "tool", nil, "only this tool: "+tools()+" (may be repeated; default: those that are here)")
}

func tools() string {
	var all []string
	for _, n := range tool.Names() {
		all = append(all, string(n))
	}
	return strings.Join(all, ", ")
}

// toolNames are the tools that were named.
func toolNames(named []string) ([]tool.Name, error) {
	var names []tool.Name
	for _, n := range named {
		if !slices.Contains(tool.Names(), tool.Name(n)) {
			return nil, usagef("--tool: %q is not one of %s", n, tools())
		}
		names = append(names, tool.Name(n))
	}
	return names, nil
}

// planned is one file of a set-up or a repair, with the difference.
type planned struct {
	file dockerconfig.File
	want dockerconfig.Want
	why  string
	diff dockerconfig.Diff
}

// plan works the differences out; files that have all already are left out.
// forced: other helpers give way everywhere.
func (p *parts) plan(steps []doctor.Step, forced bool) ([]planned, error) {
	var all []planned
	for _, s := range steps {
		one := planned{file: p.docker.At(s.Path, s.Shape, s.Replace || forced), want: s.Want, why: s.Why}
		var err error
		if one.diff, err = one.file.Preview(s.Want); err != nil {
			return nil, err
		}
		if !one.diff.Empty() {
			all = append(all, one)
		}
	}
	return all, nil
}

// carryOut writes what was planned, the copy of the helper before any file
// names it. If one file cannot be written, those before it are put back.
func (p *parts) carryOut(ctx context.Context, all []planned, copies bool) error {
	if copies {
		if _, err := p.docker.Helper.Install(ctx); err != nil {
			return err
		}
	}
	for i, one := range all {
		if _, err := one.file.Apply(one.want); err != nil {
			for _, done := range slices.Backward(all[:i]) {
				if _, back := done.file.Remove(added(done.diff)); back != nil {
					return back
				}
			}
			return err
		}
	}
	return nil
}

// added are the keys that a difference brings.
func added(d dockerconfig.Diff) []string {
	var keys []string
	for _, l := range d.Lines {
		if l.Before == "" {
			keys = append(keys, l.Host)
		}
	}
	return keys
}

// showPlan shows the differences.
func showPlan(t terminal, all []planned, copyTo string) {
	for _, one := range all {
		t.say("%s", strings.TrimRight(one.diff.String(), "\n"))
		if one.why != "" {
			t.say("    since %s", one.why)
		}
	}
	if copyTo != "" {
		t.say("%s (new file)\n    a copy of the credential helper, which your shell does not find otherwise", copyTo)
	}
}

// agree asks, or has been told by --yes.
func agree(t terminal, yes bool, question string) error {
	switch {
	case yes || t.person() && ask(t, question):
		return nil
	case t.person():
		return errDeclined
	}
	return usagef("nothing was written, as nobody can be asked here: look at the difference, and say --yes")
}
