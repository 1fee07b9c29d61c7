package access

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Repository is what is known of one beside its images. One that nobody made
// or pushed to has no row; that is the same as a private one without rights.
type Repository struct {
	ID          string    `json:"id"`   // UUID
	Name        string    `json:"name"` // the whole name, without host
	Description string    `json:"description,omitempty"`
	Public      bool      `json:"public,omitempty"` // everybody may pull, signed in or not
	CreatedAt   time.Time `json:"created_at"`
	CreatedBy   string    `json:"created_by,omitempty"` // account id; "": not known
	Given       []Given   `json:"given,omitempty"`

	LastPull Touch `json:"last_pull"` // zero At: never
	LastPush Touch `json:"last_push"`
	Pulls    int64 `json:"pulls,omitempty"`
	Pushes   int64 `json:"pushes,omitempty"`
}

// Given is a right on one repository: a person's or a team's.
type Given struct {
	Person string `json:"person,omitempty"` // account id; "": a team's
	Team   string `json:"team,omitempty"`   // name of a team of the repository's organisation
	Right  Right  `json:"right"`
}

// Touch is a pull or a push: when, by whom, with which token, from where.
type Touch struct {
	At    time.Time `json:"at"`
	By    string    `json:"by,omitempty"`    // user or organisation name; "": anonymous
	Token string    `json:"token,omitempty"` // id; "": by password, or not known
	Addr  string    `json:"addr,omitempty"`
	Agent string    `json:"agent,omitempty"`
	Tag   string    `json:"tag,omitempty"`
}

const maxGiven = 500

// Namespace is the first component of a name, "" where there is only one.
func Namespace(repository string) string {
	owner, _, nested := strings.Cut(repository, "/")
	if !nested {
		return ""
	}
	return owner
}

// CheckName says why a name cannot be a repository's on this service, or nil.
func CheckName(name string) error {
	switch {
	case len(name) > maxName:
		return fmt.Errorf("%w: a repository's name has at most %d characters", ErrInvalid, maxName)
	case !nameForm.MatchString(name) || strings.Contains(name, ":"):
		return fmt.Errorf("%w: %.80q is no name of a repository; a name is like ada/app: a-z and 0-9, with single . or _ or - between them", ErrInvalid, name)
	}
	return nil
}

// give replaces what a person or team was given; "" takes it away.
func (r Repository) give(to Given) (Repository, error) {
	same := func(g Given) bool { return g.Person == to.Person && g.Team == to.Team }
	had := slices.ContainsFunc(r.Given, same)
	r.Given = slices.DeleteFunc(slices.Clone(r.Given), same)
	switch {
	case to.Right == "" && !had:
		return r, fmt.Errorf("%w: no such right on %s", ErrNotFound, r.Name)
	case to.Right == "":
		return r, nil
	case len(r.Given) >= maxGiven:
		return r, fmt.Errorf("%w: at most %d rights on one repository; make a team", ErrInvalid, maxGiven)
	}
	r.Given = append(r.Given, to)
	return r, nil
}

// touch notes a pull or a push, the latest first to count.
func (r Repository) touch(s Seen) Repository {
	t := Touch{At: s.At, By: s.Subject, Token: s.Token, Addr: s.Addr, Agent: s.Agent, Tag: s.Tag}
	switch s.Action {
	case Pull:
		r.Pulls++
		if t.At.After(r.LastPull.At) {
			r.LastPull = t
		}
	case Push:
		r.Pushes++
		if t.At.After(r.LastPush.At) {
			r.LastPush = t
		}
	}
	return r
}
