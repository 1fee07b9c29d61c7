package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"lanyard/backend/ledger"
	"lanyard/backend/registryauth"
	"lanyard/backend/signin"
	"lanyard/backend/tool"
	"lanyard/backend/why"
)

func whyCommand(t terminal) *cobra.Command {
	var as string
	var asJSON bool
	cmd := &cobra.Command{
		Use: "why IMAGE", Short: "Why an image can, or cannot, be pulled and pushed from here", Args: usageArgs(cobra.ExactArgs(1)),
		Long: "Does what a tool does when it is to pull or push IMAGE, up to the registry's decision: the file it looks\n" +
			"in, the key, the credential helper, whose account and which token that answers with, and what the\n" +
			"registry grants them. Then the reason, and the one thing to do. Nothing is pulled and nothing changes.\n" +
			"The exit code is 0 if a pull would work, else that of the reason: 3 not signed in, 4 keychain locked,\n" +
			"5 registry not reachable, 1 anything else.",
		Example: "  lanyard why registry.example/team/app:1\n  lanyard why --for podman ubuntu",
		RunE:    func(cmd *cobra.Command, args []string) error { return explain(cmd.Context(), t, args[0], as, asJSON) },
	}
	cmd.Flags().StringVar(&as, "for", string(tool.Docker), "the tool that is to do it: "+whyTools())
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

func whyTools() string {
	var names []string
	for _, n := range tool.Names() {
		names = append(names, string(n))
	}
	return strings.Join(names, ", ")
}

func explain(ctx context.Context, t terminal, image, as string, asJSON bool) error {
	name := tool.Name(strings.ToLower(as))
	if !slices.Contains(tool.Names(), name) {
		return usagef("--for %.40q is none of %s", as, whyTools())
	}
	p, err := newParts(t, false)
	if err != nil {
		return err
	}
	asker, err := p.looks().Asker()
	if err != nil {
		return err
	}
	done := t.waitFor("Looking the image up as %s does", name)
	r, err := asker.Explain(ctx, name, image)
	done()
	if err != nil {
		return err
	}
	if asJSON {
		err = printJSON(t, r)
	} else {
		err = printWhy(t, r)
	}
	if code := codeOfVerdict(r.Verdict); err == nil && code != 0 {
		return childExit(code) // all is said
	}
	return err
}

// codeOfVerdict is the exit code.
func codeOfVerdict(v why.Verdict) int {
	switch v {
	case why.OK, why.ReadOnly, why.Public:
		return 0
	case why.SignedOut, why.Ended, why.LoggedOut, why.NotSetUp:
		return exitNotSignedIn
	case why.Locked, why.NoKeychain:
		return exitKeychain
	case why.Unreachable:
		return exitUnreachable
	}
	return exitFailed
}

func printWhy(t terminal, r why.Report) error {
	w := tabwriter.NewWriter(t.Out, 0, 4, 2, ' ', 0)
	row := func(name, format string, args ...any) { fmt.Fprintf(w, "%s\t%s\n", name, fmt.Sprintf(format, args...)) }
	row("image", "%s", r.Image.Name)
	row("tool", "%s", r.Tool)
	for _, l := range r.Looks {
		printLook(row, l)
	}
	if len(r.Looks) == 0 {
		row("file", "none of %s names %s", r.Tool, r.Image.Domain)
	}
	switch a := r.Account; {
	case a == nil, a.Name == "":
		row("account", "none of Lanyard's")
	default:
		kind := "session"
		if a.Pasted {
			kind = "pasted token"
		}
		if a.Chosen {
			kind += ", chosen for this command"
		}
		row("account", "%s at %s (%s)", a.Name, a.Server, kind)
	}
	printToken(row, r.Login)
	switch d := r.Decides; {
	case d == nil:
		row("registry", "not asked: %s", r.Unreachable)
	default:
		said := fmt.Sprintf("pull %s, push %s", d.Pull, d.Push)
		switch d.Found {
		case registryauth.Yes:
			said += "; the image is there"
		case registryauth.No:
			said += "; there is no such image"
		}
		row("registry", "%s", said)
		if d.Words != "" {
			row("", "%q", d.Words)
		}
	}
	printRules(row, r.Rules)
	if l := r.LastRefusal; l != nil {
		row("last asked", "%s on %s got nothing: %s", toolName(l.Tool), signin.Day(l.At), ledger.Shown(l.Why))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	fmt.Fprintf(t.Out, "\n%s\n", r.Reason)
	if r.Do != "" {
		fmt.Fprintf(t.Out, "→ %s\n", r.Do)
	}
	return nil
}

// printRules says each sentence once: pull and push mostly have the same.
func printRules(row func(name, format string, args ...any), rules []why.Ruling) {
	for _, part := range []struct {
		name string
		of   func(why.Ruling) string
	}{
		{"rule", func(r why.Ruling) string { return r.Account }},
		{"", func(r why.Ruling) string { return r.Token }},
	} {
		said := ""
		for _, r := range rules {
			if words := part.of(r); words != "" && words != said {
				row(part.name, "%s", words)
				said = words
			}
		}
	}
}

func printLook(row func(name, format string, args ...any), l why.Look) {
	switch {
	case l.Env != "":
		row("variable", "%s", l.Env)
	case l.File != "":
		row("file", "%s", l.File)
	}
	if l.Outcome == why.Broken {
		row("", "cannot be read: %s", l.Said)
		return
	}
	row("key", "%s", l.Key)
	if l.Helper == "" {
		row("helper", "none: the password lies there in clear, of %s", l.User)
		return
	}
	said := map[why.Outcome]string{
		why.Has: "has credentials", why.HasNone: "has none", why.Missing: "is not on the PATH", why.Failed: "failed",
	}[l.Outcome]
	if l.Said != "" {
		said += ": " + l.Said
	}
	if l.Chosen {
		said += " (no file names it; the tool chose it)"
	}
	row("helper", "docker-credential-%s %s", l.Helper, said)
}

func printToken(row func(name, format string, args ...any), l *why.Login) {
	if l == nil {
		row("token", "none: the registry is asked without a name")
		return
	}
	token := "of " + l.Username
	if l.LastFour != "" {
		token = "…" + l.LastFour + " " + token
	}
	if l.Ends != nil {
		token += ", until " + signin.Day(*l.Ends)
	}
	row("token", "%s", token)
}
