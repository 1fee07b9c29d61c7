package hubapi

import (
	"errors"
	"net/http"

	"lanyard/backend/account"
	"lanyard/backend/internal/caller"
	"lanyard/backend/token"
)

// errLogin is why a direct login is not let in.
type errLogin struct {
	error
	older     bool   // /v2/users/…: detail has the Hub's own words
	challenge string // login_2fa_token; "": none
}

func (e errLogin) Unwrap() error { return e.error }

// The Hub's own words under /v2/users/: hub-tool goes on to the second factor
// at the one, and shows the other.
const (
	detailWrong  = "Incorrect authentication credentials"
	detailSecond = "Require secondary authentication on MFA enabled account"
)

// noLogin are the errors of a direct login: of one who has not come in a token
// says other things than of one who has.
var noLogin = []struct {
	err     error
	status  int
	reason  string
	message string
}{
	{account.ErrWrong, http.StatusUnauthorized, "credentials", "wrong user name, password or token"},
	{account.ErrSecond, http.StatusUnauthorized, "second_factor", "this account has a second factor: use a personal access token in the place of the password"},
	{account.ErrWrongCode, http.StatusUnauthorized, "code", "the code is wrong, was used before, or came too late; a new login and a fresh code work"},
	{account.ErrDisabled, http.StatusUnauthorized, "disabled", "the account is disabled; an administrator can enable it"},
	{account.ErrThrottled, http.StatusTooManyRequests, "throttled", "too many failed login attempts for this user name or address; try again in half a minute"},
	{account.ErrBusy, http.StatusServiceUnavailable, "busy", "too many logins at this moment; try again"},
	{caller.ErrMistyped, http.StatusUnauthorized, "mistyped", "this is not a whole token: its last characters do not fit the rest; copy it again"},
	{token.ErrInactive, http.StatusUnauthorized, "inactive", "this token is deactivated; it can be activated again where it was made"},
	{caller.ErrOrganization, http.StatusUnauthorized, "organization", "a token of an organisation signs in at /v2/auth/token, and nowhere else"},
	{token.ErrRotated, http.StatusUnauthorized, "rotated", "this secret of the token was replaced by another; use the new one"},
	{token.ErrNotFound, http.StatusUnauthorized, "gone", "this token was deleted, or gave way to another; make another one, or sign in again"},
	{token.ErrExpired, http.StatusUnauthorized, "expired", "this token has expired; make another one"},
	{token.ErrSessionEnded, http.StatusUnauthorized, "ended", "the sign-in of this token has ended; sign in again"},
}

// refusal is the login's, and whether it is known.
func (e errLogin) refusal() (int, refusal, bool) {
	for _, k := range noLogin {
		if !errors.Is(e.error, k.err) {
			continue
		}
		out := refusal{Message: k.message, Reason: k.reason, Challenge: e.challenge}
		switch {
		case e.challenge != "":
			out.Message, out.Detail = detailSecond, detailSecond
		case e.older && k.status == http.StatusUnauthorized:
			out.Detail = detailWrong
		}
		return k.status, out, true
	}
	return 0, refusal{}, false
}
