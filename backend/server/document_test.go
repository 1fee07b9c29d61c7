package server

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"lanyard/backend/internal/dtrapi"
	"lanyard/backend/internal/hubapi"
	"lanyard/backend/internal/oauth"
	"lanyard/backend/internal/openapitest"
)

func TestTheDocumentIsOpenAPI(t *testing.T) {
	doc, err := openapitest.Ours()
	if err != nil {
		t.Fatal(err)
	}
	if err := doc.Validate(t.Context()); err != nil {
		t.Fatal(err)
	}
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			if op.Summary == "" && !strings.HasPrefix(path, "/v2/") {
				t.Errorf("%s %s has no summary", method, path)
			}
		}
	}
}

// Every route of the code is in the document, and the other way round.
func TestTheDocumentHasEveryRoute(t *testing.T) {
	w := newTown(t, nil)
	code := map[string]bool{"GET /token": true, "POST /token": true, "POST /events": true}
	for _, paths := range []map[string][]string{hubapi.Paths(), dtrapi.Paths(), oauth.Paths()} {
		for path, of := range paths {
			for _, method := range of {
				code[method+" "+strings.ReplaceAll(path, "...}", "}")] = true
			}
		}
	}
	for pattern := range w.operations() {
		code[pattern] = true
	}
	doc, err := openapitest.Ours()
	if err != nil {
		t.Fatal(err)
	}
	written := map[string]bool{}
	for path, item := range doc.Paths.Map() {
		for method := range item.Operations() {
			written[method+" "+path] = true
		}
	}
	for _, one := range slices.Sorted(maps.Keys(code)) {
		if !written[one] {
			t.Errorf("%s is not in the document", one)
		}
	}
	for _, one := range slices.Sorted(maps.Keys(written)) {
		if !code[one] {
			t.Errorf("%s is in the document alone", one)
		}
	}
	// What has no table of its own says by its Allow what it has.
	for path, want := range map[string]string{"/token": "GET, POST", "/events": "POST"} {
		if out, err := w.send("PATCH", path, ""); err != nil || out.header.Get("Allow") != want {
			t.Errorf("%s: %q %v", path, out.header.Get("Allow"), err)
		}
	}
}

// The document is served, and speaks of the address that the service has.
func TestTheDocumentIsServed(t *testing.T) {
	s := running(t, func(c *Config) {
		var err error
		if c.Address, err = NewAddress("https://hub.example", "0.0.0.0:443", false); err != nil {
			t.Fatal(err)
		}
	})
	response := ask(s, http.MethodGet, "https://hub.example/openapi.yaml", "")
	var text strings.Builder
	if err := response.Write(&text); err != nil {
		t.Fatal(err)
	}
	if response.StatusCode != http.StatusOK || response.Header.Get("Content-Type") != "application/yaml" {
		t.Errorf("%d %s", response.StatusCode, response.Header)
	}
	if !strings.Contains(text.String(), "- url: https://hub.example\n") || strings.Contains(text.String(), "localhost:8460") {
		t.Error("it speaks of another address")
	}
}
