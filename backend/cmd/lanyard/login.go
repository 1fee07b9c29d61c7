package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"lanyard/backend/dockerconfig"
	"lanyard/backend/keychain"
	"lanyard/backend/signin"
)

func loginCommand(t terminal) *cobra.Command {
	var o loginOptions
	cmd := &cobra.Command{
		Use: "login", Short: "Sign this computer in, through your browser", Args: usageArgs(cobra.NoArgs),
		Long: "Signs you in through your browser. The account service generates a Read, Write, Delete token\n" +
			"for this computer; it goes into the system keychain, and docker is told to ask there.\n" +
			"Without --server this computer's own service is used, and started if it does not run.",
		Example: "  lanyard login\n  lanyard login --server https://registry.example\n  lanyard login --device        # no browser on this computer\n" +
			"  lanyard login --server ghcr.io --username ada --with-token < token.txt\n" +
			"  lanyard login --server docker-hub             # by your own docker",
		RunE: func(cmd *cobra.Command, _ []string) error {
			said := t
			if o.asJSON {
				said.Out = t.Err
			}
			account, err := login(cmd.Context(), said, o)
			if err == nil && o.asJSON {
				err = printAccount(cmd.Context(), t, account)
			}
			return err
		},
	}
	cmd.Flags().StringVar(&o.server, "server", "", "address of the account service (default: this computer's own)")
	cmd.Flags().StringVar(&o.way, "way", "", "with --server docker-hub: docker (the default), password, or device with a client id of your own in the settings")
	o.believe.flags(cmd)
	cmd.Flags().BoolVar(&o.device, "device", false, "show a code to type in a browser on any device")
	cmd.Flags().BoolVar(&o.noBrowser, "no-browser", false, "show the address and open nothing")
	cmd.Flags().BoolVarP(&o.yes, "yes", "y", false, "agree to a copy of the credential helper where the shell does not find it")
	cmd.Flags().BoolVar(&o.asJSON, "json", false, "print the account as JSON, and all words on standard error")
	cmd.Flags().BoolVar(&o.paste.withToken, "with-token", false, "read a token of your own from stdin, for the registry --server HOST: any registry")
	cmd.Flags().StringVar(&o.paste.username, "username", "", "with --with-token: the name that the registry knows the token by")
	cmd.Flags().StringVar(&o.paste.ends, "ends", "", "with --with-token: when the token ends: 2027-01-31, 30d, or 2027-01-31T12:00:00Z (default: not known)")
	cmd.Flags().BoolVar(&o.paste.noCheck, "no-check", false, "with --with-token: store the token without asking the registry whether it takes it")
	return cmd
}

type loginOptions struct {
	server, way            string
	device, noBrowser, yes bool
	asJSON                 bool
	paste                  pasteOptions
	believe                believeOptions
}

func login(ctx context.Context, t terminal, o loginOptions) (none signin.Account, err error) {
	if err := o.believe.check(o.server, o.atDockerHub() || o.paste.given()); err != nil {
		return none, err
	}
	switch {
	case o.atDockerHub():
		return loginHub(ctx, t, o)
	case o.way != "":
		return none, usagef("--way goes with --server docker-hub")
	case o.paste.given():
		return paste(ctx, t, o)
	}
	p, err := newParts(t, true)
	if err != nil {
		return none, err
	}
	p.docker.MayCopy = o.yes
	address := o.server
	own := address == ""
	if own {
		// A locked keychain may be unlocked when it is needed; without one
		// there is nothing to begin, not even a service.
		if err := p.computer.Keychain.Probe(ctx); err != nil && !errors.Is(err, keychain.ErrLocked) {
			return none, fmt.Errorf("nothing was begun: %w", err)
		}
		if address, err = p.ensureOwn(ctx, t); err != nil {
			return none, err
		}
	}
	done := t.waitFor("Asking %s", address)
	server, err := p.open(ctx, t, address, o.believe)
	done()
	if err != nil {
		return none, err
	}
	if _, err := p.computer.Expire(ctx); err != nil {
		t.say("lanyard: not finished yet: %v", err)
	}
	if account, err := retake(ctx, t, p, server.URL); account != none || err != nil {
		return account, err
	}
	flow := &signin.Flow{Computer: p.computer, Server: server, Device: o.device, Show: func(s signin.Prompt) { show(t, s, o) }}
	if !o.device && !o.noBrowser {
		flow.OpenBrowser = signin.OpenSystemBrowser
	}
	result, err := flow.Run(ctx)
	if err != nil {
		return none, err
	}
	err = signedIn(ctx, t, p, result)
	if own && err == nil {
		p.askAutomatic(ctx, t)
	}
	return result.Account, err
}

