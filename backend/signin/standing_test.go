package signin

import (
	"errors"
	"strings"
	"testing"
	"time"

	"lanyard/backend/client"
	"lanyard/backend/keychain"
	"lanyard/backend/machine"
)

func TestJudge(t *testing.T) {
	at := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	says := func(s client.Session) Status { return Status{Session: &s} }
	for name, c := range map[string]struct {
		st   Status
		err  error
		want Standing
		says string
	}{
		"not asked":        {want: Active},
		"active":           {st: says(client.Session{Token: &client.Token{Active: true}}), want: Active},
		"offline":          {st: Status{Offline: client.ErrUnreachable}, want: Offline, says: "does not answer"},
		"deactivated":      {st: says(client.Session{Token: &client.Token{}}), want: Deactivated, says: "deactivated"},
		"evicted":          {st: says(client.Session{TokenLost: &client.Loss{Fate: "evicted", By: "box", At: at}}), want: Replaced, says: "gave way to box on "},
		"evicted, by whom": {st: says(client.Session{TokenLost: &client.Loss{Fate: "evicted", At: at}}), want: Replaced, says: "another computer"},
		"no token":         {st: says(client.Session{}), want: Replaced, says: "no token"},
		"ended":            {err: client.ErrEnded, want: Ended, says: "ended"},
		"locked":           {err: keychain.ErrLocked, want: Locked, says: "locked"},
		"dismissed":        {err: errors.Join(keychain.ErrDismissed, keychain.ErrLocked), want: Locked, says: "locked"},
		"no keychain":      {err: keychain.ErrNoService, want: Missing, says: "keychain"},
		"something else":   {err: machine.ErrBroken, want: Unknown, says: "damaged"},
	} {
		t.Run(name, func(t *testing.T) {
			got, happened := Judge(c.st, c.err)
			if got != c.want || !strings.Contains(happened, c.says) || (c.says == "") != (happened == "") {
				t.Errorf("%s: %q", got, happened)
			}
		})
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
