package pages

import (
	"errors"
	"net/http"
	"strings"
	"time"

	"lanyard/backend/account"
	"lanyard/backend/internal/browser"
	"lanyard/backend/internal/passkey"
)

type secondView struct {
	Fields []field
	Onward onward
	Asked  passkey.Asked // of the browser's authenticator; "": the account has no passkey
	App    bool
	Error  string // what is wrong with the passkey
}

// secondPage asks whoever gave the right password for the second factor.
func (h *Handler) secondPage(w http.ResponseWriter, r *http.Request) error {
	on := onwardOf(r.URL.Query())
	a, _, err := h.begun(r)
	if err != nil {
		return err
	}
	if a == nil {
		return seeOther(w, r, on.from("/signin"))
	}
	return h.showSecond(w, r, http.StatusOK, *a, on, "", "")
}

// begun is whose password this browser gave a moment ago. nil: nobody's, or
// nothing but a new sign-in will do.
func (h *Handler) begun(r *http.Request) (*account.Account, time.Time, error) {
	id, at, ok := h.Browser.Begun(r.Context())
	if !ok {
		return nil, time.Time{}, nil
	}
	a, err := h.Accounts.Account(r.Context(), id)
	switch {
	case errors.Is(err, account.ErrNotFound):
		return nil, time.Time{}, nil
	case err != nil:
		return nil, time.Time{}, err
	case !a.HasSecond() || !(account.Proof{At: at, Second: true}).Holds(a):
		return nil, time.Time{}, nil
	}
	return &a, at, nil
}

// second takes a code, or what the passkey signed.
func (h *Handler) second(w http.ResponseWriter, r *http.Request) error {
	on := onwardOf(r.PostForm)
	a, at, err := h.begun(r)
	if err != nil {
		return err
	}
	if a == nil {
		return seeOther(w, r, on.from("/signin"))
	}
	byKey := r.PostForm.Has("passkey")
	if byKey {
		_, err = h.byPasskey(r, *a)
	} else {
		_, err = h.Accounts.Second(r.Context(), a.ID, r.PostForm.Get("code"), addr(r))
	}
	if err == nil {
		h.log().InfoContext(r.Context(), "signed in with a browser", "account", a.Name, "second", factorUsed(byKey), "addr", addr(r))
		// From the moment of the password: what was changed since voids it.
		if err := h.Browser.SignIn(r.Context(), browser.SignedIn{Account: a.ID, At: at, Second: true}); err != nil {
			return err
		}
		return seeOther(w, r, on.url())
	}
	status := http.StatusForbidden
	var wrong string
	switch {
	case errors.Is(err, account.ErrWrongCode) && byKey:
		wrong = "That passkey was not accepted. Try again, or use another way."
	case errors.Is(err, account.ErrWrongCode):
		wrong = "This code is wrong, or was used already. An app shows a new one every half a minute."
	case errors.Is(err, account.ErrThrottled):
		status, wrong = http.StatusTooManyRequests, throttledText
		w.Header().Set("Retry-After", retryThrottled)
	case errors.Is(err, account.ErrDisabled):
		wrong = "This account is disabled. Whoever runs this service can enable it."
	default:
		return err
	}
	h.log().InfoContext(r.Context(), "second factor refused", "account", a.Name, "second", factorUsed(byKey), "addr", addr(r), "why", err)
	if byKey {
		return h.showSecond(w, r, status, *a, on, "", wrong)
	}
	return h.showSecond(w, r, status, *a, on, wrong, "")
}

func factorUsed(byKey bool) string {
	if byKey {
		return "passkey"
	}
	return "code"
}

// byPasskey spends the challenge and then has account judge and count.
func (h *Handler) byPasskey(r *http.Request, a account.Account) (account.Account, error) {
	signed, refused := h.Passkeys.Take(a, h.Browser.Binding(r), r.PostForm.Get("passkey"))
	return h.Accounts.ByPasskey(r.Context(), a.ID, addr(r), func(now account.Account) (account.Touch, error) {
		if refused != nil {
			return account.Touch{}, refused
		}
		return signed.Check(now)
	})
}

func (h *Handler) showSecond(w http.ResponseWriter, r *http.Request, status int, a account.Account, on onward, wrong, wrongKey string) error {
	v := secondView{Onward: on, App: a.Factors.TOTP.Set(), Error: wrongKey}
	code := field{Name: "code", Label: "Code", Type: "text", Error: wrong, Autocomplete: "one-time-code", Max: 32, Code: true,
		Hint: "Six digits from your authenticator app, or one of your recovery codes."}
	if !v.App {
		code.Label, code.Hint = "Recovery code", "One of the ten that you kept. Each works once."
	}
	code.Focus = wrong != "" || v.App && wrongKey == ""
	v.Fields = []field{code}
	if len(a.Factors.Passkeys) > 0 {
		asked, err := h.Passkeys.Ask(a, h.Browser.Bind(w, r))
		if err != nil {
			return err
		}
		v.Asked = asked
		browser.AllowScript(w)
	}
	h.show(w, r, status, "second", title("Second factor", wrong != "" || wrongKey != ""), v)
	return nil
}

// factorWords are the ways in of an account that has a second factor.
func factorWords(a account.Account) string {
	ways := []string{"the password"}
	if a.Factors.TOTP.Set() {
		ways = append(ways, "an authenticator app")
	}
	switch n := len(a.Factors.Passkeys); n {
	case 0:
	case 1:
		ways = append(ways, "a passkey")
	default:
		ways = append(ways, "passkeys")
	}
	return ways[0] + " and " + strings.Join(ways[1:], " or ")
}
