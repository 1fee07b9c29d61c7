package app

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"time"

	"lanyard/backend/client"
	"lanyard/backend/keychain"
	"lanyard/backend/machine"
	"lanyard/backend/probe"
	"lanyard/backend/signin"
)

// Start is bound: what a first run needs besides the sign-in itself.
type Start struct{ core *core }

// CheckView is one thing that a sign-in relies on.
type CheckView struct {
	ID     string `json:"id"`    // keychain, browser, tools, helper or service
	State  string `json:"state"` // good, warn or bad
	Says   string `json:"says"`
	Fix    string `json:"fix"`
	Action string `json:"action"` // unlock, choose_keychain, copy_helper or ""
}

// ServerView is what answers at an address.
type ServerView struct {
	Address     string   `json:"address"`
	Reachable   bool     `json:"reachable"`
	Certificate string   `json:"certificate"`
	Fingerprint string   `json:"fingerprint"`
	Kind        string   `json:"kind"`
	Version     string   `json:"version"`
	TooOld      bool     `json:"tooOld"`
	TooNew      bool     `json:"tooNew"`
	Registries  []string `json:"registries"`
	Says        string   `json:"says"`
	Fix         string   `json:"fix"`
}

// PasteView is a token of the person's own.
type PasteView struct {
	Host     string `json:"host"`
	Username string `json:"username"`
	Secret   string `json:"secret"`
	Ends     string `json:"ends"`
	NoCheck  bool   `json:"noCheck"`
}

// String hides the secret.
func (PasteView) String() string { return "***" }

// GoString hides it from %#v.
func (PasteView) GoString() string { return "***" }

// PastedView is what became of it.
type PastedView struct {
	Account  string `json:"account"`
	Host     string `json:"host"`
	LastFour string `json:"lastFour"`
	Replaced bool   `json:"replaced"`
	Checked  bool   `json:"checked"`
	Tools    string `json:"tools"` // why they are not set up
}

// probing is how long an address has to answer.
const probing = 5 * time.Second

// Preflight looks at what a sign-in relies on. Nothing of it stops one.
func (s *Start) Preflight() ([]CheckView, error) {
	ctx, cancel := s.core.context(quick)
	defer cancel()
	return []CheckView{s.keychain(ctx), s.browser(), s.tools(ctx), s.helper(ctx), s.service(ctx)}, nil
}

func (s *Start) keychain(ctx context.Context) CheckView {
	st, err := s.core.Computer.Keychain.Standing(ctx)
	if err == nil {
		err = st.State
	}
	switch {
	case err == nil:
		return CheckView{ID: "keychain", State: "good", Says: "Secrets go into " + st.Name + "."}
	case errors.Is(err, keychain.ErrLocked):
		v := explain(err)
		return CheckView{ID: "keychain", State: "warn", Says: v.Message, Fix: v.Action, Action: "unlock"}
	case errors.Is(err, keychain.ErrNoService):
		v := explain(err)
		return CheckView{ID: "keychain", State: "bad", Says: v.Message, Fix: v.Action, Action: "choose_keychain"}
	}
	v := explain(err)
	return CheckView{ID: "keychain", State: "bad", Says: v.Message, Fix: v.Action}
}

func (s *Start) browser() CheckView {
	v := CheckView{ID: "browser", State: "good", Says: "The sign-in opens in your browser."}
	if runtime.GOOS != "linux" {
		return v
	}
	for _, opener := range append([]string{"xdg-open", "x-www-browser", "www-browser"}, strings.Split(os.Getenv("BROWSER"), ":")...) {
		if opener == "" {
			continue
		}
		if _, err := exec.LookPath(opener); err == nil {
			return v
		}
	}
	return CheckView{ID: "browser", State: "warn", Says: "Nothing here opens a browser (no xdg-open).", Fix: "Copy the link, or use a code on another device."}
}

func (s *Start) tools(ctx context.Context) CheckView {
	here, err := s.core.looks().Here()
	if err != nil {
		return failedCheck("tools", err)
	}
	if found, err := s.core.Docker.Helper.Finder.Find(ctx); err == nil {
		here.Path = found.Dirs
	}
	var names []string
	for _, t := range here.Find(ctx) {
		names = append(names, strings.TrimSpace(string(t.Name)+" "+t.Version))
	}
	if len(names) == 0 {
		return CheckView{ID: "tools", State: "warn", Says: "No container tool is on your PATH.", Fix: "Install docker, podman or another; it is signed in from its first run on."}
	}
	return CheckView{ID: "tools", State: "good", Says: "Found: " + strings.Join(names, ", ") + "."}
}

