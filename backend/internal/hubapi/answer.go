package hubapi

import (
	"encoding/json"
	"net"
	"net/http"

	"lanyard/backend/access"
	"lanyard/backend/activity"
	"lanyard/backend/internal/gate"
)

// An answer is a status and what is sent as JSON; nil: nothing.
type answer struct {
	status int
	body   any
}

func write(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	if body == nil {
		w.WriteHeader(status)
		return
	}
	if all, ok := body.(lines); ok {
		all.write(w, status)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // the client is gone if this fails
}

// by is who asks, and from where.
func by(r *http.Request, who gate.Passed) activity.By {
	out := from(r)
	out.Account, out.Name = who.Account.ID, who.Account.Name
	return out
}

// manager is the actor in what concerns rights.
func manager(r *http.Request, who gate.Passed) access.Actor {
	return access.Actor{By: by(r, who), Admin: who.Account.Admin}
}

// from is where a request comes from. A server behind a proxy sets RemoteAddr
// itself; headers are not believed.
func from(r *http.Request) activity.By {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		host = r.RemoteAddr
	}
	return activity.By{Addr: host, Agent: r.UserAgent()}
}
