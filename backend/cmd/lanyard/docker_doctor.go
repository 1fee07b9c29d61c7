package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"lanyard/backend/dockerconfig"
	"lanyard/backend/doctor"
	"lanyard/backend/tool"
)

// errUnwell: the doctor found what keeps a tool from working.
var errUnwell = errors.New("not all is well")

type doctorOptions struct{ fix, yes, asJSON bool }

func dockerDoctor(t terminal) *cobra.Command {
	var o doctorOptions
	cmd := &cobra.Command{
		Use: "doctor", Short: "Why is a tool not signed in? Look, and put it right", Args: usageArgs(cobra.NoArgs),
		Long: "Makes every container tool of this computer look its credentials up, without talking to a registry, and says\n" +
			"what stands in the way and what to do. --fix shows the difference first, and lanyard docker undo takes it back.\n" +
			"Exit code 1 while something keeps a tool from working.",
		Example: "  lanyard docker doctor\n  lanyard docker doctor --fix\n  lanyard docker doctor --json | jq -r '.findings[].id'",
		RunE:    func(cmd *cobra.Command, _ []string) error { return examine(cmd.Context(), t, o) },
	}
	cmd.Flags().BoolVar(&o.fix, "fix", false, "put right what can be put right, after showing the difference")
	cmd.Flags().BoolVarP(&o.yes, "yes", "y", false, "agree to what --fix shows")
	cmd.Flags().BoolVar(&o.asJSON, "json", false, "print JSON")
	return cmd
}

// doctorReport is what --json prints; names are stable.
type doctorReport struct {
	Tools      []tool.Tool       `json:"tools"`
	Registries []doctor.Registry `json:"registries"`
	Helper     helperReport      `json:"helper"`
	Keychain   string            `json:"keychain"`
	LookUps    []doctor.Look     `json:"look_ups"`
	Findings   []doctor.Finding  `json:"findings"`
	Files      []fileReport      `json:"files"`       // that --fix would change, or has changed
	HelperCopy string            `json:"helper_copy"` // that it would make, or has made
	Fixed      bool              `json:"fixed"`
}

type helperReport struct {
	doctor.Helper
	Millis float64 `json:"milliseconds"`
}

func examine(ctx context.Context, t terminal, o doctorOptions) error {
	p, err := newParts(t, o.fix && t.person())
	if err != nil {
		return err
	}
	src, err := p.looks().Sources()
	if err != nil {
		return err
	}
	src.Asks = true
	done := t.waitFor("Having the tools look their credentials up")
	seen := doctor.Gather(ctx, src)
	done()
	findings := doctor.Examine(seen)
	all, blocked := p.looks().Repairs(findings)
	copyTo := doctor.HelperCopy(seen, findings)
	fixed := false
	if !o.asJSON {
		printSeen(t, seen)
		printFindings(t, findings)
	}
	for _, err := range blocked {
		t.say("lanyard: %v", err)
	}
	if o.fix && (len(all) > 0 || copyTo != "") {
		if !o.asJSON {
			showPlan(t, all, copyTo)
		}
		if err := agree(t, o.yes, "Write this?"); err != nil {
			return err
		}
		if err := dockerconfig.CarryOut(ctx, p.docker.Helper, all, copyTo != ""); err != nil {
			return err
		}
		fixed = true
		src.Here.Path = nil
		seen = doctor.Gather(ctx, src)
		findings = doctor.Examine(seen)
	}
	if o.asJSON {
		report := doctorReport{
			Tools: seen.Tools, Registries: seen.Registries, Helper: helperReport{seen.Helper, float64(seen.Helper.Took.Microseconds()) / 1000},
			Keychain: keychainWord(seen.Keychain), LookUps: seen.Looks, Findings: findings, Files: reportOf(all), HelperCopy: copyTo, Fixed: fixed,
		}
		report.fill()
		if err := printJSON(t, report); err != nil {
			return err
		}
	} else if fixed {
		fmt.Fprintln(t.Out, "Written; lanyard docker undo takes it back.")
		printFindings(t, findings)
	}
	return verdict(findings)
}

func (r *doctorReport) fill() {
	if r.Tools == nil {
		r.Tools = []tool.Tool{}
	}
	if r.Registries == nil {
		r.Registries = []doctor.Registry{}
	}
	if r.LookUps == nil {
		r.LookUps = []doctor.Look{}
	}
	for i := range r.LookUps {
		if r.LookUps[i].Steps == nil {
			r.LookUps[i].Steps = []tool.Step{}
		}
	}
}

func keychainWord(s doctor.KeychainState) string {
	if s == doctor.KeychainReady {
		return "ready"
	}
	return string(s)
}

// verdict is the exit code: problems are a failure, warnings are not.
func verdict(findings []doctor.Finding) error {
	problems, fixable := 0, 0
	for _, f := range findings {
		if f.Weight == doctor.Problem {
			problems++
			if f.Fixable {
				fixable++
			}
		}
	}
	switch {
	case problems == 0:
		return nil
	case fixable == 0:
		return fmt.Errorf("%w: %s", errUnwell, count(problems, "problem"))
	}
	return fmt.Errorf("%w: %s; lanyard docker doctor --fix settles %d", errUnwell, count(problems, "problem"), fixable)
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// printSeen is a line for each tool: whom it would be, and since when that counts.
func printSeen(t terminal, s doctor.Snapshot) {
	w := tabwriter.NewWriter(t.Out, 0, 4, 2, ' ', 0)
	for _, one := range s.Tools {
		fmt.Fprintf(w, "%s\t%s\t%s\n", one.Name, cmpOr(one.Version, "?"), one.Path)
		for _, l := range s.Looks {
			if l.Tool == one.Name {
				fmt.Fprintf(w, "\t%s\t%s\n", l.Host, whom(l))
			}
		}
	}
	_ = w.Flush()
	if len(s.Tools) == 0 {
		fmt.Fprintln(t.Out, "None of "+tools()+" is on your PATH.")
	}
	if s.Helper.Took > 0 {
		fmt.Fprintf(t.Out, "credential helper: %s, %.1f ms\n", s.Helper.Path, float64(s.Helper.Took.Microseconds())/1000)
	}
	if len(s.Registries) == 0 {
		fmt.Fprintln(t.Out, "Nobody is signed in here (lanyard login), so only the files were looked at.")
	}
}

func whom(l doctor.Look) string {
	from := ""
	if len(l.Steps) > 0 {
		switch step := l.Steps[0]; {
		case step.Helper == dockerconfig.Suffix:
			from = " by Lanyard"
		case step.Helper != "":
			from = " by docker-credential-" + step.Helper
		case step.Env != "":
			from = " by " + step.Env
		default:
			from = " by what lies in " + step.File
		}
	}
	if l.User == "" {
		return "nobody" + from
	}
	return l.User + from
}

func printFindings(t terminal, findings []doctor.Finding) {
	for _, f := range findings {
		tools := ""
		if len(f.Tools) > 0 {
			var words []string
			for _, n := range f.Tools {
				words = append(words, string(n))
			}
			tools = " (" + strings.Join(words, ", ") + ")"
		}
		fmt.Fprintf(t.Out, "\n%s: %s%s\n  %s\n", f.Weight, f.What, tools, f.Why)
		hand := "You: "
		if f.Fixable {
			hand = "Fix: "
		}
		fmt.Fprintf(t.Out, "  %s%s\n", hand, f.Fix)
	}
	if len(findings) == 0 {
		fmt.Fprintln(t.Out, "All is well.")
	}
}

func cmpOr(a, b string) string {
	if a != "" {
		return a
	}
	return b
}
