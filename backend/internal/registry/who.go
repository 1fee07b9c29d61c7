package registry

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"

	"lanyard/backend/access"
	"lanyard/backend/grant"
	"lanyard/backend/internal/caller"
	"lanyard/backend/token"
)

var (
	errScheme   = errors.New("sign in with a user name and a token, by HTTP Basic authentication")
	errMistyped = errors.New("this is not a whole token: its last characters do not fit the rest; copy it again")
)

// who reads the credentials of a request, and what is known of repositories at
// that moment. None is anonymous; bad ones are an error and never fall back to
// that.
func (h *Handler) who(r *http.Request, repositories []string) (access.Subject, access.Known, error) {
	fail := func(err error) (access.Subject, access.Known, error) { return access.Subject{}, nil, err }
	var who access.Subject
	if len(r.Header.Values("Authorization")) > 0 {
		login, secret, ok := r.BasicAuth()
		switch {
		case !ok || len(r.Header.Values("Authorization")) > 1 || login == "" || secret == "":
			return fail(errScheme)
		case token.Plausible(secret):
			return h.byToken(r, login, secret, repositories)
		case strings.HasPrefix(secret, "lyd_"):
			return fail(errMistyped)
		}
		a, err := h.Accounts.SignIn(r.Context(), login, secret, addr(r))
		if err != nil {
			return fail(err)
		}
		who = caller.Person(a)
	}
	known, err := h.Store.Facts(r.Context(), repositories)
	if err != nil {
		return fail(fmt.Errorf("read rights: %w", err))
	}
	return who, known, nil
}

// byToken tells the reasons for which a token is not good only to whoever
// presents its secret together with its owner's name.
func (h *Handler) byToken(r *http.Request, login, secret string, repositories []string) (access.Subject, access.Known, error) {
	p, err := caller.Present(r.Context(), h.Store, login, secret, repositories, h.now())
	if err != nil {
		return access.Subject{}, nil, err
	}
	if err := h.used(r.Context(), p.Token, r); err != nil {
		return access.Subject{}, nil, err
	}
	return p.Subject(), p.Known, nil
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
