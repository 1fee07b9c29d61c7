package token

import "fmt"

// Words say what became of a token that gave way, to whoever has its secret:
// which, why, when and what to do.
func (l Loss) Words() string {
	at := l.At.UTC().Format("2006-01-02 15:04 MST")
	by := l.By
	if by == "" {
		by = "another sign-in"
	}
	switch l.Fate {
	case Evicted:
		return fmt.Sprintf("this computer's token gave way on %s to that of %s, since the account had no room for both; lanyard login takes a place again", at, by)
	case Superseded:
		return fmt.Sprintf("this computer was signed in again on %s, which replaced this token; lanyard login signs in here", at)
	case Deleted:
		return fmt.Sprintf("this token was deleted by a person on %s; make another one, or sign in with: lanyard login", at)
	}
	return fmt.Sprintf("the sign-in of this token had ended by %s; sign in again with: lanyard login", at)
}
