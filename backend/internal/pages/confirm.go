package pages

import (
	"errors"
	"net/http"
	"net/url"

	"lanyard/backend/account"
	"lanyard/backend/grant"
	"lanyard/backend/internal/browser"
)

type confirmView struct {
	Program string
	Facts   []fact
	Request string
	Account string // id, so that a yes counts for the account that was shown
}

// confirmPage asks every time: any program on the computer can start an
// authorization in a browser that is signed in (RFC 8252 §8.6).
func (h *Handler) confirmPage(w http.ResponseWriter, r *http.Request) error {
	id := r.URL.Query().Get("request")
	if first, err := h.Accounts.Empty(r.Context()); err != nil {
		return err
	} else if first {
		return seeOther(w, r, onward{Request: id}.from("/setup"))
	}
	request, err := h.request(r, id)
	if err != nil {
		return err
	}
	a, shown, err := h.who(r)
	if err != nil {
		return err
	}
	if a == nil || !fresh(request, shown.At) {
		return seeOther(w, r, onward{Request: id}.from("/signin"))
	}
	h.showConfirm(w, r, request, *a)
	return nil
}

func (h *Handler) confirm(w http.ResponseWriter, r *http.Request) error {
	id := r.PostForm.Get("request")
	binding := h.Browser.Binding(r)
	request, err := h.Grants.Request(r.Context(), id, binding)
	if err != nil {
		return err
	}
	a, shown, err := h.who(r)
	if err != nil {
		return err
	}
	allow := r.PostForm.Get("decision") == "allow"
	yes := ""
	if allow {
		if a == nil || !fresh(request, shown.At) {
			return seeOther(w, r, onward{Request: id}.from("/signin"))
		}
		if a.ID != r.PostForm.Get("account") { // another account was signed in meanwhile
			return seeOther(w, r, onward{Request: id}.from("/signin/confirm"))
		}
		yes = a.ID
	}
	err = h.Grants.Decide(r.Context(), id, binding, yes, shown.At)
	again := errors.Is(err, grant.ErrUsed) && request.Account == yes && request.Denied == !allow // a second click
	if err != nil && !again {
		return err
	}
	if !again {
		h.log().InfoContext(r.Context(), "program answered", "account", yes, "allowed", allow, "client", request.Client, "machine", plain(request.Machine), "addr", addr(r))
	}
	back := "/authorize/callback?" + url.Values{"id": {id}}.Encode()
	if !browser.Redirectable(request.RedirectURI) {
		h.show(w, r, http.StatusOK, "message", "Going back to your program", message{
			Title: "Going back to your program", Text: "If nothing happens within a few seconds, follow the link.",
			Link: back, LinkText: "Go on", Refresh: back,
		})
		return nil
	}
	return seeOther(w, r, back)
}

func (h *Handler) showConfirm(w http.ResponseWriter, r *http.Request, request grant.Request, a account.Account) {
	program := h.program(request.Client, "")
	v := confirmView{Program: program, Request: request.ID, Account: a.ID, Facts: append([]fact{
		{Name: "Account", Text: a.Name, Detail: a.Email},
		computer(request.Machine, ""),
		h.asked(request.CreatedAt, addr(r)), // the browser's binding says that it began here
	}, h.gets("this computer")...)}
	browser.AllowForm(w, request.RedirectURI)
	h.show(w, r, http.StatusOK, "confirm", "Allow "+program+" to sign in?", v)
}

// gets is what a yes hands out.
func (h *Handler) gets(computer string) []fact {
	limits := h.Grants.Limits
	return []fact{
		{Name: "Gets", Text: "A Read, Write, Delete token for " + computer, Detail: "It can pull, push and delete whatever you can. It cannot change your account."},
		{Name: "Lasts", Text: "Until you sign out there", Detail: "At most " + days(limits.Absolute) + ", and no longer than " + days(limits.Idle) + " without use."},
	}
}
