//go:build linux

package app

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"lanyard/backend/client"
	"lanyard/backend/e2e/keyring"
)

// What answers at an address, whatever it is.
func TestProbe(t *testing.T) {
	w := newWorld(t)
	server := func(h http.HandlerFunc) string {
		s := httptest.NewServer(h)
		t.Cleanup(s.Close)
		return "http://localhost:" + s.URL[strings.LastIndex(s.URL, ":")+1:]
	}
	described := func(more string) string {
		var address string
		address = server(func(rw http.ResponseWriter, r *http.Request) {
			switch r.URL.Path {
			case "/.well-known/lanyard":
				fmt.Fprintf(rw, `{"version":"0.1","issuer":%q,"registries":["r.example"]%s}`, address, more)
			case "/.well-known/openid-configuration":
				_ = json.NewEncoder(rw).Encode(map[string]any{
					"issuer": address, "authorization_endpoint": address + "/authorize", "token_endpoint": address + "/oauth/token",
					"device_authorization_endpoint": address + "/oauth/device/code", "jwks_uri": address + "/keys",
				})
			}
		})
		return address
	}
	tls := httptest.NewTLSServer(http.NotFoundHandler())
	defer tls.Close()
	w.core.Computer.Transport = &client.Transport{Trust: client.Trust{Dir: t.TempDir()}}
	for name, c := range map[string]struct {
		address string
		want    ServerView // Says and Fix: whether there are any
	}{
		"a Lanyard server": {w.service.URL, ServerView{Reachable: true, Certificate: "none", Kind: "lanyard", Version: "test"}},
		"an earlier one":   {described(""), ServerView{Reachable: true, Certificate: "none", Kind: "lanyard", Version: "0.1", TooOld: true, Says: "x", Fix: "x"}},
		"a later one":      {described(`,"api":9,"api_least":1`), ServerView{Reachable: true, Certificate: "none", Kind: "lanyard", Version: "0.1"}},
		"much later":       {described(`,"api":99,"api_least":98`), ServerView{Reachable: true, Certificate: "none", Kind: "lanyard", TooNew: true, Says: "x", Fix: "x"}},
		"a registry": {server(func(rw http.ResponseWriter, r *http.Request) {
			if r.URL.Path != "/v2/" {
				rw.WriteHeader(http.StatusNotFound)
			}
		}), ServerView{Reachable: true, Certificate: "none", Kind: "registry", Says: "x", Fix: "x"}},
		"HTML": {server(func(rw http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(rw, "<html><script>alert(1)</script></html>")
		}), ServerView{Reachable: true, Certificate: "none", Kind: "other", Says: "x", Fix: "x"}},
		"HTML, and no such page": {server(func(rw http.ResponseWriter, _ *http.Request) {
			rw.WriteHeader(http.StatusNotFound)
			_, _ = io.WriteString(rw, "<html><script>alert(1)</script></html>")
		}), ServerView{Reachable: true, Certificate: "none", Kind: "other", Says: "x", Fix: "x"}},
		"10 MB": {server(func(rw http.ResponseWriter, _ *http.Request) {
			_, _ = rw.Write(make([]byte, 10<<20))
		}), ServerView{Reachable: true, Certificate: "none", Kind: "other", Says: "x", Fix: "x"}},
		"javascript:": {server(func(rw http.ResponseWriter, _ *http.Request) {
			rw.Header().Set("Location", "javascript:alert(1)")
			rw.WriteHeader(http.StatusFound)
		}), ServerView{Reachable: true, Certificate: "none", Kind: "other", Says: "x", Fix: "x"}},
		"file:": {server(func(rw http.ResponseWriter, _ *http.Request) {
			rw.Header().Set("Location", "file:///etc/passwd")
			rw.WriteHeader(http.StatusTemporaryRedirect)
		}), ServerView{Reachable: true, Certificate: "none", Kind: "other", Says: "x", Fix: "x"}},
		"broken":                 {server(func(rw http.ResponseWriter, _ *http.Request) { rw.WriteHeader(http.StatusBadGateway) }), ServerView{Reachable: true, Certificate: "none", Kind: "other", Says: "x", Fix: "x"}},
		"nobody":                 {"http://localhost:1", ServerView{Certificate: "none", Kind: "other", Says: "x", Fix: "x"}},
		"an unknown certificate": {"https://localhost:" + tls.URL[strings.LastIndex(tls.URL, ":")+1:], ServerView{Certificate: "untrusted", Kind: "other", Says: "x", Fix: "x"}},
	} {
		t.Run(name, func(t *testing.T) {
			v, err := w.App.start.Probe(c.address)
			if err != nil || v.Registries == nil {
				t.Fatalf("%+v %v", v, err)
			}
			got := v
			if (got.Says == "") != (c.want.Says == "") || (got.Fix == "") != (c.want.Fix == "") {
				t.Errorf("it says %q, %q", got.Says, got.Fix)
			}
			if c.want.Certificate == "untrusted" && (got.Says == "" || strings.Contains(got.Says, "<")) {
				t.Errorf("%+v", got)
			}
			got.Says, got.Fix, got.Registries, got.Address, got.Fingerprint = c.want.Says, c.want.Fix, nil, "", ""
			if a, b := fmt.Sprint(got), fmt.Sprint(c.want); a != b {
				t.Errorf("%s, want %s", a, b)
			}
		})
	}
	// httptest's certificate is valid for example.com and 127.0.0.1, so that its authority could be trusted there.
	if v, err := w.App.start.Probe("https://127.0.0.1:" + tls.URL[strings.LastIndex(tls.URL, ":")+1:]); err != nil || !strings.HasPrefix(v.Fingerprint, "sha256:") || !strings.Contains(v.Fix, "lanyard trust 127.0.0.1:") {
		t.Errorf("%+v %v", v, err)
	}
	for _, address := range []string{"", "javascript:alert(1)", "file:///etc/passwd", "ftp://x", "https://me:secret@x", "http://registry.example", "https://x/path", strings.Repeat("x", 600), "x\ny"} {
		if _, err := w.App.start.Probe(address); codeOf(err) != "address" || strings.Contains(err.Error(), "secret") {
			t.Errorf("%.40q: %v", address, err)
		}
	}
	if len(w.pages()) > 1 { // the sign-in's
		t.Errorf("%q were opened", w.pages())
	}
}