// retake makes this computer's token anew where its session lives and its
// token gave way to another computer's: nothing does so by itself, and a
// person who says login asks for it. No browser is needed.
func retake(ctx context.Context, t terminal, p *parts, server string) (none signin.Account, err error) {
	account, err := p.computer.Find(server)
	if err != nil || account.Server != server {
		return none, nil //nolint:nilerr // nobody is signed in there: sign in
	}
	st, err := p.computer.Look(ctx, account, true)
	if err != nil || st.Session == nil || st.Session.Token != nil || st.Session.TokenLost == nil || st.Session.TokenLost.Fate != "evicted" {
		return none, nil //nolint:nilerr // a sign-in settles whatever it is
	}
	access, err := p.computer.Access(ctx, account)
	if err == nil {
		err = p.computer.Regenerate(ctx, access)
	}
	if err != nil {
		return none, err
	}
	fmt.Fprintf(t.Out, "%s: this computer has its token again.\n", account)
	return account, nil
}

// ensureOwn starts this computer's own service where none answers, and says
// how to set it up where that is still to be done.
func (p *parts) ensureOwn(ctx context.Context, t terminal) (string, error) {
	if _, err := p.own.Status(ctx); err != nil {
		t.say("Starting this computer's own service …")
	}
	st, started, err := p.own.Ensure(ctx)
	if err != nil {
		return "", err
	}
	if started {
		t.say("It runs at %s and goes on when this command ends (lanyard service stop ends it).", st.PublicURL)
	}
	if st.NeedsSetup {
		t.say("It has no account yet. The page that opens asks for a set-up code; show one with: lanyard service setup-code")
	}
	return st.PublicURL, nil
}

func show(t terminal, s signin.Prompt, o loginOptions) {
	switch {
	case s.UserCode != "":
		t.say("On any device open %s", s.URL)
		showQR(t, s.Complete)
		t.say("and enter the code %s", s.UserCode)
	case s.Browser != nil:
		t.say("lanyard: %v", s.Browser)
		t.say("Open this address in a browser on this computer:\n\n  %s\n", s.URL)
	case o.noBrowser:
		t.say("Open this address in a browser on this computer:\n\n  %s\n", s.URL)
	default:
		t.say("Your browser opens. If it does not, open this address:\n\n  %s\n", s.URL)
	}
	if left := time.Until(s.Expires).Round(time.Minute); !s.Expires.IsZero() && left > 0 {
		t.say("Waiting for you, up to %d minutes (Ctrl-C cancels) …", int(left.Minutes()))
	}
}

// signedIn tells what was done, settles docker's configuration with the
// person, and says what to try.
func signedIn(ctx context.Context, t terminal, p *parts, r signin.Result) error {
	where := p.computer.Keychain.Name(ctx)
	if where == "" {
		where = "the system keychain"
	}
	fmt.Fprintf(t.Out, "Signed in as %s\n", r.Account)
	fmt.Fprintf(t.Out, "A Read, Write, Delete token for this computer (…%s) was stored in %s.\n", r.LastFour, where)
	fmt.Fprintf(t.Out, "The session ends on %s, or on %s if it is not used.\n", signin.Day(r.Ends), signin.Day(r.IdleBy))
	sayLeft(t, r)
	return p.settleTools(ctx, t, r.Tools, r.Account, r.Hosts)
}

// sayLeft tells which registries the server names and did not get.
func sayLeft(t terminal, r signin.Result) {
	for _, left := range r.Left {
		if left.By == (signin.Account{}) {
			t.say("%s names %s as its registry; that is Docker Hub's, and stays so.", r.Account.Server, left.Host)
			continue
		}
		t.say("%s is served by %s, and stays so. To let %s answer there:\n  lanyard accounts switch %s --registry %s",
			left.Host, left.By, r.Account.Name, r.Account.Ref(), left.Host)
	}
}

// settleTools says what became of docker's configuration, and asks about what
// only the person can decide.
func (p *parts) settleTools(ctx context.Context, t terminal, tools error, a signin.Account, hosts []string) error {
	var missing *dockerconfig.NotFoundError
	if errors.As(tools, &missing) && missing.Offer.Path != "" && t.person() && ask(t, fmt.Sprintf("Your shell does not find the credential helper. Copy it to %s?", missing.Offer.Path)) {
		p.docker.MayCopy = true
		tools = p.docker.SetUp(ctx, hosts)
	}
	switch {
	case len(hosts) == 0:
		t.say("The tools have nothing to ask of it: no registry is served by this account.")
	case tools == nil:
		fmt.Fprintf(t.Out, "Set up for %s in %s.\n", strings.Join(hosts, ", "), p.docker.File.Path)
		hints(t, a.Name, signin.OwnFirst(a.Server, hosts))
	case errors.As(tools, &missing):
		notFound(t, missing)
	default:
		return fmt.Errorf("signed in, but the tools are not set up (lanyard docker setup tries again): %w", tools)
	}
	return nil
}

// notFound says what is left to do where the shell does not find the helper.
func notFound(t terminal, missing *dockerconfig.NotFoundError) {
	t.say("The tools are not set up yet: your shell (%s) does not find docker-credential-lanyard.", missing.Shell)
	if missing.Offer.Path != "" {
		t.say("  lanyard docker setup --yes    copies it to %s", missing.Offer.Path)
		return
	}
	t.say("  Add this line to %s, open a new terminal, and run: lanyard docker setup", missing.File)
	t.say("    %s", missing.Line)
}

