package helper

import (
	"context"
	"os"

	"lanyard/backend/keychain"
	"lanyard/backend/ledger"
)

// remember has a get of a registry of ours written to the ledger, once it is
// answered. reason is why it was refused; empty: it was served.
func (c *call) remember(reason string) {
	if c.use == nil {
		return
	}
	use := *c.use
	use.At, use.Refused = c.helper.Now(), reason
	c.then(func(context.Context) {
		if c.helper.Asker != nil {
			use.Tool = c.helper.Asker()
		}
		use.Folder, _ = os.Getwd()
		_ = ledger.Ledger{Dir: c.dirs.State}.Append(use) // what cannot be noted was answered all the same
	})
}

// lastFour is what people recognise a token by; of a short one, which may be a
// password, it would give too much away.
func lastFour(s keychain.Secret) string {
	secret := s.Reveal()
	if len(secret) < 16 {
		return ""
	}
	return secret[len(secret)-4:]
}
