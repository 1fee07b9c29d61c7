// Package pages is what people see of the service in a browser: set-up, the
// sign-in with its second factor, the yes or no to a program that asks, the
// code of a program without a browser, and how they sign in. Pages work without
// JavaScript, but for passkeys, which are a script's to ask for. It leaves who
// people are to account, what they grant to grant, cookies and headers to
// internal/browser, WebAuthn to internal/passkey, and meets internal/oauth by URL and cookie only:
// /authorize sends here with ?request=, and a decision ends at
// /authorize/callback?id=.
package pages

import (
	"errors"
	"log/slog"
	"mime"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"lanyard/backend/account"
	"lanyard/backend/grant"
	"lanyard/backend/internal/browser"
	"lanyard/backend/internal/passkey"
)

const maxForm = 64 << 10 // bytes

// Handler serves the pages. Its fields are set before Mount.
type Handler struct {
	Accounts  *account.Service
	Setup     *account.Setup
	Grants    *grant.Service
	Browser   *browser.Browser
	Passkeys  *passkey.Party
	PublicURL string                     // shown, so that people see whose service asks for their password
	Program   func(client string) string // what people call an OAuth client; nil: its id
	Now       func() time.Time           // nil: time.Now
	Log       *slog.Logger               // nil: slog.Default

	codes guesses
}

// page answers one request; an error that it returns becomes a page in fail.
type page func(w http.ResponseWriter, r *http.Request) error

type route struct {
	path      string
	get, post page // nil: 405
}

func (h *Handler) routes() []route {
	return []route{
		{"/setup", h.setupPage, h.setup},
		{"/signin", h.signInPage, h.signIn},
		{"/signin/second", h.secondPage, h.second},
		{"/signin/confirm", h.confirmPage, h.confirm},
		{"/activate", h.activatePage, h.activate},
		{"/activate/confirm", h.activatePage, h.activateConfirm},
		{"/account/{$}", h.accountPage, nil},
		{"/account/security", h.securityPage, nil},
		{"/account/security/app", h.appPage, h.beginApp},
		{"/account/security/app/confirm", h.appPage, h.confirmApp},
		{"/account/security/app/off", h.appOffPage, h.appOff},
		{"/account/security/passkey", h.passkeyPage, h.renamePasskey},
		{"/account/security/passkey/new", h.newPasskeyPage, h.newPasskey},
		{"/account/security/passkey/remove", h.passkeyPage, h.removePasskey},
		{"/account/security/recovery", h.recoveryPage, h.newRecovery},
		{"/account/security/password", h.passwordPage, h.changePassword},
		{"/account/", h.missing, nil},
		{"/signout", h.signOutPage, h.signOut},
	}
}

// Mount adds the pages to mux, without methods: a wrong method is answered here.
func (h *Handler) Mount(mux *http.ServeMux) {
	refuse := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { h.fail(w, r, errElsewhere) })
	for _, one := range h.routes() {
		mux.Handle(one.path, h.Browser.Headers(h.Browser.SameOrigin(h.Browser.Sessions(h.serve(one)), refuse)))
	}
	mux.Handle("/static/", h.Browser.Headers(http.HandlerFunc(static)))
}

func (h *Handler) serve(one route) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var do page
		allow := "GET, HEAD"
		switch {
		case r.Method == http.MethodGet || r.Method == http.MethodHead:
			do = one.get
		case r.Method == http.MethodPost:
			do = one.post
		}
		if one.post != nil {
			allow += ", POST"
		}
		if do == nil {
			w.Header().Set("Allow", allow)
			h.fail(w, r, errMethod)
			return
		}
		if r.Method == http.MethodPost {
			if err := h.parse(w, r); err != nil {
				h.fail(w, r, err)
				return
			}
		}
		if err := do(w, r); err != nil {
			h.fail(w, r, err)
		}
	})
}

// parse reads a form of ours into r.PostForm: small, of the one type that
// browsers send, and given to this very browser.
func (h *Handler) parse(w http.ResponseWriter, r *http.Request) error {
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/x-www-form-urlencoded" {
		return errType
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if err := r.ParseForm(); err != nil {
		var large *http.MaxBytesError
		if errors.As(err, &large) {
			return err
		}
		return errType
	}
	if !h.Browser.Posted(r, r.PostForm.Get("token")) {
		return errStale
	}
	return nil
}

// onward is where a sign-in leads: the authorization or the device code it
// was asked for, how one signs in, or else the account. It is carried as an id
// or a code and never as a URL, so it cannot lead to another site.
type onward struct {
	Request  string
	UserCode string
	Activate bool // with or without a code
	Security bool // asks for a fresh sign-in
}

func onwardOf(values url.Values) onward {
	return onward{
		Request: values.Get("request"), UserCode: line(values.Get("user_code")), Activate: values.Has("user_code"),
		Security: values.Has("security"),
	}
}

// url is the page after the sign-in.
func (o onward) url() string {
	switch {
	case o.Request != "":
		return o.from("/signin/confirm")
	case o.Activate:
		return o.from("/activate")
	case o.Security:
		return "/account/security"
	}
	return "/account/"
}

// from is a page of ours on the way there.
func (o onward) from(path string) string {
	switch {
	case o.Request != "":
		return path + "?" + url.Values{"request": {o.Request}}.Encode()
	case o.Activate:
		return path + "?" + url.Values{"user_code": {o.UserCode}}.Encode()
	case o.Security:
		return path + "?security=1"
	}
	return path
}

// who is signed in with this browser and may come in now, and by what proof.
// nil: nobody. Every page but the sign-in's own asks here, so that nothing of an
// account is reached around its second factor.
func (h *Handler) who(r *http.Request) (*account.Account, account.Proof, error) {
	in, ok := h.Browser.SignedIn(r.Context())
	if !ok {
		return nil, account.Proof{}, nil
	}
	a, err := h.Accounts.Account(r.Context(), in.Account)
	shown := account.Proof{At: in.At, Second: in.Second}
	switch {
	case errors.Is(err, account.ErrNotFound):
		return nil, account.Proof{}, nil
	case err != nil:
		return nil, account.Proof{}, err
	case !shown.Holds(a):
		return nil, account.Proof{}, nil
	}
	return &a, shown, nil
}

// seeOther leads on: 303, so that no password is ever posted again.
func seeOther(w http.ResponseWriter, r *http.Request, to string) error {
	http.Redirect(w, r, to, http.StatusSeeOther)
	return nil
}

// addr is the address the request came from. Headers that claim another are
// not believed; a server behind a proxy sets RemoteAddr itself.
func addr(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		host = r.RemoteAddr
	}
	if ip, err := netip.ParseAddr(host); err == nil {
		return ip.Unmap().WithZone("").String()
	}
	return host
}

func (h *Handler) host() string {
	_, host, _ := strings.Cut(h.PublicURL, "://")
	return strings.TrimSuffix(host, "/")
}

func (h *Handler) now() time.Time {
	if h.Now == nil {
		return time.Now().UTC().Truncate(time.Microsecond)
	}
	return h.Now().UTC().Truncate(time.Microsecond)
}

func (h *Handler) log() *slog.Logger {
	if h.Log == nil {
		return slog.Default()
	}
	return h.Log
}
