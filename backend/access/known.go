package access

// Facts are the rows on which a decision about one repository rests.
type Facts struct {
	Repository   Repository   // zero: nobody has pushed or made it yet
	Organization Organization // of the name's first component; zero: it is no organisation's
	Person       bool         // the first component is a person's name
}

// Known are facts by the names of repositories, all read at one moment. A name
// of which nothing is known needs no entry.
type Known map[string]Facts

// reach is how far the rights that somebody was given go.
func (f Facts) reach(account string, out reached) reached {
	if account == "" {
		return out
	}
	o := f.Organization
	if o.owns(account) {
		return out.or(Admin, RuleOwner, "")
	}
	for _, t := range o.Teams {
		if t.has(account) {
			out = out.or(t.Right.level(), RuleTeam, t.Name)
		}
	}
	for _, g := range f.Repository.Given {
		switch {
		case g.Person == account:
			out = out.or(g.Right.level(), RuleGivenPerson, "")
		case g.Team != "" && o.team(g.Team).has(account):
			out = out.or(g.Right.level(), RuleGivenTeam, g.Team)
		}
	}
	return out
}
