package access_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"lanyard/backend/access"
)

func TestParseScopes(t *testing.T) {
	repository := func(name string, actions ...string) access.Request {
		if actions == nil {
			actions = []string{}
		}
		return access.Request{Type: "repository", Name: name, Actions: actions}
	}
	for name, c := range map[string]struct {
		params []string
		want   []access.Request
	}{
		"none":                     {nil, nil},
		"an empty one":             {[]string{""}, nil},
		"pull":                     {[]string{"repository:ada/app:pull"}, []access.Request{repository("ada/app", "pull")}},
		"sorted, each once":        {[]string{"repository:ada/app:push,pull,push"}, []access.Request{repository("ada/app", "pull", "push")}},
		"everything":               {[]string{"repository:ada/app:*"}, []access.Request{repository("ada/app", "*")}},
		"no action":                {[]string{"repository:ada/app:"}, []access.Request{repository("ada/app")}},
		"a comma too many":         {[]string{"repository:ada/app:pull,"}, []access.Request{repository("ada/app", "pull")}},
		"an action nobody knows":   {[]string{"repository:ada/app:fly"}, []access.Request{repository("ada/app", "fly")}},
		"one component":            {[]string{"repository:app:pull"}, []access.Request{repository("app", "pull")}},
		"four components":          {[]string{"repository:a/b/c/d:pull"}, []access.Request{repository("a/b/c/d", "pull")}},
		"separators":               {[]string{"repository:a.b_c__d---e/1:pull"}, []access.Request{repository("a.b_c__d---e/1", "pull")}},
		"host and port":            {[]string{"repository:registry.example:5000/ada/app:pull"}, []access.Request{repository("registry.example:5000/ada/app", "pull")}},
		"host in capitals":         {[]string{"repository:Registry.Example:5000/app:pull"}, []access.Request{repository("Registry.Example:5000/app", "pull")}},
		"localhost and port":       {[]string{"repository:localhost:8460/ada/app:pull"}, []access.Request{repository("localhost:8460/ada/app", "pull")}},
		"a class":                  {[]string{"repository(plugin):ada/app:pull"}, []access.Request{{Type: "repository", Class: "plugin", Name: "ada/app", Actions: []string{"pull"}}}},
		"the catalogue":            {[]string{"registry:catalog:*"}, []access.Request{{Type: "registry", Name: "catalog", Actions: []string{"*"}}}},
		"repeated":                 {[]string{"repository:ada/a:pull", "repository:ada/b:push"}, []access.Request{repository("ada/a", "pull"), repository("ada/b", "push")}},
		"joined by spaces":         {[]string{"repository:ada/a:pull  repository:ada/b:push "}, []access.Request{repository("ada/a", "pull"), repository("ada/b", "push")}},
		"the same joined":          {[]string{"repository:ada/a:pull", "repository:ada/b:pull repository:ada/a:push,pull"}, []access.Request{repository("ada/a", "pull", "push"), repository("ada/b", "pull")}},
		"the same, another type":   {[]string{"repository:catalog:pull", "registry:catalog:*"}, []access.Request{repository("catalog", "pull"), {Type: "registry", Name: "catalog", Actions: []string{"*"}}}},
		"a name of 255 characters": {[]string{"repository:" + strings.Repeat("a", 255) + ":pull"}, []access.Request{repository(strings.Repeat("a", 255), "pull")}},
		"one a hundred times":      {[]string{strings.Repeat("repository:ada/a:pull ", 1000)}, []access.Request{repository("ada/a", "pull")}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := access.ParseScopes(c.params)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestParseScopesRefuses(t *testing.T) {
	many := make([]string, 101)
	for i := range many {
		many[i] = fmt.Sprintf("repository:ada/a%d:pull", i)
	}
	if _, err := access.ParseScopes(many[:100]); err != nil {
		t.Errorf("a hundred: %v", err)
	}
	for name, params := range map[string][]string{
		"more than a hundred":       many,
		"one bad among good":        {"repository:ada/a:pull nonsense"},
		"no name and no action":     {"repository"},
		"no action":                 {"repository:ada/app"},
		"no type":                   {":ada/app:pull"},
		"no name":                   {"repository::pull"},
		"a type in capitals":        {"Repository:ada/app:pull"},
		"an open class":             {"repository(plugin:ada/app:pull"},
		"an empty class":            {"repository():ada/app:pull"},
		"two classes":               {"repository(a)(b):ada/app:pull"},
		"a user name in capitals":   {"repository:Ada/app:pull"},
		"a repository in capitals":  {"repository:ada/App:pull"},
		"only a host":               {"repository:registry.example:5000:pull"},
		"a host and a slash":        {"repository:registry.example:5000/:pull"},
		"a port that is none":       {"repository:registry.example:port/app:pull"},
		"a port of six digits":      {"repository:registry.example:500000/app:pull"},
		"an address in brackets":    {"repository:[::1]:5000/app:pull"},
		"two hosts":                 {"repository:a:1/b:2/app:pull"},
		"a traversal":               {"repository:ada/../bob/app:pull"},
		"a traversal at the start":  {"repository:../bob/app:pull"},
		"a traversal as host":       {"repository:..:80/bob/app:pull"},
		"a traversal at the end":    {"repository:ada/..:pull"},
		"here":                      {"repository:ada/./app:pull"},
		"an encoded slash":          {"repository:ada%2fapp:pull"},
		"a backslash":               {`repository:ada\app:pull`},
		"an empty component":        {"repository:ada//app:pull"},
		"a slash at the start":      {"repository:/ada/app:pull"},
		"a slash at the end":        {"repository:ada/app/:pull"},
		"a dot at the end":          {"repository:ada./app:pull"},
		"three underscores":         {"repository:ada/a___b:pull"},
		"a tag":                     {"repository:ada/app:latest:pull"},
		"a letter like ours":        {"repository:аda/app:pull"}, // Cyrillic
		"a NUL":                     {"repository:ada/app\x00:pull"},
		"an action in capitals":     {"repository:ada/app:PULL"},
		"an action with quotes":     {`repository:ada/app:pull"`},
		"stars":                     {"repository:ada/app:**"},
		"a name of 256 characters":  {"repository:" + strings.Repeat("a", 256) + ":pull"},
		"a scope of 513 characters": {"registry:" + strings.Repeat("a", 500) + ":pull"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := access.ParseScopes(params)
			if !errors.Is(err, access.ErrScope) || got != nil {
				t.Errorf("%v, %v", got, err)
			}
			if err != nil && len(err.Error()) > 600 {
				t.Errorf("an error of %d bytes", len(err.Error()))
			}
		})
	}
}
