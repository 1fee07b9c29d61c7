package pages

import (
	"encoding/hex"
	"errors"
	"net/http"

	"lanyard/backend/account"
	"lanyard/backend/internal/browser"
	"lanyard/backend/internal/passkey"
)

type newPasskeyView struct {
	Asked  passkey.Asked
	Fields []field
	Error  string
}

// newPasskeyPage asks the browser's authenticator for a passkey.
func (h *Handler) newPasskeyPage(w http.ResponseWriter, r *http.Request) error {
	a, _, err := h.owner(w, r)
	if err != nil || a == nil {
		return err
	}
	return h.showNewPasskey(w, r, http.StatusOK, *a, "", "", "")
}

func (h *Handler) newPasskey(w http.ResponseWriter, r *http.Request) error {
	a, shown, err := h.owner(w, r)
	if err != nil || a == nil {
		return err
	}
	name := line(r.PostForm.Get("name"))
	made, err := h.Passkeys.New(*a, h.Browser.Binding(r), r.PostForm.Get("passkey"))
	if err != nil {
		h.log().InfoContext(r.Context(), "passkey refused", "account", a.Name, "addr", addr(r), "why", err)
		return h.showNewPasskey(w, r, http.StatusUnprocessableEntity, *a, name, "", "That passkey was not accepted. Try again.")
	}
	made.Name = name
	next, codes, err := h.Accounts.AddPasskey(r.Context(), a.ID, shown, made)
	switch {
	case errors.Is(err, account.ErrInvalid):
		return h.showNewPasskey(w, r, http.StatusUnprocessableEntity, *a, name, reason(err), "")
	case errors.Is(err, account.ErrFactors):
		return h.showNewPasskey(w, r, http.StatusConflict, *a, name, "", "This account has that passkey already, or as many as it may. Remove one that is not needed.")
	case err != nil:
		return h.refuseChange(w, r, err)
	}
	if err := h.changed(r, next, "passkey added"); err != nil {
		return err
	}
	if len(codes) > 0 {
		h.showCodes(w, r, codes, false)
		return nil
	}
	return seeOther(w, r, "/account/security")
}

func (h *Handler) showNewPasskey(w http.ResponseWriter, r *http.Request, status int, a account.Account, name, wrongName, wrong string) error {
	asked, err := h.Passkeys.AskNew(a, h.Browser.Bind(w, r))
	if err != nil {
		return err
	}
	browser.AllowScript(w)
	h.show(w, r, status, "passkey-new", title("Add a passkey", wrongName+wrong != ""), newPasskeyView{Asked: asked, Error: wrong, Fields: focus([]field{passkeyName(name, wrongName)})})
	return nil
}

func passkeyName(name, wrong string) field {
	return field{Name: "name", Label: "Name", Type: "text", Value: name, Error: wrong, Autocomplete: "off", Max: 60,
		Hint: "So that you know it again: the phone, the key on your keyring, this computer."}
}

type passkeyView struct {
	Row    passkeyRow
	Fields []field
	Remove removeView
}

// passkeyPage is one passkey: its name, and the way out.
func (h *Handler) passkeyPage(w http.ResponseWriter, r *http.Request) error {
	a, _, err := h.owner(w, r)
	if err != nil || a == nil {
		return err
	}
	return h.showPasskey(w, r, http.StatusOK, *a, r.URL.Query().Get("id"), "", "")
}

func (h *Handler) renamePasskey(w http.ResponseWriter, r *http.Request) error {
	a, shown, err := h.owner(w, r)
	if err != nil || a == nil {
		return err
	}
	id, name := r.PostForm.Get("id"), line(r.PostForm.Get("name"))
	err = h.Accounts.RenamePasskey(r.Context(), a.ID, shown, bytesOf(id), name)
	switch {
	case errors.Is(err, account.ErrInvalid):
		return h.showPasskey(w, r, http.StatusUnprocessableEntity, *a, id, name, reason(err))
	case err != nil:
		return h.refuseChange(w, r, err)
	}
	return seeOther(w, r, "/account/security")
}

func (h *Handler) removePasskey(w http.ResponseWriter, r *http.Request) error {
	a, shown, err := h.owner(w, r)
	if err != nil || a == nil {
		return err
	}
	next, err := h.Accounts.RemovePasskey(r.Context(), a.ID, shown, bytesOf(r.PostForm.Get("id")))
	if err != nil {
		return h.refuseChange(w, r, err)
	}
	if err := h.changed(r, next, "passkey removed"); err != nil {
		return err
	}
	return seeOther(w, r, "/account/security")
}

func (h *Handler) showPasskey(w http.ResponseWriter, r *http.Request, status int, a account.Account, id, name, wrong string) error {
	k, ok := a.Passkey(bytesOf(id))
	if !ok {
		return seeOther(w, r, "/account/security")
	}
	v := passkeyView{Row: row(k), Remove: removeView{
		Title: "Remove it", Action: "/account/security/passkey/remove", Button: "Remove this passkey", ID: id,
		Last: len(a.Factors.Passkeys) == 1 && !a.Factors.TOTP.Set(),
	}}
	if wrong == "" {
		name = k.Name
	}
	v.Fields = []field{passkeyName(name, wrong)}
	h.show(w, r, status, "passkey", title("Passkey", wrong != ""), v)
	return nil
}

// bytesOf is the id of a passkey as forms carry it; nothing that is none.
func bytesOf(id string) []byte {
	raw, err := hex.DecodeString(id)
	if err != nil {
		return nil
	}
	return raw
}
