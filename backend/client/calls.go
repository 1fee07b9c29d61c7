package client

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"unicode"
)

// call makes one call of a session.
func (s *Server) call(ctx context.Context, access, method, path string, body, into any) error {
	request, err := s.asking(ctx, method, path, body)
	if err != nil {
		return err
	}
	request.Header.Set("Authorization", "Bearer "+access)
	return s.send(ctx, request, into)
}

// asking is a request that nobody has put their name to yet.
func (s *Server) asking(ctx context.Context, method, path string, body any) (*http.Request, error) {
	var sent io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return nil, err
		}
		sent = bytes.NewReader(text)
	}
	request, err := http.NewRequestWithContext(ctx, method, s.URL+path, sent)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("User-Agent", clientID) // people read it in their activity
	return request, nil
}

// follow reads the pages of a list, from the address of the first one: page
// reads one and returns the address of the next, "" after the last. Of that
// only what it asks for counts: the next page is the same server's, too.
func (s *Server) follow(path string, page func(path string) (next string, err error)) error {
	base, _, _ := strings.Cut(path, "?")
	for range maxPages {
		next, err := page(path)
		if err != nil || next == "" {
			return err
		}
		u, err := url.Parse(next)
		if err != nil || u.RawQuery == "" || path == base+"?"+u.RawQuery {
			return fmt.Errorf("%w: %s says where its next page is, and it is none (%.80q)", ErrNotServer, s.URL, next)
		}
		path = base + "?" + u.RawQuery
	}
	return fmt.Errorf("%w: %s: its list has no end", ErrNotServer, s.URL)
}

// maxPages is how many pages of a list are read, of a hundred each.
const maxPages = 500

// query puts what is asked behind a path; what is empty is left out.
func query(path string, pairs ...string) string {
	values := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			values.Set(pairs[i], pairs[i+1])
		}
	}
	if len(values) == 0 {
		return path
	}
	return path + "?" + values.Encode()
}

// nested is a name of several components at the end of a path.
func nested(name string) string {
	parts := strings.Split(name, "/")
	for i := range parts {
		parts[i] = url.PathEscape(parts[i])
	}
	return strings.Join(parts, "/")
}

func (s *Server) post(ctx context.Context, path string, form url.Values) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, s.URL+path, strings.NewReader(form.Encode()))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return s.send(ctx, request, nil)
}

func (s *Server) send(ctx context.Context, request *http.Request, into any) error {
	response, err := s.http.Do(request)
	if err != nil {
		return s.failed(ctx, err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return s.failed(ctx, err)
	}
	if response.StatusCode >= http.StatusMultipleChoices {
		return s.refused(response, text)
	}
	if into == nil {
		return nil
	}
	if err := json.Unmarshal(text, into); err != nil {
		return fmt.Errorf("%w: %s sent something that is not its format", ErrNotServer, s.URL)
	}
	return nil
}

func (s *Server) refused(response *http.Response, text []byte) error {
	var said struct{ Message, Detail, Reason string }
	_ = json.Unmarshal(text, &said) // without a message the status speaks
	why := clean(said.Message)
	if why == "" {
		why = response.Status
	}
	switch code := response.StatusCode; {
	case code == http.StatusUnauthorized:
		return &Ended{Reason: clean(said.Reason), why: why}
	case code == http.StatusForbidden:
		return fmt.Errorf("%w: %s", ErrDenied, why)
	case code == http.StatusNotFound:
		return missing(why)
	case code == http.StatusTooManyRequests:
		return fmt.Errorf("%w: %s", ErrLimited, why)
	case code >= http.StatusInternalServerError:
		return fmt.Errorf("%w: %s: %s", ErrServer, s.URL, why)
	}
	return &refusal{why}
}

// refusal is an ErrRefused in the service's own words alone.
type refusal struct{ why string }

func (r *refusal) Error() string        { return r.why }
func (r *refusal) Is(target error) bool { return target == ErrRefused }

// missing is an ErrNotFound, in the service's own words where they say more.
func missing(why string) error {
	if !strings.Contains(why, " ") || strings.HasSuffix(strings.ToLower(why), "not found") {
		return ErrNotFound
	}
	return &absence{why}
}

type absence struct{ why string }

func (a *absence) Error() string        { return a.why }
func (a *absence) Is(target error) bool { return target == ErrNotFound }

func (s *Server) owns(address string) bool {
	return strings.HasPrefix(address, s.URL+"/") && printable(address) && len(address) <= 4096
}

func printable(text string) bool {
	return text != "" && !strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r >= 0x7f })
}

// clean makes a server's words fit for a terminal: one line, no controls, and
// none of the unseen characters but those that join: emoji and Persian are made
// with them, and they turn nothing around.
func clean(text string) string {
	const nonJoiner, joiner = '\u200c', '\u200d'
	text = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) && r != nonJoiner && r != joiner {
			return -1
		}
		return r
	}, text)
	if runes := []rune(text); len(runes) > 300 {
		text = string(runes[:300]) + "…"
	}
	return strings.TrimSpace(text)
}

func cleanAll(texts []string) {
	for i := range texts {
		texts[i] = clean(texts[i])
	}
}
