package pages

import (
	"errors"
	"net/http"
	"strings"

	"lanyard/backend/account"
	"lanyard/backend/internal/browser"
)

type setupView struct {
	Error  string
	Fields []field
	Onward onward
}

// setupPage asks for the first administrator, while there is none.
func (h *Handler) setupPage(w http.ResponseWriter, r *http.Request) error {
	on := onwardOf(r.URL.Query())
	first, err := h.Accounts.Empty(r.Context())
	if err != nil {
		return err
	}
	if !first {
		h.showSetUp(w, r, on)
		return nil
	}
	h.showSetup(w, r, http.StatusOK, on, "", setupFields(r))
	return nil
}

func (h *Handler) setup(w http.ResponseWriter, r *http.Request) error {
	on := onwardOf(r.PostForm)
	if first, err := h.Accounts.Empty(r.Context()); err != nil {
		return err
	} else if !first {
		h.showSetUp(w, r, on)
		return nil
	}
	n := account.New{
		Name:     strings.ToLower(strings.TrimSpace(r.PostForm.Get("username"))), // upper case is a habit, not a wish
		Email:    strings.TrimSpace(r.PostForm.Get("email")),
		Password: r.PostForm.Get("password"),
	}
	fields := setupFields(r)
	code, name, email, password := &fields[0], &fields[1], &fields[2], &fields[3]
	name.Error, email.Error = reason(account.CheckName(n.Name)), reason(account.CheckEmail(n.Email))
	if err := h.Setup.Try(r.PostForm.Get("code")); err != nil {
		code.Error = "This code is wrong or past its time. A fresh one comes from"
	} else {
		password.Error = reason(account.CheckPassword(n.Password, n.Name, n.Email)) // dear, so not for strangers
	}
	if code.Error+name.Error+email.Error+password.Error != "" {
		h.showSetup(w, r, http.StatusUnprocessableEntity, on, "", fields)
		return nil
	}
	at := h.now()
	a, err := h.Accounts.CreateFirst(r.Context(), n)
	switch {
	case errors.Is(err, account.ErrSetUp):
		h.showSetUp(w, r, on)
		return nil
	case errors.Is(err, account.ErrInvalid), errors.Is(err, account.ErrTaken):
		h.showSetup(w, r, http.StatusUnprocessableEntity, on, reason(err), fields)
		return nil
	case errors.Is(err, account.ErrBusy):
		w.Header().Set("Retry-After", retryBusy)
		h.showSetup(w, r, http.StatusServiceUnavailable, on, "The service is busy. Try again in a few seconds.", fields)
		return nil
	case err != nil:
		return err
	}
	h.Setup.Close()
	h.log().InfoContext(r.Context(), "set up", "administrator", a.Name, "addr", addr(r))
	if err := h.Browser.SignIn(r.Context(), browser.SignedIn{Account: a.ID, At: at}); err != nil {
		return err
	}
	return seeOther(w, r, on.url())
}

// setupFields are the form with what was typed, all but the password.
func setupFields(r *http.Request) []field {
	typed := func(name string) string { return line(r.PostForm.Get(name)) } // nothing, when the page is only asked for
	return []field{
		{Name: "code", Label: "Set-up code", Type: "text", Value: typed("code"), Autocomplete: "one-time-code", Max: 32, Code: true,
			Hint: "Shown where the service was started. A fresh one comes from", Command: "lanyard service setup-code"},
		{Name: "username", Label: "User name", Type: "text", Value: typed("username"), Autocomplete: "username", Max: 64,
			Hint: "Your images will be called name/image, so it is made of a-z and 0-9, with single . _ or - between."},
		{Name: "email", Label: "E-mail", Type: "email", Value: typed("email"), Autocomplete: "email", Max: 254, Optional: true},
		{Name: "password", Label: "Password", Type: "password", Autocomplete: "new-password", Max: 1024,
			Hint: "15 characters or more. A few words that have nothing to do with each other are best."},
	}
}

func (h *Handler) showSetup(w http.ResponseWriter, r *http.Request, status int, on onward, wrong string, fields []field) {
	h.show(w, r, status, "setup", title("Set up this service", status != http.StatusOK), setupView{Error: wrong, Fields: focus(fields), Onward: on})
}

func (h *Handler) showSetUp(w http.ResponseWriter, r *http.Request, on onward) {
	h.show(w, r, http.StatusGone, "message", "Set up already", message{
		Title: "Set up already", Text: "This service has its administrator. Sign in, or ask the administrator for an account.",
		Link: on.from("/signin"), LinkText: "Sign in",
	})
}

// reason is why account refuses, as a sentence for people.
func reason(err error) string {
	if err == nil {
		return ""
	}
	text, _, _ := strings.Cut(err.Error(), "\n") // of several the first
	text = strings.TrimPrefix(text, account.ErrInvalid.Error()+": ")
	return strings.ToUpper(text[:1]) + text[1:] + "."
}
