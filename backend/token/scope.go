package token

import "fmt"

// Scope is an access permission of a token, in the Hub's spelling.
type Scope string

// Each scope includes those after it.
const (
	ScopeAdmin      Scope = "repo:admin" // Read, Write, Delete
	ScopeWrite      Scope = "repo:write"
	ScopeRead       Scope = "repo:read"
	ScopePublicRead Scope = "repo:public_read"
)

// Known says whether s is a scope we know.
func (s Scope) Known() bool {
	switch s {
	case ScopeAdmin, ScopeWrite, ScopeRead, ScopePublicRead:
		return true
	}
	return false
}

// ParseScopes checks what a request asked for and keeps its order. Nothing
// asked for is public read, the least there is.
func ParseScopes(asked []string) ([]Scope, error) {
	if len(asked) == 0 {
		return []Scope{ScopePublicRead}, nil
	}
	if len(asked) > 8 {
		return nil, fmt.Errorf("%w: at most 8 scopes", ErrInvalid)
	}
	scopes := make([]Scope, 0, len(asked))
	for _, a := range asked {
		s := Scope(a)
		if !s.Known() {
			return nil, fmt.Errorf("%w: unknown scope %q; known are repo:admin, repo:write, repo:read and repo:public_read", ErrInvalid, a)
		}
		scopes = append(scopes, s)
	}
	return scopes, nil
}
