package hubapi

import (
	"context"
	"encoding/json"
	"iter"
	"net/http"
	"strings"
	"time"

	"lanyard/backend/activity"
	"lanyard/backend/internal/gate"
)

const maxEvents = 1000 // at a time

// event is an act as the activity shows it.
type event struct {
	ID        string            `json:"id"`
	At        string            `json:"at"`
	Action    activity.Action   `json:"action"`
	Actor     string            `json:"actor"` // account id; "": the service
	ActorName string            `json:"actor_name"`
	Subject   string            `json:"subject"`
	Label     string            `json:"label"`
	IP        string            `json:"ip"`
	Agent     string            `json:"agent"`
	Details   map[string]string `json:"details"`
}

func showEvent(e activity.Event) event {
	out := event{e.ID, e.At.UTC().Format(stamp), e.Action, e.Actor, e.ActorName, e.Subject, e.Label, e.Addr, e.Agent, e.Details}
	if out.Details == nil {
		out.Details = map[string]string{}
	}
	return out
}

// activity is GET /v2/access/activity, the newest first: a page, or as JSON
// lines all that there is.
func (h *Handler) activity(r *http.Request, who gate.Passed) (answer, error) {
	owner, err := h.whose(r, who)
	if err != nil {
		return answer{}, err
	}
	q := r.URL.Query()
	asked := activity.Query{Before: q.Get("before"), Action: q.Get("action"), Subject: q.Get("subject")}
	if asked.Most, err = number(r, "limit", 50, maxEvents); err != nil {
		return answer{}, err
	}
	if asked.From, asked.To, err = span(r); err != nil {
		return answer{}, err
	}
	if form := q.Get("format"); form != "" && form != "json" && form != "jsonl" {
		return answer{}, errFields{"format": "must be json or jsonl"}
	}
	if inLines(r) {
		return h.export(r.Context(), owner.ID, asked)
	}
	asked.Most++ // to see whether something follows
	all, err := h.Activity.Page(r.Context(), owner.ID, asked)
	if err != nil {
		return answer{}, err
	}
	var out struct {
		Next    *string `json:"next"`
		Results []event `json:"results"`
	}
	out.Results = []event{}
	if len(all) == asked.Most {
		all = all[:asked.Most-1]
		out.Next = h.following(r, "before", all[len(all)-1].ID)
	}
	for _, e := range all {
		out.Results = append(out.Results, showEvent(e))
	}
	return answer{http.StatusOK, out}, nil
}

// span reads the bounds of a time.
func span(r *http.Request) (from, to time.Time, err error) {
	wrong := errFields{}
	moment := func(name string) time.Time {
		text := r.URL.Query().Get(name)
		at, err := time.Parse(time.RFC3339, text)
		if text != "" && err != nil {
			wrong[name] = "must be a date and time such as 2027-01-31T12:00:00Z"
		}
		return at
	}
	from, to = moment("from"), moment("to")
	if len(wrong) > 0 {
		return from, to, wrong
	}
	return from, to, nil
}

// inLines says whether JSON lines are asked for.
func inLines(r *http.Request) bool {
	return r.URL.Query().Get("format") == "jsonl" || strings.HasPrefix(r.Header.Get("Accept"), "application/jsonl")
}

// export reads the first part before it answers, so that a refusal is one.
func (h *Handler) export(ctx context.Context, account string, q activity.Query) (answer, error) {
	q.Most = maxEvents
	first, err := h.Activity.Page(ctx, account, q)
	if err != nil {
		return answer{}, err
	}
	return answer{http.StatusOK, lines(func(yield func(any, error) bool) {
		for part := first; ; {
			for _, e := range part {
				if !yield(showEvent(e), nil) {
					return
				}
			}
			if len(part) < q.Most {
				return
			}
			q.Before = part[len(part)-1].ID
			var err error
			if part, err = h.Activity.Page(ctx, account, q); err != nil {
				yield(nil, err)
				return
			}
		}
	})}, nil
}

// lines are answered one JSON object a line, as they come.
type lines iter.Seq2[any, error]

// write breaks the connection off at an error, so that nobody takes what came
// until then for all.
func (all lines) write(w http.ResponseWriter, status int) {
	w.Header().Set("Content-Type", "application/jsonl")
	w.WriteHeader(status)
	out := json.NewEncoder(w)
	for one, err := range all {
		if err == nil {
			err = out.Encode(one)
		}
		if err != nil {
			panic(http.ErrAbortHandler)
		}
	}
}