// Docker Hub is known by its names.
func TestProbeDockerHub(t *testing.T) {
	w := newWorld(t)
	var up atomic.Bool
	up.Store(true)
	w.core.Computer.Transport = hubNetwork(func(r *http.Request) (int, string) {
		if !up.Load() {
			return 0, ""
		}
		return http.StatusOK, ""
	})
	for _, name := range []string{"docker-hub", "hub.docker.com", "https://index.docker.io/v1/", "Docker.io"} {
		if v, err := w.App.start.Probe(name); err != nil || v.Kind != "docker_hub" || !v.Reachable || v.Says != "" {
			t.Errorf("%s: %+v %v", name, v, err)
		}
	}
	up.Store(false)
	if v, err := w.App.start.Probe("docker.io"); err != nil || v.Reachable || v.Says == "" || v.Fix == "" {
		t.Errorf("%+v %v", v, err)
	}
}

// hubNetwork answers in place of everybody; 0: nobody does.
type hubNetwork func(r *http.Request) (status int, body string)

func (h hubNetwork) RoundTrip(r *http.Request) (*http.Response, error) {
	status, body := h(r)
	if status == 0 {
		return nil, errFar
	}
	return &http.Response{StatusCode: status, Status: fmt.Sprint(status), Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
}

// A slow server is given up, and says so.
func TestProbeGivesUp(t *testing.T) {
	w := newWorld(t)
	w.core.Computer.Transport = hanging{}
	began := time.Now()
	v, err := w.App.start.Probe("https://slow.example")
	if took := time.Since(began); took > probing+2*time.Second || err != nil || v.Reachable || v.Says == "" {
		t.Errorf("%v, %+v, %v", took, v, err)
	}
}

func TestPreflight(t *testing.T) {
	checks := func(t *testing.T, w *world) map[string]CheckView {
		t.Helper()
		all, err := w.App.start.Preflight()
		if err != nil || len(all) != 5 {
			t.Fatalf("%+v %v", all, err)
		}
		by := map[string]CheckView{}
		for _, c := range all {
			by[c.ID] = c
			if c.Says == "" || (c.State == "good") != (c.Fix == "") {
				t.Errorf("%+v", c)
			}
		}
		return by
	}
	t.Run("all is well", func(t *testing.T) {
		w := newWorld(t)
		bin := t.TempDir()
		for _, program := range []string{"xdg-open", "docker"} {
			write(t, filepath.Join(bin, program), "#!/bin/sh\necho 'Docker version 28.2.2, build x'\n", 0o700)
		}
		t.Setenv("PATH", bin+":/usr/bin:/bin")
		if err := os.MkdirAll(filepath.Join(w.session.Home, ".local", "bin"), 0o700); err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(w.session.Home, ".profile"), "PATH="+bin+":$HOME/.local/bin:/usr/bin:/bin\n", 0o600)
		all := checks(t, w)
		if all["keychain"].State != "good" || all["browser"].State != "good" || all["service"].State != "good" || !strings.Contains(all["tools"].Says, "docker 28.2.2") {
			t.Errorf("%+v", all)
		}
		if c := all["helper"]; c.State != "warn" || c.Action != "copy_helper" || !strings.Contains(c.Fix, w.session.Home) {
			t.Errorf("%+v", c)
		}
	})
	t.Run("nothing is", func(t *testing.T) {
		w := newWorldWith(t, keyring.Options{NoBus: true})
		t.Setenv("PATH", t.TempDir())
		t.Setenv("BROWSER", "")
		write(t, filepath.Join(w.session.Home, ".profile"), "PATH=/nowhere\n", 0o600)
		all := checks(t, w)
		if c := all["keychain"]; c.State != "bad" || c.Action != "choose_keychain" {
			t.Errorf("%+v", c)
		}
		if all["browser"].State != "warn" || all["tools"].State != "warn" {
			t.Errorf("%+v", all)
		}
	})
}

