package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"lanyard/backend/ledger"
	"lanyard/backend/machine"
	"lanyard/backend/tool"
)

// completionCommand prints what a shell needs to complete our command lines.
func completionCommand(t terminal) *cobra.Command {
	shell := func(name, how string, write func(root *cobra.Command, out io.Writer) error) *cobra.Command {
		return &cobra.Command{
			Use: name, Short: "Completions for " + name, Long: "Prints completions for " + name + ". " + how, Args: usageArgs(cobra.NoArgs),
			RunE: func(cmd *cobra.Command, _ []string) error { return write(cmd.Root(), t.Out) },
		}
	}
	cmd := group("completion", "What a shell needs to complete lanyard's command lines",
		shell("bash", "For this shell:\n  source <(lanyard completion bash)",
			func(root *cobra.Command, out io.Writer) error { return root.GenBashCompletionV2(out, true) }),
		shell("zsh", "Put them into a folder of $fpath:\n  lanyard completion zsh > ~/.zsh/completions/_lanyard",
			func(root *cobra.Command, out io.Writer) error { return root.GenZshCompletion(out) }),
		shell("fish", "For good:\n  lanyard completion fish > ~/.config/fish/completions/lanyard.fish",
			func(root *cobra.Command, out io.Writer) error { return root.GenFishCompletion(out, true) }),
		shell("powershell", "For this shell:\n  lanyard completion powershell | Out-String | Invoke-Expression",
			func(root *cobra.Command, out io.Writer) error { return root.GenPowerShellCompletionWithDesc(out) }),
	)
	cmd.Long = "Prints completions for a shell. Accounts, servers, tokens, organisations, teams and repositories are completed from\n" +
		"what is known on this computer, since lanyard last listed them; no server is asked, and no keychain is opened.\n" +
		"make install puts them where bash, zsh and fish look."
	return cmd
}

// completions says what completes each flag and argument; those that name a
// file keep the shell's own way.
func completions(t terminal, root *cobra.Command) {
	flags := map[string]cobra.CompletionFunc{
		"server":         completeServer(t),
		"account":        completeSession(t),
		"registry":       completeHost(t),
		"way":            words("docker", "password", "device"),
		"tool":           words(toolWords()...),
		"for":            words(toolWords()...),
		"scope":          words("admin", "write", "read", "public_read"),
		"expires":        words("never", "7d", "30d", "90d", "365d"),
		"ends":           words("30d", "90d", "365d"),
		"default-rights": words("private", "team"),
		"right":          words("read", "write", "admin"),
		"action":         words("pull", "push", "delete"),
		"source":         words(tokenSources...),
		"status":         words(tokenStatuses...),
		"sort":           words(sorts()...),
		"overlap":        words("0", "24h", "7d", "30d"),
		"token":          forFlag(completeToken(t)),
		"since":          words("1d", "7d", "30d"),
	}
	files := []string{"ca-file", "key-file", "config", "data", "storage", "file"}
	arguments := map[string]cobra.CompletionFunc{
		"lanyard token show": completeToken(t), "lanyard token rename": completeToken(t), "lanyard token activate": completeToken(t),
		"lanyard token deactivate": completeToken(t), "lanyard token delete": completeToken(t), "lanyard token rotate": completeToken(t),
		"lanyard token pin": completeToken(t), "lanyard token unpin": completeToken(t),
		"lanyard token scopes": then(completeToken(t), words("admin", "write", "read", "public_read")),
		"lanyard trust remove": completeTrusted(t),
		"lanyard org show":     then(completeOrg(t)), "lanyard org delete": then(completeOrg(t)), "lanyard org grant": then(completeOrg(t)), "lanyard org revoke": then(completeOrg(t)),
		"lanyard org token list": then(completeOrg(t)), "lanyard org token create": then(completeOrg(t)), "lanyard org token show": then(completeOrg(t)),
		"lanyard org token deactivate": then(completeOrg(t)), "lanyard org token activate": then(completeOrg(t)), "lanyard org token delete": then(completeOrg(t)),
		"lanyard team list": then(completeOrg(t)), "lanyard team delete": then(completeTeam(t)), "lanyard team grant": then(completeTeam(t)), "lanyard team revoke": then(completeTeam(t)),
		"lanyard repo list": then(completeOrg(t)), "lanyard repo show": then(completeRepo(t)), "lanyard repo delete": then(completeRepo(t)),
		"lanyard repo grant":  then(completeRepo(t), completeTeam(t), words("read", "write", "admin")),
		"lanyard repo revoke": then(completeRepo(t), completeTeam(t)), "lanyard repo visibility": then(completeRepo(t), words("public", "private")),
		"lanyard repo explain": then(completeRepo(t)), "lanyard repo tag list": then(completeRepo(t)), "lanyard repo tag delete": then(completeRepo(t)),
		"lanyard run": nil, "lanyard man": nil, // another program's command line; a folder
	}
	each(root, func(cmd *cobra.Command) {
		complete, ours := arguments[cmd.CommandPath()]
		switch {
		case ours:
			cmd.ValidArgsFunction = complete
		case cmd.ValidArgsFunction == nil && cmd.ValidArgs == nil:
			cmd.ValidArgsFunction = cobra.NoFileCompletions
		}
		cmd.LocalFlags().VisitAll(func(f *pflag.Flag) {
			complete, ours := flags[f.Name]
			switch {
			case slices.Contains(files, f.Name), f.Value.Type() == "bool":
				return
			case cmd.Name() == "serve" && f.Name == "registry", !ours:
				complete = cobra.NoFileCompletions
			}
			_ = cmd.RegisterFlagCompletionFunc(f.Name, complete) // a command's own way counts before
		})
	})
}

