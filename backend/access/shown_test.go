package access_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"lanyard/backend/access"
	"lanyard/backend/activity"
)

// Who may do what to an organisation and a repository beside using them.
func TestWhoManages(t *testing.T) {
	w := newTown(t)
	ctx := t.Context()
	if _, err := w.CreateRepository(ctx, actor("oona"), "acme/app", "", false); err != nil {
		t.Fatal(err)
	}
	if _, err := w.CreateRepository(ctx, actor("eve"), "eve/open", "", true); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Give(ctx, actor("oona"), "acme/app", access.Given{Person: "id-max", Right: access.MayWrite}, "max"); err != nil {
		t.Fatal(err)
	}
	for what, c := range map[string]struct {
		do   func(who access.Actor) error
		want map[string]error // of oona, max, eve and root
	}{
		"an organisation's tokens": {
			func(who access.Actor) error { _, err := w.Managed(ctx, who, "acme"); return err },
			map[string]error{"oona": nil, "max": access.ErrForbidden, "eve": access.ErrNotFound, "root": nil},
		},
		"tokens of none": {
			func(who access.Actor) error { _, err := w.Managed(ctx, who, "none"); return err },
			map[string]error{"oona": access.ErrNotFound, "root": access.ErrNotFound},
		},
		"deleting one with repositories": {
			func(who access.Actor) error { _, err := w.Deletable(ctx, who, "acme"); return err },
			map[string]error{"oona": access.ErrNotEmpty, "max": access.ErrForbidden, "eve": access.ErrNotFound, "root": access.ErrNotEmpty},
		},
		"seeing a private repository": {
			func(who access.Actor) error { _, err := w.Shown(ctx, who, "acme/app"); return err },
			map[string]error{"oona": nil, "max": nil, "eve": access.ErrNotFound, "root": nil},
		},
		"seeing a public one": {
			func(who access.Actor) error { _, err := w.Shown(ctx, who, "eve/open"); return err },
			map[string]error{"oona": nil, "max": nil, "eve": nil, "root": nil},
		},
		"seeing what is not there": {
			func(who access.Actor) error { _, err := w.Shown(ctx, who, "eve/none"); return err },
			map[string]error{"eve": access.ErrNotFound, "root": access.ErrNotFound},
		},
		"pushing": {
			func(who access.Actor) error { _, err := w.MayChange(ctx, who, "acme/app", access.Push); return err },
			map[string]error{"oona": nil, "max": nil, "eve": access.ErrNotFound, "root": nil},
		},
		"deleting": {
			func(who access.Actor) error { _, err := w.MayChange(ctx, who, "acme/app", access.Delete); return err },
			map[string]error{"oona": nil, "max": access.ErrForbidden, "eve": access.ErrNotFound, "root": nil},
		},
		"deleting what everybody may pull": {
			func(who access.Actor) error { _, err := w.MayChange(ctx, who, "eve/open", access.Delete); return err },
			map[string]error{"oona": access.ErrForbidden, "eve": nil, "root": nil},
		},
		"a name that belongs to nobody": {
			func(who access.Actor) error { _, err := w.MayChange(ctx, who, "nobody/x", access.Push); return err },
			map[string]error{"eve": access.ErrNotFound, "root": access.ErrNotFound},
		},
		"a name that is none": {
			func(who access.Actor) error { _, err := w.Shown(ctx, who, "Eve//x"); return err },
			map[string]error{"eve": access.ErrInvalid, "root": access.ErrInvalid},
		},
	} {
		for name, want := range c.want {
			if err := c.do(actor(name)); !errors.Is(err, want) {
				t.Errorf("%s, %s: %v, want %v", what, name, err, want)
			}
		}
	}
	if found, err := w.MayChange(ctx, actor("eve"), "eve/none", access.Delete); found || err != nil {
		t.Errorf("one's own that is not there: %v, %v", found, err)
	}
}

// Deletable looks and changes nothing.
func TestDeletableDeletesNothing(t *testing.T) {
	w := newTown(t)
	before := w.state(t)
	if o, err := w.Deletable(t.Context(), actor("oona"), "acme"); err != nil || o.Name != "acme" || w.state(t) != before {
		t.Errorf("%+v, %v", o, err)
	}
}

func TestRightOf(t *testing.T) {
	w := newTown(t)
	given := access.Given{Person: "id-max", Right: access.MayRead}
	for name, c := range map[string]struct {
		who         string
		repository  string
		f           access.Facts
		right       access.Right
		administers bool
	}{
		"an owner":                       {"oona", "acme/app", facts(false), access.MayAdmin, true},
		"who was given one":              {"max", "acme/app", facts(false, given), access.MayRead, false},
		"nobody in particular":           {"eve", "acme/app", facts(false), "", false},
		"everybody, of what is public":   {"eve", "acme/app", facts(true), access.MayRead, false},
		"a team that may write":          {"dora", "acme/app", facts(false), access.MayWrite, false},
		"one's own":                      {"eve", "eve/x", access.Facts{Person: true}, access.MayAdmin, true},
		"an administrator":               {"root", "acme/app", facts(false), "", true},
		"an administrator, nobody's":     {"root", "nobody/app", access.Facts{}, "", false},
		"an administrator, a single one": {"root", "alpine", access.Facts{}, access.MayAdmin, true},
	} {
		t.Run(name, func(t *testing.T) {
			who := actor(c.who)
			if got := w.Rights.RightOf(who.Subject(), c.repository, c.f); got != c.right {
				t.Errorf("right %q, want %q", got, c.right)
			}
			if got := w.Rights.Administers(who, c.repository, c.f); got != c.administers {
				t.Errorf("administers %v, want %v", got, c.administers)
			}
		})
	}
}

