// Package openapitest holds exchanges against documents: against our own, and
// against Docker's for whoever has a copy. It is for tests alone.
package openapitest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/legacy"

	"lanyard/backend/internal/openapi"
)

// Dockers is the variable that names a copy of Docker's own document.
const Dockers = "LANYARD_HUB_OPENAPI"

// several are the parameters that may have slashes: a repository's name ends
// its path. OpenAPI has no word for that, the router has.
const several = "{name}"

// Ours is our own document.
func Ours() (*openapi3.T, error) {
	return openapi3.NewLoader().LoadFromData(openapi.Document(openapi.Written))
}

var documents = sync.OnceValues(func() (all []document, err error) {
	for _, kind := range []string{"text/html", "application/jsonl"} { // the library knows them not
		openapi3filter.RegisterBodyDecoder(kind, openapi3filter.FileBodyDecoder)
	}
	openapi3filter.RegisterBodyDecoder("application/yaml", openapi3filter.FileBodyDecoder)
	doc, err := Ours()
	if err != nil {
		return nil, err
	}
	ours, err := routed(doc)
	if err != nil {
		return nil, err
	}
	all = append(all, document{ours, true})
	if path := os.Getenv(Dockers); path != "" {
		doc, err := openapi3.NewLoader().LoadFromFile(path)
		if err != nil {
			return nil, err
		}
		correct(doc)
		dockers, err := routed(doc)
		if err != nil {
			return nil, err
		}
		all = append(all, document{dockers, false})
	}
	return all, nil
})

// correct mends what is known to be wrong in Docker's document: the last page
// has no next, a list of members is one envelope and no list of them, and
// errinfo, which clients of the Hub read as text, is null where there is none.
func correct(doc *openapi3.T) {
	seen := map[*openapi3.Schema]bool{}
	var walk func(s *openapi3.SchemaRef)
	walk = func(s *openapi3.SchemaRef) {
		if s == nil || s.Value == nil || seen[s.Value] {
			return
		}
		seen[s.Value] = true
		for name, of := range s.Value.Properties {
			if name == "next" || name == "previous" || name == "errinfo" {
				of.Value.Nullable = true
			}
			walk(of)
		}
		walk(s.Value.Items)
	}
	for _, item := range doc.Paths.Map() {
		for _, op := range item.Operations() {
			for _, response := range op.Responses.Map() {
				for _, media := range response.Value.Content {
					if list := media.Schema; list != nil && list.Value.Items != nil && strings.HasSuffix(list.Value.Items.Ref, "/org_member_paginated") {
						media.Schema = list.Value.Items
					}
					walk(media.Schema)
				}
			}
		}
	}
}

func routed(doc *openapi3.T) (routers.Router, error) {
	doc.Servers = openapi3.Servers{{URL: openapi.Written}}
	paths := openapi3.NewPaths()
	for path, item := range doc.Paths.Map() {
		paths.Set(strings.Replace(path, several, "{name*}", 1), item)
	}
	doc.Paths = paths
	return legacy.NewRouter(doc, openapi3.DisableExamplesValidation()) // Docker's examples are not of its types
}

type document struct {
	routers.Router
	ours bool // it knows every path and status, and what may be sent
}

// Conforms holds an exchange against the documents: what was accepted must have
// been allowed, and every answer must have its form. Paths and methods that a
// document does not know must have been refused.
func Conforms(r *http.Request, sent []byte, status int, header http.Header, got []byte) error {
	all, err := documents()
	for _, d := range all {
		err = errors.Join(err, d.conforms(r, sent, status, header, got))
	}
	return err
}

// beyond are paths that Docker's document has by the pattern of another.
func beyond(path string) bool {
	for _, ours := range []string{"session", "sessions", "self", "bulk", "which"} {
		if strings.HasPrefix(path, "/v2/access-tokens/"+ours) {
			return true
		}
	}
	return false
}

func (d document) conforms(r *http.Request, sent []byte, status int, header http.Header, got []byte) error {
	if r.Method == http.MethodHead || !d.ours && beyond(r.URL.Path) {
		return nil
	}
	asked := r.Clone(context.Background())
	asked.URL.Scheme, asked.URL.Host, asked.Host = "http", "localhost:8460", "localhost:8460"
	// A slash within a segment is no end of it.
	path, err := url.PathUnescape(strings.ReplaceAll(strings.TrimSuffix(r.URL.EscapedPath(), "/"), "%2F", "~"))
	if err != nil || path == "" {
		return err
	}
	asked.URL.Path, asked.URL.RawPath = path, ""
	sent = bytes.TrimSpace(sent) // white space is no body
	asked.Body, asked.GetBody, asked.ContentLength = io.NopCloser(bytes.NewReader(sent)), nil, int64(len(sent))
	route, params, err := d.FindRoute(asked)
	if err != nil {
		if !d.ours || status == http.StatusNotFound || status == http.StatusMethodNotAllowed {
			return nil
		}
		return fmt.Errorf("the document does not know it: %w", err)
	}
	options := &openapi3filter.Options{
		AuthenticationFunc: openapi3filter.NoopAuthenticationFunc, IncludeResponseStatus: d.ours, MultiError: true,
	}
	in := &openapi3filter.RequestValidationInput{Request: asked, PathParams: params, Route: route, Options: options}
	if d.ours && status < 300 {
		if err := openapi3filter.ValidateRequest(context.Background(), in); err != nil {
			return fmt.Errorf("accepted, but the document does not allow it: %w", err)
		}
	}
	return openapi3filter.ValidateResponse(context.Background(), &openapi3filter.ResponseValidationInput{
		RequestValidationInput: in, Status: status, Header: header,
		Body: io.NopCloser(bytes.NewReader(got)), Options: options,
	})
}
