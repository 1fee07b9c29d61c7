package machine

import (
	"testing"
	"time"
)

func TestOver(t *testing.T) {
	const day = 24 * time.Hour
	birth := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	at := func(d time.Duration) time.Time { return birth.Add(d) }
	life := Life{Ends: at(90 * day), Idle: 30 * day, Touched: birth}
	used := func(l Life, d time.Duration) Life { l.Used = at(d); return l }
	tests := []struct {
		name           string
		life           Life
		now, highWater time.Time
		want           bool
	}{
		{"just born", life, birth, birth, false},
		{"unused for less than the idle period", life, at(30*day - time.Microsecond), birth, false},
		{"unused for the idle period", life, at(30 * day), birth, true},
		{"used in between", used(life, 20*day), at(49 * day), birth, false},
		{"used, then not for the idle period", used(life, 20*day), at(50 * day), birth, true},
		{"used before the refresh", Life{Ends: life.Ends, Idle: life.Idle, Touched: at(25 * day), Used: at(day)}, at(54 * day), birth, false},
		{"used daily, day 89", used(life, 88*day), at(89 * day), birth, false},
		{"used daily, day 90", used(life, 89*day), at(90 * day), birth, true},
		{"one moment before the absolute end", used(life, 89*day), at(90*day - time.Microsecond), birth, false},
		{"clock set back after the end", used(life, 89*day), at(day), at(91 * day), true},
		{"clock set back after the idle end", life, at(day), at(31 * day), true},
		{"clock set back before the end", life, at(-40 * day), at(29 * day), false},
		{"clock before the birth", life, at(-40 * day), time.Time{}, false},
		{"clock at 1970", life, time.Unix(0, 0), time.Time{}, false},
		{"clock runs ahead", life, at(400 * day), birth, true},
		{"no end known", Life{Idle: 30 * day, Touched: birth}, at(29 * day), birth, false},
		{"no end known, unused", Life{Idle: 30 * day, Touched: birth}, at(30 * day), birth, true},
		{"no idle period", Life{Ends: at(90 * day), Touched: birth}, at(89 * day), birth, false},
		{"nothing known of uses", Life{Ends: at(90 * day), Idle: 30 * day}, at(60 * day), birth, false},
		{"nothing known at all", Life{}, at(9000 * day), at(9000 * day), false},
		{"another zone", life, at(30 * day).In(time.FixedZone("", 14*3600)), birth, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := tt.life.Over(tt.now, tt.highWater); got != tt.want {
				t.Errorf("over: %v", got)
			}
		})
	}
}

// The monotonic clock stands still while a computer sleeps, so two readings of
// it say nothing about the time that passed.
func TestOverIgnoresTheMonotonicClock(t *testing.T) {
	now := time.Now()
	l := Life{Ends: now.Round(0).Add(-time.Second)}
	if !l.Over(now, time.Time{}) {
		t.Error("past its end by the wall, and not over")
	}
	if end, _ := (Life{Ends: now}).End(); end != end.Round(0) {
		t.Errorf("the end %v has a monotonic part", end)
	}
}
