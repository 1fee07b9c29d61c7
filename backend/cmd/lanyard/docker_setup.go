package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"lanyard/backend/dockerconfig"
	"lanyard/backend/doctor"
	"lanyard/backend/tool"
)

// errDeclined: the person was asked, and said no.
var errDeclined = errors.New("nothing was written")

type setupOptions struct {
	tools                     []string
	yes, replace, dry, asJSON bool
}

func dockerSetup(t terminal) *cobra.Command {
	var o setupOptions
	cmd := &cobra.Command{
		Use: "setup", Short: "Let the container tools ask Lanyard for your registries", Args: usageArgs(cobra.NoArgs),
		Long: "Shows what would change, asks, and names Lanyard's credential helper for your registries. docker's own file\n" +
			"serves every tool; a file of a tool's own is changed only where it stands in the way. Every other byte stays,\n" +
			"and lanyard docker undo takes it back. Nothing is written unless a fresh shell of yours finds the helper.",
		Example: "  lanyard docker setup\n  lanyard docker setup --dry-run\n  lanyard docker setup --tool podman --tool helm --yes",
		RunE:    func(cmd *cobra.Command, _ []string) error { return setup(cmd, t, o) },
	}
	toolFlag(cmd, &o.tools)
	cmd.Flags().BoolVarP(&o.yes, "yes", "y", false, "agree to the changes, and to a copy of the credential helper where the shell does not find it")
	cmd.Flags().BoolVar(&o.replace, "replace", false, "take the place of another credential helper that is set for a registry (undo puts it back)")
	cmd.Flags().BoolVar(&o.dry, "dry-run", false, "show what would change and write nothing")
	cmd.Flags().BoolVar(&o.dry, "plan", false, "the same as --dry-run")
	_ = cmd.Flags().MarkHidden("plan")
	cmd.Flags().BoolVar(&o.asJSON, "json", false, "print JSON")
	return cmd
}

// setupReport is what --json prints; names are stable.
type setupReport struct {
	Registries []string     `json:"registries"`
	Files      []fileReport `json:"files"`       // that change
	HelperCopy string       `json:"helper_copy"` // "": none is needed
	Written    bool         `json:"written"`
}

type fileReport struct {
	dockerconfig.Diff
	Since string `json:"since,omitempty"` // why a file of a tool's own is needed
}

func reportOf(all []dockerconfig.Piece) []fileReport {
	files := []fileReport{}
	for _, one := range all {
		files = append(files, fileReport{one.Diff, one.Why})
	}
	return files
}

func setup(cmd *cobra.Command, t terminal, o setupOptions) error {
	names, err := toolNames(o.tools)
	if err != nil {
		return err
	}
	p, err := newParts(t, t.person())
	if err != nil {
		return err
	}
	hosts, err := p.computer.Served()
	if err != nil {
		return err
	}
	src, err := p.looks().Sources()
	if err != nil {
		return err
	}
	done := t.waitFor("Looking at the tools")
	seen := doctor.Gather(cmd.Context(), src)
	done()
	if len(names) == 0 {
		names = doctor.Present(seen)
	}
	all, err := p.looks().Plan(doctor.SetUp(seen, names), o.replace)
	if err != nil {
		return err
	}
	offer, err := p.docker.Helper.Offer(cmd.Context())
	if err != nil {
		return err
	}
	report := setupReport{Registries: hosts, Files: reportOf(all), HelperCopy: offer.Path}
	if !o.asJSON {
		showPlan(t, all, offer.Path)
	}
	nothing := len(all) == 0 && offer.Path == ""
	if !nothing && !o.dry {
		if err := agree(t, o.yes, "Write this?"); err != nil {
			return err
		}
		if err := dockerconfig.CarryOut(cmd.Context(), p.docker.Helper, all, offer.Path != ""); err != nil {
			var missing *dockerconfig.NotFoundError
			if errors.As(err, &missing) {
				notFound(t, missing)
				return errDeclined
			}
			return err
		}
		report.Written = true
	}
	switch {
	case o.asJSON:
		return printJSON(t, report)
	case nothing:
		fmt.Fprintf(t.Out, "%s already set up for %s.\n", are(names), strings.Join(hosts, ", "))
	case !o.dry:
		fmt.Fprintf(t.Out, "Set up for %s in %s.\n", strings.Join(hosts, ", "), strings.Join(paths(all), ", "))
	}
	return nil
}

