package registryauth

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var ada = Login{"ada", "sekrit"}

// registry is one on this computer, over http, that answers as h does; at
// makes the challenge out of its address.
func registry(t *testing.T, h func(base string) http.Handler) Registry {
	t.Helper()
	var inner http.Handler
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { inner.ServeHTTP(w, r) }))
	t.Cleanup(server.Close)
	inner = h(server.URL)
	return Registry{Host: strings.TrimPrefix(server.URL, "http://")}
}

// token is a JWT as registries get it, without a signature that counts.
func token(access string) string {
	return "e30." + base64.RawURLEncoding.EncodeToString([]byte(`{"access":`+access+`}`)) + ".sig"
}

// door is a registry with a token service: ada may pull a/app, and nobody else
// anything but public/app.
func door(base string) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/token", func(w http.ResponseWriter, r *http.Request) {
		user, secret, named := r.BasicAuth()
		q := r.URL.Query()
		if q.Get("service") != "door" || named && q.Get("account") != user {
			w.WriteHeader(400)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		if named && (user != ada.Username || secret != ada.Secret) {
			w.WriteHeader(401)
			fmt.Fprint(w, `{"errors":[{"code":"UNAUTHORIZED","message":"wrong user name or password"}]}`)
			return
		}
		switch scope := q.Get("scope"); {
		case scope == "":
			fmt.Fprintf(w, `{"token":%q}`, token(`[]`))
		case scope == "repository:ada/app:pull,push" && named:
			fmt.Fprintf(w, `{"token":"x","access_token":%q}`, token(`[{"type":"repository","name":"ada/app","actions":["pull"]}]`))
		case scope == "repository:public/app:pull,push":
			fmt.Fprintf(w, `{"token":%q}`, token(`[{"type":"repository","name":"public/app","actions":["pull"]}]`))
		case scope == "repository:opaque/app:pull,push":
			fmt.Fprint(w, `{"token":"opaque"}`)
		case named:
			w.WriteHeader(403)
			fmt.Fprint(w, `{"errors":[{"code":"DENIED","message":"ada may not use bob/app;\n try ada/app"}]}`)
		default:
			fmt.Fprintf(w, `{"token":%q}`, token(`[]`))
		}
	})
	mux.HandleFunc("/v2/", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("WWW-Authenticate", `Basic realm="other", Bearer realm="`+base+`/token",service="door"`)
		may, _ := actions(strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "), strings.Join(strings.Split(r.URL.Path+"///", "/")[2:4], "/"))
		switch {
		case r.Header.Get("Authorization") == "":
			w.WriteHeader(401)
		case r.URL.Path == "/v2/":
		case r.URL.Path == "/v2/opaque/app/manifests/1":
		case len(may) == 0:
			w.WriteHeader(401)
		case !strings.HasSuffix(r.URL.Path, "/manifests/1"):
			w.WriteHeader(404)
		}
	})
	return mux
}

func TestCheck(t *testing.T) {
	r := registry(t, door)
	if asks, err := r.Check(t.Context(), ada); err != nil || !asks {
		t.Errorf("%v %v", asks, err)
	}
	_, err := r.Check(t.Context(), Login{"ada", "wrong"})
	if !errors.Is(err, ErrRefused) || !strings.HasSuffix(err.Error(), "wrong user name or password") {
		t.Errorf("a wrong secret: %v", err)
	}
}

func TestCheckBasic(t *testing.T) {
	r := registry(t, func(string) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if user, secret, _ := r.BasicAuth(); user != ada.Username || secret != ada.Secret {
				w.Header().Set("WWW-Authenticate", `BASIC realm="x"`)
				w.WriteHeader(401)
				return
			}
			if r.URL.Path != "/v2/" && r.URL.Path != "/v2/ada/app/manifests/1" {
				w.WriteHeader(404)
			}
		})
	})
	if asks, err := r.Check(t.Context(), ada); err != nil || !asks {
		t.Errorf("%v %v", asks, err)
	}
	if _, err := r.Check(t.Context(), Login{"ada", "wrong"}); !errors.Is(err, ErrRefused) {
		t.Errorf("a wrong secret: %v", err)
	}
	for name, c := range map[string]struct {
		login      Login
		repository string
		want       Verdict
	}{
		"there":        {ada, "ada/app", Verdict{Pull: Yes, Push: Unknown, Login: Yes, Found: Yes}},
		"not there":    {ada, "ada/none", Verdict{Pull: Unknown, Push: Unknown, Login: Yes, Found: No}},
		"wrong secret": {Login{"ada", "x"}, "ada/app", Verdict{Pull: No, Push: No, Login: No, Found: Unknown}},
		"nobody":       {Login{}, "ada/app", Verdict{Pull: No, Push: Unknown, Login: Unknown, Found: Unknown}},
	} {
		got, err := r.Ask(t.Context(), c.repository, "1", c.login)
		if diff := cmp.Diff(c.want, got); diff != "" || err != nil {
			t.Errorf("%s: %v %s", name, err, diff)
		}
	}
}

