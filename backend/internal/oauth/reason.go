package oauth

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"lanyard/backend/account"
	"lanyard/backend/grant"
)

// Why a refresh is refused, in one word that programs may decide by: the
// member "reason" beside RFC 6749 §5.2's "error" (which allows more members).
// Only who holds a refresh token of the session is told.
const (
	reasonExpired    = "expired"    // by time
	reasonRevoked    = "revoked"    // a person ended the session
	reasonDeleted    = "deleted"    // a person deleted its token
	reasonSuperseded = "superseded" // the same computer signed in again
	reasonReused     = "reused"     // a refresh token or code came a second time
	reasonDisabled   = "disabled"   // the account is
	reasonGone       = "gone"       // the account is
)

// reasonOf is the reason of a refusal; "" where there is nothing to tell.
func reasonOf(held grant.Session, refused error, now time.Time) string {
	switch {
	case errors.Is(refused, account.ErrDisabled):
		return reasonDisabled
	case errors.Is(refused, account.ErrNotFound):
		return reasonGone
	case errors.Is(refused, grant.ErrUsed):
		return reasonReused
	case !errors.Is(refused, grant.ErrEnded):
		return ""
	}
	switch over := held.End(grant.WhyExpired, now); over.Why {
	case grant.WhyExpired, reasonDeleted, reasonSuperseded: // token's fates are used as they are
		return over.Why
	case grant.WhyReuse, grant.WhyCodeReuse:
		return reasonReused
	}
	return reasonRevoked
}

type reasonKey struct{}

// because notes the reason of the refusal that answers this request.
func because(ctx context.Context, reason string) {
	if told, ok := ctx.Value(reasonKey{}).(*string); ok {
		*told = reason
	}
}

// reasoned adds the reason to a refusal: the library's error has no room.
type reasoned struct {
	http.ResponseWriter
	reason *string
}

func (w reasoned) Write(text []byte) (int, error) {
	var members map[string]any
	if *w.reason == "" || json.Unmarshal(text, &members) != nil || members["error"] == nil {
		return w.ResponseWriter.Write(text)
	}
	members["reason"] = *w.reason
	var more bytes.Buffer
	if err := json.NewEncoder(&more).Encode(members); err != nil {
		return w.ResponseWriter.Write(text)
	}
	if _, err := w.ResponseWriter.Write(more.Bytes()); err != nil {
		return 0, err
	}
	return len(text), nil
}
