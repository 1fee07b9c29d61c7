package main

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"lanyard/backend/account"
	"lanyard/backend/e2e/service"
	"lanyard/backend/helper"
	"lanyard/backend/internal/keyringtest"
	"lanyard/backend/keys"
)

// beside are the other programs of a script's computer: the helper, and a
// browser at which $PERSON says yes.
var beside = map[string]func(){
	"docker-credential-lanyard": func() {
		os.Exit(helper.Here(version).Run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
	},
	"xdg-open": func() {
		if err := service.NewPerson(os.Getenv("PERSON"), nil).Allow(os.Args[1]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	},
}

// computer is what a script in testdata/computer has around it.
type computer struct {
	session  *keyringtest.Session
	services map[string]*reachable
	stop     []func()
}

// Fatal, Helper, Cleanup and TempDir make it what service.Start takes for a test.
type inScript struct {
	*testscript.TestScript
	computer *computer
}

func (s inScript) Helper()           {}
func (s inScript) Fatal(args ...any) { s.Fatalf("%s", fmt.Sprint(args...)) }
func (s inScript) Cleanup(f func())  { s.computer.stop = append(s.computer.stop, f) }
func (s inScript) TempDir() string {
	dir, err := os.MkdirTemp(s.Getenv("WORK"), "service")
	s.Check(err)
	return dir
}

// serviceKeys are made once: an RSA key takes a while.
var serviceKeys = sync.OnceValues(func() (*keys.Keys, error) { return keys.New(time.Now()) })

// The scripts in testdata/computer have a computer with a real keyring, a real
// service where they ask for one, and a person at a browser.
func TestScriptsAtAComputer(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Files: drawn(t, filepath.Join("testdata", "computer")),
		Setup: func(e *testscript.Env) error {
			session, err := keyringtest.New(keyringtest.Options{})
			if err != nil {
				return err
			}
			c := &computer{session: session, services: map[string]*reachable{}}
			e.Defer(func() {
				for _, stop := range slices.Backward(c.stop) {
					stop()
				}
				session.Close()
			})
			e.Values["computer"] = c
			home := filepath.Join(e.WorkDir, "person")
			if err := os.MkdirAll(home, 0o700); err != nil {
				return err
			}
			// The shell that docker would be started from finds the copy of the helper.
			if err := os.WriteFile(filepath.Join(home, ".profile"), []byte("PATH=\"$HOME/.local/bin:$PATH\"\n"), 0o600); err != nil {
				return err
			}
			for name, value := range map[string]string{
				"HOME": home, "SHELL": "/bin/sh", "XDG_RUNTIME_DIR": session.Runtime, "DBUS_SESSION_BUS_ADDRESS": session.Address,
				"LANYARD_HOME": filepath.Join(e.WorkDir, "lanyard"), "STATE": filepath.Join(e.WorkDir, "lanyard", "state", "state.json"),
				"TMPDIR": e.WorkDir, "TOOLS": toolsBin(),
			} {
				e.Setenv(name, value)
			}
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"code":     code,
			"freeport": freePort,
			"service":  startService,
			"registry": startRegistry,
			"enter":    enter,
			"keyring":  keyring,
			"member":   member,
			"ready":    ready,
			"network":  network,
			"person":   person,
		},
	})
}

// toolsBin is where build/tools.sh puts other people's container tools.
func toolsBin() string {
	tools := os.Getenv("LANYARD_TOOLS")
	if tools == "" {
		tools = filepath.Join("..", "..", "..", "build", "tools")
	}
	dir, err := filepath.Abs(filepath.Join(tools, "bin"))
	if err != nil {
		return tools
	}
	return dir
}

func at(ts *testscript.TestScript) *computer {
	c, ok := ts.Value("computer").(*computer)
	if !ok {
		ts.Fatalf("no computer")
	}
	return c
}

// service NAME PERSON…: a Lanyard service with these people, and a registry in
// it. $NAME is its address, $NAME_HOST its registry. PERSON:admin administers it.
func startService(ts *testscript.TestScript, _ bool, args []string) {
	all, err := serviceKeys()
	ts.Check(err)
	var url string
	one := &reachable{}
	s := service.Start(inScript{ts, at(ts)}, service.Options{Keys: all, Around: func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if one.cut.Load() {
				panic(http.ErrAbortHandler)
			}
			if r.URL.Path == "/v2/" || strings.Contains(r.URL.Path, "/manifests/") {
				serveImages(w, r, url)
				return
			}
			next.ServeHTTP(w, r)
		})
	}})
	url, one.Service = s.URL, s
	at(ts).services[args[0]] = one
	for _, name := range args[1:] {
		name, admin := strings.CutSuffix(name, ":admin")
		_, err := s.Accounts().Create(context.Background(), account.New{Name: name, Password: service.Password, Admin: admin})
		ts.Check(err)
	}
	ts.Setenv(args[0], s.URL)
	ts.Setenv(args[0]+"_HOST", strings.TrimPrefix(s.URL, "http://"))
	ts.Setenv(args[0]+"_PORT", s.URL[strings.LastIndex(s.URL, ":")+1:])
}

