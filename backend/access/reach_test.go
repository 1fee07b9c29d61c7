package access_test

import (
	"fmt"
	"strings"
	"testing"

	"lanyard/backend/access"
)

func TestReached(t *testing.T) {
	acme := access.Organization{ID: "o", Name: "acme", Owners: []string{"bob-id"}, Members: []string{"ada-id"}}
	known := access.Known{
		"acme/app":   {Repository: access.Repository{ID: "1", Name: "acme/app", Given: []access.Given{{Person: "ada-id", Right: access.MayWrite}}}, Organization: acme},
		"acme/next":  {Repository: access.Repository{ID: "2", Name: "acme/next"}, Organization: acme},
		"ada/app":    {Repository: access.Repository{ID: "3", Name: "ada/app"}, Person: true},
		"bob/open":   {Repository: access.Repository{ID: "4", Name: "bob/open", Public: true}, Person: true},
		"bob/secret": {Repository: access.Repository{ID: "5", Name: "bob/secret"}, Person: true},
	}
	names := []string{"acme/app", "acme/next", "ada/app", "bob/open", "bob/secret"}
	ada := access.Subject{ID: "ada-id", Name: "ada"}
	for what, c := range map[string]struct {
		level access.Level
		only  []string
		want  string
	}{
		"everything":     {access.Admin, nil, "acme/app:pull,push ada/app:pull,push,delete bob/open:pull"},
		"its scope":      {access.Read, nil, "acme/app:pull ada/app:pull bob/open:pull"},
		"what is public": {access.PublicRead, nil, "bob/open:pull"},
		"nothing":        {access.Nothing, nil, ""},
		"its limit":      {access.Admin, []string{"acme/*"}, "acme/app:pull,push"},
	} {
		who := ada
		who.Level, who.Only = c.level, c.only
		var got []string
		for _, g := range access.Reached(who, names, known, private) {
			got = append(got, fmt.Sprintf("%s:%s", g.Name, strings.Join(g.Actions, ",")))
		}
		if all := strings.Join(got, " "); all != c.want {
			t.Errorf("%s: %s, want %s", what, all, c.want)
		}
	}
}
