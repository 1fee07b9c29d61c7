package pages

import (
	"fmt"
	"math"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"lanyard/backend/grant"
)

func (s *site) deviceNow(d grant.Device) grant.Device {
	s.Helper()
	d, err := s.store.Device(s.Context(), d.ID)
	if err != nil {
		s.Fatal(err)
	}
	return d
}

func TestActivate(t *testing.T) {
	for name, c := range map[string]struct{ decision, heading string }{
		"allow":   {"allow", "Signed in"},
		"refuse":  {"cancel", "Refused"},
		"neither": {"", "Refused"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t)
			a := s.account("anna")
			d := s.device()
			p := s.person()
			p.open("/activate")
			p.shows(200, "Sign in")
			p.signIn("anna")
			p.shows(200, "Enter a code", "anna")
			p.submit("user_code", strings.ToLower(d.UserCode[:4]+" "+d.UserCode[4:]))
			p.shows(200, "Allow Lanyard to sign in?", grant.ShownUserCode(d.UserCode), "build-vm", "Just now, from 192.0.2.7",
				"if you started this yourself", "lanyard/0.1 (linux)")
			p.submit("decision", c.decision)
			p.shows(200, c.heading, "You may close this page")
			got := s.deviceNow(d)
			if yes := c.decision == "allow"; got.Denied == yes || (got.Account == a.ID) != yes {
				t.Errorf("decision %+v", got)
			}
		})
	}
}

func TestALinkWithTheCodeDecidesNothing(t *testing.T) {
	s := newSite(t)
	s.account("anna")
	d := s.device()
	p := s.person()
	p.open("/activate?user_code=" + grant.ShownUserCode(d.UserCode))
	p.shows(200, "Sign in", "with the code")
	p.signIn("anna")
	p.shows(200, "Allow Lanyard to sign in?", grant.ShownUserCode(d.UserCode))
	if s.deviceNow(d).Decided() {
		t.Error("decided by a link")
	}
	p.submit("decision", "allow")
	p.shows(200, "Signed in")
}

func TestADeviceIsAnsweredOnce(t *testing.T) {
	s := newSite(t)
	a := s.account("anna")
	d := s.device()
	p := s.person()
	p.open("/activate?user_code=" + d.UserCode)
	p.signIn("anna")
	action, values := p.form()
	values.Set("decision", "allow")
	p.post(action, values)
	p.shows(200, "Signed in")
	values.Set("decision", "cancel")
	p.post(action, values)
	p.shows(409, "This was answered already")
	if got := s.deviceNow(d); got.Account != a.ID || got.Denied {
		t.Errorf("decision %+v", got)
	}
	p.open("/activate?user_code=" + d.UserCode)
	p.shows(422, "Enter a code", "answered already")
}

func TestAYesIsForWhatWasShown(t *testing.T) {
	s := newSite(t)
	s.account("anna")
	s.account("bert")
	shown := s.device()
	s.later(time.Second)
	other := s.device()
	p := s.person()
	p.open("/activate?user_code=" + shown.UserCode)
	p.signIn("anna")
	action, values := p.form()
	values.Set("decision", "allow")
	swapped := url.Values{}
	for k, v := range values {
		swapped[k] = v
	}
	swapped.Set("user_code", other.UserCode)
	p.post(action, swapped)
	p.shows(200, "Allow Lanyard to sign in?", grant.ShownUserCode(other.UserCode))

	p.open("/signin?switch=1")
	p.signIn("bert")
	p.post(action, values)
	p.shows(200, "Allow Lanyard to sign in?", "bert@example.org")
	if s.deviceNow(shown).Decided() || s.deviceNow(other).Decided() {
		t.Error("decided")
	}
}

