package events

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"lanyard/backend/access"
)

var noon = time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)

// sink keeps what it is told, unless it fails.
type sink struct {
	all  []access.Seen
	fail error
}

func (s *sink) Seen(_ context.Context, all ...access.Seen) error {
	if s.fail == nil {
		s.all = append(s.all, all...)
	}
	return s.fail
}

const registry = "registry.example:5000"

func newHandler(t *testing.T) (*Handler, *sink) {
	t.Helper()
	secret, err := OpenSecret(filepath.Join(t.TempDir(), "registry", "events-secret"))
	if err != nil {
		t.Fatal(err)
	}
	s := new(sink)
	return &Handler{Sink: s, Secret: secret, Registries: []string{"other.example", registry}, Now: func() time.Time { return noon }, Log: slog.New(slog.DiscardHandler)}, s
}

const version1 = "application/vnd.docker.distribution.events.v1+json"

// post sends an envelope as a registry does, after change.
func post(h *Handler, body string, change func(*http.Request)) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, "/events?service=registry.example%3A5000", strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+h.Secret.text)
	r.Header.Set("Content-Type", version1)
	if change != nil {
		change(r)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// as is the event of a push of a manifest, with one thing changed.
func as(old, new string) string {
	const event = `{"id":"8f2f","timestamp":"2026-11-29T11:59:59.123456789+01:00","action":"push","target":{
		"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"sha256:abc","size":708,"length":708,"repository":"ada/app",
		"url":"http://registry.example:5000/v2/ada/app/manifests/sha256:abc","tag":"1.0"},
		"request":{"id":"1","addr":"10.0.0.7:51312","host":"registry.example:5000","method":"PUT","useragent":"docker/28.2.2"},
		"actor":{"name":"ada"},"source":{"addr":"7d1:5000","instanceID":"9"}}`
	return strings.Replace(event, old, new, 1)
}

func envelopeOf(all ...string) string { return `{"events":[` + strings.Join(all, ",") + `]}` }

func TestTakenIn(t *testing.T) {
	push := access.Seen{
		Registry: registry, Action: access.Push, Repository: "ada/app", Tag: "1.0", Digest: "sha256:abc", Size: 708,
		Subject: "ada", Addr: "10.0.0.7", Agent: "docker/28.2.2", At: time.Date(2026, 11, 29, 10, 59, 59, 123456000, time.UTC),
	}
	changed := func(change func(*access.Seen)) []access.Seen {
		s := push
		change(&s)
		return []access.Seen{s}
	}
	for name, row := range map[string]struct {
		body string
		want []access.Seen
	}{
		"a push":                                {envelopeOf(as("", "")), []access.Seen{push}},
		"a pull":                                {envelopeOf(strings.Replace(as(`"push"`, `"pull"`), `"PUT"`, `"GET"`, 1)), changed(func(s *access.Seen) { s.Action = access.Pull })},
		"several":                               {envelopeOf(as("", ""), as(`"1.0"`, `"2.0"`)), append([]access.Seen{push}, changed(func(s *access.Seen) { s.Tag = "2.0" })...)},
		"a deletion":                            {envelopeOf(`{"timestamp":"2026-11-29T11:00:00Z","action":"delete","target":{"digest":"sha256:abc","repository":"ada/app"},"actor":{"name":"ada"}}`), []access.Seen{{Registry: registry, Action: access.Delete, Repository: "ada/app", Digest: "sha256:abc", Subject: "ada", At: noon.Add(-time.Hour)}}},
		"a clock ahead":                         {envelopeOf(as("2026-11-29T11", "2026-11-30T11")), changed(func(s *access.Seen) { s.At = noon })},
		"no time":                               {envelopeOf(as(`"timestamp":"2026-11-29T11:59:59.123456789+01:00",`, "")), changed(func(s *access.Seen) { s.At = noon })},
		"nobody":                                {envelopeOf(as(`{"name":"ada"}`, `{}`)), changed(func(s *access.Seen) { s.Subject = "" })},
		"members not known":                     {envelopeOf(as(`"id":"8f2f"`, `"new":{"a":[1]}`)), []access.Seen{push}},
		"an agent's ESC":                        {envelopeOf(as("docker/28.2.2", `\u001b[31mdocker/28.2.2\u202e\n`)), changed(func(s *access.Seen) { s.Agent = "[31mdocker/28.2.2" })},
		"an address alone":                      {envelopeOf(as("10.0.0.7:51312", "fd00::7")), changed(func(s *access.Seen) { s.Addr = "fd00::7" })},
		"a size below zero":                     {envelopeOf(as(`"size":708`, `"size":-1`)), changed(func(s *access.Seen) { s.Size = 0 })},
		"none":                                  {envelopeOf(), nil},
		"of a layer":                            {envelopeOf(as("application/vnd.oci.image.manifest.v1+json", "application/octet-stream")), nil},
		"a mount":                               {envelopeOf(as(`"push"`, `"mount"`)), nil},
		"an action to come":                     {envelopeOf(as(`"push"`, `"sign"`)), nil},
		"a HEAD of 2.8":                         {envelopeOf(strings.Replace(as(`"push"`, `"pull"`), `"PUT"`, `"HEAD"`, 1)), nil},
		"no repository":                         {envelopeOf(as(`"ada/app"`, `""`)), nil},
		"a long repository":                     {envelopeOf(as("ada/app", strings.Repeat("a", 256))), nil},
		"a repository's ESC":                    {envelopeOf(as("ada/app", `ada/\u001bapp`)), nil},
		"no digest":                             {envelopeOf(as("sha256:abc", "")), nil},
		"a whole repository":                    {envelopeOf(`{"action":"delete","target":{"repository":"ada/app"}}`), nil},
		"one of a wrong type beside a good one": {envelopeOf(`7`, `{"action":7}`, `null`, as("", "")), []access.Seen{push}},
	} {
		t.Run(name, func(t *testing.T) {
			h, s := newHandler(t)
			if w := post(h, row.body, nil); w.Code != http.StatusAccepted {
				t.Fatalf("%d %s", w.Code, w.Body)
			}
			if !slices.EqualFunc(s.all, row.want, func(a, b access.Seen) bool { return fmt.Sprintf("%+v", a) == fmt.Sprintf("%+v", b) }) {
				t.Errorf("seen\n%+v\nwant\n%+v", s.all, row.want)
			}
		})
	}
}

func TestAPullOfAnIndexIsTakenInOnce(t *testing.T) {
	h, s := newHandler(t)
	index := strings.Replace(as(`"push"`, `"pull"`), "image.manifest.v1+json", "image.index.v1+json", 1)
	index = strings.Replace(index, `"repository"`, `"references":[{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"sha256:child"}],"repository"`, 1)
	child := strings.Replace(strings.Replace(as(`"push"`, `"pull"`), "sha256:abc", "sha256:child", 1), `"tag":"1.0"`, `"tag":""`, 1)
	for _, body := range []string{envelopeOf(index), envelopeOf(child), envelopeOf(strings.Replace(child, `"ada"}`, `"eve"}`, 1))} {
		if w := post(h, body, nil); w.Code != http.StatusAccepted {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
	}
	if len(s.all) != 2 || s.all[0].Digest != "sha256:abc" || s.all[1].Subject != "eve" {
		t.Errorf("%+v", s.all)
	}
}

func TestRefused(t *testing.T) {
	good := envelopeOf(as("", ""))
	set := func(name, value string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set(name, value) }
	}
	for name, row := range map[string]struct {
		body   string
		change func(*http.Request)
		status int
		says   string
	}{
		"no secret":             {good, set("Authorization", ""), 401, "--print-registry-config"},
		"another secret":        {good, set("Authorization", "Bearer lyd_events_x"), 401, "--print-registry-config"},
		"another scheme":        {good, set("Authorization", "Basic eDp5"), 401, "--print-registry-config"},
		"an empty secret":       {good, set("Authorization", "Bearer "), 401, "--print-registry-config"},
		"no registry":           {good, func(r *http.Request) { r.URL.RawQuery = "" }, 404, "--registry"},
		"a registry not known":  {good, func(r *http.Request) { r.URL.RawQuery = "service=evil.example" }, 404, `evil.example`},
		"another method":        {good, func(r *http.Request) { r.Method = http.MethodGet }, 405, "posts"},
		"no type":               {good, set("Content-Type", ""), 415, version1},
		"another type":          {good, set("Content-Type", "text/plain"), 415, version1},
		"no body":               {"", nil, 400, `"events\"`},
		"not JSON":              {"events", nil, 400, "envelope"},
		"half of it":            {good[:len(good)-1], nil, 400, "envelope"},
		"more after it":         {good + "x", nil, 400, "envelope"},
		"a list":                {"[" + good + "]", nil, 400, "envelope"},
		"no list of events":     {`{"events":{}}`, nil, 400, "envelope"},
		"without events":        {`{}`, nil, 400, "envelope"},
		"larger than any event": {`{"events":[` + strings.Repeat(" ", maxBody) + `]}`, nil, 413, "8388608"},
	} {
		t.Run(name, func(t *testing.T) {
			h, s := newHandler(t)
			w := post(h, row.body, row.change)
			if w.Code != row.status || !strings.Contains(w.Body.String(), row.says) {
				t.Errorf("%d %s; want %d with %s", w.Code, w.Body, row.status, row.says)
			}
			if strings.Contains(w.Body.String(), h.Secret.text) {
				t.Error("the answer has the secret in it")
			}
			if len(s.all) != 0 {
				t.Errorf("taken in: %+v", s.all)
			}
		})
	}
}

// What cannot be kept now is sent again.
func TestTheSinkFails(t *testing.T) {
	h, s := newHandler(t)
	s.fail = errors.New("disk full at /secret/place")
	w := post(h, envelopeOf(as("", "")), nil)
	if w.Code != http.StatusServiceUnavailable || strings.Contains(w.Body.String(), "/secret") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	s.fail = nil
	if w := post(h, envelopeOf(as("", "")), nil); w.Code != http.StatusAccepted || len(s.all) != 1 {
		t.Errorf("again: %d, %d seen", w.Code, len(s.all))
	}
}

func TestSecret(t *testing.T) {
	path := filepath.Join(t.TempDir(), "registry", "events-secret")
	first, err := OpenSecret(path)
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", info.Mode(), err)
	}
	if entries, err := os.ReadDir(filepath.Dir(path)); err != nil || len(entries) != 1 {
		t.Errorf("left behind: %v %v", entries, err)
	}
	again, err := OpenSecret(path)
	if err != nil || !again.Is(first.text) || first.Is(first.text+"x") || first.Is("") || (Secret{}).Is("") {
		t.Errorf("read again: %v", err)
	}
	for _, form := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x"} {
		if got := fmt.Sprintf(form, first) + fmt.Sprintf(form, struct{ S Secret }{first}); strings.Contains(got, first.text[11:]) || !strings.Contains(got, "***") {
			t.Errorf("%s prints %s", form, got)
		}
	}
	for name, spoil := range map[string]func() error{
		"empty":              func() error { return os.WriteFile(path, nil, 0o600) },
		"cut off":            func() error { return os.WriteFile(path, []byte(first.text[:20]), 0o600) },
		"another's":          func() error { return os.WriteFile(path, []byte(strings.Repeat("x", 60)), 0o600) },
		"readable by others": func() error { return errors.Join(os.WriteFile(path, []byte(first.text), 0o600), os.Chmod(path, 0o644)) },
		"a folder":           func() error { return errors.Join(os.Remove(path), os.Mkdir(path, 0o700)) },
	} {
		if err := errors.Join(os.RemoveAll(path), os.WriteFile(path, nil, 0o600), spoil()); err != nil {
			t.Fatal(err)
		}
		if s, err := OpenSecret(path); !errors.Is(err, ErrSecret) {
			t.Errorf("%s: %v %v", name, s, err)
		}
	}
}

// Many first starts at once end with one secret.
func TestSecretMadeOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "events-secret")
	made := make(chan Secret)
	for range 8 {
		go func() {
			s, err := OpenSecret(path)
			if err != nil {
				t.Error(err)
			}
			made <- s
		}()
	}
	first := <-made
	for range 7 {
		if s := <-made; s != first {
			t.Error("two secrets")
		}
	}
}

func FuzzEnvelope(f *testing.F) {
	f.Add([]byte(envelopeOf(as("", ""))))
	f.Add([]byte(envelopeOf(`{"action":"delete","target":{"digest":"sha256:abc","repository":"ada/app"}}`)))
	f.Add([]byte(`{"events":[null,7,{}]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		seen, err := parse(text, registry, noon)
		if err != nil && seen != nil {
			t.Error("refused, and taken in")
		}
		for _, s := range seen {
			if s.Repository == "" || s.At.After(noon) || s.Registry != registry || printable(s.Agent) != s.Agent || s.Tag == "" && s.Digest == "" {
				t.Errorf("%+v", s)
			}
		}
	})
}
