package grant

import (
	"errors"
	"strings"
	"testing"
	"time"
)

// C7: one code, however it is typed, and no other.
func TestNormalUserCode(t *testing.T) {
	for name, c := range map[string]struct {
		typed, want string
		ok          bool
	}{
		"as shown":              {"BCDF-GHJK", "BCDFGHJK", true},
		"lower case":            {"bcdf-ghjk", "BCDFGHJK", true},
		"without dash":          {"BCDFGHJK", "BCDFGHJK", true},
		"spaces":                {" BCDF  GHJK ", "BCDFGHJK", true},
		"dashes anywhere":       {"B-C-D-F-GHJK", "BCDFGHJK", true},
		"too short":             {"BCDF-GHJ", "", false},
		"too long":              {"BCDF-GHJKL", "", false},
		"a vowel":               {"BCDF-GHJA", "", false},
		"a digit":               {"BCDF-GHJ1", "", false},
		"a look-alike":          {"BCDF-GHJК", "", false}, // Cyrillic
		"a long s":              {"BCDF-GHJſ", "", false}, // upper case of it is S
		"the Kelvin sign":       {"BCDF-GHJ\u212a", "", false},
		"full width":            {"ＢCDF-GHJK", "", false},
		"empty":                 {"", "", false},
		"dashes only":           {"--------", "", false},
		"very long":             {strings.Repeat("B", 1_000_000), "", false},
		"a code and a line end": {"BCDF-GHJK\n", "", false},
		"letters, then garbage": {"BCDFGHJK<script>", "", false},
	} {
		t.Run(name, func(t *testing.T) {
			if got, ok := NormalUserCode(c.typed); got != c.want || ok != c.ok {
				t.Errorf("got %q, %v", got, ok)
			}
		})
	}
}

func TestNewUserCode(t *testing.T) {
	seen := map[string]bool{}
	for range 1000 {
		code := NewUserCode()
		if normal, ok := NormalUserCode(ShownUserCode(code)); !ok || normal != code || len(ShownUserCode(code)) != 9 {
			t.Fatalf("%q is shown as %q and read as %q", code, ShownUserCode(code), normal)
		}
		seen[code] = true
	}
	if len(seen) < 999 {
		t.Errorf("%d different of 1000", len(seen))
	}
	if got := ShownUserCode("x"); got != "x" {
		t.Errorf("shown %q", got)
	}
}

func TestDeviceRedeemable(t *testing.T) {
	at := func(change func(*Device)) Device {
		d := Device{CreatedAt: noon, ExpiresAt: noon.Add(deviceLife), Account: "alice"}
		if change != nil {
			change(&d)
		}
		return d
	}
	for name, c := range map[string]struct {
		device Device
		after  time.Duration
		want   error
	}{
		"approved":                      {at(nil), 0, nil},
		"approved, a second before end": {at(nil), deviceLife - time.Second, nil},
		"approved, at the end":          {at(nil), deviceLife, ErrExpired},
		"undecided":                     {at(func(d *Device) { d.Account = "" }), 0, ErrPending},
		"undecided, at the end":         {at(func(d *Device) { d.Account = "" }), deviceLife, ErrExpired},
		"denied":                        {at(func(d *Device) { d.Account, d.Denied = "", true }), 0, ErrDenied},
		"redeemed":                      {at(func(d *Device) { d.Session = "s" }), 0, ErrUsed},
		"redeemed, at the end":          {at(func(d *Device) { d.Session = "s" }), deviceLife, ErrUsed},
	} {
		t.Run(name, func(t *testing.T) {
			if err := c.device.redeemable(noon.Add(c.after)); !errors.Is(err, c.want) {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestRequestRedeemable(t *testing.T) {
	good := Request{CreatedAt: noon, Account: "alice", CodeAt: noon}
	for name, c := range map[string]struct {
		change func(*Request)
		after  time.Duration
		want   error
	}{
		"good":             {func(*Request) {}, codeLife - time.Second, nil},
		"after a minute":   {func(*Request) {}, codeLife, ErrExpired},
		"undecided":        {func(r *Request) { r.Account = "" }, 0, ErrDenied},
		"denied":           {func(r *Request) { r.Account, r.Denied = "", true }, 0, ErrDenied},
		"redeemed":         {func(r *Request) { r.Session = "s" }, 0, ErrUsed},
		"redeemed, later":  {func(r *Request) { r.Session = "s" }, time.Hour, ErrUsed},
		"never had a code": {func(r *Request) { r.CodeAt = time.Time{} }, 0, ErrExpired},
	} {
		t.Run(name, func(t *testing.T) {
			r := good
			c.change(&r)
			if err := r.redeemable(noon.Add(c.after)); !errors.Is(err, c.want) {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestRequestOpenAndForgotten(t *testing.T) {
	r := Request{CreatedAt: noon}
	if !r.Open(noon.Add(requestLife-time.Second)) || r.Open(noon.Add(requestLife)) {
		t.Error("open at the wrong time")
	}
	if r.Forgotten(noon.Add(requestLife)) || !r.Forgotten(noon.Add(requestLife+time.Second)) {
		t.Error("forgotten at the wrong time")
	}
	r.Session, r.CodeAt = "s", noon // spent: known for a day, so that reuse is noticed
	if r.Open(noon) || r.Forgotten(noon.Add(day)) || !r.Forgotten(noon.Add(day+time.Second)) {
		t.Error("spent, open or forgotten at the wrong time")
	}
	if (Request{}).BegunBy("") {
		t.Error("nobody's request is everybody's")
	}
}
