package keychain

import "fmt"

// Secret is a text that is not to be seen: printed, formatted or encoded as
// JSON, it is ***. Only Reveal, and the keychain's own entries, hold what it is.
type Secret string

const hidden = "***"

// Reveal is the text itself.
func (s Secret) Reveal() string { return string(s) }

func (Secret) String() string               { return hidden }
func (Secret) GoString() string             { return hidden }
func (Secret) Format(f fmt.State, _ rune)   { _, _ = f.Write([]byte(hidden)) }
func (Secret) MarshalText() ([]byte, error) { return []byte(hidden), nil }
