//go:build linux

package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"lanyard/backend/e2e/desk"
	"lanyard/backend/keychain"
	"lanyard/backend/signin"
)

// answers are those about a desk, and what may happen to it while its window
// is open.
type answers struct {
	desk     *desk.Desk
	screen   *desk.Screen
	opened   string // file with the addresses that the opener was given
	computer *signin.Computer

	mu         sync.Mutex
	before     *keychain.Token // nil: nothing is planted
	untrusted  *httptest.Server
	handshakes int // requests that came through it
}

// newAnswers moves this process into the desk's session.
func newAnswers(d *desk.Desk, s *desk.Screen, opened string) (*answers, error) {
	os.Clearenv()
	for _, v := range d.Env() {
		name, value, _ := strings.Cut(v, "=")
		if err := os.Setenv(name, value); err != nil {
			return nil, err
		}
	}
	computer, _, err := signin.Here(os.Getenv, true)
	if err != nil {
		return nil, err
	}
	computer.Keychain.Worker = &keychain.Worker{Path: filepath.Join(d.Programs, "lanyard")}
	return &answers{desk: d, screen: s, opened: opened, computer: computer}, nil
}

func (a *answers) close() {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.untrusted != nil {
		a.untrusted.Close()
	}
}

func (a *answers) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /opened", answer(a.addresses))
	mux.HandleFunc("POST /state", answer(a.state))
	mux.HandleFunc("POST /terminal", answer(a.terminal))
	mux.HandleFunc("POST /shell", answer(a.shell))
	mux.HandleFunc("POST /save", answer(a.save))
	mux.HandleFunc("POST /clipboard", answer(a.clipboard))
	mux.HandleFunc("POST /plant", answer(a.plant))
	mux.HandleFunc("POST /restore", answer(a.restore))
	mux.HandleFunc("POST /elsewhere", answer(a.elsewhere))
	mux.HandleFunc("POST /end", answer(a.end))
	mux.HandleFunc("POST /untrusted", answer(a.startUntrusted))
	mux.HandleFunc("POST /certificate", answer(a.certify))
	mux.HandleFunc("POST /keychain/lock", answer(act(a.desk.Lock)))
	mux.HandleFunc("POST /keychain/remove", answer(act(a.desk.Uninstall)))
	mux.HandleFunc("POST /keychain/start", answer(act(a.desk.StartDaemon)))
	return mux
}

// answer takes JSON and makes JSON of what do returns.
func answer[Q, A any](do func(context.Context, Q) (A, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var question Q
		if err := json.NewDecoder(r.Body).Decode(&question); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		value, err := do(r.Context(), question)
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(value) // who asked has gone
	}
}

// none is a question without words.
type none struct{}

func act(do func() error) func(context.Context, none) (bool, error) {
	return func(context.Context, none) (bool, error) {
		err := do()
		return err == nil, err
	}
}

// addresses are those that a browser was opened with.
func (a *answers) addresses(context.Context, none) ([]string, error) {
	text, err := os.ReadFile(a.opened)
	if errors.Is(err, fs.ErrNotExist) {
		return []string{}, nil
	}
	return strings.Fields(string(text)), err
}

// state is everything that a sign-in may change: files by the hash of what is
// in them, and the names of the keychain's entries. What the service does with
// its own is the service's.
func (a *answers) state(ctx context.Context, _ none) (map[string]string, error) {
	all := map[string]string{}
	for _, dir := range []string{".docker", ".config", ".local/bin", ".local/state", ".profile"} {
		err := filepath.WalkDir(filepath.Join(a.desk.Home, dir), func(path string, e fs.DirEntry, err error) error {
			if errors.Is(err, fs.ErrNotExist) {
				return nil
			}
			if err != nil || !e.Type().IsRegular() {
				return err
			}
			text, err := os.ReadFile(path)
			sum := sha256.Sum256(text)
			all[strings.TrimPrefix(path, a.desk.Home+"/")] = hex.EncodeToString(sum[:])
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	names, err := a.computer.Keychain.List(ctx, "")
	for _, name := range names {
		all["keychain: "+name] = ""
	}
	return all, err
}

// command is a line in the person's terminal.
type command struct {
	Args  []string `json:"args"` // of lanyard
	Stdin string   `json:"stdin"`
}

// said is what it said.
type said struct {
	Out  string `json:"out"`
	Err  string `json:"err"`
	Code int    `json:"code"`
}

// terminal runs lanyard in a terminal on the desk, beside the window.
func (a *answers) terminal(ctx context.Context, c command) (said, error) {
	cmd := a.desk.Lanyard(ctx, c.Args...)
	cmd.Stdin = strings.NewReader(c.Stdin)
	o, err := desk.Run(cmd)
	return said{o.Out, o.Err, o.Code}, err
}

// line is one in a shell that was just opened, with the container tools in reach.
type line struct {
	Line string `json:"line"`
}

func (a *answers) shell(ctx context.Context, l line) (said, error) {
	o, err := desk.Run(a.desk.Shell(ctx, l.Line))
	return said{o.Out, o.Err, o.Code}, err
}

// clipboard is the text that lies there; "" for none.
func (a *answers) clipboard(ctx context.Context, _ none) (string, error) {
	return a.screen.Clipboard(ctx, "clipboard", "UTF8_STRING")
}

// saving is a question where to save something: its title, and the answer.
type saving struct {
	Title string `json:"title"`
	File  string `json:"file"` // "": the person thinks better of it
}

// save answers the question, by keyboard.
func (a *answers) save(ctx context.Context, s saving) (bool, error) {
	var id string
	for range 5 { // xdotool gives up where a window closes under its eyes
		found, err := desk.Run(a.desk.Program(ctx, "xdotool", "search", "--sync", "--onlyvisible", "--name", s.Title))
		if err != nil {
			return false, err
		}
		if ids := strings.Fields(found.Out); found.Code == 0 && len(ids) > 0 {
			id = ids[0]
			break
		}
	}
	if id == "" {
		return false, fmt.Errorf("there is no window %q", s.Title)
	}
	if _, err := desk.Must(a.desk.Program(ctx, "xdotool", "windowfocus", "--sync", id)); err != nil {
		return false, err
	}
	if s.File == "" {
		return true, a.screen.Key(ctx, "Escape")
	}
	err := errors.Join(a.screen.Key(ctx, "ctrl+a"), a.screen.Type(ctx, s.File), a.screen.Key(ctx, "Return"))
	return err == nil, err
}
