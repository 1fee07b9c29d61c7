package pages

import (
	"encoding/hex"
	"errors"
	"net/http"
	"strconv"
	"time"

	"lanyard/backend/account"
	"lanyard/backend/internal/browser"
)

type securityView struct {
	Account  account.Account
	Second   bool
	AppSince string // "": none
	Waiting  bool   // a set-up of an app waits for its code
	Passkeys []passkeyRow
	Left     int // recovery codes
}

type passkeyRow struct {
	ID, Name string
	Detail   string
}

// securityPage shows how a person signs in. Whoever wants to change it is asked
// who they are, unless they have just said.
func (h *Handler) securityPage(w http.ResponseWriter, r *http.Request) error {
	a, _, err := h.who(r)
	if err != nil {
		return err
	}
	if a == nil {
		return seeOther(w, r, onward{Security: true}.from("/signin"))
	}
	v := securityView{Account: *a, Second: a.HasSecond(), Waiting: a.Waits(h.now()), Left: len(a.Factors.Recovery)}
	if a.Factors.TOTP.Set() {
		v.AppSince = day(a.Factors.TOTP.Since)
	}
	for _, k := range a.Factors.Passkeys {
		v.Passkeys = append(v.Passkeys, row(k))
	}
	h.show(w, r, http.StatusOK, "security", "How you sign in", v)
	return nil
}

func row(k account.Passkey) passkeyRow {
	out := passkeyRow{ID: hex.EncodeToString(k.ID), Name: k.Name, Detail: "Added " + day(k.CreatedAt) + ", never used"}
	if !k.LastUsed.IsZero() {
		out.Detail = "Added " + day(k.CreatedAt) + ", last used " + day(k.LastUsed)
	}
	return out
}

func day(t time.Time) string { return t.Local().Format("2 January 2006") }

// owner is who is signed in with this browser and has just shown it, by all
// factors that the account has. nil: they were sent to do so.
func (h *Handler) owner(w http.ResponseWriter, r *http.Request) (*account.Account, account.Proof, error) {
	a, shown, err := h.who(r)
	if err != nil {
		return nil, account.Proof{}, err
	}
	if a == nil || !shown.Fresh(*a, h.now()) {
		return nil, account.Proof{}, seeOther(w, r, onward{Security: true}.from("/signin"))
	}
	return a, shown, nil
}

// changed keeps this browser signed in after a change that voids all others.
func (h *Handler) changed(r *http.Request, a account.Account, what string) error {
	h.log().InfoContext(r.Context(), "changed how to sign in", "account", a.Name, "what", what, "addr", addr(r))
	return h.Browser.SignIn(r.Context(), browser.SignedIn{
		Account: a.ID, At: a.SignedOutAt.Add(time.Microsecond), Second: a.HasSecond(),
	})
}

type codesView struct {
	Codes []string
	Fresh bool // in the place of earlier ones
}

// showCodes shows recovery codes, this once.
func (h *Handler) showCodes(w http.ResponseWriter, r *http.Request, codes []string, fresh bool) {
	h.show(w, r, http.StatusOK, "codes", "Your recovery codes", codesView{codes, fresh})
}

// recoveryPage asks before the old codes die.
func (h *Handler) recoveryPage(w http.ResponseWriter, r *http.Request) error {
	a, _, err := h.owner(w, r)
	if err != nil || a == nil {
		return err
	}
	if !a.HasSecond() {
		return seeOther(w, r, "/account/security")
	}
	h.show(w, r, http.StatusOK, "recovery", "New recovery codes?", securityView{Left: len(a.Factors.Recovery)})
	return nil
}

func (h *Handler) newRecovery(w http.ResponseWriter, r *http.Request) error {
	a, shown, err := h.owner(w, r)
	if err != nil || a == nil {
		return err
	}
	codes, err := h.Accounts.NewRecovery(r.Context(), a.ID, shown)
	if err != nil {
		return h.refuseChange(w, r, err)
	}
	h.log().InfoContext(r.Context(), "changed how to sign in", "account", a.Name, "what", "new recovery codes", "addr", addr(r))
	h.showCodes(w, r, codes, true)
	return nil
}

// refuseChange answers what account says of a change.
func (h *Handler) refuseChange(w http.ResponseWriter, r *http.Request, err error) error {
	switch {
	case errors.Is(err, account.ErrStale): // since owner looked
		return seeOther(w, r, onward{Security: true}.from("/signin"))
	case errors.Is(err, account.ErrNoFactor): // by another window
		return seeOther(w, r, "/account/security")
	case errors.Is(err, account.ErrShort):
		h.show(w, r, http.StatusConflict, "message", "Change your password first", message{
			Title: "Change your password first", Tone: "bad",
			Text: "This is your last second factor, and your password is too short to protect the account alone.",
			Next: "Choose one with " + strconv.Itoa(account.MinPassword) + " characters or more. Nothing was changed.",
			Link: "/account/security/password", LinkText: "Change the password",
		})
		return nil
	}
	return err
}

type passwordView struct{ Fields []field }

// passwordPage is where a person changes their password.
func (h *Handler) passwordPage(w http.ResponseWriter, r *http.Request) error {
	a, _, err := h.owner(w, r)
	if err != nil || a == nil {
		return err
	}
	h.showPassword(w, r, http.StatusOK, "")
	return nil
}

func (h *Handler) changePassword(w http.ResponseWriter, r *http.Request) error {
	a, shown, err := h.owner(w, r)
	if err != nil || a == nil {
		return err
	}
	next, err := h.Accounts.ChangePassword(r.Context(), a.ID, shown, r.PostForm.Get("password"))
	switch {
	case errors.Is(err, account.ErrInvalid):
		h.showPassword(w, r, http.StatusUnprocessableEntity, reason(err))
		return nil
	case err != nil:
		return h.refuseChange(w, r, err)
	}
	if err := h.changed(r, next, "password"); err != nil {
		return err
	}
	return seeOther(w, r, "/account/security")
}

func (h *Handler) showPassword(w http.ResponseWriter, r *http.Request, status int, wrong string) {
	h.show(w, r, status, "password", title("Change your password", wrong != ""), passwordView{focus([]field{
		{Name: "password", Label: "New password", Type: "password", Error: wrong, Autocomplete: "new-password", Max: 1024,
			Hint: "15 characters or more; 8 or more while you have a second factor. A few words that have nothing to do with each other are best."},
	})})
}
