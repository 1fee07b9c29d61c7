package token_test

import (
	"errors"
	"testing"
	"time"

	"lanyard/backend/token"
)

func TestMayReplaceItself(t *testing.T) {
	for name, c := range map[string]struct {
		t    token.Token
		want error
	}{
		"by its present secret": {token.Token{Active: true}, nil},
		"by the one before":     {token.Token{Active: true, ByPrevious: true}, token.ErrRotated},
	} {
		t.Run(name, func(t *testing.T) {
			if err := c.t.MayReplaceItself(); !errors.Is(err, c.want) {
				t.Errorf("%v, want %v", err, c.want)
			}
		})
	}
}

func TestMaybeByPrevious(t *testing.T) {
	noon := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	rotated := token.Token{Previous: &token.Previous{Until: noon}}
	for name, c := range map[string]struct {
		t    token.Token
		at   time.Time
		want bool
	}{
		"never rotated":      {token.Token{}, noon, false},
		"within the overlap": {rotated, noon.Add(-time.Microsecond), true},
		"at its end":         {rotated, noon, false},
		"after it":           {rotated, noon.Add(time.Hour), false},
	} {
		t.Run(name, func(t *testing.T) {
			if got := c.t.MaybeByPrevious(c.at); got != c.want {
				t.Errorf("%v, want %v", got, c.want)
			}
		})
	}
}
