package keychain

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"strings"
)

// Kind is the first part of an entry's name.
type Kind string

// The kinds of entries. The helper reads Tokens and Stores only.
const (
	Sessions Kind = "session" // session/<server>/<account>
	Tokens   Kind = "token"   // token/<server>/<account>
	Pendings Kind = "pending" // pending/<random>
	Stores   Kind = "store"   // store/<exact key>
)

// ErrName: the text is not the name of an entry of ours.
var ErrName = errors.New("not the name of a keychain entry")

// Prefix is what the names of a kind begin with, for List.
func (k Kind) Prefix() string { return string(k) + "/" }

// name joins the parts so that none can be taken for another: each is
// percent-encoded, which leaves no slash in it.
func (k Kind) name(parts ...string) string {
	for i, part := range parts {
		parts[i] = url.PathEscape(part)
	}
	return k.Prefix() + strings.Join(parts, "/")
}

// SessionName is the entry of an account's session at a server.
func SessionName(server, account string) string { return Sessions.name(server, account) }

// TokenName is the entry of an account's token. For a pasted token, server is
// the canonical host of its registry.
func TokenName(server, account string) string { return Tokens.name(server, account) }

// PendingName is the entry of a sign-in that is not finished.
func PendingName(random string) string { return Pendings.name(random) }

// StoreName is the entry of what a tool stored itself under exactly key. A key
// too long for the name of an entry is stood in for by its hash, which no other
// key's name can be: in those, # is written otherwise.
func StoreName(key string) string {
	name := Stores.name(key)
	if len(name) <= maxName {
		return name
	}
	sum := sha256.Sum256([]byte(key))
	return Stores.Prefix() + hashMark + hex.EncodeToString(sum[:])
}

// hashMark begins the hash of a key.
const hashMark = "#"

// isHash reports whether the part of a name is the hash of a key.
func isHash(part string) bool {
	sum, ok := strings.CutPrefix(part, hashMark)
	raw, err := hex.DecodeString(sum)
	return ok && err == nil && len(raw) == sha256.Size && hex.EncodeToString(raw) == sum
}

// ParseName is the kind and the parts of a name: server and account, or the
// one part of Pendings and Stores, which is the key or, of a key too long, its
// hash behind a #.
func ParseName(name string) (Kind, []string, error) {
	kind, rest, _ := strings.Cut(name, "/")
	if Kind(kind) == Stores && isHash(rest) {
		return Stores, []string{rest}, nil
	}
	parts := strings.Split(rest, "/")
	for i, part := range parts {
		plain, err := url.PathUnescape(part)
		if err != nil {
			return "", nil, fmt.Errorf("%w: %q", ErrName, name)
		}
		parts[i] = plain
	}
	want := 2
	switch Kind(kind) {
	case Sessions, Tokens:
	case Pendings, Stores:
		want = 1
	default:
		want = -1
	}
	if len(parts) != want || Kind(kind).name(append([]string(nil), parts...)...) != name {
		return "", nil, fmt.Errorf("%w: %q", ErrName, name)
	}
	return Kind(kind), parts, nil
}
