package pages

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"lanyard/backend/account"
	"lanyard/backend/grant"
	"lanyard/backend/internal/browser"
)

const (
	retryBusy      = "5"  // seconds, Retry-After
	retryThrottled = "30" // account lets one try through in so long
)

// throttledText is for passwords, codes and passkeys, which share one count.
const throttledText = "Too many wrong passwords or codes. Wait half a minute, then try once more."

type signInView struct {
	For    string // the program that waits, or ""
	Error  string
	Fields []field
	Onward onward
	Switch bool
}

// signInPage is the form, or the way on for whoever is signed in already.
func (h *Handler) signInPage(w http.ResponseWriter, r *http.Request) error {
	query := r.URL.Query()
	on := onwardOf(query)
	if first, err := h.Accounts.Empty(r.Context()); err != nil {
		return err
	} else if first {
		return seeOther(w, r, on.from("/setup"))
	}
	v, name := signInView{Onward: on, Switch: query.Has("switch")}, ""
	a, shown, err := h.who(r)
	if err != nil {
		return err
	}
	good := a != nil && !v.Switch
	if good && on.Security {
		name, good = a.Name, shown.Fresh(*a, h.now())
	}
	if on.Request != "" {
		request, err := h.request(r, on.Request)
		if err != nil {
			return err
		}
		v.For, name = h.program(request.Client, request.Machine), request.LoginHint
		good = good && fresh(request, shown.At)
	}
	if good {
		return seeOther(w, r, on.url())
	}
	h.showSignIn(w, r, http.StatusOK, v, name)
	return nil
}

func (h *Handler) signIn(w http.ResponseWriter, r *http.Request) error {
	on := onwardOf(r.PostForm)
	name, password := r.PostForm.Get("username"), r.PostForm.Get("password")
	at := h.now() // before the check: a password changed meanwhile voids this sign-in
	a, err := h.Accounts.First(r.Context(), name, password, addr(r))
	if err == nil && a.HasSecond() {
		if err := h.Browser.Begin(r.Context(), a.ID, at); err != nil {
			return err
		}
		return seeOther(w, r, on.from("/signin/second"))
	}
	if err == nil {
		h.log().InfoContext(r.Context(), "signed in with a browser", "account", a.Name, "addr", addr(r))
		if err := h.Browser.SignIn(r.Context(), browser.SignedIn{Account: a.ID, At: at}); err != nil {
			return err
		}
		return seeOther(w, r, on.url())
	}
	v := signInView{Onward: on, Switch: r.PostForm.Has("switch")}
	status := http.StatusForbidden
	switch {
	case errors.Is(err, account.ErrWrong):
		v.Error = "The name or the password is wrong."
	case errors.Is(err, account.ErrDisabled):
		v.Error = "This account is disabled. Whoever runs this service can enable it."
	case errors.Is(err, account.ErrThrottled):
		status = http.StatusTooManyRequests
		w.Header().Set("Retry-After", retryThrottled)
		v.Error = throttledText
	case errors.Is(err, account.ErrBusy):
		status = http.StatusServiceUnavailable
		w.Header().Set("Retry-After", retryBusy)
		v.Error = "Too many people are signing in at this moment. Try again in a few seconds."
	default:
		return err
	}
	h.log().InfoContext(r.Context(), "sign-in with a browser refused", "addr", addr(r), "why", err)
	if on.Request != "" {
		if request, err := h.request(r, on.Request); err == nil {
			v.For = h.program(request.Client, request.Machine)
		}
	}
	h.showSignIn(w, r, status, v, name)
	return nil
}

func (h *Handler) showSignIn(w http.ResponseWriter, r *http.Request, status int, v signInView, name string) {
	v.Fields = focus([]field{
		{Name: "username", Label: "User name or e-mail", Type: "text", Value: line(name), Autocomplete: "username", Max: 254},
		{Name: "password", Label: "Password", Type: "password", Autocomplete: "current-password", Max: 1024},
	})
	h.show(w, r, status, "signin", title("Sign in", v.Error != ""), v)
}

// request is an authorization that waits for this browser's answer.
func (h *Handler) request(r *http.Request, id string) (grant.Request, error) {
	request, err := h.Grants.Request(r.Context(), id, h.Browser.Binding(r))
	if err == nil && (request.Account != "" || request.Denied) {
		return request, grant.ErrUsed
	}
	return request, err
}

// fresh says whether a sign-in of that time will do for the request: some ask
// for the password anew (OpenID Connect Core §3.1.2.1, prompt=login).
func fresh(request grant.Request, at time.Time) bool {
	return !slices.Contains(request.Prompt, "login") || !at.Before(request.CreatedAt)
}

// program is what a person knows a waiting program by.
func (h *Handler) program(client, machine string) string {
	name := client
	if h.Program != nil {
		name = h.Program(client)
	}
	name = plain(name)
	if machine = plain(machine); machine != "" {
		return name + " on " + machine
	}
	return name
}

func title(what string, wrong bool) string {
	if wrong { // a title is read out first
		return "Error: " + strings.ToLower(what[:1]) + what[1:]
	}
	return what
}
