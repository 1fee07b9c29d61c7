package e2e_test

import (
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"lanyard/backend/client"
	"lanyard/backend/e2e/service"
	"lanyard/backend/keys"
)

// The whole service, and a client of it, in a bubble of testing/synctest: the
// clock of every library in it moves, and 90 days pass in a second.

const day = 24 * time.Hour

// bubbleKeys are from when time begins in a bubble; an RSA key takes a while.
var bubbleKeys = sync.OnceValues(func() (*keys.Keys, error) {
	return keys.New(time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC))
})

// life is a session from its first moment, with its token.
type life struct {
	*testing.T
	service *service.Service
	network *service.Network
	server  *client.Server
	began   time.Time
	grant   client.Grant
}

func inBubble(t *testing.T, test func(l *life)) {
	t.Helper()
	all, err := bubbleKeys()
	if err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		s := service.Start(t, service.Options{Pipes: true, Keys: all})
		transport := s.Transport()
		t.Cleanup(transport.CloseIdleConnections)
		l := &life{T: t, service: s, network: &service.Network{Under: transport}, began: time.Now()}
		if l.server, err = client.Open(t.Context(), s.URL, l.network); err != nil {
			t.Fatal(err)
		}
		attempt := client.NewAttempt("http://127.0.0.1:1/callback")
		told, err := s.Person(t, "anna").Answer(l.server.AuthURL(attempt, "laptop"))
		if err != nil {
			t.Fatal(err)
		}
		if l.grant, err = l.server.Exchange(t.Context(), attempt, told.Get("code")); err != nil {
			t.Fatal(err)
		}
		test(l)
	})
}

func (l *life) generate() string {
	l.Helper()
	made, err := l.server.Generate(l.Context(), l.grant.Access, client.Machine{Installation: strings.Repeat("ab", 32), Machine: "laptop", OS: "linux"})
	if err != nil {
		l.Fatal(err)
	}
	return made.Secret
}

// until lets time pass up to so long after the sign-in; once a day the service
// does what it does every minute.
func (l *life) until(after time.Duration) {
	l.Helper()
	for left := after - time.Since(l.began); left > 0; left = after - time.Since(l.began) {
		time.Sleep(min(day, left))
		if err := l.service.Flush(l.Context()); err != nil {
			l.Fatal(err)
		}
		if err := l.service.Store.Sweep(l.Context(), l.service.Now()); err != nil {
			l.Fatal(err)
		}
	}
}

// accepted fails unless /token takes the token, or does not.
func (l *life) accepted(secret string, want bool) {
	l.Helper()
	if got, err := l.server.Accepts(l.Context(), "anna", secret); err != nil || got != want {
		l.Fatalf("%v after the sign-in the token is accepted: %v, %v", time.Since(l.began), got, err)
	}
}

// ended fails unless nothing of the session is taken any more.
func (l *life) ended(secret string) {
	l.Helper()
	if secret != "" {
		l.accepted(secret, false)
	}
	if _, err := l.server.Refresh(l.Context(), l.grant.Refresh); !errors.Is(err, client.ErrEnded) {
		l.Errorf("the refresh token: %v", err)
	}
	if _, err := l.server.Session(l.Context(), l.grant.Access); !errors.Is(err, client.ErrEnded) {
		l.Errorf("the access token: %v", err)
	}
	if tokens, sessions, err := l.service.Alive("anna"); len(tokens)+len(sessions) > 0 || err != nil {
		l.Errorf("%d tokens, %d sessions, %v", len(tokens), len(sessions), err)
	}
}

func TestATokenUsedDailyLivesNinetyDays(t *testing.T) {
	inBubble(t, func(l *life) {
		secret := l.generate()
		for on := 1; on < 90; on++ {
			l.until(time.Duration(on) * day)
			l.accepted(secret, true)
		}
		l.until(90*day - time.Second)
		l.accepted(secret, true)
		l.until(90 * day)
		l.ended(secret)
		l.until(91 * day)
		l.ended(secret)
	})
}

func TestATokenNotUsedEndsAfterThirtyDays(t *testing.T) {
	inBubble(t, func(l *life) {
		secret := l.generate()
		l.until(30 * day)
		l.ended(secret)
	})
}

// One use on the 29th day is good for 30 more.
func TestOneUseIsGoodForThirtyDays(t *testing.T) {
	inBubble(t, func(l *life) {
		secret := l.generate()
		l.until(29 * day)
		l.accepted(secret, true)
		l.until(58 * day)
		l.accepted(secret, true)
		l.until(88 * day)
		l.ended(secret)
	})
}

// A refresh is a use, too, and no session outlives its absolute end by any.
func TestASessionRefreshedDailyLivesNinetyDays(t *testing.T) {
	inBubble(t, func(l *life) {
		secret := l.generate()
		for on := 1; on < 90; on++ {
			l.until(time.Duration(on) * day)
			next, err := l.server.Refresh(l.Context(), l.grant.Refresh)
			if err != nil {
				l.Fatalf("on day %d: %v", on, err)
			}
			next.Username = l.grant.Username
			l.grant = next
		}
		l.accepted(secret, true)
		l.until(90 * day)
		l.ended(secret)
	})
}

