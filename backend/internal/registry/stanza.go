package registry

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
)

// Stanza is what a registry must be told to trust our tokens.
type Stanza struct {
	Realm   string // URL of the token endpoint
	Service string // one of Handler.Services
	Issuer  string
	CAFile  string // where the registry finds the authority's certificate
}

// PrintStanza writes the part of a registry's configuration file that makes it
// trust our tokens; distribution 2.8 and 3 read it alike.
func PrintStanza(w io.Writer, s Stanza) error {
	_, err := fmt.Fprintf(w, "auth:\n  token:\n    realm: %s\n    service: %s\n    issuer: %s\n    rootcertbundle: %s\n",
		quote(s.Realm), quote(s.Service), quote(s.Issuer), quote(s.CAFile))
	return err
}

// quote makes a double-quoted YAML scalar, of which a JSON string is one.
func quote(text string) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(text) // a string always can be
	return strings.TrimSpace(b.String())
}
