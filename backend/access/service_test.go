package access_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"lanyard/backend/access"
	"lanyard/backend/account"
	"lanyard/backend/activity"
	"lanyard/backend/store/memstore"
)

// town is a service over a store in memory with people: root administers,
// oona owns acme, of which max is a member; eve is somebody else.
type town struct {
	*access.Service
	db *memstore.DB
}

var morning = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)

func newTown(t *testing.T) town {
	t.Helper()
	db := memstore.New()
	clock := morning
	now := func() time.Time { clock = clock.Add(time.Second); return clock }
	s := &access.Service{Store: db, Log: &activity.Log{Store: db, Now: now}, Now: now, Rights: access.Rights{Reserved: []string{"users"}, Host: "localhost:8460"}}
	for _, name := range []string{"root", "oona", "max", "eve"} {
		if err := db.CreateAccount(t.Context(), account.Account{ID: "id-" + name, Name: name, Admin: name == "root"}, false); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.CreateOrganization(t.Context(), actor("root"), "acme", "", "id-oona"); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Join(t.Context(), actor("oona"), "acme", "id-max", "max", false); err != nil {
		t.Fatal(err)
	}
	return town{s, db}
}

func actor(name string) access.Actor {
	return access.Actor{By: activity.By{Account: "id-" + name, Name: name, Addr: "192.0.2.1"}, Admin: name == "root"}
}

// state is all that is kept, in words.
func (w town) state(t *testing.T) string {
	t.Helper()
	all, err := w.db.Organizations(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	repositories, err := w.db.Repositories(t.Context(), "", 100)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%+v %+v", all, repositories)
}

// Whatever is refused changes nothing.
func TestRefused(t *testing.T) {
	w := newTown(t)
	ctx := t.Context()
	if _, err := w.SetTeam(ctx, actor("oona"), "acme", "dev", func(g access.Team, _ bool) (access.Team, error) { return g, nil }); err != nil {
		t.Fatal(err)
	}
	if _, err := w.CreateRepository(ctx, actor("oona"), "acme/app", "", false); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Give(ctx, actor("oona"), "acme/app", access.Given{Person: "id-eve", Right: access.MayRead}, "eve"); err != nil {
		t.Fatal(err)
	}
	before := w.state(t)
	set := func(who, org, team string, change func(access.Team) access.Team) func(context.Context) error {
		return func(ctx context.Context) error {
			_, err := w.SetTeam(ctx, actor(who), org, team, func(g access.Team, _ bool) (access.Team, error) { return change(g), nil })
			return err
		}
	}
	give := func(who, name string, to access.Given, called string) func(context.Context) error {
		return func(ctx context.Context) error {
			_, err := w.Give(ctx, actor(who), name, to, called)
			return err
		}
	}
	same := func(g access.Team) access.Team { return g }
	for what, c := range map[string]struct {
		do   func(context.Context) error
		want error
	}{
		"an organisation by no administrator": {func(ctx context.Context) error {
			_, err := w.CreateOrganization(ctx, actor("oona"), "other", "", "id-oona")
			return err
		}, access.ErrForbidden},
		"an organisation with a person's name": {func(ctx context.Context) error {
			_, err := w.CreateOrganization(ctx, actor("root"), "eve", "", "id-oona")
			return err
		}, access.ErrTaken},
		"an organisation twice": {func(ctx context.Context) error {
			_, err := w.CreateOrganization(ctx, actor("root"), "acme", "", "id-oona")
			return err
		}, access.ErrTaken},
		"deleting one that has repositories": {func(ctx context.Context) error { return w.DeleteOrganization(ctx, actor("oona"), "acme") }, access.ErrNotEmpty},
		"deleting another's":                 {func(ctx context.Context) error { return w.DeleteOrganization(ctx, actor("eve"), "acme") }, access.ErrNotFound},
		"deleting by a member":               {func(ctx context.Context) error { return w.DeleteOrganization(ctx, actor("max"), "acme") }, access.ErrForbidden},
		"the last owner leaves": {func(ctx context.Context) error {
			_, err := w.Leave(ctx, actor("oona"), "acme", "id-oona", "oona")
			return err
		}, access.ErrLastOwner},
		"the last owner becomes a member": {func(ctx context.Context) error {
			_, err := w.Join(ctx, actor("root"), "acme", "id-oona", "oona", false)
			return err
		}, access.ErrLastOwner},
		"a member makes himself an owner": {func(ctx context.Context) error {
			_, err := w.Join(ctx, actor("max"), "acme", "id-max", "max", true)
			return err
		}, access.ErrForbidden},
		"a member takes another out": {func(ctx context.Context) error {
			_, err := w.Leave(ctx, actor("max"), "acme", "id-oona", "oona")
			return err
		}, access.ErrForbidden},
		"who is no member leaves": {func(ctx context.Context) error {
			_, err := w.Leave(ctx, actor("oona"), "acme", "id-eve", "eve")
			return err
		}, access.ErrNotFound},
		"a team by a member":              {set("max", "acme", "new", same), access.ErrForbidden},
		"a team by somebody else":         {set("eve", "acme", "new", same), access.ErrNotFound},
		"a team with a bad name":          {set("oona", "acme", "New Team", same), access.ErrInvalid},
		"a team with who is no member":    {set("oona", "acme", "dev", func(g access.Team) access.Team { g.Members = []string{"id-eve"}; return g }), access.ErrInvalid},
		"a team with a long description":  {set("oona", "acme", "dev", func(g access.Team) access.Team { g.Description = strings.Repeat("x", 501); return g }), access.ErrInvalid},
		"a right by a member":             {give("max", "acme/app", access.Given{Person: "id-max", Right: access.MayRead}, "max"), access.ErrNotFound},
		"a right by who may only read":    {give("eve", "acme/app", access.Given{Person: "id-eve", Right: access.MayAdmin}, "eve"), access.ErrForbidden},
		"a right for a team that is none": {give("oona", "acme/app", access.Given{Team: "none", Right: access.MayRead}, ""), access.ErrNotFound},
		"a right for a team of a person":  {give("eve", "eve/app", access.Given{Team: "dev", Right: access.MayRead}, ""), access.ErrInvalid},
		"a right for whose name it is":    {give("eve", "eve/app", access.Given{Person: "id-eve", Right: access.MayRead}, "eve"), access.ErrInvalid},
		"a right that nobody has goes":    {give("oona", "acme/app", access.Given{Person: "id-max"}, "max"), access.ErrNotFound},
		"a repository under a reserved one": {func(ctx context.Context) error {
			_, err := w.CreateRepository(ctx, actor("root"), "users/app", "", false)
			return err
		}, access.ErrInvalid},
		"a repository with a bad name": {func(ctx context.Context) error {
			_, err := w.CreateRepository(ctx, actor("eve"), "eve/../app", "", false)
			return err
		}, access.ErrInvalid},
		"a repository with a host": {func(ctx context.Context) error {
			_, err := w.CreateRepository(ctx, actor("eve"), "h:80/eve/app", "", false)
			return err
		}, access.ErrInvalid},
		"a repository of another": {func(ctx context.Context) error {
			_, err := w.CreateRepository(ctx, actor("eve"), "max/app", "", false)
			return err
		}, access.ErrForbidden},
		"a repository twice": {func(ctx context.Context) error {
			_, err := w.CreateRepository(ctx, actor("oona"), "acme/app", "", false)
			return err
		}, access.ErrTaken},
		"visibility by who may only read": {func(ctx context.Context) error {
			_, err := w.SetVisibility(ctx, actor("eve"), "acme/app", true)
			return err
		}, access.ErrForbidden},
		"visibility by who may not see it": {func(ctx context.Context) error {
			_, err := w.SetVisibility(ctx, actor("max"), "acme/app", true)
			return err
		}, access.ErrNotFound},
		"an administrator, nobody's name": {func(ctx context.Context) error {
			_, err := w.SetVisibility(ctx, actor("root"), "nobody/app", true)
			return err
		}, access.ErrNotFound},
		"deleting by who may only read": {func(ctx context.Context) error { return w.DeleteRepository(ctx, actor("eve"), "acme/app") }, access.ErrForbidden},
		"deleting what is not there":    {func(ctx context.Context) error { return w.DeleteRepository(ctx, actor("oona"), "acme/none") }, access.ErrNotFound},
	} {
		if err := c.do(ctx); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", what, err, c.want)
		}
		if after := w.state(t); after != before {
			t.Fatalf("%s: changed\n%s\nto\n%s", what, before, after)
		}
	}
}

// A change of rights is seen by the next decision, and is in the activity.
func TestRightsFollowAtOnce(t *testing.T) {
	w := newTown(t)
	ctx := t.Context()
	max := access.Subject{ID: "id-max", Name: "max", Level: access.Admin}
	may := func(action string) bool {
		t.Helper()
		e, err := w.Explain(ctx, max, "acme/app", action, true)
		if err != nil {
			t.Fatal(err)
		}
		return e.Allowed
	}
	step := func(what string, err error, pull, push, del bool) {
		t.Helper()
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		if got := [3]bool{may(access.Pull), may(access.Push), may(access.Delete)}; got != [3]bool{pull, push, del} {
			t.Errorf("%s: pull, push, delete %v", what, got)
		}
	}
	step("a member", nil, false, false, false)
	_, err := w.Give(ctx, actor("oona"), "acme/app", access.Given{Person: "id-max", Right: access.MayRead}, "max")
	step("given read", err, true, false, false)
	_, err = w.SetTeam(ctx, actor("oona"), "acme", "dev", func(g access.Team, found bool) (access.Team, error) {
		g.Members, g.Right = []string{"id-max"}, access.MayWrite
		return g, nil
	})
	step("in a team that writes", err, true, true, false)
	_, err = w.Give(ctx, actor("oona"), "acme/app", access.Given{Team: "dev", Right: access.MayAdmin}, "")
	step("the team was given all", err, true, true, true)
	_, err = w.DeleteTeam(ctx, actor("oona"), "acme", "dev")
	step("the team is gone", err, true, false, false)
	_, err = w.SetTeam(ctx, actor("oona"), "acme", "dev", func(g access.Team, found bool) (access.Team, error) {
		if found || g.Right != "" {
			t.Errorf("the team is there again: %+v", g)
		}
		g.Members = []string{"id-max"}
		return g, nil
	})
	step("another of its name", err, true, false, false)
	_, err = w.DeleteTeam(ctx, actor("oona"), "acme", "dev")
	step("and that gone, too", err, true, false, false)
	_, err = w.Join(ctx, actor("root"), "acme", "id-max", "max", true)
	step("an owner", err, true, true, true)
	_, err = w.Leave(ctx, actor("max"), "acme", "id-max", "max")
	step("gone, but given read", err, true, false, false)
	_, err = w.Give(ctx, actor("oona"), "acme/app", access.Given{Person: "id-max"}, "max")
	step("that taken away", err, false, false, false)
	_, err = w.SetVisibility(ctx, actor("oona"), "acme/app", true)
	step("public", err, true, false, false)

	log := &activity.Log{Store: w.db, Now: func() time.Time { return morning }}
	for name, want := range map[string]int{"id-oona": 9, "id-max": 5, "id-eve": 0} {
		if events, err := log.Page(ctx, name, activity.Query{Most: 100}); err != nil || len(events) != want {
			t.Errorf("%d events of %s, %v: %+v", len(events), name, err, events)
		}
	}
	events, err := log.Page(ctx, "id-oona", activity.Query{Most: 1})
	if err != nil || events[0].Action != activity.RepositoryVisible || events[0].Details["to"] != "public" || events[0].Addr != "192.0.2.1" {
		t.Errorf("%d events, %+v, %v", len(events), events, err)
	}
}

func TestVisible(t *testing.T) {
	w := newTown(t)
	ctx := t.Context()
	for i := range 450 {
		who, name := "oona", fmt.Sprintf("acme/r%03d", i)
		if i%3 == 0 {
			who, name = "eve", fmt.Sprintf("eve/r%03d", i)
		}
		if _, err := w.CreateRepository(ctx, actor(who), name, "", i%10 == 0); err != nil {
			t.Fatal(err)
		}
	}
	count := func(who access.Subject, namespace string) (n int) {
		t.Helper()
		for after := ""; ; {
			page, err := w.Visible(ctx, who, after, namespace, 40)
			if err != nil {
				t.Fatal(err)
			}
			n += len(page)
			if len(page) < 40 {
				return n
			}
			after = page[len(page)-1].Name
		}
	}
	oona, eve := access.Subject{ID: "id-oona", Name: "oona", Level: access.Admin}, access.Subject{ID: "id-eve", Name: "eve", Level: access.PublicRead}
	for what, c := range map[string]struct {
		who       access.Subject
		namespace string
		want      int
	}{
		"an owner": {oona, "", 300 + 15}, "an owner, there": {oona, "acme", 300}, "elsewhere": {oona, "eve", 15},
		"anonymous": {access.Subject{}, "", 45}, "a token for what is public": {eve, "", 45}, "a namespace that is a prefix": {oona, "acm", 0},
	} {
		if got := count(c.who, c.namespace); got != c.want {
			t.Errorf("%s: %d, want %d", what, got, c.want)
		}
	}
}

// What registries tell is written with the next Flush, not before; a first
// push makes the repository, a pull of what nobody pushed does not.
func TestSeen(t *testing.T) {
	w := newTown(t)
	ctx := t.Context()
	at := morning.Add(time.Minute)
	seen := func(all ...access.Seen) {
		t.Helper()
		if err := w.Service.Seen(ctx, all...); err != nil {
			t.Fatal(err)
		}
	}
	seen(
		access.Seen{Action: access.Pull, Repository: "eve/none", Subject: "eve", At: at},
		access.Seen{Action: access.Push, Repository: "eve/app", Subject: "eve", Token: "t1", Tag: "1", At: at},
		access.Seen{Action: access.Pull, Repository: "eve/app", Subject: "max", Addr: "192.0.2.7", Agent: "docker", At: at.Add(time.Second)},
		access.Seen{Action: access.Pull, Repository: "eve/app", Subject: "late", At: at.Add(-time.Hour)},
		access.Seen{Action: access.Pull, Repository: "NO/../name", At: at},
		access.Seen{Action: "fly", Repository: "eve/app", At: at},
	)
	if all, _ := w.db.Repositories(ctx, "", 9); len(all) != 0 {
		t.Errorf("written before Flush: %+v", all)
	}
	if err := w.Flush(ctx); err != nil {
		t.Fatal(err)
	}
	all, _ := w.db.Repositories(ctx, "", 9)
	if len(all) != 1 || all[0].Name != "eve/app" || all[0].Pulls != 2 || all[0].Pushes != 1 ||
		all[0].LastPush != (access.Touch{At: at, By: "eve", Token: "t1", Tag: "1"}) ||
		all[0].LastPull != (access.Touch{At: at.Add(time.Second), By: "max", Addr: "192.0.2.7", Agent: "docker"}) {
		t.Errorf("%+v", all)
	}
	if err := w.Flush(ctx); err != nil {
		t.Fatal(err)
	}
	if again, _ := w.db.Repositories(ctx, "", 9); again[0].Pulls != 2 {
		t.Errorf("counted twice: %+v", again)
	}
	// While the store cannot write nothing is lost.
	broken, cancel := context.WithCancel(ctx)
	cancel()
	seen(access.Seen{Action: access.Pull, Repository: "eve/app", At: at.Add(time.Minute)})
	if err := w.Flush(broken); err == nil {
		t.Error("no error")
	}
	if err := w.Flush(ctx); err != nil {
		t.Fatal(err)
	}
	if again, _ := w.db.Repositories(ctx, "", 9); again[0].Pulls != 3 {
		t.Errorf("lost: %+v", again)
	}
}