func TestAnAccessTokenLivesTenMinutes(t *testing.T) {
	inBubble(t, func(l *life) {
		l.generate()
		l.until(10*time.Minute - time.Second)
		if _, err := l.server.Session(l.Context(), l.grant.Access); err != nil {
			l.Error(err)
		}
		l.until(10 * time.Minute)
		if _, err := l.server.Session(l.Context(), l.grant.Access); !errors.Is(err, client.ErrEnded) {
			l.Errorf("%v", err)
		}
		if _, err := l.server.Refresh(l.Context(), l.grant.Refresh); err != nil {
			l.Errorf("its session: %v", err)
		}
	})
}

// A sign-in that was cut off after its code: nobody will ever use its session.
func TestASessionNeverUsedIsReaped(t *testing.T) {
	inBubble(t, func(l *life) {
		if _, sessions, err := l.service.Alive("anna"); len(sessions) != 1 || err != nil {
			l.Fatalf("%d sessions, %v", len(sessions), err)
		}
		l.until(10 * time.Minute)
		l.ended("")
		if _, err := l.server.Generate(l.Context(), l.grant.Access, client.Machine{}); !errors.Is(err, client.ErrEnded) {
			l.Errorf("a token: %v", err)
		}
	})
}

func TestASessionUsedInTimeIsNotReaped(t *testing.T) {
	inBubble(t, func(l *life) {
		l.until(10*time.Minute - time.Second)
		secret := l.generate()
		l.until(day)
		l.accepted(secret, true)
	})
}

func TestALostAnswerCostsNothing(t *testing.T) {
	for name, after := range map[string]time.Duration{"at once": 0, "a minute later": time.Minute, "an hour later": time.Hour, "nearly a day later": day - time.Second} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(l *life) {
				secret := l.generate()
				l.network.Lose = func(*http.Request) service.Loss { return service.Answer }
				if _, err := l.server.Refresh(l.Context(), l.grant.Refresh); !errors.Is(err, client.ErrUnreachable) {
					l.Fatal(err)
				}
				l.network.Lose = nil
				time.Sleep(after)
				first, err := l.server.Refresh(l.Context(), l.grant.Refresh)
				if err != nil {
					l.Fatal(err)
				}
				again, err := l.server.Refresh(l.Context(), l.grant.Refresh)
				if err != nil || again.Refresh != first.Refresh {
					l.Errorf("another successor, %v", err)
				}
				if _, err := l.server.Refresh(l.Context(), first.Refresh); err != nil {
					l.Errorf("the successor: %v", err)
				}
				l.accepted(secret, true)
			})
		})
	}
}

// What is no lost answer is a thief: the session ends.
func TestAReuseEndsTheSession(t *testing.T) {
	for name, reuse := range map[string]func(l *life, second client.Grant){
		"a day later, successor not used": func(*life, client.Grant) { time.Sleep(day) },
		"a minute after the successor's use": func(l *life, second client.Grant) {
			if _, err := l.server.Session(l.Context(), second.Access); err != nil {
				l.Error(err)
			}
			if err := l.service.Flush(l.Context()); err != nil {
				l.Error(err)
			}
			time.Sleep(time.Minute)
		},
		"two generations later": func(l *life, second client.Grant) {
			if _, err := l.server.Refresh(l.Context(), second.Refresh); err != nil {
				l.Error(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(l *life) {
				secret := l.generate()
				second, err := l.server.Refresh(l.Context(), l.grant.Refresh)
				if err != nil {
					l.Fatal(err)
				}
				reuse(l, second)
				l.accepted(secret, true)
				if _, err := l.server.Refresh(l.Context(), l.grant.Refresh); !errors.Is(err, client.ErrEnded) {
					l.Errorf("the reuse: %v", err)
				}
				if _, err := l.server.Refresh(l.Context(), second.Refresh); !errors.Is(err, client.ErrEnded) {
					l.Errorf("the successor: %v", err)
				}
				l.ended(secret)
			})
		})
	}
}

// A token made by hand outlives the session that made it, and ends when it says.
func TestATokenMadeByHand(t *testing.T) {
	inBubble(t, func(l *life) {
		l.generate()
		bounded, err := l.server.Create(l.Context(), l.grant.Access, client.NewToken{
			Label: "ci", Scopes: []string{"repo:read"}, ExpiresAt: l.began.Add(200 * day).Format(time.RFC3339),
		})
		if err != nil {
			l.Fatal(err)
		}
		endless, err := l.server.Create(l.Context(), l.grant.Access, client.NewToken{Label: "nightly", Scopes: []string{"repo:read"}})
		if err != nil {
			l.Fatal(err)
		}
		l.until(200*day - time.Second)
		l.accepted(bounded.Secret, true)
		l.until(200 * day)
		l.accepted(bounded.Secret, false)
		l.accepted(endless.Secret, true)
	})
}
