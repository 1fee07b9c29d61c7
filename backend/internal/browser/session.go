package browser

import (
	"context"
	"encoding/json"
	"net/http"
	"sync"
	"time"
)

// SignedIn is who signed in with this browser, when they proved it, and whether
// with a second factor.
type SignedIn struct {
	Account string // account id
	At      time.Time
	Second  bool
}

const (
	keyAccount = "account"
	keyAt      = "at"
	keySecond  = "second"
	keyNoted   = "noted"
	// Of whoever gave the password, until the second factor is there, too.
	keyBegun   = "begun"
	keyBegunAt = "begun_at"

	begunFor = 10 * time.Minute
)

// Sessions gives the handlers behind it the browser's sign-in, and keeps what
// they make of it.
func (b *Browser) Sessions(next http.Handler) http.Handler {
	return b.sessions.LoadAndSave(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx := r.Context()
		if _, ok := b.SignedIn(ctx); ok && b.now().Sub(b.time(ctx, keyNoted)) >= noteEvery {
			b.put(ctx, keyNoted, b.now())
		}
		next.ServeHTTP(w, r)
	}))
}

// SignedIn says who is signed in, within Sessions. Whether that person may
// still come in is for the caller to ask account.
func (b *Browser) SignedIn(ctx context.Context) (SignedIn, bool) {
	in := SignedIn{Account: b.sessions.GetString(ctx, keyAccount), At: b.time(ctx, keyAt), Second: b.sessions.GetString(ctx, keySecond) != ""}
	if in.Account == "" || b.now().Sub(in.At) >= absolute {
		return SignedIn{}, false
	}
	return in, true
}

// SignIn notes who signed in and when, under a new cookie; the earlier one is
// dead (session fixation).
func (b *Browser) SignIn(ctx context.Context, in SignedIn) error {
	if err := b.sessions.RenewToken(ctx); err != nil {
		return err
	}
	for _, key := range []string{keyBegun, keyBegunAt, keySecond} {
		b.sessions.Remove(ctx, key)
	}
	b.sessions.Put(ctx, keyAccount, in.Account)
	b.put(ctx, keyAt, in.At)
	b.put(ctx, keyNoted, b.now())
	if in.Second {
		b.sessions.Put(ctx, keySecond, "1")
	}
	return nil
}

// Begin notes who gave the right password and when, for ten minutes, under a
// new cookie. Nobody is signed in by it; who was before stays.
func (b *Browser) Begin(ctx context.Context, account string, at time.Time) error {
	if err := b.sessions.RenewToken(ctx); err != nil {
		return err
	}
	b.sessions.Put(ctx, keyBegun, account)
	b.put(ctx, keyBegunAt, at)
	return nil
}

// Begun is what Begin noted, if it is not too long ago.
func (b *Browser) Begun(ctx context.Context) (account string, at time.Time, ok bool) {
	account, at = b.sessions.GetString(ctx, keyBegun), b.time(ctx, keyBegunAt)
	return account, at, account != "" && b.now().Sub(at) < begunFor
}

// SignOut forgets who is signed in, here and in the store.
func (b *Browser) SignOut(ctx context.Context) error { return b.sessions.Destroy(ctx) }

func (b *Browser) put(ctx context.Context, key string, at time.Time) {
	b.sessions.Put(ctx, key, at.UTC().Format(time.RFC3339Nano))
}

func (b *Browser) time(ctx context.Context, key string) time.Time {
	at, err := time.Parse(time.RFC3339Nano, b.sessions.GetString(ctx, key))
	if err != nil {
		return time.Time{}
	}
	return at
}

// rows is a Store as scs wants it. The idle end is set here, by our clock: scs
// knows none but the system's, and would write at every page.
type rows struct {
	store Store
	now   func() time.Time

	mu sync.Mutex
	// gone are the ids deleted lately: a page that was loading while its
	// person signed out must not bring the row back.
	gone map[string]time.Time
}

func (s *rows) FindCtx(ctx context.Context, id string) ([]byte, bool, error) {
	data, expires, found, err := s.store.BrowserSession(ctx, id)
	if err != nil || !found || !s.now().Before(expires) {
		return nil, false, err
	}
	if _, _, err := (codec{}).Decode(data); err != nil {
		return nil, false, nil //nolint:nilerr // a row that cannot be read is no sign-in; the next one replaces it
	}
	return data, true, nil
}

func (s *rows) CommitCtx(ctx context.Context, id string, data []byte, _ time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, gone := s.gone[id]; gone {
		return nil
	}
	return s.store.PutBrowserSession(ctx, id, data, s.now().Add(idle))
}

func (s *rows) DeleteCtx(ctx context.Context, id string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.gone == nil {
		s.gone = make(map[string]time.Time)
	}
	now := s.now()
	for old, at := range s.gone {
		if now.Sub(at) > time.Hour { // no page takes so long
			delete(s.gone, old)
		}
	}
	s.gone[id] = now
	return s.store.DeleteBrowserSession(ctx, id)
}

// Find, Commit and Delete make rows a scs.Store; scs calls those with a context.
func (s *rows) Find(id string) ([]byte, bool, error) { return s.FindCtx(context.Background(), id) }

// Commit is CommitCtx without a context.
func (s *rows) Commit(id string, data []byte, expires time.Time) error {
	return s.CommitCtx(context.Background(), id, data, expires)
}

// Delete is DeleteCtx without a context.
func (s *rows) Delete(id string) error { return s.DeleteCtx(context.Background(), id) }

// codec keeps a sign-in as JSON, readable by any later version.
type codec struct{}

type kept struct {
	Deadline time.Time         `json:"deadline"`
	Values   map[string]string `json:"values"`
}

func (codec) Encode(deadline time.Time, values map[string]any) ([]byte, error) {
	k := kept{Deadline: deadline.UTC().Truncate(time.Microsecond), Values: make(map[string]string, len(values))}
	for key, value := range values {
		if text, ok := value.(string); ok {
			k.Values[key] = text
		}
	}
	return json.Marshal(k)
}

func (codec) Decode(data []byte) (time.Time, map[string]any, error) {
	var k kept
	if err := json.Unmarshal(data, &k); err != nil {
		return time.Time{}, nil, err
	}
	values := make(map[string]any, len(k.Values))
	for key, text := range k.Values {
		values[key] = text
	}
	return k.Deadline, values, nil
}
