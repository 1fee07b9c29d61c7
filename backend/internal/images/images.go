// Package images is the registry itself: CNCF distribution v3 as a library,
// over a folder, behind tokens that the service signs. It owns the settings,
// the folder's checks and the words of a refusal; who may do what is decided
// where tokens are made.
package images

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/distribution/distribution/v3/configuration"
	_ "github.com/distribution/distribution/v3/registry/auth/token" // the library chooses its parts by name
	"github.com/distribution/distribution/v3/registry/handlers"
	_ "github.com/distribution/distribution/v3/registry/storage/driver/filesystem" // likewise
	"github.com/gofrs/flock"

	"lanyard/backend/access"
)

// ErrFolder says that images cannot be kept there.
var ErrFolder = errors.New("unusable folder for images")

// Config says what a registry is made of.
type Config struct {
	Dir     string // made if it is not there
	Realm   string // URL of the token endpoint
	Service string // aud of its tokens
	Issuer  string // iss of its tokens
	CAFile  string // PEM of the authority that vouches for their signers
	// Reserved are first components that no repository may have.
	Reserved []string
	// Explain says in one sentence why subject ("": anonymous) may not do
	// action (pull, push or delete) to repository, and what would work.
	// nil: the library's words.
	Explain func(subject, repository, action string) string
	// Seen is told of each manifest pulled, pushed or deleted, and each tag
	// deleted, through the registry's API: soon after the answer, in order,
	// one at a time, until Close returns. The manifest that a client asks for
	// after an index that names it is no pull of its own, see access.Pulls.
	// nil: nobody is told.
	Seen   func(access.Seen)
	Now    func() time.Time // nil: time.Now
	Logger *slog.Logger     // nil: slog.Default
}

// Registry serves /v2/ and all below it. It sets no limit to a body and none
// to its time. Its Location headers are relative, so that they hold under
// whichever address a client came by.
type Registry struct {
	app        *handlers.App
	store      store
	config     Config
	lock       *flock.Flock
	watch      *watch     // nil: nobody is told
	door       door       // what changes the folder goes through it
	collecting sync.Mutex // held by a collection, a dry one too
	ending     context.Context
	end        context.CancelFunc
	closed     func() error
}

// New opens the registry over c.Dir: ErrFolder where that cannot be, ErrInUse
// where another process has it.
func New(c Config) (*Registry, error) {
	if err := prepare(c.Dir); err != nil {
		return nil, fmt.Errorf("open the registry: %w", err)
	}
	l, err := lock(c.Dir)
	if err != nil {
		return nil, fmt.Errorf("open the registry: %w", err)
	}
	logTo(c.Logger)
	ctx, cancel := context.WithCancel(context.Background())
	s, err := openStore(ctx, c.Dir)
	var app *handlers.App
	if err == nil {
		app, err = newApp(ctx, c.library())
	}
	if err != nil {
		cancel()
		return nil, errors.Join(fmt.Errorf("open the registry: %w", err), l.Unlock())
	}
	r := &Registry{app: app, store: s, config: c, lock: l, ending: ctx, end: cancel}
	r.closed = sync.OnceValue(r.close)
	if c.Seen != nil {
		r.watch = newWatch(c)
	}
	return r, nil
}

// Close ends the registry's own work in the background, a collection too, and
// returns when Seen was told of all that happened. For pushes under way it
// waits a little; requests in flight are the listener's to wait for.
func (r *Registry) Close() error { return r.closed() }

func (r *Registry) close() error {
	r.end()
	r.collecting.Lock() // for ever: none begins any more
	ctx, cancel := context.WithTimeout(context.Background(), last)
	defer cancel()
	err := r.door.close(ctx)
	if r.watch != nil {
		r.watch.close()
	}
	if err != nil { // the folder is ours until the process ends
		return errors.Join(fmt.Errorf("close the registry: %w", err), r.app.Shutdown())
	}
	return errors.Join(r.app.Shutdown(), r.lock.Unlock())
}

// last is how long Close waits for pushes; the listener gives them as long.
const last = 10 * time.Second

// ServeHTTP answers one request of the registry's API.
func (r *Registry) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	if name := firstComponent(req.URL.Path); slices.Contains(r.config.Reserved, name) {
		writeError(w, http.StatusBadRequest, "NAME_INVALID",
			fmt.Sprintf("no repository may begin with %q: that name belongs to the service", name))
		return
	}
	if refused, awaited := changes(req.Method); refused {
		if !r.door.enter() {
			writeShut(w, r.ending.Err() != nil)
			return
		}
		if awaited {
			defer r.door.leave()
		} else {
			r.door.leave()
		}
	}
	if r.watch == nil {
		r.answer(w, req)
		return
	}
	r.watch.serve(w, req, r.answer)
}

func (r *Registry) answer(w http.ResponseWriter, req *http.Request) {
	if r.config.Explain != nil && bearer(req) != "" {
		e := &explainer{ResponseWriter: w, request: req, explain: r.config.Explain}
		defer e.finish()
		w = e
	}
	r.app.ServeHTTP(w, req)
}

// newApp turns the library's way of refusing a configuration, a panic, into
// an error.
func newApp(ctx context.Context, c *configuration.Configuration) (app *handlers.App, err error) {
	defer func() {
		switch p := recover().(type) {
		case nil:
		case error:
			err = p
		default:
			err = fmt.Errorf("%v", p)
		}
	}()
	return handlers.NewApp(ctx, c), nil
}

// library is c in the library's terms. It exports no traces: those begin with
// its own main program, which is not used here. It remembers no blobs: what a
// collection removed would be taken for stored, and not be pushed again.
func (c Config) library() *configuration.Configuration {
	secret := make([]byte, 32)
	rand.Read(secret)
	l := &configuration.Configuration{
		Version: configuration.CurrentVersion,
		Storage: configuration.Storage{
			"filesystem": {"rootdirectory": c.Dir},
			"delete":     {"enabled": true},
		},
		Auth: configuration.Auth{"token": {
			"realm":          c.Realm,
			"service":        c.Service,
			"issuer":         c.Issuer,
			"rootcertbundle": c.CAFile,
		}},
		Catalog: configuration.Catalog{MaxEntries: 1000},
		Tags:    configuration.Tags{MaxTags: 1000},
	}
	l.HTTP.RelativeURLs = true
	// Signs the state of an upload in progress; a restart begins uploads anew.
	l.HTTP.Secret = hex.EncodeToString(secret)
	return l
}

// prepare sees to it that the folder is there and can be written, which the
// library would only find out with the first push.
func prepare(dir string) error {
	if !filepath.IsAbs(dir) {
		return fmt.Errorf("%w: %q is not an absolute path", ErrFolder, dir)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("%w: %w", ErrFolder, err)
	}
	probe, err := os.CreateTemp(dir, ".probe-")
	if err != nil {
		return fmt.Errorf("%w: it cannot be written: %w", ErrFolder, err)
	}
	if err := errors.Join(probe.Close(), os.Remove(probe.Name())); err != nil {
		return fmt.Errorf("%w: %w", ErrFolder, err)
	}
	return nil
}
