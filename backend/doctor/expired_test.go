package doctor

import (
	"strings"
	"testing"
	"time"

	"lanyard/backend/tool"
)

// A password in clear of which the end is known: told once it has passed, with
// the program that would show it, as then even public images are refused.
func TestExpiredPassword(t *testing.T) {
	const key = "x.example"
	for name, c := range map[string]struct {
		before time.Duration // how long ago it ended
		want   bool
	}{
		"ends in an hour":   {-time.Hour, false},
		"ends now":          {0, true},
		"ended an hour ago": {time.Hour, true},
	} {
		t.Run(name, func(t *testing.T) {
			s := well()
			s.config(dockers, func(to *tool.Config) {
				to.Logins[key] = tool.Login{Username: "otto", Expires: s.Now.Add(-c.before)}
			})
			told := false
			for _, f := range Examine(s) {
				if f.ID != "expired" {
					continue
				}
				told = true
				if f.Weight != Warning || f.Fixable || !strings.Contains(f.What, key) || !strings.Contains(f.Fix, "docker logout "+key) || len(f.Tools) == 0 {
					t.Errorf("%+v", f)
				}
			}
			if told != c.want {
				t.Errorf("told: %v", told)
			}
		})
	}
	s := well()
	s.config(dockers, func(c *tool.Config) { c.Logins[key] = tool.Login{Username: "otto"} })
	for _, f := range Examine(s) {
		if f.ID == "expired" {
			t.Errorf("without an end: %+v", f)
		}
	}
}
