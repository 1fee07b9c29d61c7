package server

import (
	"strings"
	"testing"

	"lanyard/backend/account"
	"lanyard/backend/activity"
	"lanyard/backend/grant"
)

// What becomes of an account and of its sessions is in its activity, with who
// did it and from where.
func TestRemembered(t *testing.T) {
	s := running(t, nil)
	ctx := activity.With(t.Context(), activity.By{Addr: "192.0.2.1", Agent: "firefox"})
	a, err := s.accounts.Create(ctx, account.New{Name: "ada", Password: "seven green lanterns swaying"})
	if err != nil {
		t.Fatal(err)
	}
	step := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	step(s.accounts.SetPassword(ctx, a.ID, "nine blue lanterns hanging"))
	_, err = s.accounts.SignIn(ctx, "ada", "nine blue lanterns hanging", "192.0.2.1") // changes nothing
	step(err)
	d, err := s.grants.BeginDevice(ctx, grant.Device{ID: grant.DeviceID("code"), Client: "lanyard"})
	step(err)
	step(s.grants.DecideDevice(ctx, d.ID, a.ID, s.config.Now()))
	session, refresh, err := s.grants.RedeemDevice(ctx, "code", "lanyard", grant.Origin{Addr: "192.0.2.2", Agent: "cli"})
	step(err)
	_, _, err = s.grants.Refresh(ctx, refresh, "lanyard") // no event
	step(err)
	step(s.grants.End(ctx, session.ID, grant.WhySignedOut))
	step(s.grants.End(ctx, session.ID, grant.WhySignedOut)) // it had ended
	byOperator := activity.With(t.Context(), activity.By{Name: "the service's own computer"})
	step(s.accounts.SetDisabled(byOperator, a.ID, true))
	step(s.accounts.SetDisabled(byOperator, a.ID, true)) // it was
	step(s.accounts.SetDisabled(byOperator, a.ID, false))
	if err := s.accounts.SetPassword(ctx, a.ID, "short"); err == nil {
		t.Fatal("a short password was taken")
	}

	events, err := s.activity.Page(t.Context(), a.ID, activity.Query{Most: 50})
	step(err)
	var got []string
	for i := len(events) - 1; i >= 0; i-- {
		e := events[i]
		got = append(got, string(e.Action)+" by "+e.ActorName+" "+e.Addr+" "+e.Details["why"])
	}
	want := []string{
		"account.created by ada 192.0.2.1 ", "account.password by ada 192.0.2.1 ", "signin.passed by ada 192.0.2.2 ",
		"session.began by ada 192.0.2.2 ",
		"session.ended by ada 192.0.2.1 signed out",
		"account.disabled by the service's own computer  ", "account.enabled by the service's own computer  ",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}
