// Package probe finds out what answers at an address, before anybody signs in
// there: a Lanyard server, a registry of another kind, Docker Hub, or something
// else. It opens nothing, follows nothing, shows nobody's name or secret, and
// believes no certificate that this computer does not.
package probe

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"lanyard/backend/client"
	"lanyard/backend/machine"
	"lanyard/backend/registryauth"
)

// Kind is what answers.
type Kind string

// The kinds.
const (
	Lanyard   Kind = "lanyard"
	Registry  Kind = "registry" // of another kind: a token can be pasted for it
	DockerHub Kind = "docker_hub"
	Other     Kind = "other"
)

// Certificate is how a server proves who it is.
type Certificate string

// What can be said of it.
const (
	Good      Certificate = "good"
	None      Certificate = "none"      // http, on this computer alone
	Untrusted Certificate = "untrusted" // nothing was said to the server
)

// Result is what was found.
type Result struct {
	Address     string // in its one form
	Reachable   bool
	Certificate Certificate
	Fingerprint string // of what a person could trust; "": of nothing
	Kind        Kind
	Info        client.Info // of a Lanyard server
	Err         error       // why it is none that can be signed in to by the browser; nil: it is one
}

// ErrKind: something answers that is neither a Lanyard server nor a registry.
var ErrKind = errors.New("neither a Lanyard server nor a registry")

// hubs are the names by which people know Docker Hub.
var hubs = map[string]bool{
	"docker-hub": true, "docker.io": true, "hub.docker.com": true, "index.docker.io": true, "registry-1.docker.io": true,
	"login.docker.com": true, "app.docker.com": true, "www.docker.com": true, "docker.com": true,
}

// Look asks at an address, in any spelling: client.ErrAddress if it cannot be
// one. How long that may take is ctx's to say.
func Look(ctx context.Context, address string, transport http.RoundTripper) (Result, error) {
	if host := bare(address); hubs[host] {
		r := Result{Address: client.HubURL, Kind: DockerHub, Certificate: Good}
		_, err := registryauth.Registry{Host: machine.DockerHub, Transport: transport}.Challenge(ctx)
		r.fail(err)
		r.Reachable = err == nil
		return r, nil
	}
	base, err := client.ParseAddress(address)
	if errors.Is(err, client.ErrInClear) { // what a person allowed once is theirs
		if allowed, ok := transport.(interface{ AllowsHTTP(host string) bool }); ok {
			if clear, wrong := client.ParseInClear(address); wrong == nil && allowed.AllowsHTTP(client.HostPort(clear)) {
				base, err = clear, nil
			}
		}
	}
	if err != nil {
		return Result{}, err
	}
	r := Result{Address: base, Kind: Other, Certificate: Good}
	if strings.HasPrefix(base, "http://") {
		r.Certificate = None
	}
	server, err := client.Open(ctx, base, transport)
	r.fail(err)
	switch {
	case err == nil:
		r.Kind, r.Reachable, r.Info = Lanyard, true, server.Info
	case errors.Is(err, client.ErrTooNew):
		r.Kind, r.Reachable = Lanyard, true
		r.Info.LevelLeast = client.Level + 1
	case errors.Is(err, client.ErrNotServer), errors.Is(err, client.ErrServer):
		r.Reachable = true
		r.registry(ctx, transport)
	}
	return r, nil
}

// registry is for what is no Lanyard server.
func (r *Result) registry(ctx context.Context, transport http.RoundTripper) {
	host, err := machine.CanonicalHost(r.Address)
	if err != nil {
		return // what client said stands
	}
	_, err = registryauth.Registry{Host: host, Transport: transport}.Challenge(ctx)
	if err == nil || errors.Is(err, registryauth.ErrRealm) {
		r.Kind = Registry
		return
	}
	if errors.Is(err, registryauth.ErrNotRegistry) && errors.Is(r.Err, client.ErrNotServer) {
		r.Err = fmt.Errorf("%w: %w", ErrKind, r.Err)
	}
}

func (r *Result) fail(err error) {
	r.Err = err
	var refused *client.CertificateError
	if errors.As(err, &refused) {
		r.Certificate = Untrusted
		if refused.Anchor != nil {
			r.Fingerprint = client.Fingerprint(refused.Anchor)
		}
	}
}

// bare is the host that a person may have meant.
func bare(address string) string {
	text := strings.ToLower(strings.TrimSpace(address))
	if _, after, ok := strings.Cut(text, "://"); ok {
		text = after
	}
	text, _, _ = strings.Cut(text, "/")
	return strings.TrimSuffix(text, ":443")
}
