package registry

import (
	"fmt"
	"testing"
	"time"
)

func TestRecent(t *testing.T) {
	start := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	app := act{"alice", "alice/app"}
	for name, c := range map[string]struct {
		uses []use
		addr string
		at   time.Duration
		want string
	}{
		"nobody":                      {},
		"the address":                 {uses: []use{{addr: "192.0.2.1", token: "a"}, {addr: "192.0.2.2", token: "b"}}, addr: "192.0.2.1", want: "a"},
		"the last at the address":     {uses: []use{{addr: "192.0.2.1", token: "a"}, {addr: "192.0.2.1", token: "b"}}, addr: "192.0.2.1", want: "b"},
		"by password":                 {uses: []use{{addr: "192.0.2.1", token: "a"}, {addr: "192.0.2.1"}}, addr: "192.0.2.1"},
		"one, seen from elsewhere":    {uses: []use{{addr: "192.0.2.1", token: "a"}, {addr: "192.0.2.2", token: "a"}}, addr: "10.0.0.1", want: "a"},
		"two, seen from elsewhere":    {uses: []use{{addr: "192.0.2.1", token: "a"}, {addr: "192.0.2.2", token: "b"}}, addr: "10.0.0.1"},
		"a password and one":          {uses: []use{{addr: "192.0.2.1"}, {addr: "192.0.2.2", token: "b"}}, addr: "10.0.0.1"},
		"as long as a registry takes": {uses: []use{{addr: "192.0.2.1", token: "a"}}, addr: "192.0.2.1", at: recentLife - 1, want: "a"},
		"and no longer":               {uses: []use{{addr: "192.0.2.1", token: "a"}}, addr: "192.0.2.1", at: recentLife},
	} {
		t.Run(name, func(t *testing.T) {
			var p recent
			for _, u := range c.uses {
				u.until = start.Add(recentLife)
				p.add(app, &u, start)
			}
			if got := p.of(app, c.addr, start.Add(c.at)); got != c.want {
				t.Errorf("%q, want %q", got, c.want)
			}
			if got := p.of(act{"bob", "alice/app"}, c.addr, start); got != "" {
				t.Errorf("another's: %q", got)
			}
		})
	}
}

func TestRecentIsBounded(t *testing.T) {
	var p recent
	start := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	for i := range maxRecent + 100 {
		p.add(act{"alice", fmt.Sprint(i)}, &use{"192.0.2.1", "a", start.Add(recentLife)}, start)
	}
	if len(p.all) != maxRecent || len(p.queue) != maxRecent || p.of(act{"alice", "99"}, "", start) != "" || p.of(act{"alice", "100"}, "", start) != "a" {
		t.Errorf("%d and %d are kept", len(p.all), len(p.queue))
	}
	for range 2 * maxRecent { // one client, again and again
		p.add(act{"alice", "x"}, &use{"192.0.2.1", "a", start.Add(recentLife)}, start)
	}
	if len(p.all) != 1 || len(p.queue) != maxRecent {
		t.Errorf("%d and %d are kept of one", len(p.all), len(p.queue))
	}
	later := start.Add(recentLife)
	p.add(act{"bob", "x"}, &use{"192.0.2.1", "b", later.Add(recentLife)}, later)
	if len(p.all) != 1 || len(p.queue) != 1 {
		t.Errorf("%d and %d are kept past their time", len(p.all), len(p.queue))
	}
}

func TestRepeatsAreBounded(t *testing.T) {
	var p repeats
	start := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	for i := range maxRepeats + 1 {
		p.add("alice", fmt.Sprint(i), "192.0.2.1", errRefresh, start)
	}
	if len(p.all) != maxRepeats {
		t.Errorf("%d are kept", len(p.all))
	}
	p.add("alice", "later", "192.0.2.1", errRefresh, start.Add(repeatLife))
	if len(p.all) != 1 {
		t.Errorf("%d are kept past their time", len(p.all))
	}
}
