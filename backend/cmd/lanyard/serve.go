package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"lanyard/backend/access"
	"lanyard/backend/grant"
	"lanyard/backend/machine"
	"lanyard/backend/ownservice"
	"lanyard/backend/server"
	"lanyard/backend/token"
)

const ownPort = "8460"

// serveOptions are the flags of serve; each has a LANYARD_ variable and a key
// in the configuration file, see config.go.
type serveOptions struct {
	listen, publicURL, data, storage, defaultRights string
	registries, aliases                             []string
	behindProxy, own, printRegistryConfig, refresh  bool
	autoPerHour, manual, hubPerMinute               int
	lifetime, idle                                  time.Duration
}

func serveCommand(t terminal) *cobra.Command {
	var o serveOptions
	var config string
	cmd := &cobra.Command{
		Use: "serve", Short: "Be the account service: sign-in, tokens and, with --storage, the registry", Args: usageArgs(cobra.NoArgs),
		Long: "Runs the account service until it is told to stop. Every flag may also be given as a variable\n" +
			"(LANYARD_PUBLIC_URL) or as a key of the YAML file named by --config (public-url); a flag wins\n" +
			"over a variable, a variable over the file.",
		Example: "  lanyard serve --storage /srv/lanyard/images\n" +
			"  lanyard serve --listen 0.0.0.0:8460 --public-url https://registry.example --storage /srv/images\n" +
			"  lanyard serve --registry registry.example:5000 --print-registry-config",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if o.own && config == "" {
				config = ownSettings(t)
			}
			if err := configure(cmd.Flags(), config, t.Getenv); err != nil {
				return err
			}
			return serve(cmd.Context(), t, o)
		},
	}
	f := cmd.Flags()
	f.StringVar(&config, "config", "", "YAML file with settings")
	f.StringVar(&o.listen, "listen", "127.0.0.1:"+ownPort, "address to listen on")
	f.StringVar(&o.publicURL, "public-url", "", "address that people and registries use (default: http://localhost:PORT)")
	f.StringVar(&o.data, "data", "", "folder of the database and the keys (default: the own service's)")
	f.StringVar(&o.storage, "storage", "", "folder of images: the service is the registry too")
	f.StringSliceVar(&o.registries, "registry", nil, "host[:port] of a registry that trusts this service (repeatable)")
	f.StringSliceVar(&o.aliases, "alias", nil, "further host[:port] that requests may be for (repeatable)")
	f.BoolVar(&o.behindProxy, "behind-proxy", false, "a proxy on this computer forwards the public URL to the listen address")
	f.StringVar(&o.defaultRights, "default-rights", "private", "what members may do in each other's repositories: private (nothing) or team (read and write)")
	f.IntVar(&o.autoPerHour, "auto-tokens-per-hour", token.DefaultLimits().PerHour, "sign-ins an hour that may take another computer's token (0: no limit)")
	f.IntVar(&o.manual, "manual-tokens", token.DefaultLimits().Manual, "tokens made by hand an account may have")
	f.IntVar(&o.hubPerMinute, "hub-per-minute", server.HubPerMinute, "requests a minute that one account, or one address where nobody has signed in, may make to the Hub's API")
	f.DurationVar(&o.lifetime, "session-lifetime", grant.DefaultLimits().Absolute, "how long after sign-in a session ends")
	f.DurationVar(&o.idle, "session-idle", grant.DefaultLimits().Idle, "how long without use a session ends")
	f.BoolVar(&o.refresh, "registry-refresh-tokens", false, "give clients that ask for one a refresh token, which docker login then keeps in the place of the token")
	f.BoolVar(&o.printRegistryConfig, "print-registry-config", false, "print what a separate registry needs to trust this service, and end")
	f.BoolVar(&o.own, "own", false, "be this computer's own service")
	_ = f.MarkHidden("own") // it exists
	cmd.AddCommand(serveGC(t))
	return cmd
}

// ownSettings is the own service's settings file, "" if there is none. The
// system starts the service with the same words for ever, so it looks itself.
func ownSettings(t terminal) string {
	dirs, err := machine.DirsFrom(t.Getenv)
	if err != nil || t.Getenv("LANYARD_CONFIG") != "" {
		return ""
	}
	file := ownservice.Of(dirs, "", version).Config
	if _, err := os.Stat(file); err != nil {
		return ""
	}
	return file
}