// serveImages is a registry of which each repository has one image, :1, that
// believes the service's tokens without looking at who signed them.
func serveImages(w http.ResponseWriter, r *http.Request, service string) {
	challenge := fmt.Sprintf(`Bearer realm="%s/token",service=%q`, service, strings.TrimPrefix(service, "http://"))
	parts := strings.Split(strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "), ".")
	if len(parts) != 3 {
		w.Header().Set("WWW-Authenticate", challenge)
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	raw, _ := base64.RawURLEncoding.DecodeString(parts[1])
	var claims struct {
		Access []struct {
			Name    string
			Actions []string
		}
	}
	_ = json.Unmarshal(raw, &claims)
	name, tag, manifest := strings.Cut(strings.TrimPrefix(r.URL.Path, "/v2/"), "/manifests/")
	may := slices.ContainsFunc(claims.Access, func(a struct {
		Name    string
		Actions []string
	}) bool {
		return a.Name == name && slices.Contains(a.Actions, "pull")
	})
	switch {
	case !manifest:
	case !may:
		w.Header().Set("WWW-Authenticate", challenge)
		w.WriteHeader(http.StatusUnauthorized)
	case tag != "1":
		w.WriteHeader(http.StatusNotFound)
	}
}

// registry NAME: any registry, which asks by Basic for otto with his token, and
// lets nobody else see more than open/app. $NAME is its host.
func startRegistry(ts *testscript.TestScript, _ bool, args []string) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, secret, _ := r.BasicAuth()
		switch {
		case user == "otto" && secret == "ghp_0123456789abcdefWXYZ" || strings.HasPrefix(r.URL.Path, "/v2/open/app/"):
			if strings.Contains(r.URL.Path, "/manifests/") && !strings.HasSuffix(r.URL.Path, "/app/manifests/1") {
				w.WriteHeader(http.StatusNotFound)
			}
		default:
			w.Header().Set("WWW-Authenticate", `Basic realm="here"`)
			w.WriteHeader(http.StatusUnauthorized)
			fmt.Fprint(w, `{"errors":[{"code":"UNAUTHORIZED","message":"bad credentials"}]}`)
		}
	}))
	at(ts).stop = append(at(ts).stop, server.Close)
	ts.Setenv(args[0], strings.TrimPrefix(server.URL, "http://"))
}

// keyring lock|unlock|kill.
func keyring(ts *testscript.TestScript, _ bool, args []string) {
	act := map[string]func() error{"lock": at(ts).session.Lock, "unlock": at(ts).session.StartDaemon, "kill": at(ts).session.KillDaemon}[args[0]]
	if act == nil {
		ts.Fatalf("usage: keyring lock|unlock|kill")
	}
	ts.Check(act())
}

// member FILE PATH VALUE: the JSON in FILE (stdout: of the last command) has
// VALUE at PATH, as a.0.b.
func member(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 3 {
		ts.Fatalf("usage: member FILE PATH VALUE")
	}
	var v any
	ts.Check(json.Unmarshal([]byte(ts.ReadFile(args[0])), &v))
	for part := range strings.SplitSeq(args[1], ".") {
		switch in := v.(type) {
		case map[string]any:
			v = in[part]
		case []any:
			var i int
			if _, err := fmt.Sscan(part, &i); err != nil || i < 0 || i >= len(in) {
				v = nil
				continue
			}
			v = in[i]
		default:
			v = nil
		}
	}
	if got := fmt.Sprint(v); (got == args[2]) == neg {
		ts.Fatalf("%s is %q", args[1], got)
	}
}

// drawn are the scripts of a folder that are played: every second one, from one that
// LANYARD_SEED decides. All are with LANYARD_FAULTS, and where -run names one.
func drawn(t *testing.T, folder string) (files []string) {
	t.Helper()
	all, err := filepath.Glob(filepath.Join(folder, "*.txtar"))
	if err != nil || len(all) == 0 {
		t.Fatalf("no scripts in %s: %v", folder, err)
	}
	if os.Getenv("LANYARD_FAULTS") != "" || strings.Contains(flag.Lookup("test.run").Value.String(), t.Name()) {
		return all
	}
	seed, err := strconv.ParseUint(os.Getenv("LANYARD_SEED"), 10, 64)
	if err != nil {
		seed = rand.Uint64N(1000)
	}
	t.Logf("LANYARD_SEED=%d", seed)
	for i, file := range all {
		if uint64(i)%2 == seed%2 {
			files = append(files, file)
		}
	}
	return files
}
