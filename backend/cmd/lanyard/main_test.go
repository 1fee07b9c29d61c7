package main

import (
	"context"
	"maps"
	"net"
	"net/http"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	programs := map[string]func(){"lanyard": main}
	maps.Copy(programs, beside)
	testscript.Main(m, programs)
}

// The scripts in testdata read as the manual: what is typed, what is answered.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata",
		Setup: func(e *testscript.Env) error {
			// No bus: what needs a keychain must say so and change nothing.
			e.Setenv("LANYARD_HOME", e.WorkDir+"/home")
			e.Setenv("HOME", e.WorkDir)
			e.Setenv("DBUS_SESSION_BUS_ADDRESS", "")
			e.Setenv("XDG_RUNTIME_DIR", "")
			// What a terminal obeys, and what is longer than anything is.
			e.Setenv("ESC", "\x1b")
			e.Setenv("ESCAPE", "evil\x1b[2Jname")
			e.Setenv("LONG", "https://"+strings.Repeat("x", 100_000))
			script, err := filepath.Abs(filepath.Join("..", "..", "..", "build", "install.sh"))
			if err != nil {
				return err
			}
			e.Setenv("INSTALL", script)
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"code":     code,
			"answers":  answers,
			"freeport": freePort,
			"manager":  manager,
			"server":   aServer,
			"proxy":    aProxy,
			"ready":    ready,
		},
	})
}

// code N COMMAND …: the command must end with exit code N.
func code(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: code N COMMAND …")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec(args[1], args[2:]...)
	got := 0
	if exit, ok := err.(interface{ ExitCode() int }); ok {
		got = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

// freeport NAME: puts a port that nobody listens on into $NAME.
func freePort(ts *testscript.TestScript, _ bool, args []string) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	_, port, err := net.SplitHostPort(l.Addr().String())
	ts.Check(err)
	ts.Check(l.Close())
	ts.Setenv(args[0], port)
}

// ready URL: waits until the service there says that it is.
func ready(ts *testscript.TestScript, _ bool, args []string) {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	for {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, args[0]+"/readyz", nil)
		ts.Check(err)
		response, err := http.DefaultClient.Do(request)
		if err == nil {
			_ = response.Body.Close()
			if response.StatusCode == http.StatusOK {
				return
			}
		}
		select {
		case <-ctx.Done():
			ts.Fatalf("%s is not ready: %v", args[0], err)
		case <-time.After(20 * time.Millisecond):
		}
	}
}
