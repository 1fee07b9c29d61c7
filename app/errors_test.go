package app

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strings"
	"testing"

	"lanyard/backend/client"
	"lanyard/backend/dockerconfig"
	"lanyard/backend/keychain"
	"lanyard/backend/ownservice"
	"lanyard/backend/signin"
)

func TestExplain(t *testing.T) {
	for name, c := range map[string]struct {
		err  error
		code string
	}{
		"cancelled":              {context.Canceled, "cancelled"},
		"cancelled, half undone": {errors.Join(context.Canceled, client.ErrUnreachable), "cancelled"},
		"locked":                 {keychain.ErrLocked, "keychain_locked"},
		"dismissed":              {fmt.Errorf("%w: %w", keychain.ErrDismissed, keychain.ErrLocked), "keychain_dismissed"},
		"missing":                {keychain.ErrNoService, "keychain_missing"},
		"silent":                 {keychain.ErrTimeout, "keychain_timeout"},
		"busy":                   {signin.ErrBusy, "busy"},
		"address":                {client.ErrAddress, "address"},
		"no server":              {client.ErrNotServer, "not_server"},
		"offline":                {client.ErrUnreachable, "offline"},
		"own service":            {ownservice.ErrNotRunning, "offline"},
		"certificate":            {&client.CertificateError{Host: "x:443"}, "refused"},
		"trust":                  {client.ErrTrust, "failed"},
		"in clear":               {fmt.Errorf("%w: %w", client.ErrAddress, client.ErrInClear), "address"},
		"file locked":            {keychain.ErrFileLocked, "keychain_locked"},
		"no file wanted":         {fmt.Errorf("%w: %w", keychain.ErrFailClosed, keychain.ErrNoService), "keychain_missing"},
		"half signed out":        {fmt.Errorf("%w: %w", signin.ErrUnfinished, keychain.ErrLocked), "failed"},
		"ended":                  {client.ErrEnded, "ended"},
		"signed out":             {signin.ErrNotSignedIn, "not_signed_in"},
		"denied":                 {client.ErrDenied, "denied"},
		"too late":               {client.ErrExpired, "expired"},
		"limited":                {client.ErrLimited, "limited"},
		"no token":               {client.ErrNotFound, "not_found"},
		"refused":                {client.ErrRefused, "refused"},
		"docker's file":          {dockerconfig.ErrRefused, "refused"},
		"helper":                 {&dockerconfig.NotFoundError{Shell: "/bin/sh"}, "helper_missing"},
		"another helper":         {&dockerconfig.ConflictError{Path: "/x"}, "other_helper"},
		"another program":        {dockerconfig.ErrForeignHelper, "refused"},
		"another file":           {dockerconfig.ErrJournal, "failed"},
		"no start":               {ownservice.ErrStart, "failed"},
		"unknown":                {errors.New("disk full"), "failed"},
	} {
		t.Run(name, func(t *testing.T) {
			e := explain(fmt.Errorf("do something: %w", c.err))
			if e.Code != c.code || e.Message == "" || strings.ToUpper(e.Message[:1]) != e.Message[:1] || !strings.ContainsAny(e.Message[len(e.Message)-1:], ".?!…") {
				t.Errorf("%+v", e)
			}
			text, ok := Explain(c.err).(string)
			var back map[string]string
			if !ok || json.Unmarshal([]byte(text), &back) != nil || len(back) != 3 || back["code"] != c.code {
				t.Errorf("%s", text)
			}
		})
	}
}

// What to do about a certificate depends on what of it can be trusted.
func TestExplainCertificate(t *testing.T) {
	some := []*x509.Certificate{{}}
	for name, c := range map[string]struct {
		err  client.CertificateError
		does string
	}{
		"nothing": {client.CertificateError{Host: "x:443", Offered: nil}, "has to put it right"},
		"new":     {client.CertificateError{Host: "x:443", Offered: some, Anchor: some[0]}, "lanyard trust x"},
		"a port":  {client.CertificateError{Host: "x:8443", Offered: some, Anchor: some[0]}, "lanyard trust x:8443"},
		"changed": {client.CertificateError{Host: "x:443", Offered: some, Anchor: some[0], Trusted: some}, "the new fingerprint"},
	} {
		t.Run(name, func(t *testing.T) {
			e := explain(fmt.Errorf("ask: %w", &c.err))
			if e.Code != "refused" || !strings.Contains(e.Action, c.does) || strings.HasSuffix(e.Action, ":443") {
				t.Errorf("%+v", e)
			}
		})
	}
}

// Each code has words, and is one that the page knows.
func TestKinds(t *testing.T) {
	known := strings.Fields("offline ended not_signed_in keychain_locked keychain_missing keychain_dismissed keychain_timeout address not_server denied expired limited not_found busy refused helper_missing other_helper cancelled failed second_factor too_old too_new")
	said := map[string]bool{}
	for _, k := range kinds {
		said[k.code] = true
		if k.err == nil || k.code == "" {
			t.Errorf("%+v", k)
		}
	}
	for _, code := range known {
		if !said[code] {
			t.Errorf("nothing is %s", code)
		}
		delete(said, code)
	}
	for code := range said {
		t.Errorf("the page does not know %s", code)
	}
}

// Whatever the packages below call an error of their own has words here.
func TestEveryErrorHasWords(t *testing.T) {
	mapped := map[string]bool{}
	for _, f := range parse(t, ".") {
		ast.Inspect(f, func(n ast.Node) bool {
			if s, ok := n.(*ast.SelectorExpr); ok {
				if from, ok := s.X.(*ast.Ident); ok {
					mapped[from.Name+"."+s.Sel.Name] = true
				}
			}
			return true
		})
	}
	count := 0
	for _, folder := range []string{"signin", "client", "keychain", "dockerconfig", "ownservice", "machine", "registryauth", "dockercli", "why", "probe", "selftest", "autostart"} {
		for _, f := range parse(t, "../backend/"+folder) {
			for _, d := range f.Decls {
				vars, ok := d.(*ast.GenDecl)
				if !ok || vars.Tok != token.VAR {
					continue
				}
				for _, spec := range vars.Specs {
					name := spec.(*ast.ValueSpec).Names[0].Name
					if !strings.HasPrefix(name, "Err") {
						continue
					}
					if count++; !mapped[folder+"."+name] {
						t.Errorf("%s.%s is in no line of kinds", folder, name)
					}
				}
			}
		}
	}
	if count < 30 {
		t.Errorf("only %d errors were found: is this where they are?", count)
	}
}

// parse reads errors.go of this package, and all of others.
func parse(t *testing.T, dir string) []*ast.File {
	t.Helper()
	names := []string{"errors.go"}
	if dir != "." {
		var err error
		if names, err = filepath.Glob(filepath.Join(dir, "*.go")); err != nil {
			t.Fatal(err)
		}
	}
	var all []*ast.File
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, f)
	}
	return all
}

func TestSentence(t *testing.T) {
	for text, want := range map[string]string{
		"": "", "a": "A.", "server not reachable: x": "Server not reachable: x.", "is it?": "Is it?", "Done.": "Done.", "élan": "Élan.",
	} {
		if got := sentence(text); got != want {
			t.Errorf("%q: %q", text, got)
		}
	}
}