func TestCheckAsksNobody(t *testing.T) {
	r := registry(t, func(string) http.Handler { return http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}) })
	if asks, err := r.Check(t.Context(), ada); err != nil || asks {
		t.Errorf("%v %v", asks, err)
	}
}

func TestAsk(t *testing.T) {
	r := registry(t, door)
	for name, c := range map[string]struct {
		login            Login
		repository, name string
		want             Verdict
	}{
		"pull, no push":           {ada, "ada/app", "1", Verdict{Pull: Yes, Push: No, Login: Yes, Found: Yes}},
		"no such tag":             {ada, "ada/app", "2", Verdict{Pull: Yes, Push: No, Login: Yes, Found: No}},
		"another's":               {ada, "bob/app", "1", Verdict{Pull: No, Push: No, Login: Yes, Found: Unknown, Words: "ada may not use bob/app; try ada/app"}},
		"wrong secret":            {Login{"ada", "x"}, "ada/app", "1", Verdict{Pull: No, Push: No, Login: No, Found: Unknown, Words: "wrong user name or password"}},
		"nobody, private":         {Login{}, "ada/app", "1", Verdict{Pull: No, Push: No, Login: Unknown, Found: Unknown}},
		"nobody, public":          {Login{}, "public/app", "1", Verdict{Pull: Yes, Push: No, Login: Unknown, Found: Yes}},
		"a token nobody can read": {ada, "opaque/app", "1", Verdict{Pull: Yes, Push: Unknown, Login: Yes, Found: Yes}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := r.Ask(t.Context(), c.repository, c.name, c.login)
			if diff := cmp.Diff(c.want, got); diff != "" || err != nil {
				t.Errorf("%v %s", err, diff)
			}
		})
	}
}

// What a registry can do to us: each ends in words, and none gets the secret.
func TestBadRegistries(t *testing.T) {
	challenge := func(said string) func(string) http.Handler {
		return func(base string) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Header.Get("Authorization") != "" {
					t.Errorf("%s got the secret", r.URL)
				}
				if r.URL.Path == "/token" {
					fmt.Fprint(w, "<html>sign in</html>")
					return
				}
				w.Header().Set("WWW-Authenticate", strings.ReplaceAll(said, "BASE", base))
				w.WriteHeader(401)
			})
		}
	}
	answers := func(status int, header, body string) func(string) http.Handler {
		return func(string) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Location", header)
				w.WriteHeader(status)
				fmt.Fprint(w, body)
			})
		}
	}
	for name, c := range map[string]struct {
		handler func(string) http.Handler
		want    error
	}{
		"no challenge":              {answers(401, "", ""), ErrNotRegistry},
		"a page":                    {answers(404, "", "<html>"), ErrNotRegistry},
		"sent elsewhere":            {answers(302, "http://evil.example/v2/", ""), ErrNotRegistry},
		"out of order":              {answers(503, "", "no"), ErrServer},
		"too many":                  {answers(429, "", ""), ErrLimited},
		"no end":                    {answers(200, "", strings.Repeat("x", 10<<20)), ErrNotRegistry},
		"another scheme":            {challenge(`Negotiate abc`), ErrNotRegistry},
		"no realm":                  {challenge(`Bearer service="door"`), ErrRealm},
		"a realm in clear":          {challenge(`Bearer realm="http://registry.example/token"`), ErrRealm},
		"a realm that is a file":    {challenge(`Bearer realm="file:///etc/passwd"`), ErrRealm},
		"a realm that is a script":  {challenge(`Bearer realm="javascript:alert(1)"`), ErrRealm},
		"a realm with a password":   {challenge(`Bearer realm="https://a:b@registry.example/"`), ErrRealm},
		"a realm without end":       {challenge(`Bearer realm="https://` + strings.Repeat("a", 4000) + `"`), ErrRealm},
		"a quote that does not end": {challenge(`Bearer realm="https://registry.example`), ErrRealm},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := registry(t, c.handler).Check(t.Context(), ada)
			if !errors.Is(err, c.want) || strings.ContainsAny(err.Error(), "\x1b\n") || strings.Contains(err.Error(), ada.Secret) {
				t.Errorf("%v, want %v", err, c.want)
			}
		})
	}
	t.Run("HTML in the place of a token", func(t *testing.T) {
		r := registry(t, func(base string) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/token" {
					fmt.Fprint(w, "<html>sign in</html>")
					return
				}
				w.Header().Set("WWW-Authenticate", `Bearer realm="`+base+`/token"`)
				w.WriteHeader(401)
			})
		})
		if _, err := r.Check(t.Context(), ada); !errors.Is(err, ErrNotRegistry) {
			t.Error(err)
		}
	})
	t.Run("nobody there", func(t *testing.T) {
		if _, err := (Registry{Host: "localhost:1"}).Check(t.Context(), ada); !errors.Is(err, ErrUnreachable) {
			t.Error(err)
		}
	})
	t.Run("cancelled", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := registry(t, door).Check(ctx, ada); !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
}

