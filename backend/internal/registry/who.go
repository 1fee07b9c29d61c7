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

var errScheme = errors.New("sign in with a user name and a token: by HTTP Basic authentication, or as username and password of a form")

// asker is who asks for a registry token, and what is known of the
// repositories at that moment.
type asker struct {
	access.Subject
	known access.Known
	token token.Token // zero: by password, or nobody
	hash  [32]byte    // of the secret that was presented; zero: none was
}

// who reads the credentials of a request. None is anonymous; bad ones are an
// error and never fall back to that.
func (h *Handler) who(r *http.Request, a ask) (asker, error) {
	var who asker
	switch {
	case a.refresh != "":
		return h.byRefresh(r, a)
	case token.Plausible(a.secret):
		return h.byToken(r, a)
	case strings.HasPrefix(a.secret, refreshPrefix):
		return asker{}, errNotSecret
	case strings.HasPrefix(a.secret, "lyd_"):
		return asker{}, caller.ErrMistyped
	case a.known:
		person, err := h.byPassword(r, a)
		if err != nil {
			return asker{}, err
		}
		who.Subject = person
	}
	known, err := h.Store.Facts(r.Context(), a.repositories())
	if err != nil {
		return asker{}, fmt.Errorf("read rights: %w", err)
	}
	who.known = known
	return who, nil
}

// byPassword counts a wrong password once, see repeats.
func (h *Handler) byPassword(r *http.Request, a ask) (access.Subject, error) {
	if !a.posted {
		if why := h.repeats.take(a.login, a.secret, addr(r), h.now()); why != nil {
			return access.Subject{}, why
		}
	}
	one, err := h.Accounts.SignIn(r.Context(), a.login, a.secret, addr(r))
	if err != nil {
		if status, _, _ := classify(err); a.posted && status == http.StatusUnauthorized {
			h.repeats.add(a.login, a.secret, addr(r), err, h.now())
		}
		return access.Subject{}, err
	}
	return caller.Person(one), nil
}

// byToken tells the reasons for which a token is not good only to whoever
// presents its secret together with its owner's name.
func (h *Handler) byToken(r *http.Request, a ask) (asker, error) {
	p, err := caller.Present(r.Context(), h.Store, a.login, a.secret, a.repositories(), h.now())
	if err != nil {
		return asker{}, err
	}
	return h.used(r, a, p, token.Hash(a.secret))
}

// byRefresh is byToken for the token that a refresh token stands for.
func (h *Handler) byRefresh(r *http.Request, a ask) (asker, error) {
	hash, err := h.readRefresh(a.refresh, a.service)
	if err != nil {
		return asker{}, err
	}
	p, err := caller.Derived(r.Context(), h.Store, hash, a.repositories(), h.now())
	if err != nil {
		return asker{}, err
	}
	return h.used(r, a, p, hash)
}

// used notes the use of a token and, since that keeps a session alive, of its
// session. A token that was used before has a session that was: only for the
// first use is grant told to write at once.
func (h *Handler) used(r *http.Request, a ask, p caller.Presented, hash [32]byte) (asker, error) {
	agent := r.UserAgent()
	if agent == "" {
		agent = a.client
	}
	h.Tokens.Used(p.Token, addr(r), agent)
	if p.Token.Session != "" {
		if err := h.claim(r.Context(), p.Token); err != nil {
			return asker{}, err
		}
	}
	return asker{p.Subject(), p.Known, p.Token, hash}, nil
}

func (h *Handler) claim(ctx context.Context, t token.Token) error {
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
