package access

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Resource is one thing that an organisation's token reaches.
type Resource struct {
	Path  string `json:"path"`  // a name, a pattern such as acme/*, or everyPublic
	Level Level  `json:"level"` // how far
}

// everyPublic is Docker's way to say all that is public.
const everyPublic = "*/*/public"

// reachOf is the highest level that resources give in a repository.
func reachOf(resources []Resource, repository string, public bool) Level {
	level := Nothing
	for _, r := range resources {
		switch {
		case r.Path == everyPublic && public:
			level = max(level, min(r.Level, PublicRead))
		case r.Path != everyPublic && Matches(r.Path, repository):
			level = max(level, r.Level)
		}
	}
	return level
}

// patternForm is a repository's name with * for any part of a component.
var patternForm = regexp.MustCompile(`^[a-z0-9*]+(?:[._-]+[a-z0-9*]+)*(?:/[a-z0-9*]+(?:[._-]+[a-z0-9*]+)*)*$`)

const maxPatterns = 50

// CheckPatterns says why a token cannot be limited to patterns, or nil. None
// is no limit.
func CheckPatterns(patterns []string) error {
	if len(patterns) > maxPatterns {
		return fmt.Errorf("%w: at most %d repositories", ErrInvalid, maxPatterns)
	}
	for i, p := range patterns {
		switch {
		case len(p) > maxName || !patternForm.MatchString(p) || strings.Contains(p, "**"):
			return fmt.Errorf("%w: %.80q is neither a repository (ada/app) nor a pattern of some (ada/*)", ErrInvalid, p)
		case slices.Contains(patterns[:i], p):
			return fmt.Errorf("%w: %q is there twice", ErrInvalid, p)
		}
	}
	return nil
}

// Matches says whether a repository is the one named by a pattern. "*" stands
// for any characters but "/"; as the whole last component it stands for all
// that is below, too, so that team/* is everything of the team.
func Matches(pattern, repository string) bool {
	if all, ok := strings.CutSuffix(pattern, "/*"); ok {
		depth := strings.Count(all, "/") + 1
		head, rest := firstComponents(repository, depth)
		return rest != "" && matchComponents(all, head)
	}
	return matchComponents(pattern, repository)
}

func firstComponents(name string, n int) (head, rest string) {
	at := 0
	for range n {
		next := strings.IndexByte(name[at:], '/')
		if next < 0 {
			return name, ""
		}
		at += next + 1
	}
	return name[:at-1], name[at:]
}

func matchComponents(pattern, name string) bool {
	patterns, names := strings.Split(pattern, "/"), strings.Split(name, "/")
	if len(patterns) != len(names) {
		return false
	}
	for i, p := range patterns {
		if !matchOne(p, names[i]) {
			return false
		}
	}
	return true
}

// matchOne matches within one component, in linear time for each star.
func matchOne(pattern, name string) bool {
	parts := strings.Split(pattern, "*")
	if len(parts) == 1 {
		return pattern == name
	}
	first, last := parts[0], parts[len(parts)-1]
	if len(name) < len(first)+len(last) || !strings.HasPrefix(name, first) || !strings.HasSuffix(name, last) {
		return false
	}
	name = name[len(first) : len(name)-len(last)]
	for _, part := range parts[1 : len(parts)-1] {
		at := strings.Index(name, part)
		if at < 0 {
			return false
		}
		name = name[at+len(part):]
	}
	return true
}