// Plain http is for this computer alone: nothing else is even asked by it.
func TestOnlyLoopbackIsAskedByHTTP(t *testing.T) {
	for host, want := range map[string][]string{
		"localhost:5000":        {"https", "http"},
		"127.0.0.1:5000":        {"https", "http"},
		"[::1]:5000":            {"https", "http"},
		"registry.example":      {"https"},
		"registry.example:5000": {"https"},
		"10.0.0.1:5000":         {"https"},
		"docker.io":             {"https"},
	} {
		var asked []string
		r := Registry{Host: host, Transport: transport(func(r *http.Request) { asked = append(asked, r.URL.Scheme) })}
		if _, err := r.Check(t.Context(), ada); !errors.Is(err, ErrUnreachable) {
			t.Errorf("%s: %v", host, err)
		}
		if diff := cmp.Diff(want, asked); diff != "" {
			t.Errorf("%s: %s", host, diff)
		}
	}
}

// transport is a network on which nobody answers.
type transport func(*http.Request)

func (f transport) RoundTrip(r *http.Request) (*http.Response, error) {
	f(r)
	return nil, errors.New("no route")
}

func TestDockerHubIsAskedWhereItIs(t *testing.T) {
	r := Registry{Host: "docker.io", Transport: transport(func(r *http.Request) {
		if r.URL.Host != "registry-1.docker.io" {
			t.Error(r.URL)
		}
	})}
	_, _ = r.Challenge(t.Context())
}

func TestRealms(t *testing.T) {
	for name, c := range map[string]struct {
		base, realm string
		good        bool
	}{
		"another host, https":                {"https://registry.example", "https://auth.example/token", true},
		"Docker Hub":                         {"https://registry-1.docker.io", "https://auth.docker.io/token", true},
		"this computer's own":                {"http://localhost:5000", "http://localhost:8460/token", true},
		"this computer's, by number":         {"http://localhost:5000", "http://127.0.0.1:8460/token", true},
		"out of this computer, https":        {"http://localhost:5000", "https://auth.example/token", true},
		"out of this computer, in clear":     {"http://localhost:5000", "http://auth.example/token", false},
		"into this computer":                 {"https://registry.example", "https://localhost:8460/token", false},
		"into this computer, by number":      {"https://registry.example", "https://127.0.0.1/token", false},
		"into the network":                   {"https://registry.example", "https://10.0.0.7/token", false},
		"to the cloud's metadata":            {"https://registry.example", "https://169.254.169.254/token", false},
		"a registry in the network, its own": {"https://10.0.0.7", "https://10.0.0.7:5001/token", true},
		"from https to http":                 {"https://localhost:5000", "http://localhost:8460/token", false},
	} {
		if err := checkRealm(c.base, c.realm); (err == nil) != c.good {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestParse(t *testing.T) {
	for field, want := range map[string][]demand{
		`Bearer realm="https://a/t",service="s",scope="repository:x:pull,push"`: {{"bearer", map[string]string{"realm": "https://a/t", "service": "s", "scope": "repository:x:pull,push"}}},
		`Basic realm=x, bEARER Realm = "a\"b" , service=s`:                      {{"basic", map[string]string{"realm": "x"}}, {"bearer", map[string]string{"realm": `a"b`, "service": "s"}}},
		`Negotiate`:                       {{"negotiate", map[string]string{}}},
		`=x`:                              nil,
		``:                                nil,
		`Bearer realm="a", realm="b"`:     {{"bearer", map[string]string{"realm": "a"}}},
		`Bearer realm="a" garbage @@@ x=`: {{"bearer", map[string]string{"realm": "a"}}, {"garbage", map[string]string{}}},
	} {
		if diff := cmp.Diff(want, parse([]string{field}), cmp.AllowUnexported(demand{})); diff != "" {
			t.Errorf("%s: %s", field, diff)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(`Bearer realm="https://a/t",service="s"`)
	f.Add(`Basic realm="x", Bearer x=`)
	f.Fuzz(func(t *testing.T, field string) {
		for _, one := range parse([]string{field}) {
			if one.scheme == "" || one.scheme != strings.ToLower(one.scheme) {
				t.Errorf("%q: %v", field, one)
			}
		}
	})
}

func TestLoginHidesItsSecret(t *testing.T) {
	if said := fmt.Sprintf("%v %+v %#v %s", ada, ada, ada, ada); strings.Contains(said, ada.Secret) {
		t.Error(said)
	}
}