func serve(ctx context.Context, t terminal, o serveOptions) (err error) {
	if o.data == "" {
		p, err := newParts(t, false)
		if err != nil {
			return err
		}
		o.data = p.computer.Dirs.Service()
	}
	if err := o.check(); err != nil {
		return err
	}
	if o.printRegistryConfig {
		return printRegistryConfig(ctx, t, o)
	}
	address, listeners, data, err := open(ctx, o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, data.Close()) }()
	server.Pace()
	// Libraries write to the default logger, one line per refusal.
	slog.SetDefault(slog.New(slog.NewTextHandler(t.Err, &slog.HandlerOptions{Level: slog.LevelError})))
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	s, err := server.New(server.Config{
		Store: data.DB, Keys: data.Keys, Address: address, Registries: o.registries, Storage: o.storage, Data: data.Dir,
		Rights: access.Default(o.defaultRights), Aliases: o.aliases, Version: version,
		RefreshTokens: o.refresh, HubPerMinute: o.hubPerMinute, Backup: data.DB.Copy,
		Tokens:   token.Limits{Auto: token.DefaultLimits().Auto, Manual: o.manual, PerHour: o.autoPerHour},
		Sessions: grant.Limits{Absolute: o.lifetime, Idle: o.idle, Unclaimed: grant.DefaultLimits().Unclaimed},
		SetUp:    data.MarkSetUp, Stop: stop, Log: slog.New(slog.NewTextHandler(t.Err, nil)),
	})
	if err != nil {
		return errors.Join(err, closeAll(listeners))
	}
	socket, err := server.ListenAdmin(data.Dir, t.Getenv("XDG_RUNTIME_DIR"))
	if err != nil {
		return errors.Join(err, closeAll(listeners))
	}
	return runService(ctx, t, o, s, data, socket, listeners, address)
}

// runService answers network and socket until ctx ends or a part fails.
func runService(ctx context.Context, t terminal, o serveOptions, s *server.Server, data *server.Data, socket net.Listener, listeners []net.Listener, address server.Address) error {
	admin := &http.Server{Handler: s.Admin(), ReadHeaderTimeout: 5 * time.Second}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	ended := make(chan error, 3)
	go func() { ended <- s.Background(ctx) }()
	go func() { ended <- s.Serve(ctx, listeners) }()
	go func() {
		if err := admin.Serve(socket); !errors.Is(err, http.ErrServerClosed) {
			ended <- fmt.Errorf("serve the admin socket: %w", err)
			return
		}
		ended <- nil
	}()
	greet(ctx, t, o, s, address)
	var failed error
	select {
	case <-ctx.Done():
	case failed = <-ended:
	case <-data.DB.Failed():
		// A commit whose outcome is unknown: the only honest thing is to stop.
		failed = errors.New("the database could not be written; the service has stopped so that nothing is promised that was not kept")
	}
	stop()
	// Whoever told us to stop is to get the answer.
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	if admin.Shutdown(last) != nil {
		_ = admin.Close()
	}
	for range 3 {
		select {
		case err := <-ended:
			failed = errors.Join(failed, err)
		case <-time.After(15 * time.Second):
		}
	}
	return failed
}

// greet says where the service is, and, where there is no account yet, how to
// make the first. The own service writes to a log file, where no code belongs.
func greet(ctx context.Context, t terminal, o serveOptions, s *server.Server, address server.Address) {
	t.say("lanyard: serving %s", address.Public.String())
	empty, err := s.NeedsSetup(ctx)
	if err != nil || !empty {
		return
	}
	if o.own {
		t.say("lanyard: there is no account yet; a set-up code: lanyard service setup-code")
		return
	}
	t.say("lanyard: there is no account yet. Open %s/setup within 15 minutes and enter the code %s", address.Public.String(), s.SetupCode())
}

func (o *serveOptions) check() error {
	switch access.Default(o.defaultRights) {
	case access.DefaultPrivate, access.DefaultTeam:
	default:
		return usagef("--default-rights is private or team, not %q", o.defaultRights)
	}
	if o.lifetime <= 0 || o.idle <= 0 || o.autoPerHour < 0 || o.manual <= 0 || o.hubPerMinute <= 0 {
		return usagef("--session-lifetime, --session-idle, --manual-tokens and --hub-per-minute must be above zero, --auto-tokens-per-hour not below")
	}
	for _, path := range []*string{&o.data, &o.storage} {
		if *path == "" {
			continue
		}
		whole, err := filepath.Abs(*path)
		if err != nil {
			return usagef("%q: %w", *path, err)
		}
		*path = whole
	}
	return nil
}

