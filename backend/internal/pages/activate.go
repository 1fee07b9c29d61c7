package pages

import (
	"encoding/hex"
	"errors"
	"net/http"

	"lanyard/backend/account"
	"lanyard/backend/grant"
)

type activateView struct {
	Account string
	Fields  []field
}

type deviceView struct {
	Program string
	Code    string // as it is shown
	Facts   []fact
	Device  string // what was shown, so that a yes counts for nothing else
	Account string
}

// activatePage asks for the code of a program without a browser, or, given
// one, for the yes or no.
func (h *Handler) activatePage(w http.ResponseWriter, r *http.Request) error {
	typed := line(r.URL.Query().Get("user_code"))
	on := onward{UserCode: typed, Activate: true}
	if first, err := h.Accounts.Empty(r.Context()); err != nil {
		return err
	} else if first {
		return seeOther(w, r, on.from("/setup"))
	}
	a, _, err := h.who(r)
	if err != nil {
		return err
	}
	if a == nil {
		return seeOther(w, r, on.from("/signin"))
	}
	if typed == "" {
		h.showActivate(w, r, http.StatusOK, *a, "", "")
		return nil
	}
	return h.showDevice(w, r, *a, typed)
}

// activate takes a typed code.
func (h *Handler) activate(w http.ResponseWriter, r *http.Request) error {
	typed := line(r.PostForm.Get("user_code"))
	a, _, err := h.who(r)
	if err != nil {
		return err
	}
	if a == nil {
		return seeOther(w, r, onward{UserCode: typed, Activate: true}.from("/signin"))
	}
	if typed == "" {
		h.showActivate(w, r, http.StatusUnprocessableEntity, *a, typed, "Type the code that your program shows.")
		return nil
	}
	return h.showDevice(w, r, *a, typed)
}

// activateConfirm takes the yes or no: explicit, for the device that was
// shown, by the account that was shown (RFC 8628 §5.4).
func (h *Handler) activateConfirm(w http.ResponseWriter, r *http.Request) error {
	typed := line(r.PostForm.Get("user_code"))
	a, shown, err := h.who(r)
	if err != nil {
		return err
	}
	if a == nil {
		return seeOther(w, r, onward{UserCode: typed, Activate: true}.from("/signin"))
	}
	d, err := h.device(r, *a, typed)
	if err != nil {
		return err
	}
	if a.ID != r.PostForm.Get("account") || hex.EncodeToString(d.ID[:]) != r.PostForm.Get("device") {
		return h.showDevice(w, r, *a, typed)
	}
	yes := ""
	if r.PostForm.Get("decision") == "allow" {
		yes = a.ID
	}
	if err := h.Grants.DecideDevice(r.Context(), d.ID, yes, shown.At); err != nil {
		return err
	}
	h.log().InfoContext(r.Context(), "device answered", "account", a.Name, "allowed", yes != "", "addr", addr(r), "device addr", d.Addr)
	program := h.program(d.Client, d.Machine)
	m := message{Title: "Refused", Text: program + " was not signed in.", Next: "You may close this page. If you did not start this, nothing more is needed."}
	if yes != "" {
		m = message{Title: "Signed in", Text: program + " is signed in as " + a.Name + " within a few seconds.", Next: "You may close this page and go back to your program.", Tone: "good"}
	}
	h.show(w, r, http.StatusOK, "message", m.Title, m)
	return nil
}

// device looks a code up. Each try that finds nothing counts against the
// account and the address (RFC 8628 §5.1).
func (h *Handler) device(r *http.Request, a account.Account, typed string) (grant.Device, error) {
	if _, ok := grant.NormalUserCode(typed); !ok {
		return grant.Device{}, grant.ErrNotFound // no guess: no code looks so
	}
	done, ok := h.codes.begin(a.ID, addr(r), h.now())
	if !ok {
		return grant.Device{}, errGuesses
	}
	d, err := h.Grants.DeviceFor(r.Context(), typed)
	done(errors.Is(err, grant.ErrNotFound))
	return d, err
}

func (h *Handler) showDevice(w http.ResponseWriter, r *http.Request, a account.Account, typed string) error {
	d, err := h.device(r, a, typed)
	switch {
	case errors.Is(err, grant.ErrNotFound):
		h.showActivate(w, r, http.StatusUnprocessableEntity, a, typed, "No program waits with this code. Compare it letter by letter; a code is good for a quarter of an hour.")
		return nil
	case errors.Is(err, grant.ErrExpired):
		h.showActivate(w, r, http.StatusUnprocessableEntity, a, typed, "This code is past its time. Ask your program for a new one.")
		return nil
	case errors.Is(err, grant.ErrUsed):
		h.showActivate(w, r, http.StatusUnprocessableEntity, a, typed, "This code was answered already. Ask your program for a new one.")
		return nil
	case err != nil:
		return err
	}
	program := h.program(d.Client, "")
	v := deviceView{Program: program, Code: grant.ShownUserCode(d.UserCode), Device: hex.EncodeToString(d.ID[:]), Account: a.ID, Facts: append([]fact{
		{Name: "Account", Text: a.Name, Detail: a.Email},
		computer(d.Machine, d.Agent),
		h.asked(d.CreatedAt, d.Addr),
	}, h.gets("that computer")...)}
	h.show(w, r, http.StatusOK, "device", "Allow "+program+" to sign in?", v)
	return nil
}

func (h *Handler) showActivate(w http.ResponseWriter, r *http.Request, status int, a account.Account, typed, wrong string) {
	h.show(w, r, status, "activate", title("Enter a code", wrong != ""), activateView{Account: a.Name, Fields: focus([]field{
		{Name: "user_code", Label: "Code", Type: "text", Value: typed, Error: wrong, Autocomplete: "off", Max: 32, Code: true, Hint: "Eight letters, as your program shows them."},
	})})
}
