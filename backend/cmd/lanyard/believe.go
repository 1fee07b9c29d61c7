package main

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"runtime"
	"strings"

	"github.com/spf13/cobra"

	"lanyard/backend/client"
)

// believeOptions are what a person tells login to believe of its server.
type believeOptions struct {
	caFile       string
	insecureHTTP bool
}

func (o *believeOptions) flags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&o.caFile, "ca-file", "", "with --server: certificates to trust for that server alone, from now on (PEM)")
	cmd.Flags().BoolVar(&o.insecureHTTP, "insecure-http", false, "with --server http://…: speak to that server without encryption, from now on")
}

// check refuses what does not fit; elsewhere: server is a registry whose token
// is pasted, or Docker Hub.
func (o believeOptions) check(server string, elsewhere bool) error {
	switch {
	case o != (believeOptions{}) && elsewhere:
		return usagef("--ca-file and --insecure-http are for Lanyard servers; for a registry: lanyard trust HOST --ca-file FILE")
	case (o.caFile != "" || o.insecureHTTP) && server == "":
		return usagef("--ca-file and --insecure-http go with --server")
	case o.caFile != "" && o.insecureHTTP:
		return usagef("--ca-file and --insecure-http are two ways: choose one")
	}
	return nil
}

// transport is how this computer reaches servers.
func (p *parts) transport() (*client.Transport, error) {
	if t, ok := p.computer.Transport.(*client.Transport); ok {
		return t, nil
	}
	return nil, errors.New("nothing can be trusted here")
}

// open finds the server to sign in to, believing what o says of it. What o
// says is kept if there is such a server, and forgotten if not.
func (p *parts) open(ctx context.Context, t terminal, address string, o believeOptions) (*client.Server, error) {
	undo, err := p.believe(ctx, address, o)
	if err != nil {
		return nil, err
	}
	server, err := client.Open(ctx, address, p.computer.Transport)
	if err != nil {
		return nil, errors.Join(err, undo())
	}
	if _, inClear := client.ParseAddress(server.URL); inClear != nil {
		t.say("lanyard: warning: %s is not encrypted: whoever is on the way can read passwords and tokens.", server.URL)
	}
	return server, nil
}

func (p *parts) believe(ctx context.Context, address string, o believeOptions) (undo func() error, err error) {
	undo = func() error { return nil }
	if o == (believeOptions{}) {
		return undo, nil
	}
	tr, err := p.transport()
	if err != nil {
		return nil, err
	}
	if o.insecureHTTP {
		base, err := client.ParseInClear(address)
		if err != nil {
			return nil, err
		}
		if _, inClear := client.ParseAddress(base); inClear == nil {
			return nil, usagef("--insecure-http is for http://HOST on another computer; %s needs no such word", base)
		}
		host := client.HostPort(base)
		if tr.Trust.AllowsHTTP(host) {
			return undo, nil
		}
		return func() error { _, err := tr.Trust.Forget(host); return err }, tr.Trust.AllowHTTP(host)
	}
	base, err := client.ParseAddress(address)
	if err != nil {
		return nil, err
	}
	if strings.HasPrefix(base, "http:") {
		return nil, usagef("--ca-file is for https; %s is not", base)
	}
	return trustFile(ctx, tr, base, o.caFile)
}

// trustFile trusts a file's certificates for a server that shows one of theirs.
func trustFile(ctx context.Context, tr *client.Transport, base, file string) (undo func() error, err error) {
	certificates, err := client.CertificatesFrom(file)
	if err != nil {
		return nil, &usageError{err}
	}
	host := client.HostPort(base)
	if err := tr.Try(ctx, base, certificates); err != nil {
		var refused *client.CertificateError
		if errors.As(err, &refused) && refused.Anchor != nil {
			return nil, fmt.Errorf("%w: %s does not show one of %s, but %s; nothing was trusted", client.ErrCertificate, host, file, client.Describe(refused.Anchor))
		}
		return nil, err
	}
	before, _ := tr.Trust.Certificates(host) // a damaged one is replaced
	undo = func() error {
		if before != nil {
			return tr.Trust.Trust(host, before)
		}
		_, err := tr.Trust.Forget(host)
		return err
	}
	return undo, tr.Trust.Trust(host, certificates)
}

// sayCertificate says what a person can do about a server's certificate, and
// whether there was one to speak of.
func sayCertificate(t terminal, err error) bool {
	var refused *client.CertificateError
	if !errors.As(err, &refused) {
		return false
	}
	if refused.Anchor == nil {
		return true // the error says it all
	}
	host := strings.TrimSuffix(refused.Host, ":443")
	if refused.Trusted != nil {
		t.say("  Do not go on before whoever runs %s has confirmed the new fingerprint. Then: lanyard trust %s", host, host)
		return true
	}
	t.say("  Ask whoever runs %s for the fingerprint, another way than through it. If it is the same: lanyard trust %s", host, host)
	t.say("  Or with the authority's certificate in a file: lanyard trust %s --ca-file FILE", host)
	return true
}

// sayTrusted says what was done, and what it does not cover: the tools ask the
// registry by themselves and read neither our folder nor each other's.
func sayTrusted(t terminal, tr *client.Transport, hostPort string, certificates []*x509.Certificate) {
	for _, c := range certificates {
		fmt.Fprintf(t.Out, "Trusted for %s alone: %s\n", hostPort, client.Fingerprint(c))
	}
	file, host := tr.Trust.File(hostPort), strings.TrimSuffix(hostPort, ":443")
	t.say("Kept in %s; to take it back: lanyard trust remove %s", file, host)
	t.say("The tools do not read that. If the registry is there too, they need:")
	quoted := "'" + strings.ReplaceAll(file, "'", `'\''`) + "'"
	switch runtime.GOOS {
	case "windows":
		t.say(`  copy "%s" to %%USERPROFILE%%\.docker\certs.d\%s\ca.crt    (docker)`, file, host)
	case "darwin":
		t.say("  mkdir -p ~/.docker/certs.d/%s && cp %s ~/.docker/certs.d/%s/ca.crt    (docker)", host, quoted, host)
	default:
		t.say("  sudo install -D -m 644 %s /etc/docker/certs.d/%s/ca.crt    (docker)", quoted, host)
		t.say("  install -D -m 644 %s ~/.config/containers/certs.d/%s/ca.crt    (podman, buildah, skopeo)", quoted, host)
	}
}
