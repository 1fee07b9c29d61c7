package doctor

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"net/url"
	"os"
	"slices"
	"strings"
	"syscall"
	"time"

	"lanyard/backend/dockerconfig"
	"lanyard/backend/keychain"
	"lanyard/backend/registryauth"
	"lanyard/backend/tool"
)

// Sources are what Gather looks at.
type Sources struct {
	Here       tool.Here
	Registries []Registry // Host and Account
	File       dockerconfig.File
	Helper     dockerconfig.Helper
	Keychain   func(ctx context.Context) error // what its Probe says
	Now        func() time.Time                // nil: time.Now
	// Asks: the tools' look-ups are made, and registries asked for their
	// realms. Without it only files and programs are looked at.
	Asks bool
}

const (
	asks     = 3               // times that the helper is timed; the best counts
	slowAsks = 10              // where that is slow: the computer may be busy
	patience = 3 * time.Second // for a registry to answer
)

// Gather looks. What cannot be seen is a finding, or is missing from the
// snapshot: nothing of it is an error.
func Gather(ctx context.Context, src Sources) Snapshot {
	now := time.Now
	if src.Now != nil {
		now = src.Now
	}
	s := Snapshot{
		Now: now(), Registries: slices.Clone(src.Registries),
		Files: map[tool.Name][]string{}, Configs: map[string]tool.Config{}, Status: map[string]dockerconfig.Status{},
		Refused: map[string]string{}, Programs: map[string]string{},
	}
	here := src.Here
	here.Path = s.helper(ctx, src)
	s.Tools = here.Find(ctx)
	s.files(here, src)
	s.Native = here.Native()
	for _, path := range s.dockerFiles() {
		if store := s.Configs[path].CredsStore; store != "" && slices.Contains(s.readers(path), tool.Regctl) {
			s.Listed = here.Listed(ctx, store)
		}
	}
	var sound bool
	s.EnvAuth, sound = here.EnvAuth()
	s.EnvBroken = !sound
	s.Keychain = keychainState(ctx, src.Keychain)
	s.SudoUser, s.Socket = sudo(here), socket(here)
	if src.Asks {
		s.look(ctx, here)
		s.realms(ctx)
	}
	return s
}

// helper asks a fresh shell, and returns the PATH that it has.
func (s *Snapshot) helper(ctx context.Context, src Sources) (path []string) {
	found, err := src.Helper.Finder.Find(ctx)
	s.Helper.Shell = found.Shell
	if err != nil {
		s.Helper.Other = err.Error() + "."
		return nil
	}
	offer, err := src.Helper.Offer(ctx)
	switch {
	case err != nil:
		s.Helper.Other, s.Helper.Path = err.Error()+".", found.Path
	case offer.Update:
		s.Helper.Older, s.Helper.Path = true, offer.Path
	default:
		s.Helper.Path, s.Helper.Offer, s.Helper.Line, s.Helper.File = offer.Found, offer.Path, offer.Line, offer.File
	}
	return found.Dirs
}

func (s *Snapshot) files(here tool.Here, src Sources) {
	for _, name := range tool.Names() { // of absent tools, too: set-up may be for one
		for _, f := range here.Files(name) {
			s.Files[name] = append(s.Files[name], f.Path)
			if _, seen := s.Configs[f.Path]; seen {
				continue
			}
			s.Configs[f.Path] = tool.Read(f)
			shape, editable := shapeOf(f.Kind)
			if !editable {
				continue
			}
			status, err := dockerconfig.File{Path: f.Path, Journal: src.File.Journal, Shape: shape}.Status()
			if err != nil {
				s.Refused[f.Path] = strings.TrimPrefix(err.Error(), dockerconfig.ErrRefused.Error()+": ")
				continue
			}
			s.Status[f.Path] = status
		}
	}
	for _, c := range s.Configs {
		for _, helper := range c.CredHelpers {
			s.Programs[helper] = here.Look("docker-credential-" + helper)
		}
		if c.CredsStore != "" {
			s.Programs[c.CredsStore] = here.Look("docker-credential-" + c.CredsStore)
		}
	}
}

