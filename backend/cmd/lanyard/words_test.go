package main

import (
	"errors"
	"testing"
	"time"

	"lanyard/backend/client"
)

func TestSize(t *testing.T) {
	for bytes, want := range map[int64]string{
		0: "0 B", 999: "999 B", 1000: "1.0 kB", 9_940: "9.9 kB", 9_960: "10 kB", 999_400: "999 kB", 999_600: "1.0 MB", 5_400_000_000: "5.4 GB", 1e18: "1000000 TB",
	} {
		if got := size(&bytes); got != want {
			t.Errorf("%d is %q, want %q", bytes, got, want)
		}
	}
	if got := size(nil); got != "-" {
		t.Errorf("not known is %q", got)
	}
}

func TestMomentOf(t *testing.T) {
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	for text, want := range map[string]time.Time{
		"":                     {},
		"7d":                   now.AddDate(0, 0, -7),
		"0d":                   now,
		"90m":                  now.Add(-90 * time.Minute),
		"2026-11-01":           time.Date(2026, 11, 1, 0, 0, 0, 0, time.Local),
		"2026-11-01T10:00:00Z": time.Date(2026, 11, 1, 10, 0, 0, 0, time.UTC),
	} {
		if got, err := momentOf("--since", text, now); !got.Equal(want) || err != nil {
			t.Errorf("%q: %v %v, want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"7", "d", "7dd", "-7d", "-1h", "07d", "yesterday", "2026-13-01", "99999d", " 7d"} {
		if got, err := momentOf("--since", text, now); exitCode(err) != exitUsage || !got.IsZero() {
			t.Errorf("%q: %v %v", text, got, err)
		}
	}
}

func TestOverlapOf(t *testing.T) {
	for text, want := range map[string]time.Duration{"0": 0, "0d": 0, "24h": 24 * time.Hour, "7d": 7 * 24 * time.Hour, "30d": maxOverlap, "90m": 90 * time.Minute} {
		if got, err := overlapOf(text); got != want || err != nil {
			t.Errorf("%q: %v %v", text, got, err)
		}
	}
	for _, text := range []string{"", "7", "31d", "721h", "-1h", "-1d", "99999d", "1w", "07d"} {
		if got, err := overlapOf(text); exitCode(err) != exitUsage {
			t.Errorf("%q: %v %v", text, got, err)
		}
	}
}

func TestResourceOf(t *testing.T) {
	r, err := resourceOf("acme/*:pull,push")
	if err != nil || r.Type != "TYPE_REPO" || r.Path != "acme/*" || len(r.Scopes) != 2 || r.Scopes[1] != "scope-image-push" {
		t.Errorf("%+v %v", r, err)
	}
	if r, err := resourceOf("*/*/public"); err != nil || len(r.Scopes) != 1 || r.Scopes[0] != "scope-image-pull" {
		t.Errorf("%+v %v", r, err)
	}
	for _, text := range []string{"", ":pull", "acme/app:", "acme/app:eat", "acme/app:pull,", "Acme/app", "acme/**", "../acme", "acme/app:pull:push"} {
		if r, err := resourceOf(text); exitCode(err) != exitUsage {
			t.Errorf("%q: %+v %v", text, r, err)
		}
	}
}

// What was done before one of several failed is said, and still the error counts.
func TestPartly(t *testing.T) {
	err := partly(client.ErrUnreachable, []client.Token{{Label: "ci"}, {Label: "dev"}})
	if !errors.Is(err, client.ErrUnreachable) || err.Error() != `server not reachable; done before: "ci", "dev"` {
		t.Error(err)
	}
	if err := partly(client.ErrUnreachable, nil); err.Error() != client.ErrUnreachable.Error() {
		t.Error(err)
	}
}
