package signin

import (
	"errors"
	"strings"
	"testing"
	"time"

	"lanyard/backend/client"
	"lanyard/backend/keychain"
	"lanyard/backend/machine"
	"lanyard/backend/standing"
)

func TestJudge(t *testing.T) {
	const day = 24 * time.Hour
	at := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	says := func(s client.Session) Status { return Status{Session: &s, At: at} }
	life := machine.Life{Ends: at.Add(90 * day), Idle: 30 * day, Touched: at.Add(-10 * day)}
	aged := func(l machine.Life, by time.Duration) machine.Life {
		l.Ends, l.Touched = l.Ends.Add(-by), l.Touched.Add(-by)
		return l
	}
	live := &client.Token{Active: true}
	for name, c := range map[string]struct {
		st   Status
		err  error
		want standing.State
		says string
	}{
		"not asked":           {st: Status{Life: life, At: at}, want: standing.Active},
		"nothing known":       {want: standing.Active},
		"active":              {st: says(client.Session{Token: live, Ends: at.Add(80 * day), IdleBy: at.Add(30 * day)}), want: standing.Active},
		"not asked, near":     {st: Status{Life: aged(life, 15*day), At: at}, want: standing.Expiring, says: "ends soon"},
		"near":                {st: says(client.Session{Token: live, Ends: at.Add(6 * day), IdleBy: at.Add(6 * day)}), want: standing.Expiring, says: "ends soon"},
		"near, deactivated":   {st: says(client.Session{Token: &client.Token{}, Ends: at.Add(6 * day)}), want: standing.Deactivated, says: "deactivated"},
		"offline":             {st: Status{Offline: client.ErrUnreachable, Life: life, At: at}, want: standing.Offline, says: "does not answer"},
		"offline, and over":   {st: Status{Offline: client.ErrUnreachable, Life: aged(life, 20*day), At: at}, want: standing.Expired, says: "is over"},
		"over by the mark":    {st: Status{Offline: client.ErrUnreachable, Life: life, At: at, Mark: at.Add(40 * day)}, want: standing.Expired, says: "is over"},
		"deactivated":         {st: says(client.Session{Token: &client.Token{}}), want: standing.Deactivated, says: "deactivated"},
		"evicted":             {st: says(client.Session{TokenLost: &client.Loss{Fate: "evicted", By: "box", At: at}}), want: standing.Evicted, says: "gave way to box on "},
		"evicted, by whom":    {st: says(client.Session{TokenLost: &client.Loss{Fate: "evicted", At: at}}), want: standing.Evicted, says: "another computer"},
		"no token":            {st: says(client.Session{}), want: standing.Evicted, says: "no token"},
		"ended":               {err: client.ErrEnded, want: standing.Ended, says: "ended"},
		"deleted":             {err: &client.Ended{Reason: "deleted"}, want: standing.Deleted, says: "deleted"},
		"revoked":             {err: &client.Ended{Reason: "revoked"}, want: standing.Revoked, says: "ended at the service"},
		"disabled":            {err: &client.Ended{Reason: "disabled"}, want: standing.Disabled, says: "disabled"},
		"run out there":       {err: &client.Ended{Reason: "expired"}, want: standing.Expired, says: "is over"},
		"ended and not gone":  {err: errors.Join(&client.Ended{Reason: "deleted"}, keychain.ErrLocked), want: standing.Deleted, says: "deleted"},
		"signed out":          {err: ErrNotSignedIn, want: standing.SignedOut},
		"locked":              {err: keychain.ErrLocked, want: standing.Locked, says: "locked"},
		"silent keychain":     {err: keychain.ErrTimeout, want: standing.Locked, says: "does not answer"},
		"dismissed":           {err: errors.Join(keychain.ErrDismissed, keychain.ErrLocked), want: standing.Locked, says: "locked"},
		"no keychain":         {err: keychain.ErrNoService, want: standing.Missing, says: "keychain"},
		"something else":      {err: machine.ErrBroken, want: standing.Unknown, says: "damaged"},
		"a keychain's oddity": {err: keychain.ErrMismatch, want: standing.Unknown, says: "something else"},
	} {
		t.Run(name, func(t *testing.T) {
			got, happened := Judge(c.st, c.err)
			if got != c.want || !strings.Contains(happened, c.says) || (c.says == "") != (happened == "") {
				t.Errorf("%s: %q", got, happened)
			}
		})
	}
}

// An access token is shown to the service as long as it is surely good.
func TestFresh(t *testing.T) {
	at := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		expires, now time.Time
		want         bool
	}{
		"new":                     {at.Add(10 * time.Minute), at, true},
		"a minute left":           {at.Add(10 * time.Minute), at.Add(9 * time.Minute), false},
		"just over a minute left": {at.Add(10 * time.Minute), at.Add(9*time.Minute - time.Second), true},
		"over":                    {at.Add(10 * time.Minute), at.Add(time.Hour), false},
		"no end":                  {time.Time{}, at, false},
		"clock 40 days forward":   {at.Add(10 * time.Minute), at.AddDate(0, 0, 40), false},
		"clock 40 days back":      {at.Add(10 * time.Minute), at.AddDate(0, 0, -40), false},
	} {
		if got := (Access{Got: at, Expires: c.expires}).Fresh(c.now); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
	// A computer that slept: by Go's monotonic clock no time has passed.
	now := time.Now()
	if (Access{Got: now, Expires: now.Add(10 * time.Minute)}).Fresh(now.Round(0).Add(time.Hour)) {
		t.Error("an hour asleep, and the token is still fresh")
	}
}

func TestOwnFirst(t *testing.T) {
	sorted := []string{"localhost:5000", "localhost:8460", "registry.example"}
	for server, want := range map[string]string{
		"http://localhost:8460":    "localhost:8460 localhost:5000 registry.example",
		"https://Registry.example": "registry.example localhost:5000 localhost:8460",
		"https://accounts.example": "localhost:5000 localhost:8460 registry.example",
	} {
		if got := strings.Join(OwnFirst(server, sorted), " "); got != want {
			t.Errorf("%s: %s", server, got)
		}
	}
	if sorted[0] != "localhost:5000" || len(OwnFirst("http://localhost:8460", nil)) != 0 {
		t.Error("what it was given has changed")
	}
}

func TestTries(t *testing.T) {
	if got := Tries("ada", nil); len(got) != 0 {
		t.Errorf("without a registry: %v", got)
	}
	for host, plain := range map[string]bool{"localhost:8460": true, "registry.example": false, "localhosting.example": false} {
		flags := 0
		for _, try := range Tries("ada", []string{host, "other.example"}) {
			if !strings.Contains(try.Line, host) || strings.Contains(try.Line, "other") {
				t.Errorf("%+v", try)
			}
			for _, flag := range []string{"--tls-verify=false", "--insecure", "--tls disabled", "--plain-http"} {
				if strings.Contains(try.Line, flag) {
					flags++
				}
			}
		}
		if plain != (flags > 0) {
			t.Errorf("%s: %d lines with a flag", host, flags)
		}
	}
}
