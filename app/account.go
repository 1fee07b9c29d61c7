package app

import (
	"time"

	"lanyard/backend/client"
	"lanyard/backend/signin"
	"lanyard/backend/standing"
)

// shownAccount is the one that the window is about: the one that a person
// turned to, while it is signed in; else the first that serves a registry.
func (c *core) shownAccount(computer *signin.Computer) (signin.Account, error) {
	if ref := c.memory.load().Shown; ref != "" {
		all, err := computer.Accounts()
		if err != nil {
			return signin.Account{}, err
		}
		for _, a := range all {
			if a.Ref() == ref {
				return a, nil
			}
		}
	}
	return computer.Find("")
}

// turnTo makes it another one.
func (c *core) turnTo(a signin.Account) {
	c.memory.update(func(r *remembered) bool {
		other := r.Shown != a.Ref()
		r.Shown = a.Ref()
		return other
	})
	c.drop()
	c.turned()
}

// heard is what a service said last of this computer's token.
type heard struct {
	token client.Token
	at    time.Time
	info  client.Info
}

// recall fills in what only a service can say: what it says now, or, where it
// does not answer, what it said last, and when that was.
func (c *core) recall(v *SessionView, st signin.Status) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if st.Session != nil {
		h := heard{at: st.At}
		if st.Session.Token != nil {
			h.token = *st.Session.Token
		}
		if c.held.Account == st.Account && c.held.Server != nil {
			h.info = c.held.Server.Info
			if h.info.TooOld() {
				v.ServerVersion = "too_old"
			}
		}
		c.last[st.Account] = h
		if lost := st.Session.TokenLost; lost != nil {
			v.By, v.When = lost.By, stamp(lost.At)
		}
	} else if st.Offline != nil {
		v.AsOf = stamp(st.Life.Touched)
		if h, ok := c.last[st.Account]; ok {
			v.AsOf = stamp(h.at)
		}
		if tooNew(st.Offline) {
			v.ServerVersion = "too_new"
		}
	}
	said := c.last[st.Account].token
	v.Created, v.LastUsed, v.LastUsedFrom = stamp(said.CreatedAt), stampOf(said.LastUsed), said.LastUsedIP
}

// endedBy is who ended a session, as far as its end says: the account's owner
// or an administrator may have, and no more is known than that.
func endedBy(s standing.State) string {
	switch s {
	case standing.Expired:
		return "time"
	case standing.Superseded:
		return "this_computer"
	case standing.Deleted, standing.Revoked:
		return "person"
	case standing.Reused:
		return "service"
	case standing.Disabled, standing.Gone:
		return "administrator"
	}
	return ""
}
