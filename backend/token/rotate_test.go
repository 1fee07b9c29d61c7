package token_test

import (
	"errors"
	"testing"
	"time"

	"lanyard/backend/activity"
	"lanyard/backend/token"
)

func TestRotate(t *testing.T) {
	d := newDesk()
	ctx := t.Context()
	by := activity.By{Account: "ada", Name: "ada", Addr: "192.0.2.1"}
	made, first, err := d.Create(ctx, "ada", token.Spec{Description: "CI", Scopes: []string{"repo:write"}, Expires: "2026-11-24T12:00:00Z", By: by})
	if err != nil {
		t.Fatal(err)
	}
	usable := func(s token.Secret) error {
		found, err := d.Find(ctx, s.Reveal())
		if err != nil {
			return err
		}
		return found.Usable(d.now)
	}
	after, second, err := d.Rotate(ctx, "ada", made.ID, time.Hour, by)
	switch {
	case err != nil:
		t.Fatal(err)
	case after.ID != made.ID || after.Description != "CI" || after.ExpiresText != made.ExpiresText || !after.CreatedAt.Equal(made.CreatedAt) || after.Scopes[0] != "repo:write":
		t.Errorf("something else changed: %+v", after)
	case after.LastFour != second.LastFour() || after.Previous.LastFour != first.LastFour():
		t.Errorf("last four %q and %q", after.LastFour, after.Previous.LastFour)
	}
	for _, s := range []token.Secret{first, second} {
		if err := usable(s); err != nil {
			t.Errorf("within the overlap: %v", err)
		}
	}
	// Who still uses the earlier one is told apart.
	old, _ := d.Find(ctx, first.Reveal())
	d.Used(old, "192.0.2.9", "old job")
	got, err := d.Get(ctx, "ada", made.ID)
	if err != nil || got.Previous.LastUsed.Agent != "old job" || got.LastUsed.Agent != "old job" {
		t.Errorf("%+v, %v", got.Previous, err)
	}
	if err := d.Flush(ctx); err != nil {
		t.Fatal(err)
	}
	d.now = d.now.Add(time.Hour)
	if err := usable(first); !errors.Is(err, token.ErrRotated) {
		t.Errorf("past the overlap: %v", err)
	}
	if err := usable(second); err != nil {
		t.Error(err)
	}
	// The one that is rotated again leaves only the latest earlier one.
	if _, _, err := d.Rotate(ctx, "ada", made.ID, 0, by); err != nil {
		t.Fatal(err)
	}
	if err := usable(first); !errors.Is(err, token.ErrNotFound) {
		t.Errorf("two rotations ago: %v", err)
	}
	if err := usable(second); !errors.Is(err, token.ErrRotated) {
		t.Errorf("without an overlap: %v", err)
	}
	last := d.shelf.acts[len(d.shelf.acts)-1]
	if last.Action != activity.TokenRotated || last.Subject != made.ID || last.Addr != "192.0.2.1" || last.Details["until"] == "" {
		t.Errorf("activity: %+v", last)
	}
}

// An overlap never outlives the token.
func TestRotateNearTheEnd(t *testing.T) {
	d := newDesk()
	ends := d.now.Add(time.Hour)
	made, _, err := d.Create(t.Context(), "ada", token.Spec{Description: "CI", Expires: ends.Format(time.RFC3339)})
	if err != nil {
		t.Fatal(err)
	}
	after, _, err := d.Rotate(t.Context(), "ada", made.ID, token.DefaultOverlap, activity.By{})
	if err != nil || !after.Previous.Until.Equal(ends) {
		t.Errorf("%+v, %v", after.Previous, err)
	}
}

func TestRotateRefused(t *testing.T) {
	d := newDesk()
	ctx := t.Context()
	off := false
	inactive, _, _ := d.Create(ctx, "ada", token.Spec{Description: "off"})
	if _, err := d.Change(ctx, "ada", inactive.ID, token.Patch{Active: &off}, activity.By{}); err != nil {
		t.Fatal(err)
	}
	expired, _, _ := d.Create(ctx, "ada", token.Spec{Description: "old", Expires: d.now.Add(time.Minute).Format(time.RFC3339)})
	d.shelf.sessions["s"] = d.now.Add(24 * time.Hour)
	auto, _, err := d.Generate(ctx, "ada", token.For{Session: "s"})
	if err != nil {
		t.Fatal(err)
	}
	good, _, _ := d.Create(ctx, "ada", token.Spec{Description: "good"})
	d.now = d.now.Add(2 * time.Minute)
	for what, c := range map[string]struct {
		owner, id string
		overlap   time.Duration
		want      error
	}{
		"deactivated":    {"ada", inactive.ID, 0, token.ErrInactive},
		"expired":        {"ada", expired.ID, 0, token.ErrExpired},
		"auto-generated": {"ada", auto.ID, 0, token.ErrInvalid},
		"another's":      {"bob", good.ID, 0, token.ErrNotFound},
		"too long":       {"ada", good.ID, token.MaxOverlap + time.Second, token.ErrInvalid},
		"negative":       {"ada", good.ID, -time.Second, token.ErrInvalid},
	} {
		if _, secret, err := d.Rotate(ctx, c.owner, c.id, c.overlap, activity.By{}); !errors.Is(err, c.want) || secret != "" {
			t.Errorf("%s: %v", what, err)
		}
	}
	if got, err := d.Get(ctx, "ada", good.ID); err != nil || got.Previous != nil {
		t.Errorf("a refused rotation rotated: %+v, %v", got, err)
	}
}
