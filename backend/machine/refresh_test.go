package machine

import (
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func TestRefreshDue(t *testing.T) {
	const day = 24 * time.Hour
	at := func(d time.Duration) time.Time { return noon.Add(d) }
	life := Life{Ends: at(90 * day), Idle: 30 * day, Touched: noon}
	used := life
	used.Used = at(9 * day)
	unknown := life
	unknown.Touched = time.Time{}
	noIdle := life
	noIdle.Idle = 0
	for _, tt := range []struct {
		name  string
		life  Life
		now   time.Time
		state State
		want  bool
	}{
		{"just signed in", life, noon, State{}, false},
		{"one moment before a third of the idle period", life, at(10*day - time.Microsecond), State{}, false},
		{"a third of the idle period", life, at(10 * day), State{}, true},
		{"a use is no refresh", used, at(10 * day), State{}, true},
		{"never heard of", unknown, noon, State{}, true},
		{"nothing known at all", Life{}, noon, State{}, true},
		{"no idle period, new", noIdle, at(day - time.Microsecond), State{}, false},
		{"no idle period, after a day", noIdle, at(day), State{}, true},
		{"past its end", life, at(31 * day), State{}, false},
		{"past its end by the high-water mark", life, noon, State{HighWater: at(31 * day)}, false},
		{"to be removed", life, at(10 * day), State{Tombstones: map[string]time.Time{"token/x/ann": noon}}, false},
		{"clock set back a little", life, at(-5 * time.Minute), State{}, false},
		{"clock set back 40 days", life, at(-40 * day), State{}, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := tt.state.RefreshDue("token/x/ann", tt.life, tt.now); got != tt.want {
				t.Errorf("due: %v", got)
			}
		})
	}
}

func TestClaimRefreshOnceAnHour(t *testing.T) {
	f := StateFile{Dir: filepath.Join(t.TempDir(), "state")}
	claim := func(at time.Time) bool {
		t.Helper()
		ok, err := f.ClaimRefresh(at)
		if err != nil {
			t.Fatal(err)
		}
		return ok
	}
	var yes atomic.Int32
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			if ok, err := f.ClaimRefresh(noon); err != nil {
				t.Error(err)
			} else if ok {
				yes.Add(1)
			}
		})
	}
	wg.Wait()
	if got := yes.Load(); got != 1 {
		t.Errorf("%d of 50 programs were told to refresh", got)
	}
	for _, tt := range []struct {
		name string
		at   time.Time
		want bool
	}{
		{"59 minutes later", noon.Add(59 * time.Minute), false},
		{"an hour later", noon.Add(time.Hour), true},
		{"the same moment", noon.Add(time.Hour), false},
		{"the clock was set back 40 days", noon.AddDate(0, 0, -40), true},
		{"and forward again", noon, true},
	} {
		if got := claim(tt.at); got != tt.want {
			t.Errorf("%s: %v", tt.name, got)
		}
	}
}
