package registry

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"

	"lanyard/backend/access"
	"lanyard/backend/account"
	"lanyard/backend/grant"
	"lanyard/backend/token"
)

var (
	errScheme   = errors.New("sign in with a user name and a token, by HTTP Basic authentication")
	errToken    = errors.New("wrong user name, or a token that is not known here: it may have been deleted, or its sign-in may have ended; lanyard login signs in again")
	errMistyped = errors.New("this is not a whole token: its last characters do not fit the rest; copy it again")
)

// who reads the credentials of a request. None is anonymous; bad ones are an
// error and never fall back to that.
func (h *Handler) who(r *http.Request) (access.Subject, error) {
	if len(r.Header.Values("Authorization")) == 0 {
		return access.Subject{}, nil
	}
	login, secret, ok := r.BasicAuth()
	switch {
	case !ok || len(r.Header.Values("Authorization")) > 1 || login == "" || secret == "":
		return access.Subject{}, errScheme
	case token.Plausible(secret):
		return h.byToken(r, login, secret)
	case strings.HasPrefix(secret, "lyd_"):
		return access.Subject{}, errMistyped
	}
	a, err := h.Accounts.SignIn(r.Context(), login, secret, addr(r))
	if err != nil {
		return access.Subject{}, err
	}
	return access.Subject{Name: a.Name, Admin: a.Admin, Level: access.Admin}, nil
}

// byToken tells the reasons for which a token is not good only to whoever
// presents its secret together with its owner's name.
func (h *Handler) byToken(r *http.Request, login, secret string) (access.Subject, error) {
	t, owner, err := h.Store.Presented(r.Context(), token.Hash(secret))
	if errors.Is(err, token.ErrNotFound) {
		return access.Subject{}, errToken
	}
	if err != nil {
		return access.Subject{}, fmt.Errorf("read token: %w", err)
	}
	if key := account.Key(login); key != account.Key(owner.Name) && (owner.Email == "" || key != account.Key(owner.Email)) {
		return access.Subject{}, errToken
	}
	if owner.Disabled {
		return access.Subject{}, account.ErrDisabled
	}
	if err := t.Usable(h.now()); err != nil {
		return access.Subject{}, err
	}
	if err := h.used(r.Context(), t, r); err != nil {
		return access.Subject{}, err
	}
	return access.Subject{Name: owner.Name, Admin: owner.Admin, Level: access.LevelOf(t.Scopes)}, nil
}

// used notes the use of a token and, since that keeps a session alive, of its
// session. A token that was used before has a session that was: only for the
// first use is grant told to write at once.
func (h *Handler) used(ctx context.Context, t token.Token, r *http.Request) error {
	agent := r.UserAgent()
	if agent == "" {
		agent = r.URL.Query().Get("client_id")
	}
	h.Tokens.Used(t, addr(r), agent)
	if t.Session == "" {
		return nil
	}
	if err := h.Sessions.Used(ctx, grant.Session{ID: t.Session, LastUsed: t.LastUsed.At}, 0); err != nil {
		return fmt.Errorf("note use of session: %w", err)
	}
	return nil
}

func addr(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}
