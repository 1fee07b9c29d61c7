package hubapi

import (
	"errors"
	"net/http"

	"lanyard/backend/account"
	"lanyard/backend/activity"
	"lanyard/backend/grant"
	"lanyard/backend/internal/caller"
	"lanyard/backend/internal/gate"
	"lanyard/backend/token"
)

// The one exception to "a token never manages tokens": whoever holds a token
// may look at it, replace its secret and revoke it, and the owner finds that
// in their activity. It comes with its owner's name by Basic, or as a session
// that was made of it.

// self is GET /v2/access-tokens/self.
func (h *Handler) self(r *http.Request, _ gate.Passed) (answer, error) {
	p, err := h.presented(r)
	if err != nil {
		return answer{}, err
	}
	return answer{http.StatusOK, h.showSelf(p, p.Token, "")}, nil
}

// removeSelf is DELETE /v2/access-tokens/self.
func (h *Handler) removeSelf(r *http.Request, _ gate.Passed) (answer, error) {
	p, err := h.presented(r)
	if err != nil {
		return answer{}, err
	}
	if err := h.Tokens.Delete(r.Context(), p.Token.Owner, itself(r, p), p.Token.ID); err != nil {
		return answer{}, err
	}
	return answer{http.StatusNoContent, nil}, nil
}

// rotateSelf is POST /v2/access-tokens/self/rotate: same access permissions,
// same expiry, another secret.
func (h *Handler) rotateSelf(r *http.Request, _ gate.Passed) (answer, error) {
	p, err := h.presented(r)
	if err == nil {
		err = p.Token.MayReplaceItself()
	}
	if err != nil {
		return answer{}, err
	}
	overlap, err := overlapOf(r)
	if err != nil {
		return answer{}, err
	}
	t, secret, err := h.Tokens.Rotate(r.Context(), p.Token.Owner, p.Token.ID, overlap, itself(r, p))
	if err != nil {
		return answer{}, err
	}
	return answer{http.StatusOK, h.showSelf(p, t, secret)}, nil
}

// selfShown is a token with the name that it is presented under. One of an
// organisation has resources in the place of scopes.
type selfShown struct {
	accessToken
	Username  string           `json:"username"`
	Resources []token.Resource `json:"resources,omitempty"`
}

func (h *Handler) showSelf(p caller.Presented, t token.Token, secret token.Secret) selfShown {
	name := p.Account.Name
	if p.Organization.ID != "" {
		name = p.Organization.Name
	}
	out := selfShown{show(t, h.now()), name, t.Resources}
	out.Token = secret.Reveal()
	return out
}

// itself is a token that does something to itself.
func itself(r *http.Request, p caller.Presented) activity.By {
	out := from(r)
	out.Account, out.Name, out.Via = p.Account.ID, p.Subject().Name, activity.ViaToken
	return out
}

// errToken is why a token that was presented is not good: a 401 in the words
// of whoever holds it.
type errToken struct{ error }

func (e errToken) Unwrap() error { return e.error }

// presented is the token that a request comes with, and notes the use.
func (h *Handler) presented(r *http.Request) (caller.Presented, error) {
	login, secret, basic := r.BasicAuth()
	if !basic {
		return h.madeOf(r)
	}
	p, err := caller.Present(r.Context(), h.Callers, login, secret, nil, h.now())
	if err != nil {
		return caller.Presented{}, errToken{err}
	}
	h.Tokens.Used(p.Token, from(r).Addr, r.UserAgent())
	if p.Token.Session == "" {
		return p, nil
	}
	return p, h.Sessions.Used(r.Context(), grant.Session{ID: p.Token.Session, LastUsed: p.Token.LastUsed.At}, 0)
}

// madeOf is the token of which the calling session was made.
func (h *Handler) madeOf(r *http.Request) (caller.Presented, error) {
	who, err := h.Gate.Check(r)
	if err != nil {
		return caller.Presented{}, err
	}
	if who.Session.From != grant.FromToken {
		return caller.Presented{}, errOnlyToken
	}
	t, err := h.Tokens.Get(r.Context(), who.Session.Account, who.Session.Token)
	if errors.Is(err, token.ErrNotFound) {
		return caller.Presented{}, errToken{caller.ErrUnknown}
	}
	if err == nil {
		err = t.Usable(h.now())
	}
	if err != nil {
		return caller.Presented{}, errToken{err}
	}
	t.ByPrevious = t.MaybeByPrevious(who.Session.CreatedAt)
	return caller.Presented{Token: t, Account: who.Account, Organization: who.Organization}, nil
}

// notGood are the reasons of errToken.
var notGood = []struct {
	err     error
	reason  string
	message string
}{
	{caller.ErrUnknown, "credentials", "unauthorized: wrong name, or a token that is not known here; passwords do not count here"},
	{account.ErrDisabled, "disabled", "unauthorized: the account is disabled; an administrator can enable it"},
	{token.ErrInactive, "inactive", "unauthorized: this token is deactivated; its owner can activate it again"},
	{token.ErrRotated, "rotated", "unauthorized: this token was rotated, and its earlier secret is over; use the new one"},
	{token.ErrExpired, "expired", "unauthorized: this token has expired; make another one"},
	{token.ErrSessionEnded, "ended", "unauthorized: the sign-in of this token has ended; sign in again"},
}

// refusal is the 401, and whether the reason is known.
func (e errToken) refusal() (refusal, bool) {
	if lost := new(token.LostError); errors.As(e.error, &lost) {
		return refusal{Message: "unauthorized: " + lost.Loss.Words(), Reason: string(lost.Loss.Fate)}, true
	}
	for _, k := range notGood {
		if errors.Is(e.error, k.err) {
			return refusal{Message: k.message, Reason: k.reason}, true
		}
	}
	return refusal{}, false
}