// each visits a command and all below it.
func each(cmd *cobra.Command, do func(*cobra.Command)) {
	do(cmd)
	for _, sub := range cmd.Commands() {
		each(sub, do)
	}
}

func words(all ...cobra.Completion) cobra.CompletionFunc {
	return cobra.FixedCompletions(all, cobra.ShellCompDirectiveNoFileComp)
}

func toolWords() []cobra.Completion {
	var all []cobra.Completion
	for _, n := range tool.Names() {
		all = append(all, string(n))
	}
	return all
}

// completeServer offers the servers that this computer has been signed in to.
func completeServer(t terminal) cobra.CompletionFunc {
	return fromState(t, func(state machine.State) []cobra.Completion {
		all := []cobra.Completion{cobra.CompletionWithDesc("docker-hub", "Docker Hub")}
		for server, hosts := range state.Servers {
			all = append(all, cobra.CompletionWithDesc(ledger.Shown(server), ledger.Shown(strings.Join(hosts, ", "))))
		}
		return all
	})
}

// completeHost offers the registries that an account answers for.
func completeHost(t terminal) cobra.CompletionFunc {
	return fromState(t, func(state machine.State) []cobra.Completion {
		var all []cobra.Completion
		for host, r := range state.Registries {
			all = append(all, cobra.CompletionWithDesc(ledger.Shown(host), ledger.Shown(r.Account)))
		}
		return all
	})
}

func fromState(t terminal, offer func(machine.State) []cobra.Completion) cobra.CompletionFunc {
	return func(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
		dirs, err := machine.DirsFrom(t.Getenv)
		if err != nil {
			return nil, cobra.ShellCompDirectiveError
		}
		state, err := dirs.StateFile().Load()
		if err != nil {
			return nil, cobra.ShellCompDirectiveError
		}
		all := offer(state)
		slices.Sort(all)
		return all, cobra.ShellCompDirectiveNoFileComp
	}
}

// completeSession offers the accounts that have a session: a pasted token has
// no tokens to manage.
func completeSession(t terminal) cobra.CompletionFunc {
	return func(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
		p, err := newParts(t, false)
		if err != nil {
			return nil, cobra.ShellCompDirectiveError
		}
		all, err := p.computer.Known()
		if err != nil {
			return nil, cobra.ShellCompDirectiveError
		}
		var names []cobra.Completion
		for _, k := range all {
			if !k.Pasted {
				names = append(names, ledger.Shown(k.Ref()))
			}
		}
		return names, cobra.ShellCompDirectiveNoFileComp
	}
}

// completeToken offers the tokens that were handed out here, by the ledger;
// the account's others only its service knows.
func completeToken(t terminal) cobra.CompletionFunc {
	return func(_ *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
		if len(args) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		dirs, err := machine.DirsFrom(t.Getenv)
		if err != nil {
			return nil, cobra.ShellCompDirectiveError
		}
		used, err := ledger.Ledger{Dir: dirs.State}.Read(-1)
		if err != nil {
			return nil, cobra.ShellCompDirectiveError
		}
		var all []cobra.Completion
		seen := map[string]bool{}
		for _, u := range used {
			if u.UUID != "" && !seen[u.UUID] {
				seen[u.UUID] = true
				all = append(all, cobra.CompletionWithDesc(ledger.Shown(u.UUID), fmt.Sprintf("…%s of %s", ledger.Shown(u.LastFour), ledger.Shown(u.Account))))
			}
		}
		return all, cobra.ShellCompDirectiveNoFileComp
	}
}

// completeTrusted offers the servers of which something is trusted.
func completeTrusted(t terminal) cobra.CompletionFunc {
	return func(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
		tr, err := trustTransport(t)
		if err != nil {
			return nil, cobra.ShellCompDirectiveError
		}
		trusted, err := tr.Trust.List()
		if err != nil {
			return nil, cobra.ShellCompDirectiveError
		}
		var all []cobra.Completion
		for _, one := range trusted {
			all = append(all, one.Host)
		}
		return all, cobra.ShellCompDirectiveNoFileComp
	}
}
