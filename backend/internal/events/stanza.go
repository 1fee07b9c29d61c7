package events

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
)

// PrintStanza writes the part of a registry's configuration that makes it
// notify the endpoint at url; distribution 2.8 and 3 read it alike. The secret
// is in it. Layers are left out at the source; what an index names is in its
// event, so that a pull of both is counted once.
func PrintStanza(w io.Writer, url string, secret Secret) error {
	_, err := fmt.Fprintf(w, `notifications:
  events:
    includereferences: true
  endpoints:
    - name: lanyard
      url: %s
      headers:
        Authorization: [%s]
      timeout: 5s
      threshold: 5
      backoff: 10s
      ignoredmediatypes: [application/octet-stream]
      ignore:
        actions: [mount]
`, quote(url), quote("Bearer "+secret.text))
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
