package pages

import (
	"errors"
	"html/template"
	"net/http"
	"strconv"
	"strings"

	"github.com/boombuler/barcode"
	"github.com/boombuler/barcode/qr"

	"lanyard/backend/account"
)

type appView struct {
	Picture template.HTML // the QR code, as SVG
	Link    template.URL  // the same, for an app on this very device
	Secret  string        // the same, for typing
	Fields  []field
}

// appPage shows the set-up of an authenticator app that waits for its first
// code.
func (h *Handler) appPage(w http.ResponseWriter, r *http.Request) error {
	a, shown, err := h.owner(w, r)
	if err != nil || a == nil {
		return err
	}
	return h.showApp(w, r, http.StatusOK, *a, shown, "")
}

// beginApp makes the seed: a link must not.
func (h *Handler) beginApp(w http.ResponseWriter, r *http.Request) error {
	a, shown, err := h.owner(w, r)
	if err != nil || a == nil {
		return err
	}
	if err := h.Accounts.BeginTOTP(r.Context(), a.ID, shown); err != nil {
		return h.refuseChange(w, r, err)
	}
	return seeOther(w, r, "/account/security/app")
}

func (h *Handler) confirmApp(w http.ResponseWriter, r *http.Request) error {
	a, shown, err := h.owner(w, r)
	if err != nil || a == nil {
		return err
	}
	next, codes, err := h.Accounts.ConfirmTOTP(r.Context(), a.ID, shown, r.PostForm.Get("code"), addr(r))
	switch {
	case errors.Is(err, account.ErrWrongCode):
		return h.showApp(w, r, http.StatusUnprocessableEntity, *a, shown, "This is not the code that the app shows now. If it stays so, compare the clocks of both devices.")
	case errors.Is(err, account.ErrThrottled):
		w.Header().Set("Retry-After", retryThrottled)
		return h.showApp(w, r, http.StatusTooManyRequests, *a, shown, throttledText)
	case err != nil:
		return h.refuseChange(w, r, err)
	}
	if err := h.changed(r, next, "authenticator app"); err != nil {
		return err
	}
	if len(codes) > 0 {
		h.showCodes(w, r, codes, false)
		return nil
	}
	return seeOther(w, r, "/account/security")
}

func (h *Handler) showApp(w http.ResponseWriter, r *http.Request, status int, a account.Account, shown account.Proof, wrong string) error {
	e, err := h.Accounts.PendingTOTP(a, shown, "Lanyard "+strings.ReplaceAll(h.host(), ":", " ")) // a colon ends the issuer
	if err != nil {
		return h.refuseChange(w, r, err)
	}
	picture, err := picture(e.URL)
	if err != nil {
		return err
	}
	h.show(w, r, status, "app", title("Set up an authenticator app", wrong != ""), appView{
		Picture: picture, Link: template.URL(e.URL), Secret: grouped(e.Secret), //nolint:gosec // the URL is made here
		Fields: []field{{Name: "code", Label: "Code of the app", Type: "text", Error: wrong, Focus: true, Autocomplete: "one-time-code", Max: 16, Code: true,
			Hint: "The six digits that the app shows. Nothing is changed before it is right."}},
	})
	return nil
}

// grouped is a secret in fours, as people type it.
func grouped(secret string) string {
	var b strings.Builder
	for i, c := range secret {
		if i > 0 && i%4 == 0 {
			b.WriteByte(' ')
		}
		b.WriteRune(c)
	}
	return b.String()
}

// picture is text as a QR code: dark on white in light and dark, since cameras
// want it so, with the margin of four that they look for.
func picture(text string) (template.HTML, error) {
	code, err := qr.Encode(text, qr.M, qr.Auto)
	if err != nil {
		return "", err
	}
	const margin = 4
	size := code.Bounds().Dx()
	var path strings.Builder
	for y := range size {
		for x, run := 0, 0; x <= size; x++ {
			if x < size && isDark(code, x, y) {
				run++
			} else if run > 0 {
				n := strconv.Itoa(run)
				path.WriteString("M" + strconv.Itoa(x-run+margin) + " " + strconv.Itoa(y+margin) + "h" + n + "v1h-" + n + "z")
				run = 0
			}
		}
	}
	side := strconv.Itoa(size + 2*margin)
	return template.HTML(`<svg class="qr" viewBox="0 0 ` + side + ` ` + side + `" role="img" aria-label="QR code for an authenticator app" shape-rendering="crispEdges">` + //nolint:gosec // numbers only
		`<path fill="#fff" d="M0 0h` + side + `v` + side + `H0z"/><path d="` + path.String() + `"/></svg>`), nil
}

func isDark(code barcode.Barcode, x, y int) bool {
	r, _, _, _ := code.At(x, y).RGBA()
	return r == 0
}

// appOffPage asks before the app is taken away.
func (h *Handler) appOffPage(w http.ResponseWriter, r *http.Request) error {
	a, _, err := h.owner(w, r)
	if err != nil || a == nil {
		return err
	}
	if !a.Factors.TOTP.Set() {
		return seeOther(w, r, "/account/security")
	}
	h.show(w, r, http.StatusOK, "remove", "Turn off the authenticator app?", removeView{
		Title: "Turn off the authenticator app?", Action: "/account/security/app/off", Button: "Turn off", Last: len(a.Factors.Passkeys) == 0,
	})
	return nil
}

func (h *Handler) appOff(w http.ResponseWriter, r *http.Request) error {
	a, shown, err := h.owner(w, r)
	if err != nil || a == nil {
		return err
	}
	next, err := h.Accounts.RemoveTOTP(r.Context(), a.ID, shown)
	if err != nil {
		return h.refuseChange(w, r, err)
	}
	if err := h.changed(r, next, "authenticator app off"); err != nil {
		return err
	}
	return seeOther(w, r, "/account/security")
}

// removeView is the question before a factor goes.
type removeView struct {
	Title, Action, Button string
	ID                    string // of a passkey
	Last                  bool   // the password is alone then
}
