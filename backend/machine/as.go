package machine

import "strings"

// AsVariable is the environment variable that names the account which one
// command, and what it starts, is to use: NAME@SERVER. It can only choose
// among the accounts that are signed in here, and holds no secret.
const AsVariable = "LANYARD_AS"

// AccountRef is the one spelling of an account: NAME@SERVER. A name may hold
// an @ itself (an e-mail address), a server never does.
func AccountRef(server, account string) string { return account + "@" + server }

// ParseAccountRef takes one apart; ok is false if it is none.
func ParseAccountRef(ref string) (server, account string, ok bool) {
	i := strings.LastIndexByte(ref, '@')
	if i <= 0 || i == len(ref)-1 {
		return "", "", false
	}
	return ref[i+1:], ref[:i], true
}
