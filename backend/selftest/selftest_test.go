package selftest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"lanyard/backend/e2e/service"
	"lanyard/backend/registryauth"
)

func TestMain(m *testing.M) {
	slog.SetDefault(slog.New(slog.DiscardHandler)) // the service's libraries talk
	os.Exit(m.Run())
}

// fake is a registry in memory that asks nobody for a name.
type fake struct {
	parts  map[string][]byte
	change func(w http.ResponseWriter, r *http.Request) bool // true: it has answered
}

func (f *fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if f.change != nil && f.change(w, r) {
		return
	}
	body, _ := io.ReadAll(r.Body)
	path := strings.TrimPrefix(r.URL.Path, "/v2/")
	switch {
	case path == "":
	case r.Method == http.MethodPost:
		w.Header().Set("Location", "/v2/upload?state=1")
		w.WriteHeader(http.StatusAccepted)
	case r.Method == http.MethodPut && path == "upload":
		f.parts[r.URL.Query().Get("digest")] = body
		w.WriteHeader(http.StatusCreated)
	case r.Method == http.MethodPut:
		f.parts["manifest"] = body
		w.WriteHeader(http.StatusCreated)
	case r.Method == http.MethodDelete:
		delete(f.parts, "manifest")
		w.WriteHeader(http.StatusAccepted)
	case strings.Contains(path, "/manifests/"):
		_, _ = w.Write(f.parts["manifest"])
	default:
		_, _ = w.Write(f.parts[path[strings.LastIndex(path, "/")+1:]])
	}
}

func (f *fake) start(t *testing.T) (host string) {
	t.Helper()
	f.parts = map[string][]byte{}
	s := httptest.NewServer(f)
	t.Cleanup(s.Close)
	return "localhost:" + s.URL[strings.LastIndex(s.URL, ":")+1:]
}

func nobody(context.Context) (registryauth.Login, error) { return registryauth.Login{}, nil }

func TestRun(t *testing.T) {
	f := &fake{}
	var told []Report
	test := Test{Host: f.start(t), Repository: "anna/lanyard-self-test", Tag: "t1", Login: nobody, Tell: func(r Report) { told = append(told, r) }}
	r := test.Run(t.Context())
	if !r.OK || !r.Over || len(f.parts) != 2 || f.parts["manifest"] != nil {
		t.Errorf("%+v, %d parts", r, len(f.parts))
	}
	if len(told) != 10 || told[0].Steps[0].State != Waiting || told[1].Steps[0].State != Running || told[0].Over {
		t.Errorf("it told %d times: %+v", len(told), told)
	}
	total := 0
	for _, p := range f.parts {
		total += len(p)
	}
	if total > 4<<10 {
		t.Errorf("the image has %d bytes", total)
	}
}

// What goes wrong is said in the registry's words, and what lies there already
// is deleted all the same.
func TestWhatGoesWrong(t *testing.T) {
	refuse := func(status int, words string) func(http.ResponseWriter) bool {
		return func(w http.ResponseWriter) bool {
			w.WriteHeader(status)
			_ = json.NewEncoder(w).Encode(map[string]any{"errors": []any{map[string]string{"code": "DENIED", "message": words}}})
			return true
		}
	}
	on := func(method, part string, do func(http.ResponseWriter) bool) func(http.ResponseWriter, *http.Request) bool {
		return func(w http.ResponseWriter, r *http.Request) bool {
			return r.Method == method && strings.Contains(r.URL.Path, part) && do(w)
		}
	}
	locate := func(to string, status int) func(http.ResponseWriter) bool {
		return func(w http.ResponseWriter) bool {
			w.Header().Set("Location", to)
			w.WriteHeader(status)
			return true
		}
	}
	for name, c := range map[string]struct {
		change func(http.ResponseWriter, *http.Request) bool
		step   int // that fails
		err    error
		says   string
		left   bool // the manifest stays
		ok     bool
	}{
		"no right to push":  {on("POST", "", refuse(403, "anna may not push there")), 0, registryauth.ErrRefused, "anna may not push there", false, false},
		"an escape":         {on("POST", "", refuse(403, "a\x1b[2J\u202eb")), 0, registryauth.ErrRefused, "a[2Jb", false, false},
		"full":              {on("PUT", "upload", refuse(507, "no space")), 0, registryauth.ErrServer, "no space", false, false},
		"upload elsewhere":  {on("POST", "", locate("https://evil.example/upload", 202)), 0, registryauth.ErrNotRegistry, "evil.example", false, false},
		"upload nowhere":    {on("POST", "", locate("", 202)), 0, registryauth.ErrNotRegistry, "", false, false},
		"manifest refused":  {on("PUT", "/manifests/", refuse(400, "manifest invalid")), 0, registryauth.ErrServer, "manifest invalid", false, false},
		"no pull":           {on("GET", "/manifests/", refuse(403, "anna may not pull")), 1, registryauth.ErrRefused, "anna may not pull", false, false},
		"gone again":        {on("GET", "/blobs/", refuse(404, "blob unknown")), 1, registryauth.ErrServer, "blob unknown", false, false},
		"redirect in clear": {on("GET", "/blobs/", locate("file:///etc/passwd", 307)), 1, registryauth.ErrNotRegistry, "", false, false},
		"round and round":   {on("GET", "/blobs/", locate("", 307)), 1, registryauth.ErrNotRegistry, "", false, false},
		"10 MB": {on("GET", "/blobs/", func(w http.ResponseWriter) bool {
			_, _ = w.Write(make([]byte, 10<<20))
			return true
		}), 1, registryauth.ErrNotRegistry, "no end", false, false},
		"something else": {on("GET", "/blobs/", func(w http.ResponseWriter) bool {
			_, _ = io.WriteString(w, "something else")
			return true
		}), 2, ErrDiffers, "sha256:", false, false},
		"nobody may delete": {on("DELETE", "", refuse(405, "unsupported")), 3, errKeeps, "stays", true, true},
		"deleting fails":    {on("DELETE", "", refuse(500, "oops")), 3, registryauth.ErrServer, "oops", true, false},
	} {
		t.Run(name, func(t *testing.T) {
			f := &fake{change: c.change}
			r := Test{Host: f.start(t), Repository: "anna/x", Tag: "t", Login: nobody}.Run(t.Context())
			s := r.Steps[c.step]
			if !r.Over || r.OK != c.ok || s.State != Failed || !errors.Is(s.Err, c.err) || !strings.Contains(s.Err.Error(), c.says) {
				t.Errorf("%+v", r)
			}
			for i, before := range r.Steps[:c.step] {
				if before.State != Done {
					t.Errorf("step %d: %+v", i, before)
				}
			}
			if left := f.parts["manifest"] != nil; left != c.left {
				t.Errorf("the manifest is left: %v", left)
			}
		})
	}
	t.Run("the helper gives nothing", func(t *testing.T) {
		f := &fake{}
		denied := fmt.Errorf("%w: the keychain is locked", registryauth.ErrRefused)
		r := Test{Host: f.start(t), Repository: "a/x", Tag: "t", Login: func(context.Context) (registryauth.Login, error) { return registryauth.Login{}, denied }}.Run(t.Context())
		if r.OK || !errors.Is(r.Steps[0].Err, denied) || r.Steps[3].State != Waiting {
			t.Errorf("%+v", r)
		}
	})
}

