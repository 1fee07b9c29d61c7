package registry

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"strings"

	"lanyard/backend/token"
)

// A refresh token stands for the token that it was asked for with, at one
// registry. It is derived and not kept: the hash that the token is found by,
// and a MAC over that and the service. So there is one per token and service,
// it lives exactly as long as the token (its session, its rotation), asks the
// store as the token does, and is listed and revoked with it. It does not
// rotate: docker uses one again and again, from many processes at once.
const (
	refreshPrefix = "lyd_rrt_"
	refreshUse    = "registry refresh token\x00" // what the key is used for here
)

var (
	errRefresh    = errors.New("this is no refresh token for this registry; sign in again, with docker login or as your tool does it")
	errNoRefresh  = errors.New("this service takes no refresh tokens (its operator can switch them on with --registry-refresh-tokens); sign in again with a user name and a token, with docker login or as your tool does it")
	errNotRefresh = errors.New("this is a token, not a refresh token: give it as the password, together with its owner's user name")
	errNotSecret  = errors.New("this is a refresh token, which tools keep and give by themselves: sign in with a user name and a token")
)

// refreshFor makes the refresh token of whoever presented a token; "" for a
// password, which nobody could revoke by itself, and where none is given.
func (h *Handler) refreshFor(who asker, service string) string {
	if h.RefreshKey == nil || who.hash == ([32]byte{}) {
		return ""
	}
	return refreshPrefix + base64.RawURLEncoding.EncodeToString(append(who.hash[:], h.refreshMAC(who.hash, service)...))
}

// readRefresh returns the hash of the token that a refresh token stands for.
func (h *Handler) readRefresh(text, service string) (hash [32]byte, err error) {
	switch {
	case h.RefreshKey == nil:
		return hash, errNoRefresh
	case token.Plausible(text):
		return hash, errNotRefresh
	}
	rest, ok := strings.CutPrefix(text, refreshPrefix)
	raw, err := base64.RawURLEncoding.Strict().DecodeString(rest)
	if !ok || err != nil || len(raw) != 2*sha256.Size {
		return hash, errRefresh
	}
	copy(hash[:], raw)
	if !hmac.Equal(raw[sha256.Size:], h.refreshMAC(hash, service)) {
		return [32]byte{}, errRefresh
	}
	return hash, nil
}

func (h *Handler) refreshMAC(hash [32]byte, service string) []byte {
	mac := hmac.New(sha256.New, h.RefreshKey)
	mac.Write([]byte(refreshUse))
	mac.Write(hash[:])
	mac.Write([]byte(service))
	return mac.Sum(nil)
}
