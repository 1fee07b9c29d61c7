package client

import (
	"bytes"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// ErrTrust: what was kept about a server's certificate, or what is to be
// kept, is not usable. Nothing is believed without it.
var ErrTrust = errors.New("not certificates that can be trusted")

// maxCertificates bounds a file of certificates, in bytes; a whole bundle of a
// system has a quarter of it.
const maxCertificates = 1 << 20

// Trust is what this person told this computer to believe of single servers,
// and of no others: a file of certificates for each host:port. Where there is
// one, the system's authorities do not count for that server: it must go on
// showing what was trusted.
type Trust struct {
	Dir string // made when it is needed
}

// Trusted is one server's entry.
type Trusted struct {
	Host         string // host:port
	File         string
	Certificates []*x509.Certificate
	HTTP         bool // spoken to without TLS
}

// HostPort is the host:port of a server's URL, as ParseAddress gives it.
func HostPort(server string) string {
	u, err := url.Parse(server)
	if err != nil {
		return ""
	}
	if u.Port() != "" {
		return u.Host
	}
	return u.Host + map[string]string{"https": ":443", "http": ":80"}[u.Scheme]
}

// Certificates are those trusted for host:port; nil: none, the system decides.
func (t Trust) Certificates(host string) ([]*x509.Certificate, error) {
	return readTrusted(t.File(host))
}

func readTrusted(file string) ([]*x509.Certificate, error) {
	text, err := readSmall(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err == nil {
		var all []*x509.Certificate
		if all, err = ReadCertificates(text); err == nil {
			return all, nil
		}
	}
	return nil, fmt.Errorf("%w; correct %s, or delete it and trust the server anew", err, file)
}

// Trust keeps certificates for host:port, in place of earlier ones.
func (t Trust) Trust(host string, certificates []*x509.Certificate) error {
	var text bytes.Buffer
	fmt.Fprintf(&text, "# Trusted for %s alone, by lanyard trust.\n", host)
	for _, c := range certificates {
		fmt.Fprintf(&text, "# %s, %s\n", Fingerprint(c), clean(c.Subject.String()))
		if err := pem.Encode(&text, &pem.Block{Type: "CERTIFICATE", Bytes: c.Raw}); err != nil {
			return fmt.Errorf("trust %s: %w", host, err)
		}
	}
	return t.write(t.File(host), text.Bytes())
}

// AllowHTTP has host:port spoken to without TLS.
func (t Trust) AllowHTTP(host string) error {
	return t.write(t.httpFile(host), fmt.Appendf(nil, "# %s is spoken to without TLS, by lanyard login --insecure-http:\n# whoever is on the way reads passwords and tokens.\n", host))
}

// AllowsHTTP says whether somebody said so.
func (t Trust) AllowsHTTP(host string) bool {
	info, err := os.Stat(t.httpFile(host))
	return t.Dir != "" && err == nil && info.Mode().IsRegular()
}

// Forget takes away whatever is kept for host:port, and says whether there was
// anything.
func (t Trust) Forget(host string) (was bool, err error) {
	for _, file := range []string{t.File(host), t.httpFile(host)} {
		switch err := os.Remove(file); {
		case err == nil:
			was = true
		case !errors.Is(err, fs.ErrNotExist):
			return was, fmt.Errorf("forget %s: %w", host, err)
		}
	}
	_ = os.Remove(t.Dir) // if that was the last
	return was, nil
}

// List is everything kept. A damaged file is listed without certificates.
func (t Trust) List() ([]Trusted, error) {
	files, err := os.ReadDir(t.Dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("list the trusted servers: %w", err)
	}
	var all []Trusted
	for _, f := range files {
		name, kind := strings.TrimSuffix(f.Name(), filepath.Ext(f.Name())), filepath.Ext(f.Name())
		at := strings.LastIndexByte(name, '_')
		if at < 1 || strings.HasPrefix(name, ".") || kind != ".pem" && kind != ".http" {
			continue // not ours
		}
		one := Trusted{Host: unfold(name[:at]) + ":" + name[at+1:], File: filepath.Join(t.Dir, f.Name()), HTTP: kind == ".http"}
		if !one.HTTP {
			one.Certificates, _ = readTrusted(one.File)
		}
		all = append(all, one)
	}
	return all, nil
}

// File is where the certificates of host:port are.
func (t Trust) File(host string) string { return filepath.Join(t.Dir, fold(host)+".pem") }

func (t Trust) httpFile(host string) string { return filepath.Join(t.Dir, fold(host)+".http") }

// fold makes a file's name of host:port; an IPv6 address keeps its brackets,
// and its colons, which Windows has no files with, become equals signs.
func fold(host string) string {
	at := strings.LastIndexByte(host, ':')
	return strings.ReplaceAll(host[:max(at, 0)], ":", "=") + "_" + host[at+1:]
}

func unfold(name string) string { return strings.ReplaceAll(name, "=", ":") }

func (t Trust) write(file string, text []byte) error {
	if err := os.MkdirAll(t.Dir, 0o700); err != nil {
		return fmt.Errorf("keep what is trusted: %w", err)
	}
	next, err := os.CreateTemp(t.Dir, ".trust-*")
	if err != nil {
		return fmt.Errorf("keep what is trusted: %w", err)
	}
	_, err = next.Write(text)
	err = errors.Join(err, next.Sync(), next.Close())
	if err == nil {
		err = os.Rename(next.Name(), file)
	}
	if err != nil {
		_ = os.Remove(next.Name())
		return fmt.Errorf("keep what is trusted: %w", err)
	}
	return nil
}

// CertificatesFrom reads a file that a person names.
func CertificatesFrom(file string) ([]*x509.Certificate, error) {
	text, err := readSmall(file)
	if err != nil {
		return nil, err
	}
	all, err := ReadCertificates(text)
	if err != nil {
		return nil, fmt.Errorf("%w: %s", err, file)
	}
	return all, nil
}

func readSmall(file string) ([]byte, error) {
	info, err := os.Stat(file)
	switch {
	case err != nil:
		return nil, fmt.Errorf("read certificates: %w", err)
	case !info.Mode().IsRegular() || info.Size() > maxCertificates:
		return nil, fmt.Errorf("%w: %s is no file, or too large for one of certificates", ErrTrust, file)
	}
	return os.ReadFile(file)
}

// ReadCertificates reads PEM, or one certificate in DER. A private key among
// them is refused: it belongs nowhere near a list of whom to believe.
func ReadCertificates(text []byte) ([]*x509.Certificate, error) {
	if one, err := x509.ParseCertificate(text); err == nil {
		return []*x509.Certificate{one}, nil
	}
	var all []*x509.Certificate
	for rest := text; ; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		if strings.Contains(block.Type, "PRIVATE KEY") {
			return nil, fmt.Errorf("%w: there is a private key among them", ErrTrust)
		}
		if block.Type != "CERTIFICATE" {
			continue
		}
		one, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("%w: one cannot be read", ErrTrust)
		}
		all = append(all, one)
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("%w: there is none", ErrTrust)
	}
	return all, nil
}

// Fingerprint is how people compare a certificate: sha256:<hex> of all of it.
func Fingerprint(c *x509.Certificate) string {
	sum := sha256.Sum256(c.Raw)
	return "sha256:" + hex.EncodeToString(sum[:])
}

// ParseFingerprint gives a fingerprint its one form; openssl's is read too.
func ParseFingerprint(text string) (string, error) {
	digits := strings.ToLower(strings.TrimSpace(text))
	if _, after, ok := strings.Cut(digits, "fingerprint="); ok {
		digits = after
	}
	digits = strings.ReplaceAll(strings.TrimPrefix(digits, "sha256:"), ":", "")
	sum, err := hex.DecodeString(digits)
	if err != nil || len(sum) != sha256.Size {
		return "", fmt.Errorf("%w: %.80q is no fingerprint; give sha256: and 64 digits", ErrTrust, text)
	}
	return "sha256:" + digits, nil
}

// fingerprints are those of all, for people.
func fingerprints(all []*x509.Certificate) string {
	var said []string
	for _, c := range all {
		said = append(said, Fingerprint(c))
	}
	if len(said) > 3 {
		said = append(slices.Clip(said[:3]), "…")
	}
	return strings.Join(said, ", ")
}
