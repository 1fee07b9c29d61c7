package main

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"lanyard/backend/client"
)

// server NAME KIND (aServer): a made-up server on this computer, over https unless KIND
// begins with http-. It sets $NAME to its URL, $NAME_AT to its host:port and
// $NAME_PRINT to the fingerprint of its authority, whose certificate is the
// file NAME.pem. KIND is a kind of certificate (good, alone, other-name, over)
// or of answer (see odd).
func aServer(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: server NAME KIND")
	}
	name, kind := args[0], args[1]
	answer, plain := odd[strings.TrimPrefix(kind, "http-")], strings.HasPrefix(kind, "http-")
	if answer == nil {
		answer = lanyardServer
	}
	s := httptest.NewUnstartedServer(answer)
	s.Config.ErrorLog = log.New(io.Discard, "", 0) // refused handshakes
	ts.Defer(s.Close)
	scheme := "https://"
	if plain {
		s.Start()
		scheme = "http://"
	} else {
		chain, err := certificates(kind)
		ts.Check(err)
		authority, err := x509.ParseCertificate(chain.Certificate[len(chain.Certificate)-1])
		ts.Check(err)
		ts.Check(os.WriteFile(ts.MkAbs(name+".pem"), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: authority.Raw}), 0o600))
		ts.Setenv(name+"_PRINT", client.Fingerprint(authority))
		s.TLS = &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{chain}}
		s.StartTLS()
	}
	_, port, err := net.SplitHostPort(s.Listener.Addr().String())
	ts.Check(err)
	ts.Setenv(name, scheme+"localhost:"+port)
	ts.Setenv(name+"_AT", "localhost:"+port)
}

// lanyardServer answers as one does, as far as it is asked before a sign-in.
var lanyardServer = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
	at := "http://" + r.Host
	if r.TLS != nil {
		at = "https://" + r.Host
	}
	fmt.Fprint(w, about(r.URL.Path, at, at))
})

// about is what a server at one address says, with its pages at another.
func about(path, at, pages string) string {
	if strings.HasSuffix(path, "/openid-configuration") {
		return fmt.Sprintf(`{"issuer":%q,"authorization_endpoint":%q,"token_endpoint":%q,"device_authorization_endpoint":%q,"jwks_uri":%q,"id_token_signing_alg_values_supported":["RS256"]}`,
			at, pages+"/authorize", at+"/oauth/token", at+"/oauth/device/code", at+"/keys")
	}
	return fmt.Sprintf(`{"version":"1","issuer":%q,"registries":["registry.example"]}`, at)
}

// odd are servers that answer as none should.
var odd = map[string]http.HandlerFunc{
	"page":       says("<!doctype html><html><title>Welcome\x1b[2J</title>"),
	"empty":      says(""),
	"wrong-type": says(`["issuer"]`),
	"megabytes":  says(`{"issuer":"` + strings.Repeat("x", 10<<20) + `"}`),
	"half": func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "1000")
		_, _ = io.WriteString(w, `{"version":"1","iss`)
	},
	"redirect": func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "http://evil.example/.well-known/lanyard", http.StatusFound)
	},
	"other-issuer": func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, about(r.URL.Path, "https://evil.example", "https://evil.example"))
	},
	"script": func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, about(r.URL.Path, "http://"+r.Host, "javascript:alert(1)//"))
	},
	"elsewhere": func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, about(r.URL.Path, "http://"+r.Host, "https://evil.example"))
	},
	"busy": func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "<html>", http.StatusBadGateway) },
	// The end of a device sign-in's first step (C8).
	"device-script": device("javascript:alert(1)", "ABCD-EFGH"),
	"device-file":   device("file:///etc/passwd", "ABCD-EFGH"),
	"device-escape": device("", "\u001b[2J\u202eABCD"),
}

func says(text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { _, _ = io.Copy(w, bytes.NewReader([]byte(text))) }
}

// device answers a device sign-in with a page and a code.
func device(page, code string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/oauth/device/code" {
			lanyardServer(w, r)
			return
		}
		at := page
		if at == "" {
			at = "http://" + r.Host + "/activate"
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(map[string]any{
			"device_code": "x", "user_code": code, "verification_uri": at, "verification_uri_complete": page, "expires_in": 900,
		})
	}
}

// certificates are those of a server at localhost, the authority's last.
func certificates(kind string) (chain tls.Certificate, err error) {
	template := func(name string) *x509.Certificate {
		return &x509.Certificate{
			SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name},
			NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		}
	}
	ca, leaf := template("Company CA"), template("registry")
	ca.IsCA, ca.BasicConstraintsValid, ca.KeyUsage = true, true, x509.KeyUsageCertSign
	leaf.DNSNames, leaf.ExtKeyUsage = []string{"localhost"}, []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	switch kind {
	case "other-name":
		leaf.DNSNames = []string{"other.example"}
	case "over":
		leaf.NotAfter = time.Now().Add(-time.Minute)
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return chain, err
	}
	above, aboveKey := leaf, key
	if kind != "alone" {
		above = ca
		if aboveKey, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
			return chain, err
		}
	}
	chain.PrivateKey = key
	der, err := x509.CreateCertificate(rand.Reader, leaf, above, &key.PublicKey, aboveKey)
	chain.Certificate = append(chain.Certificate, der)
	if err == nil && kind != "alone" {
		der, err = x509.CreateCertificate(rand.Reader, ca, ca, &aboveKey.PublicKey, aboveKey)
		chain.Certificate = append(chain.Certificate, der)
	}
	return chain, err
}

// proxy NAME STATUS (aProxy): a proxy that answers everything with a status; $NAME is
// its address, with a user's name and password.
func aProxy(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: proxy NAME STATUS")
	}
	var status int
	_, err := fmt.Sscan(args[1], &status)
	ts.Check(err)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }))
	ts.Defer(s.Close)
	ts.Setenv(args[0], strings.Replace(s.URL, "http://", "http://me:s3cret@", 1))
}
