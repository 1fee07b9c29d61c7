package activity_test

import (
	"fmt"
	"testing"
	"time"

	"lanyard/backend/activity"
	"lanyard/backend/store/memstore"
)

// guessed is what a play of sign-ins leaves, the oldest first.
func guessed(t *testing.T, play func(try func(addr, why string), pass func(d time.Duration))) []string {
	t.Helper()
	now := noon
	log := &activity.Log{Store: memstore.New(), Now: func() time.Time { return now }}
	signIns := &activity.SignIns{Log: log}
	play(func(addr, why string) {
		if err := signIns.Note(t.Context(), activity.SignIn{Account: "ada", Name: "ada", By: "password", Why: why, Addr: addr, Agent: "curl"}); err != nil {
			t.Fatal(err)
		}
	}, func(d time.Duration) {
		if now = now.Add(d); signIns.Flush(t.Context(), d == 0) != nil {
			t.Fatal("not flushed")
		}
	})
	all, err := log.Page(t.Context(), "ada", activity.Query{Most: 1000})
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, e := range all {
		out = append([]string{fmt.Sprintf("%s %s %s by=%s why=%s tries=%s %s", e.At.Format("15:04:05"), e.Action, e.Addr, e.Details["by"], e.Details["why"], e.Details["tries"], e.ActorName)}, out...)
	}
	return out
}

func TestSignIns(t *testing.T) {
	const one, other = "192.0.2.1", "192.0.2.2"
	for what, c := range map[string]struct {
		play func(try func(addr, why string), pass func(time.Duration))
		want []string
	}{
		"passed": {func(try func(string, string), _ func(time.Duration)) { try(one, "") },
			[]string{"12:00:00 signin.passed 192.0.2.1 by=password why= tries= ada"}},
		"the first refusal at once": {func(try func(string, string), _ func(time.Duration)) { try(one, "wrong"); try(one, "wrong") },
			[]string{"12:00:00 signin.refused 192.0.2.1 by=password why=wrong tries=1 "}},
		"the others after a minute, as one": {func(try func(string, string), pass func(time.Duration)) {
			for range 5 {
				try(one, "wrong")
				pass(time.Second)
			}
			try(one, "too many tries")
			pass(54 * time.Second)
			pass(time.Second)
			pass(time.Hour)
		}, []string{"12:00:00 signin.refused 192.0.2.1 by=password why=wrong tries=1 ", "12:00:05 signin.refused 192.0.2.1 by=password why=too many tries tries=5 "}},
		"what is left at the end": {func(try func(string, string), pass func(time.Duration)) {
			try(one, "wrong")
			try(one, "wrong")
			pass(0)
			pass(0)
		}, []string{"12:00:00 signin.refused 192.0.2.1 by=password why=wrong tries=1 ", "12:00:00 signin.refused 192.0.2.1 by=password why=wrong tries=1 "}},
		"each address by itself, a sign-in between": {func(try func(string, string), _ func(time.Duration)) {
			try(one, "wrong")
			try(other, "wrong")
			try(other, "")
			try(one, "wrong")
		}, []string{"12:00:00 signin.refused 192.0.2.1 by=password why=wrong tries=1 ", "12:00:00 signin.refused 192.0.2.2 by=password why=wrong tries=1 ", "12:00:00 signin.passed 192.0.2.2 by=password why= tries= ada"}},
		"one /64 is one": {func(try func(string, string), _ func(time.Duration)) {
			for i := range 100 {
				try(fmt.Sprintf("2001:db8::%x", i), "wrong")
			}
		}, []string{"12:00:00 signin.refused 2001:db8::0 by=password why=wrong tries=1 "}},
	} {
		if got := guessed(t, c.play); fmt.Sprint(got) != fmt.Sprint(c.want) {
			t.Errorf("%s:\n%q\nwant\n%q", what, got, c.want)
		}
	}
}

// Whoever has many addresses fills nothing either.
func TestSignInsFromEverywhere(t *testing.T) {
	got := guessed(t, func(try func(string, string), pass func(time.Duration)) {
		for minute := range 3 {
			for i := range 1000 {
				try(fmt.Sprintf("198.51.%d.%d", minute*4+i/250, i%250), "wrong")
			}
			pass(time.Minute)
		}
		pass(time.Minute)
		pass(time.Minute)
	})
	if len(got) > 3*22 {
		t.Errorf("%d lines", len(got))
	}
	tries := 0
	for _, line := range got {
		var n int
		if _, err := fmt.Sscanf(line[len(line)-len("tries=9999 "):], "tries=%d", &n); err != nil {
			for i := range line {
				if m, _ := fmt.Sscanf(line[i:], "tries=%d", &n); m == 1 {
					break
				}
			}
		}
		tries += n
	}
	if tries != 3000 {
		t.Errorf("of 3000 tries %d are told", tries)
	}
}
