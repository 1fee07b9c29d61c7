package client

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"
)

// Event is something that was done to an account, or by it.
type Event struct {
	ID        string            `json:"id"`
	At        time.Time         `json:"at"`
	Action    string            `json:"action"`     // a noun and a verb: token.rotated
	Actor     string            `json:"actor"`      // account id; "": the service
	ActorName string            `json:"actor_name"` // as it was then
	Subject   string            `json:"subject"`
	Label     string            `json:"label"`
	IP        string            `json:"ip"`
	Agent     string            `json:"agent"`
	Details   map[string]string `json:"details"`
}

// UnmarshalJSON makes what other people wrote fit for a terminal.
func (e *Event) UnmarshalJSON(text []byte) error {
	type plain Event
	if err := json.Unmarshal(text, (*plain)(e)); err != nil {
		return err
	}
	for _, field := range []*string{&e.ID, &e.Action, &e.Actor, &e.ActorName, &e.Subject, &e.Label, &e.IP, &e.Agent} {
		*field = clean(*field)
	}
	details := make(map[string]string, len(e.Details))
	for name, value := range e.Details {
		details[clean(name)] = clean(value)
	}
	e.Details = details
	return nil
}

// ActivityQuery is what is asked of an activity; the zero ActivityQuery is all.
type ActivityQuery struct {
	Action   string // "token.": all that begin so
	Subject  string
	Before   string    // an event's id: only what was before it
	From, To time.Time // zero: no bound; To is not included
	User     string    // for administrators: another person's
	Most     int       // the newest; 0: all
}

// Activity lists what happened, the newest first.
func (s *Server) Activity(ctx context.Context, access string, q ActivityQuery) (all []Event, err error) {
	limit := 100
	if q.Most > 0 {
		limit = min(q.Most, limit)
	}
	err = s.follow(q.path("limit", fmt.Sprint(limit)), func(path string) (string, error) {
		var out struct {
			Next    string  `json:"next"`
			Results []Event `json:"results"`
		}
		if err := s.call(ctx, access, http.MethodGet, path, nil, &out); err != nil {
			return "", err
		}
		if all = append(all, out.Results...); q.Most > 0 && len(all) >= q.Most {
			all, out.Next = all[:q.Most], ""
		}
		return out.Next, nil
	})
	if err != nil {
		return nil, fmt.Errorf("list the activity: %w", err)
	}
	return all, nil
}

func (q ActivityQuery) path(more ...string) string {
	pairs := append(more, "action", q.Action, "subject", q.Subject, "before", q.Before, "username", q.User)
	if !q.From.IsZero() {
		pairs = append(pairs, "from", q.From.UTC().Format(time.RFC3339Nano))
	}
	if !q.To.IsZero() {
		pairs = append(pairs, "to", q.To.UTC().Format(time.RFC3339Nano))
	}
	return query("/v2/access/activity", pairs...)
}

// maxLine bounds one event.
const maxLine = 256 << 10 // bytes

// ExportActivity hands over what happened, the newest first, as it arrives:
// however much there is, one event at a time is in memory. An error of each
// ends it.
func (s *Server) ExportActivity(ctx context.Context, access string, q ActivityQuery, each func(Event) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	request, err := s.asking(ctx, http.MethodGet, q.path("format", "jsonl"), nil)
	if err != nil {
		return err
	}
	request.Header.Set("Authorization", "Bearer "+access)
	request.Header.Set("Accept", "application/jsonl")
	err = s.lines(ctx, cancel, request, func(line []byte) error {
		var e Event
		if json.Unmarshal(line, &e) != nil {
			return fmt.Errorf("%w: %s sent a line that is not its format", ErrNotServer, s.URL)
		}
		return each(e)
	})
	if err != nil {
		return fmt.Errorf("export the activity: %w", err)
	}
	return nil
}

// lines reads an answer line by line, for as long as lines come: what goes on
// for minutes is no fault, what is silent for callTimeout is one.
func (s *Server) lines(ctx context.Context, cancel context.CancelCauseFunc, request *http.Request, each func([]byte) error) error {
	silent := time.AfterFunc(callTimeout, func() { cancel(errNoAnswer) })
	defer silent.Stop()
	response, err := s.stream.Do(request)
	if err != nil {
		return s.silenced(ctx, err)
	}
	defer response.Body.Close()
	if response.StatusCode >= http.StatusMultipleChoices {
		text, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
		if err != nil {
			return s.silenced(ctx, err)
		}
		return s.refused(response, text)
	}
	scanner := bufio.NewScanner(response.Body)
	scanner.Buffer(make([]byte, 0, 4096), maxLine)
	for scanner.Scan() {
		silent.Reset(callTimeout)
		if len(scanner.Bytes()) == 0 {
			continue
		}
		if err := each(scanner.Bytes()); err != nil {
			return err
		}
	}
	switch err := scanner.Err(); {
	case errors.Is(err, bufio.ErrTooLong):
		return s.failed(ctx, errTooMuch)
	case err != nil:
		return s.silenced(ctx, err)
	}
	return nil
}

// silenced is failed for an answer that lines waited for.
func (s *Server) silenced(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); errors.Is(cause, errNoAnswer) {
		return fmt.Errorf("%w: %s: %w", ErrUnreachable, s.URL, cause)
	}
	return s.failed(ctx, inWords(err, false))
}