func TestCheckReach(t *testing.T) {
	for path, ok := range map[string]bool{
		"acme/app": true, "acme/*": true, "acme/team/*": true, "acme/a*b": true, "*/*/public": true,
		"bob/app": false, "acme": false, "*": false, "*/*": false, "*/app": false, "acme*/app": false, "acme2/*": false, "acme/../bob/x": false, "": false, "acme/**": false, "Acme/x": false, "acme/x:1": false,
	} {
		if err := access.CheckReach("acme", path); (err == nil) != ok || err != nil && !errors.Is(err, access.ErrInvalid) {
			t.Errorf("%q: %v", path, err)
		}
	}
}

func TestNamesOfOrganisations(t *testing.T) {
	w := newTown(t)
	before := w.state(t)
	for _, name := range []string{"", "a", "Acme", "a/b", "users", "a b", "-a", "a..b", strings.Repeat("a", 65), "ä"} {
		if _, err := w.CreateOrganization(t.Context(), actor("root"), name, "", "id-oona"); !errors.Is(err, access.ErrInvalid) {
			t.Errorf("%q: %v", name, err)
		}
	}
	if w.state(t) != before {
		t.Error("something changed")
	}
}

// A page of a namespace holds that namespace, from whatever place it begins.
func TestListed(t *testing.T) {
	w := newTown(t)
	for _, name := range []string{"acme/a", "acme/b", "acme/b/c"} {
		if _, err := w.CreateRepository(t.Context(), actor("oona"), name, "", false); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := w.CreateRepository(t.Context(), actor("eve"), "eve/z", "", true); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ who, after, namespace, want string }{
		{"oona", "", "", "acme/a acme/b acme/b/c eve/z"}, {"oona", "acme/b", "", "acme/b/c eve/z"}, {"oona", "", "acme", "acme/a acme/b acme/b/c"},
		{"oona", "aaa", "acme", "acme/a acme/b acme/b/c"}, {"oona", "acme/b", "acme", "acme/b/c"}, {"oona", "zzz", "acme", ""}, {"oona", "", "acm", ""},
		{"max", "", "acme", ""}, {"max", "", "", "eve/z"}, {"root", "", "acme", "acme/a acme/b acme/b/c"},
	} {
		listed, err := w.Listed(t.Context(), actor(c.who), c.after, c.namespace, 10)
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, f := range listed {
			names = append(names, f.Repository.Name)
		}
		if got := strings.Join(names, " "); got != c.want {
			t.Errorf("%+v: %s", c, got)
		}
	}
	if listed, err := w.Listed(t.Context(), actor("oona"), "", "", 2); err != nil || len(listed) != 2 {
		t.Errorf("two of them: %d, %v", len(listed), err)
	}
}

// What somebody does under another's name, or to another's rights, is in the
// activity of each of them, once.
func TestWhoFindsItInTheirActivity(t *testing.T) {
	w := newTown(t)
	w.Owner = func(_ context.Context, name string) string {
		return map[string]string{"eve": "id-eve", "oona": "id-oona"}[name]
	}
	ctx := t.Context()
	acme, err := w.Organization(ctx, actor("oona"), "acme")
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		do   func() error
		what activity.Action
		who  map[string]bool // finds it
	}{
		"an administrator, under a person's name": {
			func() error { _, err := w.SetVisibility(ctx, actor("root"), "eve/open", true); return err },
			activity.RepositoryVisible, map[string]bool{"id-root": true, "id-eve": true, "id-oona": false},
		},
		"an owner, under the organisation's": {
			func() error { _, err := w.CreateRepository(ctx, actor("oona"), "acme/app", "", false); return err },
			activity.RepositoryCreated, map[string]bool{"id-oona": true, acme.ID: true, "id-max": false},
		},
		"a right given to a person there": {
			func() error {
				_, err := w.Give(ctx, actor("root"), "acme/other", access.Given{Person: "id-max", Right: access.MayRead}, "max")
				return err
			},
			activity.RepositoryGiven, map[string]bool{"id-root": true, "id-max": true, acme.ID: true, "id-eve": false},
		},
		"somebody taken in": {
			func() error { _, err := w.Join(ctx, actor("root"), "acme", "id-eve", "eve", false); return err },
			activity.OrganizationMember, map[string]bool{"id-root": true, "id-eve": true, acme.ID: true},
		},
		"a name of nobody's": {
			func() error { _, err := w.CreateRepository(ctx, actor("root"), "alpine", "", false); return err },
			activity.RepositoryCreated, map[string]bool{"id-root": true, "id-eve": false},
		},
	} {
		before := map[string]int{}
		count := func(of string) (n int) {
			all, err := w.Log.Page(ctx, of, activity.Query{Most: 100, Action: string(c.what)})
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range all {
				if e.ActorName == "" {
					t.Errorf("%s: nobody did %+v", name, e)
				}
			}
			return len(all)
		}
		for of := range c.who {
			before[of] = count(of)
		}
		if err := c.do(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		for of, finds := range c.who {
			if got, want := count(of)-before[of], map[bool]int{true: 1}[finds]; got != want {
				t.Errorf("%s: %s finds it %d times, want %d", name, of, got, want)
			}
		}
	}
}
