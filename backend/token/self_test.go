package token_test

import (
	"errors"
	"testing"

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
