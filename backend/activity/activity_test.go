package activity_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"lanyard/backend/activity"
	"lanyard/backend/store/memstore"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func TestPage(t *testing.T) {
	now := noon
	log := &activity.Log{Store: memstore.New(), Now: func() time.Time { return now }}
	by := activity.By{Account: "root", Name: "root", Addr: "192.0.2.1", Agent: strings.Repeat("x", 400)}
	for i, action := range []activity.Action{activity.TokenCreated, activity.TokenDeleted, activity.SessionEnded} {
		now = noon.Add(time.Duration(i) * time.Hour)
		if err := log.Did(t.Context(), "ada", action, by, "s", "label"); err != nil {
			t.Fatal(err)
		}
	}
	for what, c := range map[string]struct {
		account string
		q       activity.Query
		want    string
	}{
		"all":                {"ada", activity.Query{Most: 9}, "session.ended token.deleted token.created"},
		"whoever did it":     {"root", activity.Query{Most: 9}, "session.ended token.deleted token.created"},
		"nobody's":           {"bob", activity.Query{Most: 9}, ""},
		"of tokens":          {"ada", activity.Query{Most: 9, Action: "token."}, "token.deleted token.created"},
		"of one":             {"ada", activity.Query{Most: 9, Action: "token.deleted"}, "token.deleted"},
		"the latest":         {"ada", activity.Query{Most: 1}, "session.ended"},
		"from":               {"ada", activity.Query{Most: 9, From: noon.Add(time.Hour)}, "session.ended token.deleted"},
		"to, not included":   {"ada", activity.Query{Most: 9, To: noon.Add(time.Hour)}, "token.created"},
		"of another subject": {"ada", activity.Query{Most: 9, Subject: "x"}, ""},
	} {
		events, err := log.Page(t.Context(), c.account, c.q)
		var got []string
		for _, e := range events {
			got = append(got, string(e.Action))
			if e.ActorName != "root" || e.Account != "ada" || len(e.Agent) != 256 {
				t.Errorf("%s: %+v", what, e)
			}
		}
		if err != nil || strings.Join(got, " ") != c.want {
			t.Errorf("%s: %q, %v", what, got, err)
		}
	}
	all, _ := log.Page(t.Context(), "ada", activity.Query{Most: 9})
	if older, err := log.Page(t.Context(), "ada", activity.Query{Most: 9, Before: all[0].ID}); err != nil || len(older) != 2 || older[0].ID != all[1].ID {
		t.Errorf("%+v, %v", older, err)
	}
	if !slices.IsSortedFunc(all, func(a, b activity.Event) int { return strings.Compare(b.ID, a.ID) }) {
		t.Error("ids are not in the order of time")
	}
	now = noon.Add(activity.Kept + time.Minute)
	if left, _ := log.Page(t.Context(), "ada", activity.Query{Most: 9}); len(left) != 2 {
		t.Errorf("%d events past a year", len(left))
	}
	for what, q := range map[string]activity.Query{
		"none": {}, "too many": {Most: 1001}, "no event's id": {Most: 1, Before: "x"}, "another's id": {Most: 1, Before: "../../ada"},
	} {
		if _, err := log.Page(t.Context(), "ada", q); !errors.Is(err, activity.ErrInvalid) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func TestWith(t *testing.T) {
	one := activity.New("ada", activity.TokenRenamed, activity.By{}, noon).With("from", "x")
	two := one.With("to", "y").With("from", "z")
	if one.Details["from"] != "x" || len(one.Details) != 1 || two.Details["from"] != "z" || two.Details["to"] != "y" {
		t.Errorf("%v, %v", one.Details, two.Details)
	}
	if one.Actor != "" || one.ActorName != "" {
		t.Error("the service is somebody")
	}
}
