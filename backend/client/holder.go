package client

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"time"
)

// Holder is an account whose tokens a session manages: the session's own or,
// for an administrator, another person's.
type Holder struct {
	server       *Server
	access, user string
}

// Holder returns the holder of a user name; "" is the session's own account.
func (s *Server) Holder(access, user string) Holder { return Holder{s, access, user} }

// TokenQuery is what is asked of a list; the zero TokenQuery is all of it, the
// newest first.
type TokenQuery struct {
	Search string // in description, computer and last four characters
	Source string // manual or auto
	Status string // active, inactive or expired
	Sort   string // a column, "-" before it for the other way round
}

// TokenList is what was found, and how many of all there are.
type TokenList struct {
	Tokens           []Token
	Active, Inactive int // of all that the account has; what is expired is neither
}

// List lists the tokens that a query finds, all pages of them.
func (h Holder) List(ctx context.Context, q TokenQuery) (list TokenList, err error) {
	first := h.path("", "page", "1", "page_size", "100", "search", q.Search, "source", q.Source, "status", q.Status, "ordering", q.Sort)
	err = h.server.follow(first, func(path string) (string, error) {
		var out struct {
			Active   int     `json:"active_count"`
			Inactive int     `json:"inactive_count"`
			Next     string  `json:"next"`
			Results  []Token `json:"results"`
		}
		err := h.server.call(ctx, h.access, http.MethodGet, path, nil, &out)
		list.Tokens, list.Active, list.Inactive = append(list.Tokens, out.Results...), out.Active, out.Inactive
		return out.Next, err
	})
	if err != nil {
		return TokenList{}, fmt.Errorf("list tokens: %w", err)
	}
	return list, nil
}

// Create makes a token by hand; its secret is in the answer and nowhere else.
func (h Holder) Create(ctx context.Context, n NewToken) (Token, error) {
	return h.one(ctx, "create token", http.MethodPost, h.path(""), n)
}

// Change renames, deactivates, activates or pins a token, or gives it other scopes.
func (h Holder) Change(ctx context.Context, uuid string, p Patch) (Token, error) {
	return h.one(ctx, "change token", http.MethodPatch, h.path("/"+url.PathEscape(uuid)), p)
}

// Rotate gives a token another secret, which is in the answer and nowhere else;
// the one before is accepted for overlap more.
func (h Holder) Rotate(ctx context.Context, uuid string, overlap time.Duration) (Token, error) {
	return h.one(ctx, "rotate token", http.MethodPost, h.path("/"+url.PathEscape(uuid)+"/rotate"), overlapping(overlap))
}

func overlapping(overlap time.Duration) any {
	return struct {
		Seconds int64 `json:"overlap_seconds"`
	}{int64(overlap / time.Second)}
}

// Delete deletes a token.
func (h Holder) Delete(ctx context.Context, uuid string) error {
	if err := h.server.call(ctx, h.access, http.MethodDelete, h.path("/"+url.PathEscape(uuid)), nil, nil); err != nil {
		return fmt.Errorf("delete token: %w", err)
	}
	return nil
}

// Bulk is what can be done to several tokens at once.
type Bulk string

// MostAtOnce is how many tokens a service changes at once.
const MostAtOnce = 100

// The three.
const (
	Activate   Bulk = "activate"
	Deactivate Bulk = "deactivate"
	DeleteAll  Bulk = "delete"
)

// All does one thing to several tokens, all or none, and returns them as they
// are then; none where they were deleted.
func (h Holder) All(ctx context.Context, do Bulk, uuids []string) ([]Token, error) {
	var out struct {
		Results []Token `json:"results"`
	}
	asked := struct {
		Action Bulk     `json:"action"`
		UUIDs  []string `json:"uuids"`
	}{do, uuids}
	if err := h.server.call(ctx, h.access, http.MethodPost, h.path("/bulk"), asked, &out); err != nil {
		return nil, fmt.Errorf("%s tokens: %w", do, err)
	}
	return out.Results, nil
}

// Each is All for a service that knows one token at a time, as Docker Hub does:
// it ends with the first that is refused, and returns those that were done. Of
// a deleted one it returns the id.
func (h Holder) Each(ctx context.Context, do Bulk, uuids []string) (done []Token, err error) {
	active := do == Activate
	for _, uuid := range uuids {
		one := Token{UUID: uuid}
		if do == DeleteAll {
			err = h.Delete(ctx, uuid)
		} else {
			one, err = h.Change(ctx, uuid, Patch{Active: &active})
		}
		if err != nil {
			return done, err
		}
		done = append(done, one)
	}
	return done, nil
}

// Which says which of the account's tokens a secret is: ErrNotFound if none.
// previous: it is the secret before the last rotation.
func (s *Server) Which(ctx context.Context, access, secret string) (t Token, previous bool, err error) {
	var out struct {
		Token    Token `json:"token"`
		Previous bool  `json:"previous"`
	}
	asked := struct {
		Secret string `json:"token"`
	}{secret}
	if err := s.call(ctx, access, http.MethodPost, "/v2/access-tokens/which", asked, &out); err != nil {
		return Token{}, false, fmt.Errorf("look for the token: %w", err)
	}
	return out.Token, out.Previous, nil
}

func (h Holder) one(ctx context.Context, doing, method, path string, body any) (Token, error) {
	var out Token
	if err := h.server.call(ctx, h.access, method, path, body, &out); err != nil {
		return Token{}, fmt.Errorf("%s: %w", doing, err)
	}
	return out, nil
}

func (h Holder) path(below string, pairs ...string) string {
	return query("/v2/access-tokens"+below, append(pairs, "username", h.user)...)
}
