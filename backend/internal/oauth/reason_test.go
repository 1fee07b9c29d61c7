package oauth

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"lanyard/backend/grant"
	"lanyard/backend/token"
)

// A computer whose session has ended is told what became of it, by a word that
// it may decide by; nobody else learns anything.
func TestARefusedRefreshSaysWhy(t *testing.T) {
	claim := func(s *service, got tokens) {
		if s.who(got.Access) != http.StatusOK {
			s.Fatal("not claimed")
		}
	}
	ends := func(why string) func(*service, tokens) {
		return func(s *service, got tokens) {
			claim(s, got)
			id, _, _ := grant.RefreshToken(got.Refresh).Family()
			if err := s.grants.End(s.Context(), id, why); err != nil {
				s.Fatal(err)
			}
		}
	}
	for _, c := range []struct {
		name, want string
		happens    func(*service, tokens)
	}{
		{"signed out elsewhere", "revoked", ends(grant.WhySignedOut)},
		{"ended by words of a later version", "revoked", ends("an administrator ended it")},
		{"its token was deleted", "deleted", ends(string(token.Deleted))},
		{"signed in again", "superseded", ends(string(token.Superseded))},
		{"a code was used twice", "reused", ends(grant.WhyCodeReuse)},
		{"disabled", "disabled", func(s *service, got tokens) { claim(s, got); s.disable(true) }},
		{"never used", "expired", func(s *service, _ tokens) { s.clock.pass(10 * time.Minute) }},
		{"unused for 30 days", "expired", func(s *service, got tokens) { claim(s, got); s.clock.pass(30 * 24 * time.Hour) }},
		{"ended, and then its time ran out", "deleted", func(s *service, got tokens) {
			ends(string(token.Deleted))(s, got)
			s.clock.pass(20 * 24 * time.Hour)
		}},
		{"an old refresh token", "reused", func(s *service, got tokens) {
			claim(s, s.good(s.post(pathToken, refreshing(got.Refresh))))
			s.clock.pass(time.Hour)
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newService(t)
			got := s.signIn()
			c.happens(s, got)
			said := s.bad(s.post(pathToken, refreshing(got.Refresh)), http.StatusBadRequest, "invalid_grant")
			if said.Reason != c.want || said.Description == "" {
				t.Errorf("reason %q (%s), want %q", said.Reason, said.Description, c.want)
			}
		})
	}
	t.Run("somebody who holds no token of it", func(t *testing.T) {
		s := newService(t)
		got := s.signIn()
		ends(string(token.Deleted))(s, got)
		id, _, _ := grant.RefreshToken(got.Refresh).Family()
		for _, guess := range []string{"lyd_ref_" + id + "_" + strings.Repeat("A", 54), "x"} {
			if said := s.bad(s.post(pathToken, refreshing(guess)), http.StatusBadRequest, "invalid_grant"); said.Reason != "" {
				t.Errorf("%q is told %q", guess, said.Reason)
			}
		}
	})
}
