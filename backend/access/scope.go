// Package access owns who may do what to a repository: organisations with
// their teams, repositories with the rights given on them, and the decision.
// It reads the scopes of registry token requests and cuts them down to what a
// token and its account may do at that moment: Decide is pure, of values that
// a store read. It leaves tokens to token, people to account, images to the
// registry, and keeping the rows to a store.
package access

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// ErrScope: a scope that is not of the grammar.
var ErrScope = errors.New("malformed scope")

// Actions on a repository.
const (
	Pull   = "pull"
	Push   = "push"
	Delete = "delete"
	All    = "*"
)

const (
	maxScopes = 100 // a request
	maxScope  = 512 // bytes
	maxName   = 255 // bytes, the reference grammar's
)

// Request is one resource scope: type(class):name:actions
// (distribution spec, auth/scope.md).
type Request struct {
	Type    string
	Class   string // "" where none
	Name    string
	Actions []string // sorted, each once
}

// The grammar of distribution's auth/scope.md and reference. A name may start
// with host:port; a host without a port reads like a component and is one.
const (
	component = `[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*`
	label     = `[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?`
	hostPort  = label + `(?:\.` + label + `)*:[0-9]{1,5}`
)

var (
	componentForm = regexp.MustCompile(`^` + component + `$`)
	typeForm      = regexp.MustCompile(`^([a-z0-9]+)(?:\(([a-z0-9]+)\))?$`)
	nameForm      = regexp.MustCompile(`^(?:` + hostPort + `/)?` + component + `(?:/` + component + `)*$`)
	anyName       = regexp.MustCompile(`^[A-Za-z0-9._/:@-]+$`) // of whatever type
	actionForm    = regexp.MustCompile(`^(?:[a-z]*|\*)$`)
)

// ParseScopes reads the scope parameters of a request, each one or more
// scopes joined by spaces. Requests for the same resource are joined.
func ParseScopes(params []string) ([]Request, error) {
	var all []Request
	for _, param := range params {
		for text := range strings.FieldsSeq(param) {
			one, err := parseScope(text)
			if err != nil {
				return nil, err
			}
			if len(all) >= maxScopes {
				return nil, fmt.Errorf("%w: more than %d scopes", ErrScope, maxScopes)
			}
			at := slices.IndexFunc(all, func(r Request) bool { return r.Type == one.Type && r.Name == one.Name })
			if at < 0 {
				all = append(all, one)
				continue
			}
			all[at].Actions = unique(append(all[at].Actions, one.Actions...))
		}
	}
	return all, nil
}

func parseScope(text string) (Request, error) {
	bad := func(why string) (Request, error) {
		return Request{}, fmt.Errorf("%w: %.100q: %s", ErrScope, text, why)
	}
	kind, rest, ok := strings.Cut(text, ":")
	at := strings.LastIndexByte(rest, ':')
	if !ok || at < 0 || len(text) > maxScope {
		return bad("want type:name:actions")
	}
	name, actions := rest[:at], strings.Split(rest[at+1:], ",")
	parts := []string{kind, kind, ""}
	if kind != "repository" {
		parts = typeForm.FindStringSubmatch(kind)
	}
	switch {
	case parts == nil:
		return bad("this is no type")
	case !plainName(name) && !anyName.MatchString(name), parts[1] == "repository" && (!isName(name) || len(name) > maxName):
		return bad("this is no name")
	case slices.ContainsFunc(actions, func(a string) bool { return !isAction(a) }):
		return bad("these are no actions")
	}
	return Request{Type: parts[1], Class: parts[2], Name: name, Actions: unique(actions)}, nil
}

func isName(name string) bool { return plainName(name) || nameForm.MatchString(name) }

// plainName says at a glance of nearly every name that it is one: letters and
// digits with single signs between. The rest is for nameForm to say, which
// takes ten times as long.
func plainName(name string) bool {
	between := true // nothing before, or a sign
	for i := range len(name) {
		switch c := name[i]; {
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9':
			between = false
		case !between && (c == '/' || c == '-' || c == '.' || c == '_'):
			between = true
		default:
			return false
		}
	}
	return !between
}

func isAction(text string) bool {
	switch text {
	case Pull, Push, Delete, All:
		return true
	}
	return actionForm.MatchString(text)
}

func unique(actions []string) []string {
	actions = slices.DeleteFunc(slices.Clone(actions), func(a string) bool { return a == "" })
	slices.Sort(actions)
	return slices.Compact(actions)
}
