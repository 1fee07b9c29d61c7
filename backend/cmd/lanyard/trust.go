package main

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"lanyard/backend/client"
)

type trustOptions struct {
	fingerprint, caFile string
	asJSON              bool
}

func trustCommand(t terminal) *cobra.Command {
	var o trustOptions
	cmd := &cobra.Command{
		Use: "trust HOST[:PORT]", Short: "Trust the certificate of one server, for that server alone", Args: usageArgs(cobra.ExactArgs(1)),
		Long: "Shows what the server shows and asks whether to trust it. The system's own list of authorities is\n" +
			"not touched, and other hosts and ports are not concerned. From then on the server must show that\n" +
			"certificate, or one by that authority; another is refused, with both fingerprints.\n" +
			"A wrong name or a time that is over cannot be trusted: only the server's side can mend those.",
		Example: "  lanyard trust registry.example\n  lanyard trust registry.example:8443 --fingerprint sha256:…    # in a script\n" +
			"  lanyard trust registry.example --ca-file company-ca.pem\n  lanyard trust list\n  lanyard trust remove registry.example",
		RunE: func(cmd *cobra.Command, args []string) error {
			said := t
			if o.asJSON {
				said.Out = t.Err
			}
			err := trust(cmd.Context(), said, args[0], o)
			if err == nil && o.asJSON {
				err = printTrust(t, args[0])
			}
			return err
		},
	}
	cmd.Flags().BoolVar(&o.asJSON, "json", false, "print what is trusted of that server as JSON, and all words on standard error")
	cmd.Flags().StringVar(&o.fingerprint, "fingerprint", "", "trust it without asking if it is this one: sha256:…")
	cmd.Flags().StringVar(&o.caFile, "ca-file", "", "trust the certificates of a file (PEM) instead of what is shown")
	cmd.AddCommand(trustList(t), trustRemove(t))
	return cmd
}

// trustTransport is how this computer reaches servers; no keychain is needed.
func trustTransport(t terminal) (*client.Transport, error) {
	p, err := newParts(t, false)
	if err != nil {
		return nil, err
	}
	return p.transport()
}

// secureBase is the https address of HOST[:PORT]; localhost is meant with TLS
// here.
func secureBase(address string) (string, error) {
	address = strings.TrimSpace(address)
	if !strings.Contains(address, "://") {
		address = "https://" + address
	}
	base, err := client.ParseAddress(address)
	if err == nil && strings.HasPrefix(base, "http:") {
		err = usagef("%s has no certificate", base)
	}
	return base, err
}

func trust(ctx context.Context, t terminal, address string, o trustOptions) error {
	base, err := secureBase(address)
	if err != nil {
		return err
	}
	wanted := ""
	if o.fingerprint != "" {
		if wanted, err = client.ParseFingerprint(o.fingerprint); err != nil {
			return err
		}
	}
	if wanted != "" && o.caFile != "" {
		return usagef("--fingerprint and --ca-file are two ways: choose one")
	}
	tr, err := trustTransport(t)
	if err != nil {
		return err
	}
	host := client.HostPort(base)
	if o.caFile != "" {
		if _, err := trustFile(ctx, tr, base, o.caFile); err != nil {
			return err
		}
		certificates, err := tr.Trust.Certificates(host)
		if err == nil {
			sayTrusted(t, tr, host, certificates)
		}
		return err
	}
	return trustShown(ctx, t, tr, base, wanted)
}

// printTrust prints what is trusted of one server; null: nothing is needed, as
// the system's authorities vouch for it.
func printTrust(t terminal, address string) error {
	base, err := secureBase(address)
	if err != nil {
		return err
	}
	tr, err := trustTransport(t)
	if err != nil {
		return err
	}
	all, err := tr.Trust.List()
	if err != nil {
		return err
	}
	for _, one := range trustReports(all) {
		if one.Host == client.HostPort(base) {
			return printJSON(t, one)
		}
	}
	return printJSON(t, nil)
}

