package app

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	"lanyard/backend/client"
	"lanyard/backend/signin"
)

// Activity is bound: what happened to the account, its tokens and sessions.
type Activity struct{ core *core }

// ActView is something that happened.
type ActView struct {
	ID      string            `json:"id"`
	At      string            `json:"at"`
	Action  string            `json:"action"`
	Actor   string            `json:"actor"` // "": the service
	Self    bool              `json:"self"`  // who is signed in did it
	Subject string            `json:"subject"`
	Label   string            `json:"label"`
	Address string            `json:"address"`
	Agent   string            `json:"agent"`
	Details map[string]string `json:"details"`
}

// ActivityQuery is what the page asks for: a kind, and the part before an event.
type ActivityQuery struct {
	Kind   string `json:"kind"`
	Before string `json:"before"`
}

// ActsView is a part of the activity, the newest first.
type ActsView struct {
	Events []ActView `json:"events"`
	More   bool      `json:"more"`
}

// SavedView is a file that was written; File "": the person thought better of it.
type SavedView struct {
	File string `json:"file"`
}

// ExportView is a file of activity.
type ExportView struct {
	File  string `json:"file"`
	Count int    `json:"count"`
}

// perPart is how many events the page is given at a time.
const perPart = 100

// kindsOfActs are the page's kinds, by what their actions begin with.
var kindsOfActs = map[string]string{
	"": "", "token": "token.", "session": "session.", "account": "account.", "repository": "repository.", "organization": "organization.",
}

// List is a part of it.
func (a *Activity) List(q ActivityQuery) (ActsView, error) {
	prefix, known := kindsOfActs[q.Kind]
	if !known {
		return ActsView{}, fmt.Errorf("%w: there is no kind of activity called %.40q", client.ErrRefused, q.Kind)
	}
	v := ActsView{Events: []ActView{}}
	err := a.core.asking(quick, func(ctx context.Context, who signin.Access) error {
		all, err := who.Server.Activity(ctx, who.Token, client.ActivityQuery{Action: prefix, Before: q.Before, Most: perPart + 1})
		if err != nil {
			return tooOld(err, who.Account)
		}
		v.More = len(all) > perPart
		v.Events = acts(all[:min(len(all), perPart)], who.Account)
		return nil
	})
	return v, err
}

// Export writes all of it to a file of the person's choice, an event a line.
func (a *Activity) Export() (ExportView, error) {
	count := 0
	file, err := a.core.save("Export the activity", "lanyard-activity.jsonl", func(out io.Writer) error {
		count = 0
		return a.core.asking(exporting, func(ctx context.Context, who signin.Access) error {
			encoder := json.NewEncoder(out)
			err := who.Server.ExportActivity(ctx, who.Token, client.ActivityQuery{}, func(e client.Event) error {
				count++
				return encoder.Encode(e)
			})
			return tooOld(err, who.Account)
		})
	})
	return ExportView{File: file, Count: count}, err
}

// exporting is how long a year of a busy account may take to arrive.
const exporting = 5 * time.Minute

func acts(all []client.Event, who signin.Account) []ActView {
	views := make([]ActView, 0, len(all))
	for _, e := range all {
		v := ActView{
			ID: e.ID, At: stamp(e.At), Action: e.Action, Actor: e.ActorName, Self: e.ActorName == who.Name && e.ActorName != "",
			Subject: e.Subject, Label: e.Label, Address: e.IP, Agent: e.Agent, Details: map[string]string{},
		}
		maps.Copy(v.Details, e.Details)
		views = append(views, v)
	}
	return slices.Clip(views)
}