// Docker Hub's third way, with a second factor.
func TestHubPassword(t *testing.T) {
	w := newWorld(t)
	claims := fmt.Sprintf(`{"exp":%d,"https://hub.docker.com":{"username":"anna"}}`, time.Now().Add(time.Hour).Unix())
	w.core.Asked.Transport = hubNetwork(func(r *http.Request) (int, string) {
		var body map[string]any
		if r.Body != nil {
			_ = json.NewDecoder(r.Body).Decode(&body)
		}
		switch {
		case r.URL.Host != "hub.docker.com":
			return 0, ""
		case r.URL.Path == "/v2/users/login" && body["password"] == "right horse":
			return 401, `{"detail":"Require secondary authentication","login_2fa_token":"half"}`
		case r.URL.Path == "/v2/users/2fa-login" && body["code"] == "123456":
			return 200, `{"token":"` + jwt(claims) + `"}`
		case r.URL.Path == "/v2/access-tokens" && r.Header.Get("Authorization") != "":
			return 201, `{"uuid":"id-1","token":"dckr_pat_made-000001","token_label":"x","is_active":true}`
		}
		return 401, `{"detail":"Incorrect authentication credentials"}`
	})
	for name, c := range map[string]struct{ password, code, want string }{
		"a wrong password": {"wrong horse", "", "denied"}, "no code": {"right horse", "", "second_factor"}, "a wrong code": {"right horse", "000000", "denied"},
		"much too long": {strings.Repeat("x", 5000), "", "denied"},
	} {
		if _, err := w.App.start.HubPassword("anna", c.password, c.code); codeOf(err) != c.want || strings.Contains(err.Error(), "horse") {
			t.Errorf("%s: %v", name, err)
		}
	}
	v, err := w.App.start.HubPassword("anna", "right horse", "123456")
	if err != nil || v.Account != "anna" || v.Server != client.HubURL || v.LastFour != "0001" || v.Own {
		t.Errorf("%+v %v", v, err)
	}
	if err := w.App.window.OpenTokenPage(); err != nil || !strings.HasPrefix(w.pages()[len(w.pages())-1], "https://app.docker.com/") {
		t.Errorf("%q %v", w.pages(), err)
	}
}

func jwt(claims string) string {
	return "e30." + base64.RawURLEncoding.EncodeToString([]byte(claims)) + ".c2ln"
}
