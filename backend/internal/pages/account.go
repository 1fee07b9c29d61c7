package pages

import (
	"net/http"
	"strings"
	"time"

	"lanyard/backend/account"
)

// accountPage says who is signed in with this browser.
func (h *Handler) accountPage(w http.ResponseWriter, r *http.Request) error {
	if first, err := h.Accounts.Empty(r.Context()); err != nil {
		return err
	} else if first {
		return seeOther(w, r, "/setup")
	}
	a, shown, err := h.who(r)
	if err != nil {
		return err
	}
	if a == nil {
		return seeOther(w, r, "/signin")
	}
	h.show(w, r, http.StatusOK, "account", "Your account", accountView{Account: *a, Facts: accountFacts(*a, shown.At, h.now())})
	return nil
}

type accountView struct {
	Account account.Account
	Facts   []fact
}

func accountFacts(a account.Account, at, now time.Time) []fact {
	facts := []fact{{Name: "User name", Text: a.Name}}
	if a.Email != "" {
		facts = append(facts, fact{Name: "E-mail", Text: a.Email})
	}
	if a.Admin {
		facts = append(facts, fact{Name: "Role", Text: "Administrator of this service"})
	}
	if a.HasSecond() {
		facts = append(facts, fact{Name: "Signs in", Text: "With " + factorWords(a)})
	} else {
		facts = append(facts, fact{Name: "Signs in", Text: "With the password alone"})
	}
	return append(facts, fact{Name: "This browser", Text: "Signed in " + strings.ToLower(ago(at, now)[:1]) + ago(at, now)[1:], Detail: exact(at)})
}

// signOutPage is the way out as a link; only its button signs out.
func (h *Handler) signOutPage(w http.ResponseWriter, r *http.Request) error {
	a, _, err := h.who(r)
	if err != nil {
		return err
	}
	if a == nil {
		return seeOther(w, r, "/signin")
	}
	h.show(w, r, http.StatusOK, "signout", "Sign out of this browser?", accountView{Account: *a})
	return nil
}

func (h *Handler) signOut(w http.ResponseWriter, r *http.Request) error {
	if err := h.Browser.SignOut(r.Context()); err != nil {
		return err
	}
	h.show(w, r, http.StatusOK, "message", "Signed out of this browser", message{
		Title: "Signed out of this browser", Tone: "good",
		Text: "Programs on your computers stay signed in. On the computer in question, “lanyard logout” signs them out.",
		Link: "/signin", LinkText: "Sign in again",
	})
	return nil
}
