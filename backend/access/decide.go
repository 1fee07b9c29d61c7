package access

import (
	"fmt"
	"path"
	"slices"
	"strings"
)

// Level is how much a token lets through, whatever its account may do.
type Level int

// Each level includes those before it.
const (
	Nothing    Level = iota
	PublicRead       // pull what everybody may pull
	Read             // pull
	Write            // pull, push
	Admin            // pull, push, delete
)

// LevelOf is the level of token scopes in the Hub's spelling; the highest wins.
func LevelOf[S ~string](scopes []S) Level {
	level := Nothing
	for _, s := range scopes {
		switch string(s) {
		case "repo:public_read":
			level = max(level, PublicRead)
		case "repo:read":
			level = max(level, Read)
		case "repo:write":
			level = max(level, Write)
		case "repo:admin":
			level = max(level, Admin)
		}
	}
	return level
}

// Default is what a member may do where nobody said otherwise (--default-rights).
type Default string

// The two defaults.
const (
	Private Default = "private" // everybody has their own name, and that alone
	Team    Default = "team"    // every member reads and writes everything
)

// Rights are the rules of a service.
type Rights struct {
	Default  Default  // "": Private
	Reserved []string // first components that are no repository
	Host     string   // host[:port] of the registry, for words; "" leaves it out
}

// Subject is who asks. The zero Subject is nobody: anonymous.
type Subject struct {
	Name  string // user name; "": anonymous
	Admin bool
	Level Level // of the token; a password is Admin
}

// Grant is what a request was cut down to, and why in words.
type Grant struct {
	Request
	Actions []string // granted, in the order asked
	Why     string   // the rule that refused; "" if all was granted
}

// Decide cuts each request down to what who may do. It never fails: what may
// not be done is missing from the grant (distribution spec, auth/token.md).
func Decide(who Subject, asked []Request, rights Rights) []Grant {
	grants := make([]Grant, 0, len(asked))
	for _, r := range asked {
		grants = append(grants, decide(who, r, rights))
	}
	return grants
}

func decide(who Subject, r Request, rights Rights) Grant {
	g := Grant{Request: r, Actions: []string{}}
	if r.Type != "repository" {
		if g.Why = catalog(who, r); g.Why == "" {
			g.Actions = r.Actions
		}
		return g
	}
	may, why := rights.reach(who, r.Name)
	told := ""
	for _, action := range expand(r.Actions) {
		if needed := levelFor(action); needed != Nothing && may >= needed && who.Level >= needed {
			g.Actions = append(g.Actions, action)
			continue
		}
		// A push asks for pull, too: the push is what the person tried.
		if told == "" || action == Push {
			g.Why, told = refusal(who, action, r.Name, may, why), action
		}
	}
	return g
}

// catalog is why who may not list the registry's repositories, the one thing
// to ask for that is no repository; "" if who may.
func catalog(who Subject, r Request) string {
	what := fmt.Sprintf("%s:%s", r.Type, r.Name)
	switch {
	case r.Type != "registry" || r.Name != "catalog":
		return fmt.Sprintf("there is no %s here", what)
	case !who.Admin:
		return what + " is for administrators"
	case who.Level < Admin:
		return fmt.Sprintf("this token of %s may not read %s: its access permissions do not reach that far", who.Name, what)
	}
	return ""
}

// reach is how far an account goes in a repository, its token aside, with the
// sentence that says what would work where it does not go all the way.
func (r Rights) reach(who Subject, repository string) (Level, string) {
	owner, _, nested := strings.Cut(repository, "/")
	own := path.Join(r.Host, who.Name, path.Base(repository))
	switch {
	case who.Name == "":
		return Nothing, "nothing here is readable without signing in"
	case strings.Contains(owner, ":"): // a registry asks for its own names without host
		return Nothing, fmt.Sprintf("a registry asks for a name without host, not with %s; %s would work", owner, own)
	case slices.Contains(r.Reserved, owner):
		return Nothing, fmt.Sprintf("%q is a reserved name; %s would work", owner, own)
	case nested && owner == who.Name:
		return Admin, ""
	case !nested && who.Admin:
		return Admin, ""
	case r.Default == Team && nested:
		return Write, fmt.Sprintf("members read and write each other's repositories, and delete in their own; %s would work", own)
	case !nested:
		return Nothing, fmt.Sprintf("names of a single component belong to administrators; %s would work", own)
	}
	return Nothing, fmt.Sprintf("%s is not %s's; %s would work", owner, who.Name, own)
}

func refusal(who Subject, action, repository string, may Level, why string) string {
	name := who.Name
	if name == "" {
		name = "an anonymous client"
	}
	switch needed := levelFor(action); {
	case needed == Nothing:
		return fmt.Sprintf("%q is nothing that is done to a repository: pull, push and delete are", action)
	case may >= needed:
		return fmt.Sprintf("this token of %s may not %s %s: its access permissions do not reach that far", name, action, repository)
	}
	return fmt.Sprintf("%s may not %s %s: %s", name, action, repository, why)
}

func levelFor(action string) Level {
	switch action {
	case Pull:
		return Read
	case Push:
		return Write
	case Delete:
		return Admin
	}
	return Nothing
}

// expand spells "*" out, since registries read it as everything.
func expand(actions []string) []string {
	if slices.Contains(actions, All) {
		return []string{Delete, Pull, Push}
	}
	return actions
}
