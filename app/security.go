package app

import (
	"context"
	"strings"

	"lanyard/backend/client"
	"lanyard/backend/signin"
)

// Security is bound: where the account is signed in, and who tried to.
type Security struct{ core *core }

// SecurityView is that.
type SecurityView struct {
	Sessions []SessionRowView `json:"sessions"`
	SignIns  []SignInView     `json:"signIns"` // the newest first
	Factors  *FactorsView     `json:"factors"` // null: the service does not tell
}

// SessionRowView is a program that is signed in.
type SessionRowView struct {
	ID            string `json:"id"`
	Machine       string `json:"machine"`
	OS            string `json:"os"`
	Client        string `json:"client"`
	ThisComputer  bool   `json:"thisComputer"`
	Began         string `json:"began"`
	LastUsed      string `json:"lastUsed"`
	Address       string `json:"address"`
	Agent         string `json:"agent"`
	Ends          string `json:"ends"`
	IdleEnds      string `json:"idleEnds"`
	TokenLastFour string `json:"tokenLastFour"`
}

// SignInView is somebody signing in, or trying to.
type SignInView struct {
	At      string `json:"at"`
	OK      bool   `json:"ok"`
	What    string `json:"what"` // by what, or why not
	Address string `json:"address"`
	Agent   string `json:"agent"`
}

// FactorsView are the account's second factors.
type FactorsView struct {
	App          bool `json:"app"`
	Passkeys     int  `json:"passkeys"`
	RecoveryLeft int  `json:"recoveryLeft"`
}

// EndedView is how many sessions were ended.
type EndedView struct {
	Ended int `json:"ended"`
}

const (
	signInsShown = 50
	securityPath = "/account/security"
)

// Look asks the service.
func (s *Security) Look() (SecurityView, error) {
	v := SecurityView{Sessions: []SessionRowView{}, SignIns: []SignInView{}}
	err := s.core.asking(quick, func(ctx context.Context, a signin.Access) error {
		sessions, err := a.Server.Sessions(ctx, a.Token)
		if err != nil {
			return tooOld(err, a.Account)
		}
		for _, one := range sessions {
			v.Sessions = append(v.Sessions, SessionRowView{
				ID: one.ID, Machine: one.Machine, OS: one.OS, Client: one.Client, ThisComputer: one.Current, Began: stamp(one.Began),
				LastUsed: stamp(one.LastUsed), Address: one.IP, Agent: one.Agent, Ends: stamp(one.Ends), IdleEnds: stamp(one.IdleBy),
				TokenLastFour: one.TokenLastFour,
			})
		}
		happened, err := a.Server.Activity(ctx, a.Token, client.ActivityQuery{Action: "signin.", Most: signInsShown})
		if untold(err) != nil {
			return err
		}
		for _, e := range happened {
			v.SignIns = append(v.SignIns, signInView(e))
		}
		switch factors, err := a.Server.Factors(ctx, a.Token); {
		case err == nil:
			v.Factors = &FactorsView{App: factors.App, Passkeys: factors.Passkeys, RecoveryLeft: factors.RecoveryLeft}
		case untold(err) != nil:
			return err
		}
		return nil
	})
	return v, err
}

// End ends a session, and what was signed in by it. That of this computer is
// Session's to sign out of, where this computer's half is undone, too.
func (s *Security) End(id string) error {
	defer s.core.soon()
	return s.core.asking(quick, func(ctx context.Context, a signin.Access) error {
		return a.Server.EndSession(ctx, a.Token, id)
	})
}

// EndOthers ends all but this computer's.
func (s *Security) EndOthers() (EndedView, error) {
	var v EndedView
	err := s.core.asking(quick, func(ctx context.Context, a signin.Access) (err error) {
		v.Ended, err = a.Server.EndOtherSessions(ctx, a.Token)
		return tooOld(err, a.Account)
	})
	return v, err
}

// OpenPage opens the page on which password and second factors are changed.
func (s *Security) OpenPage() error {
	account, err := s.core.shownAccount(s.core.Computer)
	if err != nil {
		return err
	}
	if account.Server == client.HubURL {
		return signin.OpenPage(signin.HubPage, "https://app.docker.com", s.core.Open)
	}
	return signin.OpenPage(account.Server+securityPath, account.Server, s.core.Open)
}

func signInView(e client.Event) SignInView {
	v := SignInView{At: stamp(e.At), OK: strings.HasSuffix(e.Action, ".passed"), Address: e.IP, Agent: e.Agent, What: e.Details["by"]}
	if why := e.Details["why"]; !v.OK && why != "" {
		v.What = why
	}
	return v
}

// tooOld says it of a service that does not know what it is asked.
func tooOld(err error, at signin.Account) error {
	switch {
	case untold(err) != nil || err == nil:
		return err
	case at.Server == client.HubURL:
		return errAtHub
	}
	return errTooOld
}