// One that is cut off leaves nothing there.
func TestCutOff(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	f := &fake{}
	f.change = func(_ http.ResponseWriter, r *http.Request) bool {
		if r.Method == http.MethodGet && strings.Contains(r.URL.Path, "/manifests/") {
			cancel()
		}
		return false
	}
	r := Test{Host: f.start(t), Repository: "anna/x", Tag: "t", Login: nobody}.Run(ctx)
	if r.OK || !r.Over || f.parts["manifest"] != nil {
		t.Errorf("%+v", r)
	}
}

func TestAsk(t *testing.T) {
	helper := filepath.Join(t.TempDir(), "docker-credential-x")
	for name, c := range map[string]struct {
		script string
		want   registryauth.Login
		says   string // of the error; "": none
	}{
		"it gives":    {`read key; [ "$1 $key" = "get localhost:1" ] && echo '{"ServerURL":"x","Username":"anna","Secret":"s3"}'`, registryauth.Login{Username: "anna", Secret: "s3"}, ""},
		"it has none": {`echo "credentials not found in native keychain"; echo "signed out: run lanyard login" >&2; exit 1`, registryauth.Login{}, "signed out"},
		"no answer":   {`exit 0`, registryauth.Login{}, "none"},
		"no JSON":     {`echo hello`, registryauth.Login{}, "none"},
	} {
		t.Run(name, func(t *testing.T) {
			if err := os.WriteFile(helper, []byte("#!/bin/sh\n"+c.script+"\n"), 0o700); err != nil {
				t.Fatal(err)
			}
			got, err := Ask(t.Context(), helper, "localhost:1")
			if got != c.want || (err != nil) != (c.says != "") || err != nil && (!strings.Contains(err.Error(), c.says) || !errors.Is(err, registryauth.ErrRefused)) {
				t.Errorf("%v, %v", got, err)
			}
		})
	}
	if _, err := Ask(t.Context(), filepath.Join(t.TempDir(), "none"), "x"); !errors.Is(err, registryauth.ErrRefused) {
		t.Errorf("%v", err)
	}
}

// The registry inside of a real service, with a real token.
func TestRealRegistry(t *testing.T) {
	s := service.Start(t, service.Options{Storage: t.TempDir()})
	s.Person(t, "anna")
	host := strings.TrimPrefix(s.URL, "http://")
	login := func(context.Context) (registryauth.Login, error) {
		return registryauth.Login{Username: "anna", Secret: service.Password}, nil
	}
	r := Test{Host: host, Repository: "anna/lanyard-self-test", Tag: "t1", Login: login}.Run(t.Context())
	if !r.OK || r.Steps[3].State != Done {
		t.Errorf("%+v", r)
	}
	r = Test{Host: host, Repository: "ben/lanyard-self-test", Tag: "t1", Login: login}.Run(t.Context())
	if r.OK || r.Steps[0].State != Failed || !errors.Is(r.Steps[0].Err, registryauth.ErrRefused) || r.Steps[3].State != Waiting {
		t.Errorf("%+v", r)
	}
}
