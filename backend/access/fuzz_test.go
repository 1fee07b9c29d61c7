package access_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"lanyard/backend/access"
)

// What the grammar lets through is bounded and clean, is the same when it is
// read again, and never grants an anonymous client more than to pull.
func FuzzParseScopes(f *testing.F) {
	for _, seed := range []string{
		"repository:ada/app:pull", "repository:a/../b:pull", "registry:catalog:*", "repository(plugin):ada/app:pull,push", "repository:localhost:8460/ada/app:*",
		"repository:ada/app:pull repository:ada/app:push", ":::", "repository:[::1]:5000/app:pull", "repository:ada/app:pull\x00",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		all, err := access.ParseScopes([]string{text})
		if err != nil {
			if !errors.Is(err, access.ErrScope) || all != nil || len(err.Error()) > 1000 {
				t.Errorf("%q: %v, %v", text, all, err)
			}
			return
		}
		for _, one := range all {
			whole := one.Type + ":" + one.Name + ":" + strings.Join(one.Actions, ",")
			if strings.Contains("/"+one.Name+"/", "/../") || one.Type == "repository" && len(one.Name) > 255 || strings.ContainsAny(whole, "\x00\n\r\"\\ ") {
				t.Errorf("%q let through as %q", text, whole)
			}
			again, err := access.ParseScopes([]string{whole})
			if err != nil || len(again) != 1 || again[0].Name != one.Name || !slices.Equal(again[0].Actions, one.Actions) {
				t.Errorf("%q is read again as %+v, %v", whole, again, err)
			}
		}
		for _, g := range access.Decide(access.Subject{}, all, access.Known{"ada/app": {Repository: access.Repository{ID: "1", Public: true}}}, access.Rights{}) {
			if slices.ContainsFunc(g.Actions, func(a string) bool { return a != access.Pull || g.Name != "ada/app" }) {
				t.Errorf("%q grants nobody %+v", text, g)
			}
		}
	})
}

// A pattern that is accepted matches names without stepping over its own
// components, in no time, and a name without stars only itself.
func FuzzPatterns(f *testing.F) {
	for _, seed := range [][2]string{
		{"ada/*", "ada/app"}, {"ada/*", "ada/deep/app"}, {"ada/a*b*c", "ada/abbbbc"}, {"*", "app"}, {"*/*", "ada/app"}, {"ada/app", "ada/app"},
		{"ada/*-*", "ada/--"}, {"ada/a*a", "ada/a"}, {"**", "x"}, {"ada/", "ada/"}, {"a*/b*", "a/b/c"},
	} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, pattern, name string) {
		if access.CheckPatterns([]string{pattern}) != nil || access.CheckName(name) != nil {
			return
		}
		matches := access.Matches(pattern, name)
		if !strings.Contains(pattern, "*") && matches != (pattern == name) {
			t.Errorf("%q and %q: %v", pattern, name, matches)
		}
		if !matches {
			return
		}
		for i, part := range strings.Split(pattern, "/") {
			parts := strings.Split(name, "/")
			if i >= len(parts) || !strings.Contains(part, "*") && parts[i] != part {
				t.Errorf("%q matches %q, which has another %q", pattern, name, part)
			}
		}
		if !strings.HasSuffix(pattern, "/*") && strings.Count(pattern, "/") != strings.Count(name, "/") {
			t.Errorf("%q matches the deeper %q", pattern, name)
		}
	})
}
