package access

import (
	"slices"
	"strings"
)

// Level is how far somebody may go in a repository: an account by its rights,
// a token by its access permissions.
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
	DefaultPrivate Default = "private" // everybody has their own name, and that alone
	DefaultTeam    Default = "team"    // every member reads and writes everything
)

// Rights are the rules of a service.
type Rights struct {
	Default  Default  // "": DefaultPrivate
	Reserved []string // first components that are no repository
	Host     string   // host[:port] of the registry, for words; "" leaves it out
}

// Subject is who asks. The zero Subject is nobody: anonymous.
type Subject struct {
	ID    string // of the account, or of the organisation; "": anonymous
	Name  string // user name, or the organisation's; "": anonymous
	Admin bool
	Level Level // of the token; a password is Admin

	// Only are the repositories that the token is limited to, see Matches;
	// empty: no limit.
	Only []string
	// Resources are what an organisation's token reaches, in place of Level and
	// Only. Not nil: the subject is an organisation.
	Resources []Resource
}

// Anonymous says that nobody is asking.
func (s Subject) Anonymous() bool { return s.Name == "" }

// level is how far the token reaches in a repository, whatever its account may do.
func (s Subject) level(repository string, public bool) Level {
	switch {
	case s.Anonymous():
		return PublicRead
	case s.Resources != nil:
		return reachOf(s.Resources, repository, public)
	case !s.within(repository):
		return Nothing
	}
	return s.Level
}

// within says whether the token's limit, if it has one, includes a repository.
func (s Subject) within(repository string) bool {
	return len(s.Only) == 0 || slices.ContainsFunc(s.Only, func(p string) bool { return Matches(p, repository) })
}

// Grant is what a request was cut down to, and why in words.
type Grant struct {
	Request
	Actions []string // granted, in the order asked
	Why     string   // the rule that refused; "" if all was granted
}

// Decide cuts each request down to what who may do, with what is known of each
// repository at this moment. It never fails: what may not be done is missing
// from the grant (distribution spec, auth/token.md).
func Decide(who Subject, asked []Request, known Known, rights Rights) []Grant {
	grants := make([]Grant, 0, len(asked))
	for _, r := range asked {
		grants = append(grants, decide(who, r, known[r.Name], rights))
	}
	return grants
}

func decide(who Subject, r Request, f Facts, rights Rights) Grant {
	g := Grant{Request: r, Actions: []string{}}
	if r.Type != "repository" {
		if g.Why = catalog(who, r); g.Why == "" {
			g.Actions = r.Actions
		}
		return g
	}
	may := rights.reach(who, r.Name, f)
	level := who.level(r.Name, f.Repository.Public)
	told := ""
	for _, action := range expand(r.Actions) {
		if allowed(action, may.level, level, f.Repository.Public) {
			g.Actions = append(g.Actions, action)
			continue
		}
		// A push asks for pull, too: the push is what the person tried.
		if told == "" || action == Push {
			g.Why, told = refusal(who, action, r.Name, may, f, rights), action
		}
	}
	return g
}

func allowed(action string, may, token Level, public bool) bool {
	needed := levelFor(action, public)
	return needed != Nothing && may >= needed && token >= needed
}

// levelFor is what an action needs. What everybody may pull needs the least.
func levelFor(action string, public bool) Level {
	switch action {
	case Pull:
		if public {
			return PublicRead
		}
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

// Rule names why somebody may do as much in a repository as they may, for
// programs; Explain has it in words.
type Rule string

// The rules, by which the highest level wins.
const (
	RuleNone         Rule = ""             // nobody gave a right
	RuleHost         Rule = "host"         // a name with a host is none of a registry's
	RuleReserved     Rule = "reserved"     // the first component belongs to the service
	RuleOwn          Rule = "own"          // under one's own name
	RuleAdmin        Rule = "single"       // one component: administrators
	RuleOwner        Rule = "owner"        // of the organisation
	RuleTeam         Rule = "team"         // a team's right in all of the organisation
	RuleGivenTeam    Rule = "given-team"   // a team's right on the repository
	RuleGivenPerson  Rule = "given-person" // one's own right on the repository
	RuleDefault      Rule = "default"      // --default-rights team
	RulePublic       Rule = "public"       // everybody may pull it
	RuleOrganization Rule = "organization" // an organisation's token, under its name
)

// reached is how far an account goes in a repository, its token aside.
type reached struct {
	level Level
	rule  Rule
	team  string // whose right it is, where it is a team's
}

func (r reached) or(level Level, rule Rule, team string) reached {
	if level > r.level {
		return reached{level, rule, team}
	}
	return r
}

// reach applies every rule and keeps what goes furthest.
func (r Rights) reach(who Subject, repository string, f Facts) (out reached) {
	owner, _, nested := strings.Cut(repository, "/")
	switch {
	case strings.Contains(owner, ":"): // a registry asks for its own names without host
		return reached{rule: RuleHost}
	case slices.Contains(r.Reserved, owner):
		return reached{rule: RuleReserved}
	}
	if f.Repository.Public {
		out = out.or(PublicRead, RulePublic, "")
	}
	switch {
	case who.Anonymous():
		return out
	case who.Resources != nil:
		if nested && owner == who.Name && f.Organization.ID == who.ID {
			return out.or(Admin, RuleOrganization, "")
		}
		return out
	case nested && owner == who.Name && f.Organization.ID == "":
		return out.or(Admin, RuleOwn, "")
	case !nested && who.Admin:
		return out.or(Admin, RuleAdmin, "")
	}
	if !nested { // a single component is no organisation's, whatever one is called
		f.Organization = Organization{}
	}
	out = f.reach(who.ID, out)
	if r.Default == DefaultTeam && nested {
		out = out.or(Write, RuleDefault, "")
	}
	return out
}
