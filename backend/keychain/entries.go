package keychain

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// ErrEntry: the entry's value is not one that this program wrote, or one of a
// later version.
var ErrEntry = errors.New("unreadable keychain entry")

// entryVersion is the v of every entry; one with another is ErrEntry.
const entryVersion = 1

// Session is what keeps an account signed in at a server.
type Session struct {
	Refresh   Secret
	SessionID string
	// Access is kept where nothing can refresh it: at Docker Hub, for the
	// minutes it lives, until AccessEnds. "" elsewhere.
	Access     Secret
	AccessEnds time.Time
}

// Token is what registries are shown.
type Token struct {
	Username string
	Secret   Secret
	UUID     string        // empty for a pasted token
	Ends     time.Time     // absolute end of the session; zero: none
	Idle     time.Duration // in whole seconds; zero: lives unused for ever
}

// Pending is a sign-in that is not finished: what is needed to end it.
type Pending struct {
	Server  string
	Refresh Secret
}

// Stored is what a tool stored itself.
type Stored struct {
	Username string
	Secret   Secret
}

// The forms in which the keychain holds them. They are apart from the types
// above, so that none of those ever encodes its secret elsewhere.
type (
	sessionJSON struct {
		V          int       `json:"v"`
		Refresh    string    `json:"refresh"`
		SessionID  string    `json:"session_id"`
		Access     string    `json:"access,omitempty"`
		AccessEnds time.Time `json:"access_ends,omitzero"`
	}
	tokenJSON struct {
		V        int       `json:"v"`
		Username string    `json:"username"`
		Secret   string    `json:"secret"`
		UUID     string    `json:"uuid,omitempty"`
		Ends     time.Time `json:"ends,omitzero"`
		Idle     int64     `json:"idle,omitempty"` // seconds
	}
	pendingJSON struct {
		V       int    `json:"v"`
		Server  string `json:"server"`
		Refresh string `json:"refresh"`
	}
	storedJSON struct {
		V        int    `json:"v"`
		Username string `json:"username"`
		Secret   string `json:"secret"`
	}
)

// GetSession reads session/<server>/<account>.
func (k Keychain) GetSession(ctx context.Context, server, account string) (Session, error) {
	e, err := get[sessionJSON](ctx, k, SessionName(server, account))
	return Session{Refresh: Secret(e.Refresh), SessionID: e.SessionID, Access: Secret(e.Access), AccessEnds: e.AccessEnds}, err
}

// PutSession writes session/<server>/<account>.
func (k Keychain) PutSession(ctx context.Context, server, account string, s Session) error {
	return put(ctx, k, SessionName(server, account), sessionJSON{
		V: entryVersion, Refresh: s.Refresh.Reveal(), SessionID: s.SessionID, Access: s.Access.Reveal(), AccessEnds: s.AccessEnds.UTC(),
	})
}

// GetToken reads token/<server>/<account>.
func (k Keychain) GetToken(ctx context.Context, server, account string) (Token, error) {
	e, err := get[tokenJSON](ctx, k, TokenName(server, account))
	return Token{
		Username: e.Username, Secret: Secret(e.Secret), UUID: e.UUID,
		Ends: e.Ends, Idle: time.Duration(e.Idle) * time.Second,
	}, err
}

// PutToken writes token/<server>/<account>.
func (k Keychain) PutToken(ctx context.Context, server, account string, t Token) error {
	return put(ctx, k, TokenName(server, account), tokenJSON{
		V: entryVersion, Username: t.Username, Secret: t.Secret.Reveal(), UUID: t.UUID,
		Ends: t.Ends.UTC(), Idle: int64(t.Idle / time.Second),
	})
}

// GetPending reads pending/<random>.
func (k Keychain) GetPending(ctx context.Context, random string) (Pending, error) {
	e, err := get[pendingJSON](ctx, k, PendingName(random))
	return Pending{Server: e.Server, Refresh: Secret(e.Refresh)}, err
}

// PutPending writes pending/<random>.
func (k Keychain) PutPending(ctx context.Context, random string, p Pending) error {
	return put(ctx, k, PendingName(random), pendingJSON{entryVersion, p.Server, p.Refresh.Reveal()})
}

// GetStored reads store/<key>.
func (k Keychain) GetStored(ctx context.Context, key string) (Stored, error) {
	e, err := get[storedJSON](ctx, k, StoreName(key))
	return Stored{Username: e.Username, Secret: Secret(e.Secret)}, err
}

// PutStored writes store/<key>.
func (k Keychain) PutStored(ctx context.Context, key string, s Stored) error {
	return put(ctx, k, StoreName(key), storedJSON{entryVersion, s.Username, s.Secret.Reveal()})
}

func put(ctx context.Context, k Keychain, name string, entry any) error {
	value, err := json.Marshal(entry)
	if err != nil {
		return fmt.Errorf("encode %s: %w", name, err)
	}
	return k.Put(ctx, name, value)
}

func get[E any](ctx context.Context, k Keychain, name string) (E, error) {
	var e, none E
	value, err := k.Get(ctx, name)
	if err != nil {
		return none, err
	}
	var head struct{ V int }
	if err := json.Unmarshal(value, &head); err != nil || head.V != entryVersion {
		// The error of json may quote the value: it is not passed on.
		return none, fmt.Errorf("read %s: %w (version %d)", name, ErrEntry, head.V)
	}
	if err := json.Unmarshal(value, &e); err != nil {
		return none, fmt.Errorf("read %s: %w", name, ErrEntry)
	}
	return e, nil
}
