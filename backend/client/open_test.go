package client_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"lanyard/backend/client"
)

func TestParseAddress(t *testing.T) {
	for address, want := range map[string]string{
		"https://registry.example":      "https://registry.example",
		"https://registry.example/":     "https://registry.example",
		"https://registry.example:8443": "https://registry.example:8443",
		"HTTPS://Registry.Example":      "https://registry.example",
		"https://registry.example:443":  "https://registry.example",
		"registry.example":              "https://registry.example",
		"registry.example:8443":         "https://registry.example:8443",
		" registry.example ":            "https://registry.example",
		"localhost:8460":                "http://localhost:8460",
		"LOCALHOST:8460":                "http://localhost:8460",
		"localhost":                     "http://localhost",
		"http://localhost:80":           "http://localhost",
		"http://localhost:8460/":        "http://localhost:8460",
		"http://LocalHost:8460":         "http://localhost:8460",
		"http://127.0.0.1:8460":         "http://127.0.0.1:8460",
		"http://[::1]:8460":             "http://[::1]:8460",
		"https://localhost:8460":        "https://localhost:8460",
	} {
		if got, err := client.ParseAddress(address); got != want || err != nil {
			t.Errorf("%q: %q, %v, want %q", address, got, err, want)
		}
	}
}

// Of an address that cannot be a server's nothing is asked.
func TestAddressesThatAreNone(t *testing.T) {
	asked := roundTrip(func(r *http.Request) (*http.Response, error) {
		t.Errorf("asked for %s", r.URL)
		return nil, io.EOF
	})
	for name, address := range map[string]string{
		"nothing":              "",
		"a space":              " ",
		"http elsewhere":       "http://registry.example",
		"http, so it begins":   "http://localhost.evil.example",
		"http, a user":         "http://localhost@evil.example",
		"http, so it ends":     "http://evil.localhost",
		"a private address":    "http://192.168.0.1",
		"a path":               "https://registry.example/lanyard",
		"two slashes":          "https://registry.example//",
		"a query":              "https://registry.example?x",
		"a bare question mark": "https://registry.example?",
		"a fragment":           "https://registry.example#x",
		"a user":               "https://me@registry.example",
		"a user and password":  "https://me:secret@registry.example",
		"another scheme":       "ftp://registry.example",
		"a file":               "file:///etc/passwd",
		"a script":             "javascript:alert(1)//",
		"an option":            "-oProxyCommand=x",
		"an option as host":    "https://-x",
		"a space within":       "https://registry example",
		"a line":               "https://registry.example\nhttps://evil.example",
		"an escape":            "https://registry.example\x1b[2J",
		"other letters":        "https://r\u0435gistry.example",
		"a port that is none":  "https://registry.example:https",
		"no port":              "https://registry.example:",
		"no host":              "https://:443",
		"a long one":           "https://" + strings.Repeat("x", 600) + ".example",
		"brackets":             "https://[registry.example]",
		"turned round":         "https://r\u202eelpmaxe.yrtsiger",
		"an encoded name":      "https://registry%2eexample",
		"a zone":               "https://[fe80::1%25eth0]",
		"a semicolon":          "https://registry.example;reboot",
		"quotes":               `https://"registry".example`,
		"a dollar":             "https://$HOME.example",
		"angles":               "https://<b>.example",
		"two dots":             "https://registry..example",
		"dots alone":           "https://..",
		"a last dot":           "https://registry.example.",
		"an option within":     "https://registry.-oProxyCommand",
		"port zero":            "https://registry.example:0",
		"a port too high":      "https://registry.example:65536",
		"a port with zeros":    "https://registry.example:0443",
		"a negative port":      "https://registry.example:-1",
		"a windows path":       `C:\Windows\System32`,
		"a share":              `\\evil.example\share`,
		"data":                 "data:text/html,x",
		"ten megabytes":        strings.Repeat("x", 10<<20),
	} {
		t.Run(name, func(t *testing.T) {
			if s, err := client.Open(t.Context(), address, asked); !errors.Is(err, client.ErrAddress) || strings.ContainsAny(err.Error(), "\x1b\n") {
				t.Errorf("%v, %v", s, err)
			}
		})
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// answer is one of a made-up server.
func answer(status int, body string, header ...string) roundTrip {
	return func(r *http.Request) (*http.Response, error) {
		h := http.Header{}
		for i := 0; i+1 < len(header); i += 2 {
			h.Set(header[i], header[i+1])
		}
		return &http.Response{
			Status: fmt.Sprintf("%d %s", status, http.StatusText(status)), StatusCode: status,
			Header: h, Request: r, Body: io.NopCloser(strings.NewReader(body)),
		}, nil
	}
}

const (
	base = "https://registry.example"
	info = `{"version":"1","issuer":"` + base + `","registries":["registry.example"]}`
)

// discovery is an OpenID configuration; changes are names and values.
func discovery(changes ...string) string {
	text := fmt.Sprintf(`{"issuer":%q,"authorization_endpoint":%q,"token_endpoint":%q,"device_authorization_endpoint":%q,"jwks_uri":%q,"id_token_signing_alg_values_supported":["RS256"]}`,
		base, base+"/authorize", base+"/oauth/token", base+"/oauth/device/code", base+"/keys")
	for i := 0; i+1 < len(changes); i += 2 {
		text = strings.Replace(text, changes[i], changes[i+1], 1)
	}
	return text
}

// site is a made-up server of two pages.
func site(about, openID roundTrip) roundTrip {
	return func(r *http.Request) (*http.Response, error) {
		switch {
		case r.URL.Host != "registry.example" || r.URL.Scheme != "https":
			return nil, fmt.Errorf("sent to %s", r.URL)
		case r.URL.Path == "/.well-known/lanyard":
			return about(r)
		case r.URL.Path == "/.well-known/openid-configuration":
			return openID(r)
		}
		return nil, fmt.Errorf("asked for %s", r.URL)
	}
}

func TestOpen(t *testing.T) {
	s, err := client.Open(t.Context(), "registry.example", site(answer(200, info), answer(200, discovery())))
	if err != nil || s.URL != base || s.Info.Version != "1" || s.Info.Registries[0] != "registry.example" {
		t.Fatalf("%+v %v", s, err)
	}
}

func TestServersThatAreNone(t *testing.T) {
	endless := func(r *http.Request) (*http.Response, error) {
		return &http.Response{Status: "200 OK", StatusCode: 200, Request: r, Header: http.Header{}, Body: io.NopCloser(zeros{})}, nil
	}
	cut := func(r *http.Request) (*http.Response, error) {
		body := io.MultiReader(strings.NewReader(info[:20]), failing{io.ErrUnexpectedEOF})
		return &http.Response{Status: "200 OK", StatusCode: 200, Request: r, Header: http.Header{}, Body: io.NopCloser(body)}, nil
	}
	refused := func(*http.Request) (*http.Response, error) {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: errors.New("connection refused")}
	}
	good, whole := answer(200, info), answer(200, discovery())
	for name, c := range map[string]struct {
		about, openID roundTrip
		want          error
		says          string
	}{
		"nobody there":             {refused, whole, client.ErrUnreachable, "connection refused"},
		"it leaves half-way":       {cut, whole, client.ErrUnreachable, ""},
		"it leaves later":          {good, cut, client.ErrUnreachable, ""},
		"it is gone later":         {good, refused, client.ErrUnreachable, ""},
		"a page":                   {answer(200, "<!doctype html><html>Welcome"), whole, client.ErrNotServer, ""},
		"a page for all that":      {good, answer(200, "<!doctype html>"), client.ErrNotServer, ""},
		"nothing here":             {answer(404, "not found"), whole, client.ErrNotServer, ""},
		"a registry":               {answer(401, `{"errors":[{"code":"UNAUTHORIZED"}]}`), whole, client.ErrNotServer, ""},
		"an empty answer":          {answer(200, ""), whole, client.ErrNotServer, ""},
		"an empty object":          {answer(200, "{}"), whole, client.ErrNotServer, ""},
		"JSON of another kind":     {answer(200, `["x"]`), whole, client.ErrNotServer, ""},
		"a number for a name":      {answer(200, `{"issuer":1}`), whole, client.ErrNotServer, ""},
		"another name":             {answer(200, strings.ReplaceAll(info, base, "https://other.example")), whole, client.ErrNotServer, "use that address"},
		"the name with a slash":    {answer(200, strings.Replace(info, base, base+"/", 1)), whole, client.ErrNotServer, ""},
		"a redirect":               {answer(302, "", "Location", "https://evil.example/.well-known/lanyard"), whole, client.ErrNotServer, ""},
		"a redirect to http":       {answer(301, "", "Location", "http://registry.example/.well-known/lanyard"), whole, client.ErrNotServer, ""},
		"a redirect later":         {good, answer(302, "", "Location", "https://evil.example/"), client.ErrNotServer, ""},
		"misdirected":              {answer(421, "This service is https://right.example;\x1b[2J use that address."), whole, client.ErrNotServer, "https://right.example"},
		"a proxy without service":  {answer(502, "<html>"), whole, client.ErrServer, "502"},
		"a service that restarts":  {answer(503, ""), whole, client.ErrServer, "503"},
		"no end":                   {endless, whole, client.ErrNotServer, "no end"},
		"no end later":             {good, endless, client.ErrNotServer, "no end"},
		"ten megabytes":            {answer(200, `{"issuer":"`+strings.Repeat("x", 10<<20)+`"}`), whole, client.ErrNotServer, ""},
		"no configuration":         {good, answer(404, ""), client.ErrNotServer, ""},
		"another issuer":           {good, answer(200, discovery(base, "https://evil.example")), client.ErrNotServer, ""},
		"pages elsewhere":          {good, answer(200, discovery(base+"/authorize", "https://evil.example/authorize")), client.ErrNotServer, "evil.example"},
		"pages of a longer name":   {good, answer(200, discovery(base+"/authorize", base+".evil.example/authorize")), client.ErrNotServer, ""},
		"pages over http":          {good, answer(200, discovery(base+"/authorize", "http://registry.example/authorize")), client.ErrNotServer, ""},
		"pages as a script":        {good, answer(200, discovery(base+"/authorize", "javascript:alert(1)")), client.ErrNotServer, ""},
		"pages with a space":       {good, answer(200, discovery("/authorize", "/authorize --x")), client.ErrNotServer, ""},
		"tokens elsewhere":         {good, answer(200, discovery(base+"/oauth/token", "https://evil.example/token")), client.ErrNotServer, ""},
		"no address for tokens":    {good, answer(200, discovery(base+"/oauth/token", "")), client.ErrNotServer, ""},
		"devices elsewhere":        {good, answer(200, discovery(base+"/oauth/device/code", "http://169.254.169.254/")), client.ErrNotServer, ""},
		"keys elsewhere":           {good, answer(200, discovery(base+"/keys", "https://evil.example/keys")), client.ErrNotServer, ""},
		"keys in a number":         {good, answer(200, discovery(`"`+base+`/keys"`, "7")), client.ErrNotServer, ""},
		"a long address":           {good, answer(200, discovery("/authorize", "/"+strings.Repeat("x", 5000))), client.ErrNotServer, ""},
		"registries of other kind": {answer(200, strings.Replace(info, `["registry.example"]`, `"registry.example"`, 1)), whole, client.ErrNotServer, ""},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := client.Open(t.Context(), base, site(c.about, c.openID))
			if s != nil || !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.says) {
				t.Fatalf("%v, %v", s, err)
			}
			for _, other := range []error{client.ErrNotServer, client.ErrUnreachable, client.ErrServer} {
				if !errors.Is(c.want, other) && errors.Is(err, other) {
					t.Errorf("it is %v too", other)
				}
			}
			if len(err.Error()) > 1000 || strings.ContainsAny(err.Error(), "\x1b\r\n") {
				t.Errorf("an error that is not fit for a terminal: %.2000q", err)
			}
		})
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { return copy(p, bytes.Repeat([]byte{' '}, len(p))), nil }

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// A server that says nothing, or a byte a second, is given up in time.
func TestASlowServer(t *testing.T) {
	for name, slow := range map[string]roundTrip{
		"silent": func(r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, r.Context().Err()
		},
		"a byte a second": func(r *http.Request) (*http.Response, error) {
			return &http.Response{Status: "200 OK", StatusCode: 200, Request: r, Header: http.Header{}, Body: io.NopCloser(dripping{r.Context()})}, nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				started := time.Now()
				s, err := client.Open(t.Context(), base, slow)
				if s != nil || !errors.Is(err, client.ErrUnreachable) || !strings.HasSuffix(err.Error(), "no answer within 20 seconds") {
					t.Errorf("%v, %v", s, err)
				}
				if took := time.Since(started); took > 25*time.Second {
					t.Errorf("it took %v", took)
				}
			})
		})
	}
}

type dripping struct{ ctx context.Context }

func (d dripping) Read(p []byte) (int, error) {
	select {
	case <-time.After(time.Second):
		p[0] = ' '
		return 1, nil
	case <-d.ctx.Done():
		return 0, d.ctx.Err()
	}
}

// Who gives up is not told that the server is at fault.
func TestTheCallerGivesUp(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := client.Open(ctx, base, roundTrip(func(r *http.Request) (*http.Response, error) { return nil, r.Context().Err() })); !errors.Is(err, context.Canceled) || errors.Is(err, client.ErrUnreachable) {
		t.Error(err)
	}
}
