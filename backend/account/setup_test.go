package account

import (
	"errors"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

func newSetup() (*Setup, *time.Time) {
	now := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	return &Setup{Now: func() time.Time { return now }}, &now
}

func TestSetupCode(t *testing.T) {
	s, _ := newSetup()
	code := s.Fresh()
	if !regexp.MustCompile(`^[2-9A-HJKMNP-TV-Z]{4}-[2-9A-HJKMNP-TV-Z]{4}-[2-9A-HJKMNP-TV-Z]{4}$`).MatchString(code) {
		t.Errorf("code %s", code)
	}
	for name, c := range map[string]struct {
		typed string
		ok    bool
	}{
		"as shown":       {code, true},
		"lower case":     {strings.ToLower(code), true},
		"without dashes": {strings.ReplaceAll(code, "-", ""), true},
		"with spaces":    {" " + strings.ReplaceAll(code, "-", " ") + " ", true},
		"empty":          {"", false},
		"half":           {code[:7], false},
		"twice":          {code + code, false},
	} {
		t.Run(name, func(t *testing.T) {
			if err := s.Try(c.typed); c.ok != (err == nil) || (err != nil && !errors.Is(err, ErrCode)) {
				t.Errorf("try: %v", err)
			}
		})
	}
}

func TestSetupHasNoCodeAtFirst(t *testing.T) {
	var s Setup
	for _, typed := range []string{"", "ABCD-EFGH-JKLM"} {
		if err := s.Try(typed); !errors.Is(err, ErrCode) {
			t.Errorf("%q: %v", typed, err)
		}
	}
}

func TestSetupTries(t *testing.T) {
	s, _ := newSetup()
	code := s.Fresh()
	for range 3 * setupTries { // a right code costs no try: the password may be refused
		if err := s.Try(code); err != nil {
			t.Fatal(err)
		}
	}
	for range setupTries - 1 {
		_ = s.Try("wrong")
	}
	if err := s.Try(code); err != nil {
		t.Errorf("after nine wrong ones: %v", err)
	}
	_ = s.Try("wrong")
	if err := s.Try(code); !errors.Is(err, ErrCode) {
		t.Errorf("after ten wrong ones: %v", err)
	}
	if err := s.Try(s.Fresh()); err != nil {
		t.Errorf("a fresh one: %v", err)
	}
	if err := s.Try(code); !errors.Is(err, ErrCode) {
		t.Errorf("the code before: %v", err)
	}
}

func TestSetupTriesAtOnce(t *testing.T) {
	s, _ := newSetup()
	code := s.Fresh()
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() { _ = s.Try("wrong") })
	}
	all.Wait()
	if s.Try(code) == nil {
		t.Error("fifty wrong ones at once leave the code alive")
	}
}

func TestSetupCodeExpires(t *testing.T) {
	s, now := newSetup()
	code := s.Fresh()
	*now = now.Add(setupLife - time.Nanosecond)
	if err := s.Try(code); err != nil {
		t.Errorf("in its last moment: %v", err)
	}
	*now = now.Add(time.Nanosecond)
	if err := s.Try(code); !errors.Is(err, ErrCode) {
		t.Errorf("past its time: %v", err)
	}
}

func TestSetupCloses(t *testing.T) {
	s, _ := newSetup()
	code := s.Fresh()
	s.Close()
	for _, typed := range []string{code, ""} {
		if err := s.Try(typed); !errors.Is(err, ErrCode) {
			t.Errorf("%q: %v", typed, err)
		}
	}
}
