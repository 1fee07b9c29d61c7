package access

import (
	"fmt"
	"path"
	"strings"
)

// Explanation is why somebody may, or may not, do one thing to a repository.
type Explanation struct {
	Repository string
	Action     string
	Allowed    bool
	Rule       Rule   // by which the account goes as far as it does
	Account    string // that, in words
	Token      string // what the token lets through, in words; "" for a password
	Why        string // the refusal that tools print; "" if allowed
}

// Explain is Decide for one action, with its reasons. password says that no
// token stands between.
func Explain(who Subject, repository, action string, f Facts, rights Rights, password bool) Explanation {
	may, level := rights.reach(who, repository, f), who.level(repository, f.Repository.Public)
	e := Explanation{
		Repository: repository, Action: action, Rule: may.rule, Account: accountWords(who, repository, may, f, rights),
		Allowed: allowed(action, may.level, level, f.Repository.Public),
	}
	if !password && !who.Anonymous() {
		e.Token = tokenWords(who, repository, level)
	}
	if !e.Allowed {
		e.Why = refusal(who, action, repository, may, f, rights)
	}
	return e
}

// accountWords says how far an account goes, and by what.
func accountWords(who Subject, repository string, may reached, f Facts, rights Rights) string {
	name, owner := who.Name, Namespace(repository)
	switch may.rule {
	case RuleOwn:
		return fmt.Sprintf("%s may do everything under the name %s", name, owner)
	case RuleAdmin:
		return fmt.Sprintf("%s is an administrator, to whom names of a single component belong", name)
	case RuleOwner:
		return fmt.Sprintf("%s is an owner of %s, and may do everything there", name, owner)
	case RuleOrganization:
		return fmt.Sprintf("this is a token of %s, to which everything under that name belongs", owner)
	case RuleTeam:
		return fmt.Sprintf("the team %s/%s, of which %s is a member, may %s everything of %s", owner, may.team, name, verbs(may.level), owner)
	case RuleGivenTeam:
		return fmt.Sprintf("the team %s/%s, of which %s is a member, was given the right to %s %s", owner, may.team, name, verbs(may.level), repository)
	case RuleGivenPerson:
		return fmt.Sprintf("%s was given the right to %s %s", name, verbs(may.level), repository)
	case RuleDefault:
		return "members of this service read and write each other's repositories, and delete in their own"
	case RulePublic:
		return fmt.Sprintf("%s is public: everybody may pull it", repository)
	}
	return noRight(who, repository, may, f, rights)
}

// noRight is why an account does not go further, with what would work.
func noRight(who Subject, repository string, may reached, f Facts, rights Rights) string {
	owner, _, nested := strings.Cut(repository, "/")
	own := path.Join(rights.Host, who.Name, path.Base(repository))
	switch {
	case who.Anonymous():
		return "without signing in only public repositories can be pulled"
	case may.rule == RuleHost:
		return fmt.Sprintf("a registry asks for a name without host, not with %s; %s would work", owner, own)
	case may.rule == RuleReserved:
		return fmt.Sprintf("%q is a reserved name; %s would work", owner, own)
	case who.Resources != nil:
		return fmt.Sprintf("a token of the organisation %s reaches what is under that name", who.Name)
	case may.rule == RuleDefault:
		return fmt.Sprintf("members read and write each other's repositories, and delete in their own; %s would work", own)
	case !nested:
		return fmt.Sprintf("names of a single component belong to administrators; %s would work", own)
	case may.level > PublicRead:
		return fmt.Sprintf("%s may only %s it; whoever administers it can give more; %s would work", who.Name, verbs(may.level), own)
	case f.Organization.Has(who.ID):
		return fmt.Sprintf("%s is a member of %s, but was given no right to it, nor was a team of theirs; an owner of %s can give one, and %s would work", who.Name, owner, owner, own)
	}
	return fmt.Sprintf("%s is not %s's; %s would work", owner, who.Name, own)
}

func tokenWords(who Subject, repository string, level Level) string {
	switch {
	case who.Resources != nil && level == Nothing:
		return fmt.Sprintf("the token does not reach %s", repository)
	case who.Resources == nil && !who.within(repository):
		return "the token is limited to " + strings.Join(who.Only, ", ")
	case level == PublicRead:
		return "the token's access permissions let it pull what is public"
	case level == Nothing:
		return "the token has no access permissions"
	}
	return fmt.Sprintf("the token's access permissions let it %s", verbs(level))
}

// verbs are what a level allows.
func verbs(l Level) string {
	switch l {
	case PublicRead, Read:
		return "pull"
	case Write:
		return "pull and push"
	case Admin:
		return "pull, push and delete"
	}
	return "do nothing to"
}

// refusal is the sentence that tools print: what may not be done, why, and
// what would work.
func refusal(who Subject, action, repository string, may reached, f Facts, rights Rights) string {
	name := who.Name
	if who.Anonymous() {
		name = "an anonymous client"
	}
	switch needed := levelFor(action, f.Repository.Public); {
	case needed == Nothing:
		return fmt.Sprintf("%q is nothing that is done to a repository: pull, push and delete are", action)
	case may.level < needed:
		return fmt.Sprintf("%s may not %s %s: %s", name, action, repository, noRight(who, repository, may, f, rights))
	case who.Resources == nil && !who.within(repository):
		return fmt.Sprintf("this token of %s may not %s %s: it is limited to %s", name, action, repository, strings.Join(who.Only, ", "))
	case who.level(repository, f.Repository.Public) == PublicRead:
		return fmt.Sprintf("this token of %s may not %s %s: its access permissions do not reach that far, but only to pulling what is public", name, action, repository)
	}
	return fmt.Sprintf("this token of %s may not %s %s: its access permissions do not reach that far", name, action, repository)
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
	case who.Level < Admin || len(who.Only) > 0:
		return fmt.Sprintf("this token of %s may not read %s: its access permissions do not reach that far", who.Name, what)
	}
	return ""
}