// look makes every tool look every registry up.
func (s *Snapshot) look(ctx context.Context, here tool.Here) {
	type answer struct {
		tool.Asked
		err error
	}
	known := map[string]answer{}
	ask := func(helper, key string) answer {
		if a, ok := known[helper+" "+key]; ok {
			return a
		}
		var a answer
		a.Asked, a.err = here.Helper(ctx, helper, key)
		known[helper+" "+key] = a
		return a
	}
	for _, r := range s.Registries {
		for _, t := range s.Tools {
			l := Look{Tool: t.Name, Host: r.Host, Steps: s.resolve(t, s.Configs, r.Host), Itself: t.Name.HasCommand()}
			if l.Itself {
				asked, err := here.Ask(ctx, t, r.Host)
				l.User, l.Words = asked.User, words(err)
				s.Looks = append(s.Looks, l)
				continue
			}
			for _, step := range l.Steps {
				if step.Helper == "" {
					l.User = cmpOr(step.User, "somebody")
					break
				}
				a := ask(step.Helper, step.Key)
				l.User, l.Words = a.User, words(a.err)
				if a.err == nil || !errors.Is(a.err, tool.ErrNone) {
					break
				}
			}
			s.Looks = append(s.Looks, l)
		}
	}
	if len(s.Registries) == 0 || s.Helper.Path == "" {
		return
	}
	for n := 0; n < asks || n < slowAsks && s.Helper.Took > Slow; n++ {
		asked, _ := here.Helper(ctx, dockerconfig.Suffix, s.Registries[0].Host)
		if s.Helper.Took == 0 || asked.Took < s.Helper.Took {
			s.Helper.Took = asked.Took
		}
	}
}

func words(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// realms asks each registry where tokens for it are given.
func (s *Snapshot) realms(ctx context.Context) {
	for i := range s.Registries {
		r := &s.Registries[i]
		ctx, cancel := context.WithTimeout(ctx, patience)
		c, err := registryauth.Registry{Host: r.Host}.Challenge(ctx)
		if err == nil || errors.Is(err, registryauth.ErrRealm) {
			r.Address, r.Realm = c.Base, c.Realm
		}
		if u, err := url.Parse(r.Realm); err == nil && u.Hostname() != "" {
			addresses, _ := net.DefaultResolver.LookupNetIP(ctx, "ip", u.Hostname())
			for _, a := range addresses {
				r.Resolved = append(r.Resolved, a.Unmap())
			}
			slices.SortFunc(r.Resolved, netip.Addr.Compare)
		}
		cancel()
	}
}

func keychainState(ctx context.Context, probe func(context.Context) error) KeychainState {
	if probe == nil {
		return KeychainReady
	}
	switch err := probe(ctx); {
	case err == nil:
		return KeychainReady
	case errors.Is(err, keychain.ErrLocked):
		return KeychainLocked
	case errors.Is(err, keychain.ErrTimeout):
		return KeychainSilent
	}
	return KeychainMissing
}

func sudo(here tool.Here) string {
	if here.UID != 0 {
		return ""
	}
	if user := here.Getenv("SUDO_USER"); user != "root" {
		return user
	}
	return ""
}

// socket is the daemon's, where it is there and not for this account.
func socket(here tool.Here) string {
	path := "/var/run/docker.sock"
	if host := here.Getenv("DOCKER_HOST"); host != "" {
		local, ok := strings.CutPrefix(host, "unix://")
		if !ok {
			return ""
		}
		path = local
	}
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err == nil {
		_ = f.Close()
	}
	if errors.Is(err, os.ErrPermission) || errors.Is(err, syscall.EPERM) {
		return path
	}
	return ""
}
