//go:build linux

package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"lanyard/backend/e2e/desk"
	"lanyard/backend/keychain"
	"lanyard/backend/signin"
)

// marked is a secret that no service would make, to be looked for.
const marked = "lyd_auto_PLANTEDplantedPLANTEDplanted01234567"

// storedKey is what a tool would store a secret of its own under.
const storedKey = "https://planted.example"

// answers are those about a desk.
type answers struct {
	desk     *desk.Desk
	opened   string // file with the addresses that the opener was given
	computer *signin.Computer

	mu     sync.Mutex
	before *keychain.Token // nil: nothing is planted
}

// newAnswers moves this process into the desk's session.
func newAnswers(d *desk.Desk, opened string) (*answers, error) {
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
	return &answers{desk: d, opened: opened, computer: computer}, nil
}

func (a *answers) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /opened", answer(a.addresses))
	mux.HandleFunc("GET /state", answer(a.state))
	mux.HandleFunc("POST /plant", answer(a.plant))
	mux.HandleFunc("POST /restore", answer(a.restore))
	return mux
}

// answer makes JSON of what do returns.
func answer[T any](do func(context.Context) (T, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		value, err := do(r.Context())
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(value) // who asked has gone
	}
}

// addresses are those that a browser was opened with.
func (a *answers) addresses(context.Context) ([]string, error) {
	text, err := os.ReadFile(a.opened)
	if errors.Is(err, fs.ErrNotExist) {
		return []string{}, nil
	}
	return strings.Fields(string(text)), err
}

// state is everything that a sign-in may change: files by the hash of what is
// in them, and the names of the keychain's entries.
func (a *answers) state(ctx context.Context) (map[string]string, error) {
	all := map[string]string{}
	for _, dir := range []string{".docker", ".config", ".local/state", ".local/share/lanyard"} {
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

// plant puts the marked secret in the place of this computer's token, and
// beside it as one of a tool's own. It returns every secret in the keychain.
func (a *answers) plant(ctx context.Context) ([]string, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	account, err := a.computer.Find("")
	if err != nil {
		return nil, err
	}
	k := a.computer.Keychain
	token, err := k.GetToken(ctx, account.Server, account.Name)
	if err != nil {
		return nil, err
	}
	session, err := k.GetSession(ctx, account.Server, account.Name)
	if err != nil {
		return nil, err
	}
	planted := token
	planted.Secret = marked
	if err := k.PutToken(ctx, account.Server, account.Name, planted); err != nil {
		return nil, err
	}
	a.before = &token
	err = k.PutStored(ctx, storedKey, keychain.Stored{Username: "planted", Secret: marked})
	return []string{marked, token.Secret.Reveal(), session.Refresh.Reveal()}, err
}

// restore takes back what was planted.
func (a *answers) restore(ctx context.Context) (bool, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.before == nil {
		return false, nil
	}
	account, err := a.computer.Find("")
	if err != nil {
		return false, err
	}
	k := a.computer.Keychain
	err = errors.Join(
		k.PutToken(ctx, account.Server, account.Name, *a.before),
		k.Delete(ctx, keychain.StoreName(storedKey)),
	)
	a.before = nil
	return err == nil, err
}