// hints are lines to try.
func hints(t terminal, name string, hosts []string) {
	tries := signin.Tries(name, hosts)
	if len(tries) == 0 {
		return
	}
	t.say("Try it:")
	for _, try := range tries {
		line := "  " + try.Line
		if try.Note != "" {
			line += "    (" + try.Note + ")"
		}
		t.say("%s", line)
	}
}

// ask asks a yes or no on the terminal; no answer is no.
func ask(t terminal, question string) bool {
	t.interrupt()
	fmt.Fprintf(t.Err, "%s [y/N] ", question)
	line, _ := bufio.NewReader(t.In).ReadString('\n')
	line = strings.ToLower(strings.TrimSpace(line))
	return line == "y" || line == "yes"
}

func logoutCommand(t terminal) *cobra.Command {
	var o logoutOptions
	cmd := &cobra.Command{
		Use: "logout [NAME|HOST]", Short: "Sign this computer out, and prove it", Args: usageArgs(cobra.MaximumNArgs(1)),
		Long: "Ends the session at the service, which refuses its token from then on, removes token and session\n" +
			"from the keychain, puts docker's configuration back, and says what is still alive. A token that was\n" +
			"pasted is removed here; its registry alone can end it.\n" +
			"NAME is an account's name, or NAME@SERVER; HOST is a registry.",
		Example: "  lanyard logout\n  lanyard logout ghcr.io\n  lanyard logout --everywhere    # on every computer of the account",
		RunE:    func(cmd *cobra.Command, args []string) error { return logout(cmd.Context(), t, args, o) },
	}
	cmd.Flags().StringVar(&o.server, "server", "", "the service to sign out of")
	cmd.Flags().BoolVar(&o.all, "all", false, "sign every account out of this computer")
	cmd.Flags().BoolVar(&o.asJSON, "json", false, "print the receipts as JSON, and all words on standard error")
	cmd.Flags().BoolVar(&o.everywhere, "everywhere", false, "end the account's sessions on all its computers")
	cmd.ValidArgsFunction = completeAccount(t)
	return cmd
}

type logoutOptions struct {
	server          string
	all, everywhere bool
	asJSON          bool
}

func logout(ctx context.Context, t terminal, args []string, o logoutOptions) error {
	if o.all && len(args) > 0 {
		return usagef("--all signs everybody out: no name goes with it")
	}
	p, err := newParts(t, true)
	if err != nil {
		return err
	}
	said := t
	if o.asJSON {
		said.Out = t.Err
	}
	p.tidy(ctx, t)
	accounts, err := p.whom(args, o.server, o.all)
	if errors.Is(err, signin.ErrNotSignedIn) && len(args) == 0 {
		p.acknowledge(t, o.server)
	}
	if err != nil {
		return err
	}
	var hosts []string
	var failed error
	receipts := []receiptView{}
	for _, k := range accounts {
		done := said.waitFor("Signing out of %s", k.Server)
		r, err := p.signOut(ctx, said, k, o.everywhere)
		done()
		if err == nil || r.Account != (signin.Account{}) {
			receipts = append(receipts, receiptOf(k, r))
		}
		hosts, failed = append(hosts, r.Hosts...), errors.Join(failed, err)
	}
	p.sayWaiting(t, hosts)
	if o.asJSON {
		failed = errors.Join(printJSON(t, receipts), failed)
	}
	return failed
}

// signOut is logout for one account.
func (p *parts) signOut(ctx context.Context, t terminal, k signin.Known, everywhere bool) (r signin.Receipt, err error) {
	account := k.Account
	switch {
	case everywhere:
		var ended int
		if r, ended, err = p.computer.SignOutEverywhere(ctx, account); err == nil {
			t.interrupt()
			fmt.Fprintf(t.Out, "Ended at %s: %d of the account's sessions, on all its computers\n", account.Server, ended)
		}
	case k.Pasted:
		return p.discard(ctx, t, k)
	default:
		r, err = p.computer.SignOut(ctx, account)
	}
	t.interrupt()
	if err != nil {
		return r, err
	}
	fmt.Fprintf(t.Out, "Signed out: %s\n", account)
	if r.LastFour != "" {
		fmt.Fprintf(t.Out, "  token …%s and session: removed from the keychain\n", r.LastFour)
	} else {
		fmt.Fprintln(t.Out, "  session: removed from the keychain")
	}
	switch {
	case r.Refused:
		fmt.Fprintln(t.Out, "  at the service: session ended; the token was tried and is refused")
	case r.Revoked:
		fmt.Fprintln(t.Out, "  at the service: session ended")
	case r.Pending != nil:
		fmt.Fprintf(t.Out, "  at the service: revocation pending (%v); the next lanyard command that reaches it carries it out\n", r.Pending)
	}
	for _, alive := range r.Alive {
		fmt.Fprintln(t.Out, "  "+alive)
	}
	fmt.Fprintln(t.Out, "  a registry that was shown the token just now may let it pass for up to 6 minutes more")
	if r.Tools != nil {
		return r, fmt.Errorf("signed out, but docker's configuration was not put back: %w", r.Tools)
	}
	return r, nil
}
