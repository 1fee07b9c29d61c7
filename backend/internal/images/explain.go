package images

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// explainer lets every answer through but one: the 401 to a good token that
// does not reach far enough. That answer gets the reason and the way out.
//
// The status stays 401 and the challenge stays, since clients that hold a
// narrower token ask for a wider one at that sign (RFC 6750 section 3.1). It is
// 403 where the token says that just this was asked for and refused: our token
// endpoint says so to clients that show nothing of a 401.
type explainer struct {
	http.ResponseWriter
	request *http.Request
	explain func(subject, repository, action string) string

	held    *bytes.Buffer // the library's body, while it is one to be explained
	written bool
}

func (e *explainer) WriteHeader(status int) {
	if e.written {
		return
	}
	e.written = true
	// Said of a token only after its signature, issuer, audience and time were
	// found to be right.
	if status == http.StatusUnauthorized && strings.Contains(e.Header().Get("WWW-Authenticate"), `error="insufficient_scope"`) {
		e.held = new(bytes.Buffer)
		return
	}
	e.ResponseWriter.WriteHeader(status)
}

func (e *explainer) Write(b []byte) (int, error) {
	if !e.written {
		e.WriteHeader(http.StatusOK)
	}
	if e.held != nil {
		return e.held.Write(b)
	}
	return e.ResponseWriter.Write(b)
}

// Unwrap is for http.ResponseController.
func (e *explainer) Unwrap() http.ResponseWriter { return e.ResponseWriter }

func (e *explainer) finish() {
	if e.held == nil {
		return
	}
	header := e.Header()
	words, status := e.words()
	if words == "" {
		e.ResponseWriter.WriteHeader(http.StatusUnauthorized)
		_, _ = e.ResponseWriter.Write(e.held.Bytes())
		return
	}
	header.Del("Content-Length")
	// docker shows the description of the challenge, all others the body.
	header.Set("WWW-Authenticate", header.Get("WWW-Authenticate")+`,error_description="`+quotable(words)+`"`)
	if e.request.Method == http.MethodHead {
		// Which has no body. regctl shows it (distribution spec, Warnings), and so can whoever looks.
		header.Set("Warning", `299 - "`+quotable(words)+`"`)
	}
	writeError(e.ResponseWriter, status, "DENIED", words)
}

// words asks for the reason of the first right that is lacking; "" where it
// is none of a repository's.
func (e *explainer) words() (words string, status int) {
	var answer struct {
		Errors []struct {
			Detail []struct{ Type, Name, Action string }
		}
	}
	if err := json.Unmarshal(e.held.Bytes(), &answer); err != nil || len(answer.Errors) == 0 {
		return "", 0
	}
	token := claimsOf(bearer(e.request))
	for _, needed := range answer.Errors[0].Detail {
		if needed.Type != "repository" || hold(token.Access, needed.Type, needed.Name, needed.Action) {
			continue
		}
		status = http.StatusUnauthorized
		if hold(token.Refused, needed.Type, needed.Name, needed.Action) {
			status = http.StatusForbidden
		}
		return e.explain(token.Subject, needed.Name, needed.Action), status
	}
	return "", 0
}

type claims struct {
	Subject string `json:"sub"`
	Access  []right
	Refused []right
}

type right struct {
	Type, Name string
	Actions    []string
}

func hold(rights []right, kind, name, action string) bool {
	for _, a := range rights {
		if a.Type == kind && a.Name == name && (slices.Contains(a.Actions, action) || slices.Contains(a.Actions, "*")) {
			return true
		}
	}
	return false
}

// claimsOf reads a token that has been verified already.
func claimsOf(token string) (c claims) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return c
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return c
	}
	_ = json.Unmarshal(payload, &c) // then it says nothing
	return c
}

func bearer(r *http.Request) string {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "bearer") {
		return ""
	}
	return token
}

// quotable cuts words down to what error_description (RFC 6750 section 3) and
// the text of a warning (RFC 7234 section 5.5) may hold.
func quotable(words string) string {
	return strings.Map(func(r rune) rune {
		if r < 0x20 || r > 0x7e || r == '\\' {
			return -1
		}
		if r == '"' {
			return '\''
		}
		return r
	}, words)
}

// firstComponent is that of the repository's name in a path of the registry's
// API; "" if the path names none.
func firstComponent(path string) string {
	rest, _ := strings.CutPrefix(path, "/v2/")
	component, _, _ := strings.Cut(rest, "/")
	return component
}

// writeError answers in the registry's format (distribution spec, errors).
func writeError(w http.ResponseWriter, status int, code, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	type one struct {
		Code    string `json:"code"`
		Message string `json:"message"`
	}
	body, err := json.Marshal(map[string][]one{"errors": {{code, message}}})
	if err != nil {
		panic(fmt.Sprintf("encode two strings: %v", err))
	}
	_, _ = w.Write(body)
}