func (s *Start) helper(ctx context.Context) CheckView {
	o, err := s.core.Docker.Helper.Offer(ctx)
	switch {
	case err != nil:
		return failedCheck("helper", err)
	case o.Found != "":
		return CheckView{ID: "helper", State: "good", Says: "A fresh shell finds the credential helper: " + o.Found + "."}
	case o.Path != "":
		return CheckView{ID: "helper", State: "warn", Says: "A fresh shell does not find the credential helper yet.", Fix: "A copy at " + o.Path + " would be found.", Action: "copy_helper"}
	}
	return CheckView{ID: "helper", State: "warn", Says: "A fresh shell does not find the credential helper.", Fix: "Add this line to " + o.File + ": " + o.Line}
}

func (s *Start) service(ctx context.Context) CheckView {
	v, err := (&Service{core: s.core}).look(ctx)
	switch {
	case err != nil:
		return failedCheck("service", err)
	case v.State == "running":
		return CheckView{ID: "service", State: "good", Says: "This computer's own service runs at " + v.URL + "."}
	case v.State == "stopped":
		return CheckView{ID: "service", State: "good", Says: "This computer's own service is started when you sign in to it."}
	}
	return CheckView{ID: "service", State: "warn", Says: "This computer's own service does not answer.", Fix: "Stop it and start it again, under Settings."}
}

func failedCheck(id string, err error) CheckView {
	v := explain(err)
	return CheckView{ID: id, State: "bad", Says: v.Message, Fix: v.Action}
}

// Probe finds out what answers at an address. It opens nothing.
func (s *Start) Probe(address string) (ServerView, error) {
	ctx, cancel := s.core.context(probing)
	defer cancel()
	r, err := probe.Look(ctx, address, s.core.Computer.Transport)
	if err != nil {
		return ServerView{}, err
	}
	v := ServerView{
		Address: r.Address, Reachable: r.Reachable, Certificate: string(r.Certificate), Fingerprint: r.Fingerprint, Kind: string(r.Kind),
		Version: r.Info.Version, TooOld: r.Kind == probe.Lanyard && r.Err == nil && r.Info.TooOld(), TooNew: r.Info.TooNew(),
		Registries: append([]string{}, r.Info.Registries...),
	}
	switch {
	case r.Kind == probe.Registry:
		v.Says, v.Fix = "A registry answers there, and no Lanyard server.", "Make a token there, and paste it."
	case r.Err != nil:
		why := explain(r.Err)
		v.Says, v.Fix = why.Message, why.Action
	case v.TooOld:
		v.Says, v.Fix = explain(errTooOld).Message, explain(errTooOld).Action
	}
	return v, nil
}

// Paste keeps a token that the person made, for any registry.
func (s *Start) Paste(p PasteView) (PastedView, error) {
	ctx, cancel := s.core.context(asked)
	defer cancel()
	paste := signin.Paste{Host: p.Host, Username: p.Username, Secret: keychain.Secret(p.Secret), NoCheck: p.NoCheck}
	if strings.EqualFold(p.Host, "docker-hub") {
		paste.Host = machine.DockerHub
	}
	if p.Ends != "" {
		at, err := time.Parse(time.RFC3339, p.Ends)
		if err != nil {
			return PastedView{}, errMoment
		}
		paste.Ends = at.UTC().Truncate(time.Microsecond)
	}
	got, err := s.core.Asked.Paste(ctx, paste)
	if err != nil {
		return PastedView{}, err
	}
	s.core.soon()
	v := PastedView{Account: got.Account.Ref(), Host: got.Account.Server, LastFour: got.LastFour, Replaced: got.Replaced, Checked: got.Checked}
	if got.Tools != nil {
		v.Tools = explain(got.Tools).Message
	}
	return v, nil
}

// HubPassword signs in at Docker Hub with name and password. code is "" until
// the error second_factor asks for it.
func (s *Start) HubPassword(username, password, code string) (SessionView, error) {
	ctx, cancel := s.core.context(asked)
	defer cancel()
	if len(password) > maxPassphrase || len(code) > 64 {
		return SessionView{}, client.ErrPassword
	}
	result, err := s.core.hub(false, nil).ByPassword(ctx, username, keychain.Secret(password), func() (string, error) {
		if code == "" {
			return "", errSecondFactor
		}
		return code, nil
	})
	if err != nil {
		return SessionView{}, err
	}
	s.core.turnTo(result.Account)
	s.core.begun()
	return s.core.see(ctx)
}

// hub signs in at Docker Hub.
func (c *core) hub(open bool, show func(signin.Prompt)) signin.Hub {
	return signin.Hub{Computer: c.Asked, Helper: c.Docker.Helper.Exe, Env: os.Environ(), OpenBrowser: open, Show: show}
}