func TestCodesThatAreNone(t *testing.T) {
	s := newSite(t)
	s.account("anna")
	d := s.device()
	p := s.person()
	p.open("/activate")
	p.signIn("anna")
	for _, typed := range []string{"AEIO-UAEI", "BCDF", "BCDF-GHJK-LMNP", "<script>", "ＢＣＤＦＧＨＪＫ", strings.Repeat("B", 4000)} {
		p.submit("user_code", typed)
		p.shows(422, "Enter a code", "No program waits with this code", `aria-invalid="true"`)
	}
	p.submit("user_code", "")
	p.shows(422, "Enter a code", "Type the code")
	s.later(16 * time.Minute)
	p.submit("user_code", d.UserCode)
	p.shows(422, "Enter a code", "past its time")
}

func TestFiveWrongCodes(t *testing.T) {
	s := newSite(t)
	s.account("anna")
	s.account("bert")
	d := s.device()
	p := s.person()
	p.open("/activate")
	p.signIn("anna")
	for range 10 { // right ones cost nothing
		p.open("/activate?user_code=" + d.UserCode)
		p.shows(200, "Allow Lanyard to sign in?")
	}
	for i := range guessesPerName {
		p.open(fmt.Sprintf("/activate?user_code=BBBBBBB%c", "BCDFG"[i]))
		p.shows(422, "Enter a code")
	}
	p.open("/activate?user_code=" + d.UserCode)
	p.shows(429, "Too many wrong codes")
	if p.head.Get("Retry-After") != "900" {
		t.Errorf("Retry-After %s", p.head.Get("Retry-After"))
	}
	again := s.person() // another browser of the same person is no way around
	again.open("/activate?user_code=" + d.UserCode)
	again.signIn("anna")
	again.shows(429, "Too many wrong codes")
	other := s.person()
	other.open("/activate?user_code=" + d.UserCode)
	other.signIn("bert")
	other.shows(200, "Allow Lanyard to sign in?")
	s.later(guessWindow)
	p.open("/activate")
	p.shows(200, "Enter a code")
	p.submit("user_code", s.device().UserCode)
	p.shows(200, "Allow Lanyard to sign in?")
}

func TestGuessesAtOnce(t *testing.T) {
	var g guesses
	now := time.Now()
	var begun sync.WaitGroup
	tried := make(chan bool, 50)
	hold := make(chan struct{})
	for range 50 {
		begun.Go(func() {
			done, ok := g.begin("anna", "192.0.2.1", now)
			if ok {
				defer done(true)
			}
			tried <- ok
			<-hold
		})
	}
	n := 0
	for range 50 {
		if <-tried {
			n++
		}
	}
	close(hold)
	begun.Wait()
	if n != guessesPerName {
		t.Errorf("%d of 50 tries at once went through", n)
	}
}

func TestGuessesByAddressAndTime(t *testing.T) {
	var g guesses
	now := time.Now()
	try := func(name, addr string) bool {
		done, ok := g.begin(name, addr, now)
		if ok {
			done(true)
		}
		return ok
	}
	for i := range guessesPerAddr {
		if !try(fmt.Sprint(i), "192.0.2.1") {
			t.Fatalf("try %d refused", i)
		}
	}
	if try("another", "192.0.2.1") {
		t.Error("an address has no end")
	}
	if !try("another", "192.0.2.2") {
		t.Error("another address must wait too")
	}
	if now = now.Add(guessWindow); !try("another", "192.0.2.1") {
		t.Error("the window does not pass")
	}
}

func TestGuessesForget(t *testing.T) {
	var g guesses
	now := time.Now()
	for i := range 2 * guessesRemember {
		now = now.Add(time.Millisecond)
		if done, ok := g.begin(fmt.Sprint(i), fmt.Sprint(i), now); ok {
			done(true)
		}
	}
	if len(g.counts) > guessesRemember {
		t.Errorf("%d are kept", len(g.counts))
	}
}

// RFC 8628 §5.1: what one account has as a chance in the life of a code.
func TestChanceOfAGuess(t *testing.T) {
	const codes = 20 * 20 * 20 * 20 * 20 * 20 * 20 * 20
	chance := float64(guessesPerName) / codes
	t.Logf("%d of %d: 2^%.1f", guessesPerName, codes, math.Log2(chance))
	if chance > math.Pow(2, -32) {
		t.Errorf("chance of a guess 2^%.1f", math.Log2(chance))
	}
}