func are(names []tool.Name) string {
	if len(names) == 1 {
		return string(names[0]) + " is"
	}
	var words []string
	for _, n := range names {
		words = append(words, string(n))
	}
	return strings.Join(words, ", ") + " are"
}

func paths(all []dockerconfig.Piece) []string {
	var paths []string
	for _, one := range all {
		paths = append(paths, one.Diff.Path)
	}
	if len(paths) == 0 {
		return []string{"the files that had it already"}
	}
	return paths
}

type undoOptions struct {
	tools            []string
	yes, dry, asJSON bool
}

func dockerUndo(t terminal) *cobra.Command {
	var o undoOptions
	cmd := &cobra.Command{
		Use: "undo", Short: "Put the tools' files back as they were", Args: usageArgs(cobra.NoArgs),
		Long: "Puts every file that setup or doctor changed back: byte for byte where nobody else wrote since, and without\n" +
			"Lanyard's entries otherwise. Passwords that doctor moved into the keychain come back in clear, so it asks first.",
		RunE: func(_ *cobra.Command, _ []string) error { return undo(t, o) },
	}
	cmd.Flags().StringArrayVar(&o.tools, "tool", nil, "only the files of this tool (may be repeated); docker's file is docker's")
	cmd.Flags().BoolVarP(&o.yes, "yes", "y", false, "agree that moved passwords come back in clear")
	cmd.Flags().BoolVar(&o.dry, "dry-run", false, "show what would change and write nothing")
	cmd.Flags().BoolVar(&o.asJSON, "json", false, "print JSON")
	return cmd
}

// undoReport is what --json prints; names are stable.
type undoReport struct {
	Files   []dockerconfig.Diff `json:"files"`
	Undone  []undoneReport      `json:"undone"`
	Written bool                `json:"written"`
}

type undoneReport struct {
	Path     string `json:"path"`
	Restored bool   `json:"restored"` // byte for byte
	Deleted  bool   `json:"deleted"`
}

func undo(t terminal, o undoOptions) error {
	names, err := toolNames(o.tools)
	if err != nil {
		return err
	}
	p, err := newParts(t, t.person())
	if err != nil {
		return err
	}
	files, err := p.docker.Recorded()
	if err != nil {
		return err
	}
	if len(names) > 0 {
		src, err := p.looks().Sources()
		if err != nil {
			return err
		}
		files = slices.DeleteFunc(files, func(f dockerconfig.File) bool { return !doctor.Belongs(src.Here, f.Path, names) })
	}
	report := undoReport{Files: []dockerconfig.Diff{}, Undone: []undoneReport{}}
	open := false
	for _, f := range files {
		diff, err := f.PreviewUndo()
		if err != nil {
			return err
		}
		open = open || len(diff.Returns) > 0
		report.Files = append(report.Files, diff)
		if (o.dry || len(diff.Returns) > 0) && !o.asJSON {
			t.say("%s", strings.TrimRight(diff.String(), "\n"))
		}
	}
	if o.dry {
		if o.asJSON {
			return printJSON(t, report)
		}
		return nil
	}
	if open {
		if err := agree(t, o.yes, "Passwords come back in clear. Write this?"); err != nil {
			return err
		}
	}
	changes, err := p.docker.Undo(files, true)
	for _, c := range changes {
		report.Undone = append(report.Undone, undoneReport{c.Path, c.Restored, c.Deleted})
		report.Written = report.Written || c.Written
		if !o.asJSON {
			fmt.Fprintln(t.Out, c.Undone())
		}
	}
	switch {
	case o.asJSON:
		return errors.Join(printJSON(t, report), err)
	case len(changes) == 0 && err == nil:
		fmt.Fprintln(t.Out, dockerconfig.Change{}.Undone())
	}
	return err
}