// open checks the address, takes the data folder, and listens: in this order,
// so that a port is not taken from a service that holds the folder.
func open(ctx context.Context, o serveOptions) (server.Address, []net.Listener, *server.Data, error) {
	var address server.Address
	var err error
	if !o.own {
		if address, err = server.NewAddress(o.publicURL, o.listen, o.behindProxy); err != nil {
			return address, nil, nil, &usageError{err}
		}
	}
	data, err := server.OpenData(ctx, o.data, time.Now())
	if err != nil {
		return address, nil, nil, err
	}
	var listeners []net.Listener
	if o.own {
		address, listeners, err = listenOwn(data.Dir)
	} else {
		listeners, err = address.Open()
	}
	if err != nil {
		return address, nil, nil, errors.Join(err, data.Close())
	}
	return address, listeners, data, nil
}

// listenOwn takes the own service's port: the one kept in service.json, else
// 8460, else a free one, kept from then on, since docker's configuration and
// the keychain name it.
func listenOwn(data string) (server.Address, []net.Listener, error) {
	file := filepath.Join(data, ownservice.PortFile)
	kept, err := ownservice.KeptPort(data)
	if err != nil {
		return server.Address{}, nil, err
	}
	if kept != "" {
		address, err := server.NewAddress("", "127.0.0.1:"+kept, false)
		if err != nil {
			return server.Address{}, nil, err
		}
		listeners, err := address.Open()
		if err != nil {
			return server.Address{}, nil, fmt.Errorf("%w; tools on this computer know that port: end the other program, or delete %s and sign in again", err, file)
		}
		return address, listeners, nil
	}
	for _, port := range []string{ownPort, "0"} {
		address, listeners, err := tryPort(port)
		if err != nil {
			continue
		}
		_, port, _ := net.SplitHostPort(address.Listen)
		text := fmt.Sprintf("{\"port\": %q}\n", port)
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			return server.Address{}, nil, errors.Join(fmt.Errorf("keep the port: %w", err), closeAll(listeners))
		}
		return address, listeners, nil
	}
	return server.Address{}, nil, errors.New("no port of this computer could be listened on")
}

func tryPort(port string) (server.Address, []net.Listener, error) {
	if port == "0" {
		probe, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return server.Address{}, nil, err
		}
		_, port, _ = net.SplitHostPort(probe.Addr().String())
		if err := probe.Close(); err != nil {
			return server.Address{}, nil, err
		}
	}
	address, err := server.NewAddress("", "127.0.0.1:"+port, false)
	if err != nil {
		return server.Address{}, nil, err
	}
	listeners, err := address.Open()
	return address, listeners, err
}

func closeAll(listeners []net.Listener) error {
	var failed error
	for _, l := range listeners {
		failed = errors.Join(failed, l.Close())
	}
	return failed
}

// printRegistryConfig prints the stanza for each --registry. It works beside a
// running service: all it takes is the address and the published authority.
func printRegistryConfig(ctx context.Context, t terminal, o serveOptions) error {
	if len(o.registries) == 0 {
		return usagef("--print-registry-config needs --registry HOST[:PORT]: the name under which clients reach that registry")
	}
	listen := o.listen
	if kept, err := ownservice.KeptPort(o.data); err == nil && kept != "" && o.publicURL == "" {
		listen = "127.0.0.1:" + kept // this is the own service's data
	}
	address, err := server.NewAddress(o.publicURL, listen, o.behindProxy)
	if err != nil {
		return &usageError{err}
	}
	ca, err := server.AuthorityFile(ctx, o.data, time.Now())
	if err != nil {
		return err
	}
	for i, name := range o.registries {
		if i > 0 {
			fmt.Fprintln(t.Out, "---")
		}
		if err := server.PrintRegistryConfig(t.Out, address, name, o.data, ca); err != nil {
			return err
		}
	}
	t.say("lanyard: a secret is printed there, by which the registry notifies this service; keep its configuration file to yourself: chmod 600")
	return nil
}
