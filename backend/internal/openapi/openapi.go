// Package openapi is the document of everything that the account service
// answers to programs: paths, what may be sent, and every form of an answer.
// It owns the words; that they are true is shown by the tests that hold each
// answer against them (openapitest). The pages that people see are not in it.
package openapi

import (
	_ "embed"
	"strings"
)

//go:embed openapi.yaml
var document string

// Written is the address that the document as it is written speaks of.
const Written = "http://localhost:8460"

// Document is the document of a service that is reached at publicURL, which
// has no slash at its end.
func Document(publicURL string) []byte {
	return []byte(strings.ReplaceAll(document, Written, publicURL))
}
