package client

import (
	"encoding/json"
	"fmt"
	"net/http"
	"sync/atomic"
	"time"

	"golang.org/x/oauth2"
)

// Ended is an ErrEnded together with what the service says became of the
// session: expired, revoked, deleted, superseded, reused, disabled or gone; ""
// or a word unknown here where it says nothing that we understand.
type Ended struct {
	Reason string
	why    string // the service's own words
}

func (e *Ended) Error() string {
	if e.why == "" {
		return ErrEnded.Error()
	}
	return fmt.Sprintf("%v: %s", ErrEnded, e.why)
}

// Is makes it an ErrEnded.
func (*Ended) Is(target error) bool { return target == ErrEnded }

// endedBy reads the reason of a refusal of the token endpoint.
func endedBy(answer *oauth2.RetrieveError) error {
	var said struct{ Reason string }
	_ = json.Unmarshal(answer.Body, &said) // without a reason the words speak
	return &Ended{Reason: clean(said.Reason), why: clean(answer.ErrorDescription)}
}

// heard is the service's clock at its latest answer.
type heard struct{ unix atomic.Int64 }

func (h *heard) note(answer http.Header) {
	if at, err := http.ParseTime(answer.Get("Date")); err == nil {
		h.unix.Store(at.Unix())
	}
}

// Date is the service's clock at its latest answer, to the second; zero if it
// never said.
func (s *Server) Date() time.Time {
	if at := s.heard.unix.Load(); at != 0 {
		return time.Unix(at, 0).UTC()
	}
	return time.Time{}
}
