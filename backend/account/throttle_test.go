package account

import (
	"fmt"
	"testing"
	"time"
)

func TestThrottle(t *testing.T) {
	var th throttle
	now := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	wrong := func() bool {
		return th.allow("anna", "192.0.2.1", now) && th.settle("anna", "192.0.2.1", wasWrong, now)
	}
	for i := range freeFailures {
		if !wrong() {
			t.Fatalf("try %d waits", i)
		}
	}
	if wrong() {
		t.Error("no wait after ten wrong ones")
	}
	if !th.allow("anna", "192.0.2.2", now) || !th.allow("bert", "192.0.2.1", now) {
		t.Error("a stranger's guesses keep others out")
	}
	for range 3 {
		now = now.Add(failureEvery - time.Nanosecond)
		if wrong() {
			t.Error("a try too early")
		}
		now = now.Add(time.Nanosecond)
		if !wrong() {
			t.Error("no try after the wait")
		}
		if wrong() {
			t.Error("two tries after one wait")
		}
	}
	now = now.Add(failureEvery)
	if !th.allow("anna", "192.0.2.1", now) || !th.settle("anna", "192.0.2.1", wasRight, now) {
		t.Error("the right one is refused")
	}
	for range freeFailures {
		if !wrong() {
			t.Error("the right one forgives nothing")
		}
	}
}

// Many tries that all began before any was counted tell no more than ten do,
// whichever of them is right.
func TestThrottleAtOnce(t *testing.T) {
	for name, right := range map[string]int{"the right one is among the first": 4, "the right one comes later": 30} {
		t.Run(name, func(t *testing.T) {
			var th throttle
			now := time.Now()
			for range 50 {
				if !th.allow("anna", "192.0.2.1", now) {
					t.Fatal("refused before anything was wrong")
				}
			}
			told, found := 0, false
			for i := range 50 {
				if i == right {
					found = th.settle("anna", "192.0.2.1", wasRight, now)
					break
				}
				if th.settle("anna", "192.0.2.1", wasWrong, now) {
					told++
				}
			}
			if told > freeFailures || found != (right < freeFailures) {
				t.Errorf("%d wrong ones were told, found %v", told, found)
			}
		})
	}
}

func TestThrottleForgetsTheStalest(t *testing.T) {
	var th throttle
	start := time.Now()
	for i := range maxThrottled + 100 {
		th.settle(fmt.Sprint(i), "192.0.2.1", wasWrong, start.Add(time.Duration(i)))
	}
	if len(th.pairs) != maxThrottled {
		t.Errorf("%d are kept", len(th.pairs))
	}
	if _, kept := th.pairs[pair{"99", "192.0.2.1"}]; kept {
		t.Error("the stalest is kept")
	}
	if _, kept := th.pairs[pair{"100", "192.0.2.1"}]; !kept {
		t.Error("a fresher one went first")
	}
}