// trustShown trusts what the server shows now.
func trustShown(ctx context.Context, t terminal, tr *client.Transport, base, wanted string) error {
	host := client.HostPort(base)
	err := tr.Try(ctx, base, nil)
	var shown *client.CertificateError
	switch {
	case err == nil:
		fmt.Fprintf(t.Out, "%s is trusted already; nothing was changed.\n", host)
		return nil
	case !errors.As(err, &shown), shown.Anchor == nil:
		return err
	}
	chosen := shown.Anchor
	t.say("%v.", shown)
	if own := shown.Offered[0]; !own.Equal(chosen) {
		t.say("It stands for the server's own: %s.", client.Describe(own))
	}
	switch {
	case wanted != "":
		var ok bool
		if chosen, ok = shown.Find(wanted); !ok {
			return fmt.Errorf("%w: %s shows no certificate %s; nothing was trusted", client.ErrCertificate, host, wanted)
		}
	case !t.person():
		return usagef("nobody is here to compare it: give --fingerprint sha256:…, as whoever runs %s says it", host)
	case !ask(t, fmt.Sprintf("Did whoever runs %s tell you the fingerprint %s?", host, client.Fingerprint(chosen))):
		return fmt.Errorf("%w: nothing was trusted", client.ErrCertificate)
	}
	if err := tr.Trust.Trust(host, []*x509.Certificate{chosen}); err != nil {
		return err
	}
	if err := tr.Try(ctx, base, nil); err != nil {
		return err
	}
	sayTrusted(t, tr, host, []*x509.Certificate{chosen})
	return nil
}

// trustedReport is one entry of trust list --json; names are stable.
type trustedReport struct {
	Host         string              `json:"host"` // host:port
	File         string              `json:"file"`
	HTTP         bool                `json:"http"` // without encryption
	Certificates []certificateReport `json:"certificates"`
}

type certificateReport struct {
	Fingerprint string    `json:"fingerprint"`
	Subject     string    `json:"subject"`
	Issuer      string    `json:"issuer"`
	NotBefore   time.Time `json:"not_before"`
	NotAfter    time.Time `json:"not_after"`
}

func trustList(t terminal) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "list", Short: "What is trusted, of which server", Args: usageArgs(cobra.NoArgs),
		RunE: func(*cobra.Command, []string) error {
			tr, err := trustTransport(t)
			if err != nil {
				return err
			}
			all, err := tr.Trust.List()
			if err != nil {
				return err
			}
			if asJSON {
				return printJSON(t, trustReports(all))
			}
			if len(all) == 0 {
				t.say("Nothing: the system's authorities decide.")
			}
			for _, one := range all {
				fmt.Fprintln(t.Out, one.Host)
				switch {
				case one.HTTP:
					fmt.Fprintln(t.Out, "  without encryption (--insecure-http)")
				case one.Certificates == nil:
					fmt.Fprintf(t.Out, "  %s cannot be read: nothing is believed of it\n", one.File)
				}
				for _, c := range one.Certificates {
					fmt.Fprintf(t.Out, "  %s\n", client.Describe(c))
				}
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

func trustReports(all []client.Trusted) []trustedReport {
	reports := []trustedReport{}
	for _, one := range all {
		r := trustedReport{Host: one.Host, File: one.File, HTTP: one.HTTP, Certificates: []certificateReport{}}
		for _, c := range one.Certificates {
			r.Certificates = append(r.Certificates, certificateReport{
				client.Fingerprint(c), c.Subject.String(), c.Issuer.String(), c.NotBefore.UTC(), c.NotAfter.UTC(),
			})
		}
		reports = append(reports, r)
	}
	return reports
}

// untrusted is trust remove --json; names are stable.
type untrusted struct {
	Host string `json:"host"` // host:port
}

func trustRemove(t terminal) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "remove HOST[:PORT]", Short: "Trust it no more; the system's authorities decide again", Args: usageArgs(cobra.ExactArgs(1)),
		RunE: func(_ *cobra.Command, args []string) error {
			address := strings.TrimSpace(args[0])
			if !strings.Contains(address, "://") {
				address = "https://" + address
			}
			base, err := client.ParseInClear(address)
			if err != nil {
				return err
			}
			tr, err := trustTransport(t)
			if err != nil {
				return err
			}
			host := client.HostPort(base)
			was, err := tr.Trust.Forget(host)
			if err != nil {
				return err
			}
			if !was {
				return fmt.Errorf("nothing is trusted for %s; see lanyard trust list", host)
			}
			if asJSON {
				return printJSON(t, untrusted{host})
			}
			fmt.Fprintf(t.Out, "Nothing is trusted for %s any more.\n", host)
			return nil
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}
