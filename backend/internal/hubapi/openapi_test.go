package hubapi_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/legacy"
)

// documents are what this surface is held against at every exchange of these
// tests: our own, and Docker's for whoever has a copy (LANYARD_HUB_OPENAPI is
// its path).
var documents = sync.OnceValues(func() (all []document, err error) {
	ours, err := load("testdata/hubapi.yaml", func(*openapi3.T) {})
	if err != nil {
		return nil, err
	}
	all = append(all, document{ours, true})
	if path := os.Getenv("LANYARD_HUB_OPENAPI"); path != "" {
		dockers, err := load(path, func(doc *openapi3.T) { // its known mistake: the last page has no next
			page := doc.Components.Schemas["getAccessTokensResponse"].Value.Properties
			page["next"].Value.Nullable, page["previous"].Value.Nullable = true, true
		})
		if err != nil {
			return nil, err
		}
		all = append(all, document{dockers, false})
	}
	return all, nil
})

type document struct {
	routers.Router
	ours bool // it knows every path and status, and what may be sent
}

func load(path string, correct func(*openapi3.T)) (routers.Router, error) {
	doc, err := openapi3.NewLoader().LoadFromFile(path)
	if err != nil {
		return nil, err
	}
	correct(doc)
	doc.Servers = openapi3.Servers{{URL: issuer}}
	return legacy.NewRouter(doc, openapi3.DisableExamplesValidation()) // Docker's examples are not of its types
}

// conforms holds an exchange against the documents: what was accepted must have
// been allowed, and every answer must have its form. Paths and methods that a
// document does not know must have been refused.
func conforms(r *http.Request, sent []byte, response *http.Response, got []byte) error {
	all, err := documents()
	for _, d := range all {
		err = errors.Join(err, d.conforms(r, sent, response, got))
	}
	return err
}

func (d document) conforms(r *http.Request, sent []byte, response *http.Response, got []byte) error {
	if r.Method == http.MethodHead || !d.ours && strings.HasPrefix(r.URL.Path, "/v2/access-tokens/session") {
		return nil
	}
	asked := r.Clone(context.Background())
	asked.URL.Scheme, asked.URL.Host, asked.Host = "http", "localhost:8460", "localhost:8460"
	asked.URL.Path, asked.URL.RawPath = strings.TrimSuffix(r.URL.Path, "/"), ""
	sent = bytes.TrimSpace(sent) // white space is no body
	asked.Body, asked.GetBody, asked.ContentLength = io.NopCloser(bytes.NewReader(sent)), nil, int64(len(sent))
	route, params, err := d.FindRoute(asked)
	if err != nil {
		if !d.ours || response.StatusCode == http.StatusNotFound || response.StatusCode == http.StatusMethodNotAllowed {
			return nil
		}
		return fmt.Errorf("the document does not know it: %w", err)
	}
	options := &openapi3filter.Options{
		AuthenticationFunc: openapi3filter.NoopAuthenticationFunc, IncludeResponseStatus: d.ours, MultiError: true,
	}
	in := &openapi3filter.RequestValidationInput{Request: asked, PathParams: params, Route: route, Options: options}
	if d.ours && response.StatusCode < 300 {
		if err := openapi3filter.ValidateRequest(context.Background(), in); err != nil {
			return fmt.Errorf("accepted, but the document does not allow it: %w", err)
		}
	}
	return openapi3filter.ValidateResponse(context.Background(), &openapi3filter.ResponseValidationInput{
		RequestValidationInput: in, Status: response.StatusCode, Header: response.Header,
		Body: io.NopCloser(bytes.NewReader(got)), Options: options,
	})
}

func TestDocumentIsOpenAPI(t *testing.T) {
	doc, err := openapi3.NewLoader().LoadFromFile("testdata/hubapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if err := doc.Validate(t.Context()); err != nil {
		t.Error(err)
	}
}

// The document must be able to say no: else nothing above proves anything.
func TestDocumentRefuses(t *testing.T) {
	good := `{"count":0,"next":null,"previous":null,"active_count":0,"inactive_count":0,"results":[]}`
	for name, c := range map[string]struct {
		status int
		body   string
		ok     bool
	}{
		"a page":             {200, good, true},
		"a member missing":   {200, strings.Replace(good, `"active_count":0,`, "", 1), false},
		"a member too many":  {200, strings.Replace(good, `{`, `{"total":0,`, 1), false},
		"another type":       {200, strings.Replace(good, `0`, `"0"`, 1), false},
		"another host":       {200, strings.Replace(good, `null`, `"http://elsewhere/v2/x"`, 1), false},
		"a refusal":          {401, `{"message":"m","detail":"d","errinfo":null,"reason":"token"}`, true},
		"a refusal in short": {401, `{"message":"m"}`, false},
	} {
		r, err := http.NewRequest(http.MethodGet, issuer+"/v2/access-tokens", nil)
		if err != nil {
			t.Fatal(err)
		}
		response := &http.Response{StatusCode: c.status, Header: http.Header{"Content-Type": {"application/json"}}}
		if err := conforms(r, nil, response, []byte(c.body)); (err == nil) != c.ok {
			t.Errorf("%s: %v", name, err)
		}
	}
}
