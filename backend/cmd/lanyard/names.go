package main

import (
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

// What services take; it is checked before one is asked, since it becomes part
// of an address.
var (
	componentForm = regexp.MustCompile(`^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$`)
	patternForm   = regexp.MustCompile(`^[a-z0-9*]+(?:[._-]+[a-z0-9*]+)*(?:/[a-z0-9*]+(?:[._-]+[a-z0-9*]+)*)*$`)
	tagForm       = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$`)
)

const (
	maxNameLength       = 64
	maxRepositoryLength = 255
)

func checkName(what, text string) error {
	if len(text) > maxNameLength || !componentForm.MatchString(text) {
		return usagef("%s %.80q cannot be a name: a-z and 0-9, with single . or _ or - between them", what, text)
	}
	return nil
}

// teamOf reads ORG/TEAM.
func teamOf(text string) (organization, team string, err error) {
	organization, team, ok := strings.Cut(text, "/")
	if !ok {
		return "", "", usagef("%.80q names no team: it is said as ORG/TEAM, as in acme/dev", text)
	}
	if err := checkName("ORG", organization); err != nil {
		return "", "", err
	}
	return organization, team, checkName("TEAM", team)
}

func checkRepository(text string) error {
	valid := len(text) <= maxRepositoryLength
	for part := range strings.SplitSeq(text, "/") {
		valid = valid && componentForm.MatchString(part)
	}
	if !valid {
		return usagef("%.80q is no repository: it is said without host and tag, in lower case, as in acme/app", text)
	}
	return nil
}

// patternsOf reads repositories and patterns of some.
func patternsOf(flag string, all []string) ([]string, error) {
	for i, p := range all {
		switch {
		case len(p) > maxRepositoryLength || !patternForm.MatchString(p) || strings.Contains(p, "**"):
			return nil, usagef("%s %.80q is neither a repository (acme/app) nor a pattern of some (acme/*)", flag, p)
		case slices.Contains(all[:i], p):
			return nil, usagef("%s %s is said twice", flag, p)
		}
	}
	return all, nil
}

var (
	rightWords      = []string{"read", "write", "admin"}
	visibilityWords = []string{"public", "private"}
	actionWords     = []string{"pull", "push", "delete"}
)

// oneOf refuses a word that is none of those known; "" was not said.
func oneOf(what, said string, known []string) error {
	if said != "" && !slices.Contains(known, said) {
		return usagef("%s %.40q is not one of %s", what, said, strings.Join(known, ", "))
	}
	return nil
}

// accountFlag says whose session a command uses.
func accountFlag(cmd *cobra.Command, account *string) {
	cmd.PersistentFlags().StringVar(account, "account", "", "the account, as NAME or NAME@SERVER (default: the one that is signed in)")
}

// sure asks before something goes that cannot be brought back, or has been
// told by --yes.
func sure(t terminal, yes bool, question string) error {
	switch {
	case yes || t.person() && ask(t, question):
		return nil
	case t.person():
		return errDeclined
	}
	return usagef("nothing was changed, as nobody can be asked here; say --yes if you are sure")
}
