package hubapi_test

import (
	"net/http"
	"strings"
	"testing"

	"lanyard/backend/internal/openapitest"
)

// conforms holds an exchange against the documents, see openapitest.
func conforms(r *http.Request, sent []byte, response *http.Response, got []byte) error {
	return openapitest.Conforms(r, sent, response.StatusCode, response.Header, got)
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
