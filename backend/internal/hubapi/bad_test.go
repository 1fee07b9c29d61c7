package hubapi_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"lanyard/backend/account"
	"lanyard/backend/internal/bearer"
	"lanyard/backend/store/memstore"
	"lanyard/backend/token"
)

// bad are bodies that each path which takes one refuses, with words.
var bad = map[string]struct {
	body   string
	status int
	words  string
}{
	"broken":                 {`{"token_label":`, 400, "broken JSON"},
	"cut off":                {`{"token_label":"x"`, 400, "broken JSON"},
	"no JSON":                {`token_label=x`, 400, "not a JSON object"},
	"a list":                 {`[]`, 400, "not a JSON object"},
	"a string":               {`"x"`, 400, "not a JSON object"},
	"null":                   {`null`, 400, "not a JSON object"},
	"a number":               {`7`, 400, "not a JSON object"},
	"two objects":            {`{"token_label":"x"}{"token_label":"y"}`, 400, "something follows"},
	"a word after it":        {`{"token_label":"x"} x`, 400, "something follows"},
	"a comma too many":       {`{"token_label":"x",}`, 400, "broken JSON"},
	"a key without quotes":   {`{token_label:"x"}`, 400, "broken JSON"},
	"single quotes":          {`{'token_label':'x'}`, 400, "broken JSON"},
	"a comment":              {`{/**/}`, 400, "broken JSON"},
	"a member twice":         {`{"token_label":"x","token_label":"y"}`, 400, "there twice"},
	"a member twice, hidden": {`{"token_label":"x","\u0074oken_label":"y"}`, 400, "there twice"},
	"no UTF-8":               {"{\"token_label\":\"\xff\"}", 400, "not UTF-8"},
	"a NUL":                  {"{\"token_label\":\"\x00\"}", 400, "broken JSON"},
	"too deep":               {`{"x":` + strings.Repeat("[", 20_000), 400, "broken JSON"},
	"more than 64 KiB":       {`{"x":"` + strings.Repeat("a", 64<<10) + `"}`, 413, "larger than 64 KiB"},
	"a megabyte of spaces":   {strings.Repeat(" ", 1<<20) + "{}", 413, "larger than 64 KiB"},
}

func TestBadBodies(t *testing.T) {
	w := newWorld(t)
	ada := w.signIn("ada")
	id := w.create(ada.bearer, "CI")
	w.generate(ada, "laptop")
	before := w.held()
	for name, c := range bad {
		for _, to := range [][2]string{
			{"POST", "/v2/access-tokens"}, {"PATCH", "/v2/access-tokens/" + id}, {"POST", "/v2/access-tokens/desktop-generate"},
			{"POST", "/v2/api_tokens"}, {"PATCH", "/v2/api_tokens/" + id},
		} {
			t.Run(name+" to "+to[0]+" "+strings.ReplaceAll(to[1], id, "uuid"), func(t *testing.T) {
				out := w.ask(ada.bearer, to[0], to[1], c.body)
				reason := "invalid"
				if c.status == 413 {
					reason = "size"
				}
				out.t = t
				out.refused(c.status, reason, c.words)
				if w.held() != before {
					t.Error("something changed")
				}
			})
		}
	}
	if len(w.log.String()) > 1<<20 {
		t.Error("bodies are logged")
	}
}

// Just under the limit is no more than a large body.
func TestLargestBody(t *testing.T) {
	w := newWorld(t)
	body := `{"token_label":"x","x":"`
	body += strings.Repeat("a", 64<<10-len(body)-2) + `"}`
	w.ask(w.signIn("ada").bearer, "POST", "/v2/access-tokens", body).is(201)
}

// Values that are of the wrong type or out of range, field by field.
func TestBadFields(t *testing.T) {
	w := newWorld(t)
	ada := w.signIn("ada")
	id := w.create(ada.bearer, "CI")
	auto, _ := w.generate(ada, "laptop")
	before := w.held()
	long := strings.Repeat("x", 101)
	for name, c := range map[string]struct {
		method, path, body string
		field              string // named in fields
		words              string
	}{
		"no label":                  {"POST", "", `{"scopes":["repo:read"]}`, "token_label", "token_label is needed"},
		"label null":                {"POST", "", `{"token_label":null}`, "token_label", "token_label is needed"},
		"label in capitals":         {"POST", "", `{"TOKEN_LABEL":"x"}`, "token_label", "token_label is needed"},
		"nothing":                   {"POST", "", `{}`, "token_label", "token_label is needed"},
		"no body":                   {"POST", "", ``, "", "not a JSON object"},
		"label a number":            {"POST", "", `{"token_label":7}`, "token_label", "token_label must be a string"},
		"label empty":               {"POST", "", `{"token_label":""}`, "", "a description is needed"},
		"label of spaces":           {"POST", "", `{"token_label":"   "}`, "", "a description is needed"},
		"label of 101 characters":   {"POST", "", `{"token_label":"` + long + `"}`, "", "longer than 100 characters"},
		"label with a line end":     {"POST", "", `{"token_label":"a\nb"}`, "", "control characters"},
		"label with an escape":      {"POST", "", `{"token_label":"\u001b[2J"}`, "", "control characters"},
		"scopes a string":           {"POST", "", `{"token_label":"x","scopes":"repo:read"}`, "scopes", "scopes must be a list of strings"},
		"scopes of numbers":         {"POST", "", `{"token_label":"x","scopes":[1]}`, "scopes", "scopes must be a list of strings"},
		"scopes with null":          {"POST", "", `{"token_label":"x","scopes":["repo:read",null]}`, "scopes", "scopes must be a list of strings"},
		"scopes an object":          {"POST", "", `{"token_label":"x","scopes":{}}`, "scopes", "scopes must be a list of strings"},
		"an unknown scope":          {"POST", "", `{"token_label":"x","scopes":["repo:read","org:all"]}`, "", `unknown scope "org:all"`},
		"nine scopes":               {"POST", "", `{"token_label":"x","scopes":["repo:read","repo:read","repo:read","repo:read","repo:read","repo:read","repo:read","repo:read","repo:read"]}`, "", "at most 8 scopes"},
		"expiry a number":           {"POST", "", `{"token_label":"x","expires_at":1800000000}`, "expires_at", "expires_at must be a string"},
		"expiry in words":           {"POST", "", `{"token_label":"x","expires_at":"tomorrow"}`, "", "must be a date and time"},
		"expiry in the past":        {"POST", "", `{"token_label":"x","expires_at":"2020-01-01T00:00:00Z"}`, "", "lies in the past"},
		"expiry in two years":       {"POST", "", `{"token_label":"x","expires_at":"2028-12-01T00:00:00Z"}`, "", "at most a year ahead"},
		"two fields at once":        {"POST", "", `{"token_label":7,"scopes":7}`, "scopes", "must be"},
		"change nothing":            {"PATCH", "/" + id, `{}`, "", "nothing to change"},
		"change what is fixed":      {"PATCH", "/" + id, `{"expires_at":"2027-01-01T00:00:00Z","repositories":["ada/app"],"uuid":"x"}`, "", "nothing to change"},
		"no scopes at all":          {"PATCH", "/" + id, `{"scopes":[]}`, "scopes", "must name one access permission or more"},
		"change to unknown scopes":  {"PATCH", "/" + id, `{"scopes":["org:all"]}`, "", `unknown scope "org:all"`},
		"scopes of an automatic":    {"PATCH", "/" + auto, `{"scopes":["repo:read"]}`, "", "only a token made by hand"},
		"limited to a host":         {"POST", "", `{"token_label":"x","repositories":["quay.io:443/ada/app"]}`, "", "neither a repository"},
		"limited to two stars":      {"POST", "", `{"token_label":"x","repositories":["ada/**"]}`, "", "neither a repository"},
		"limited twice to one":      {"POST", "", `{"token_label":"x","repositories":["ada/a","ada/a"]}`, "", "is there twice"},
		"limited to numbers":        {"POST", "", `{"token_label":"x","repositories":[1]}`, "repositories", "must be a list of strings"},
		"change without a body":     {"PATCH", "/" + id, ``, "", "not a JSON object"},
		"active in words":           {"PATCH", "/" + id, `{"is_active":"false"}`, "is_active", "is_active must be true or false"},
		"active a number":           {"PATCH", "/" + id, `{"is_active":0}`, "is_active", "is_active must be true or false"},
		"one good, one bad":         {"PATCH", "/" + id, `{"is_active":false,"token_label":["x"]}`, "token_label", "token_label must be a string"},
		"one good, one out of form": {"PATCH", "/" + id, `{"is_active":false,"token_label":""}`, "", "a description is needed"},
		"renamed to 101 characters": {"PATCH", "/" + auto, `{"token_label":"` + long + `"}`, "", "longer than 100 characters"},
		"machine a number":          {"POST", "/desktop-generate", `{"machine":7}`, "machine", "machine must be a string"},
		"machine of 129 characters": {"POST", "/desktop-generate", `{"machine":"` + long + long + `"}`, "", "longer than 128 characters"},
		"installation with a NUL":   {"POST", "/desktop-generate", `{"installation":"\u0000"}`, "", "control characters"},
		"os a list":                 {"POST", "/desktop-generate", `{"os":[]}`, "os", "os must be a string"},
	} {
		t.Run(name, func(t *testing.T) {
			out := w.ask(ada.bearer, c.method, "/v2/access-tokens"+c.path, c.body)
			out.t = t
			out.refused(400, "invalid", c.words)
			said := out.is(400)
			fields, _ := said["fields"].(map[string]any)
			if fields == nil || said["text"] != said["message"] {
				t.Errorf("fields and text: %s", out.body)
			}
			if _, named := fields[c.field]; c.field != "" && !named {
				t.Errorf("fields %v do not name %s", fields, c.field)
			}
			if w.held() != before {
				t.Error("something changed")
			}
		})
	}
}

func TestBadQueries(t *testing.T) {
	w := newWorld(t)
	ada := w.signIn("ada")
	for _, query := range []string{
		"page=0", "page_size=-1", "page=-1", "page=x", "page=1.5", "page=%31%00", "page=1e3", "page=99999999999999999999", "page=1000001", "page=2147483648",
		"page_size=0", "page_size=-5", "page_size=many", "page_size=9223372036854775808", "page=%201",
	} {
		out := w.ask(ada.bearer, "GET", "/v2/access-tokens?"+query, nil)
		out.refused(400, "invalid", "must be a number from 1")
		name, _, _ := strings.Cut(query, "=")
		if fields, _ := out.is(400)["fields"].(map[string]any); fields[name] == nil {
			t.Errorf("%s: %s", query, out.body)
		}
	}
	for query, words := range map[string]string{
		"ordering=secret": "sorted by created", "ordering=--created": "sorted by created", "ordering=created%00": "sorted by created",
		"source=browser": "manual or auto", "source=organization": "manual or auto", "status=dead": "active, inactive or expired",
		"search=" + strings.Repeat("x", 101): "longer than 100", "search=a%00b": "control characters", "search=%ff": "control characters",
		"after=x": "no page begins there", "after=" + strings.Repeat("A", 2000): "no page begins there", "after=%00": "no page begins there",
	} {
		w.ask(ada.bearer, "GET", "/v2/access-tokens?"+query, nil).refused(400, "invalid", words)
	}
}

// Who may not come in: nobody learns more than that, and nothing changes.
func TestBadCredentials(t *testing.T) {
	w := newWorld(t)
	ada := w.signIn("ada")
	id := w.create(ada.bearer, "CI")
	pat := str(w.ask(ada.bearer, "POST", "/v2/access-tokens", `{"token_label":"x","scopes":["repo:admin"]}`).is(201), "token")
	_, auto := w.generate(ada, "laptop")
	ended := w.signIn("ada")
	if err := w.grants.End(t.Context(), ended.session.ID, "signed out"); err != nil {
		t.Fatal(err)
	}
	unclaimed := w.signIn("ada")
	before := w.held()
	spoilt := func(change func(*bearer.Claims)) string { return w.bearer(ada.session, change) }
	for name, c := range map[string]struct {
		who    string
		reason string
	}{
		"nobody":                       {"", "token"},
		"a token made by hand":         {pat, "token"},
		"an auto-generated token":      {auto, "token"},
		"garbage":                      {"x", "token"},
		"a password":                   {"correct horse", "token"},
		"two dots":                     {"..", "token"},
		"no signature":                 {ada.bearer[:strings.LastIndex(ada.bearer, ".")+1], "token"},
		"another signature":            {ada.bearer[:len(ada.bearer)-4] + "AAAA", "token"},
		"alg none":                     {"eyJhbGciOiJub25lIn0." + strings.Split(ada.bearer, ".")[1] + ".", "token"},
		"another issuer":               {spoilt(func(c *bearer.Claims) { c.Issuer = "http://evil.example" }), "token"},
		"another audience":             {spoilt(func(c *bearer.Claims) { c.Audience = []string{"http://evil.example"} }), "token"},
		"past its time":                {spoilt(func(c *bearer.Claims) { c.Expires = w.now().Unix() - 1 }), "token"},
		"another's session":            {spoilt(func(c *bearer.Claims) { c.Subject = "bob-id" }), "token"},
		"another client's session":     {spoilt(func(c *bearer.Claims) { c.Client = "other" }), "token"},
		"a session that never was":     {spoilt(func(c *bearer.Claims) { c.Session = "none" }), "ended"},
		"a session that ended":         {ended.bearer, "ended"},
		"ten thousand characters more": {ada.bearer + strings.Repeat("A", 10_000), "token"},
	} {
		for _, to := range [][2]string{
			{"GET", ""}, {"POST", ""}, {"GET", "/" + id}, {"PATCH", "/" + id}, {"DELETE", "/" + id}, {"POST", "/desktop-generate"}, {"GET", "/session"}, {"DELETE", "/sessions"},
		} {
			out := w.ask(c.who, to[0], "/v2/access-tokens"+to[1], `{"token_label":"x","is_active":false}`)
			if out.status != 401 || out.is(401)["reason"] != c.reason || out.header.Get("WWW-Authenticate") != "Bearer" {
				t.Errorf("%s: %s %s: %d %s", name, to[0], to[1], out.status, out.body)
			}
			out.refused(401, c.reason, "unauthorized")
		}
	}
	if w.held() != before {
		t.Error("something changed")
	}
	w.passes(10 * time.Minute) // a session that was not used within ten minutes of its making is gone
	w.ask(w.again(unclaimed).bearer, "GET", "/v2/access-tokens", nil).refused(401, "ended", "")
	if strings.Contains(w.log.String(), pat) || strings.Contains(w.log.String(), strings.Split(ada.bearer, ".")[2]) {
		t.Error("a secret is in the log")
	}
}

func TestDisabledAccount(t *testing.T) {
	w := newWorld(t)
	ada, bob := w.signIn("ada"), w.signIn("bob")
	if err := w.store.ChangeAccount(t.Context(), "bob-id", func(a account.Account, _ bool) (account.Account, error) {
		a.Disabled = true
		return a, nil
	}); err != nil {
		t.Fatal(err)
	}
	w.ask(bob.bearer, "GET", "/v2/access-tokens", nil).refused(401, "disabled", "the account is disabled")
	w.ask(ada.bearer, "GET", "/v2/access-tokens", nil).is(200)
}

// A token in the address would be in every log.
func TestTokenInTheQuery(t *testing.T) {
	w := newWorld(t)
	ada := w.signIn("ada")
	for _, who := range []string{"", ada.bearer} {
		w.ask(who, "GET", "/v2/access-tokens?access_token="+ada.bearer, nil).refused(401, "token", "unauthorized")
	}
	if strings.Contains(w.log.String(), ada.bearer) {
		t.Error("the token is in the log")
	}
}

func TestRoutes(t *testing.T) {
	w := newWorld(t)
	ada := w.signIn("ada")
	id := w.create(ada.bearer, "CI")
	before := w.held()
	all := []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW"}
	for path, allow := range map[string]string{
		"/v2/access-tokens":                   "GET, HEAD, POST",
		"/v2/access-tokens/":                  "GET, HEAD, POST",
		"/v2/access-tokens/" + id:             "DELETE, GET, HEAD, PATCH",
		"/v2/access-tokens/" + id + "/":       "DELETE, GET, HEAD, PATCH",
		"/v2/access-tokens/desktop-generate":  "POST",
		"/v2/access-tokens/desktop-generate/": "POST",
		"/v2/access-tokens/session":           "GET, HEAD",
		"/v2/access-tokens/sessions":          "DELETE",
		"/v2/access-tokens/sessions/":         "DELETE",
		"/v2/access-tokens/bulk":              "POST",
		"/v2/access-tokens/which":             "POST",
		"/v2/access-tokens/" + id + "/rotate": "POST",
		"/v2/access-tokens/self":              "DELETE, GET, HEAD",
		"/v2/access-tokens/self/rotate":       "POST",
		"/v2/orgs":                            "GET, HEAD, POST",
		"/v2/orgs/acme":                       "DELETE, GET, HEAD",
		"/v2/orgs/acme/members":               "GET, HEAD",
		"/v2/orgs/acme/members/ada":           "DELETE, PUT",
		"/v2/orgs/acme/groups":                "GET, HEAD, POST",
		"/v2/orgs/acme/groups/dev":            "DELETE, GET, HEAD, PATCH, PUT",
		"/v2/orgs/acme/groups/dev/members":    "GET, HEAD, POST",
		"/v2/orgs/acme/groups/dev/members/a":  "DELETE",
		"/v2/orgs/acme/access-tokens":         "GET, HEAD, POST",
		"/v2/orgs/acme/access-tokens/x":       "DELETE, GET, HEAD, PATCH",
		"/v2/access/repositories":             "GET, HEAD, POST",
		"/v2/access/repositories/ada/app":     "DELETE, GET, HEAD, PATCH",
		"/v2/access/rights/ada/app":           "DELETE, PUT",
		"/v2/access/rights":                   "DELETE, PUT",
		"/v2/access/tags/ada/app":             "DELETE, GET, HEAD",
		"/v2/access/explain":                  "GET, HEAD",
		"/v2/access/activity":                 "GET, HEAD",
		"/v2/access/sessions":                 "DELETE, GET, HEAD",
		"/v2/access/sessions/x":               "DELETE",
		"/v2/access/factors":                  "GET, HEAD",
		"/v2/access/changes":                  "GET, HEAD",
		"/v2/access-tokens/" + id + "/reach":  "GET, HEAD",
		"/v2/access-tokens/" + id + "/uses":   "GET, HEAD",
		"/v2/auditlogs/ada":                   "GET, HEAD",
		"/v2/auditlogs/ada/actions":           "GET, HEAD",
		"/v2/api_tokens":                      "GET, HEAD, POST",
		"/v2/api_tokens/" + id:                "DELETE, GET, HEAD, PATCH",
	} {
		for _, method := range all {
			if slices.Contains(strings.Split(allow, ", "), method) {
				continue
			}
			for _, who := range []string{ada.bearer, ""} {
				out := w.ask(who, method, path, nil)
				if out.status != 405 || out.header.Get("Allow") != allow {
					t.Errorf("%s %s: %d, Allow %q, want %q", method, path, out.status, out.header.Get("Allow"), allow)
				}
				if method != "HEAD" {
					out.refused(405, "method", "method not allowed")
				}
			}
		}
	}
	if w.held() != before {
		t.Error("something changed")
	}
	if out := w.ask(ada.bearer, "HEAD", "/v2/access-tokens", nil); out.status != 200 || len(out.body) != 0 {
		t.Errorf("HEAD: %d %q", out.status, out.body)
	}

	var unknown []string
	for _, name := range account.Reserved() {
		if name != "access-tokens" && name != "api_tokens" && name != "orgs" {
			unknown = append(unknown, "/v2/"+name, "/v2/"+name+"/")
		}
		if name == "access" { // whose paths below end in a repository's name
			unknown = append(unknown, "/v2/access/x", "/v2/access/repositories2", "/v2/access/explain/x")
			continue
		}
		unknown = append(unknown, "/v2/"+name+"/x/y", "/v2/"+name+"/x/manifests/latest", "/v2/"+name+"/x/blobs/uploads/")
	}
	unknown = append(unknown, "/v2/access-tokens/"+id+"/scopes", "/v2/access-tokens/session/x", "/v2/access-tokens/desktop-generate/x", "/v2/users/login/x", "/v2/auth/token/x")
	for _, path := range unknown {
		for _, method := range []string{"GET", "POST", "PUT", "DELETE"} {
			w.ask("", method, path, `{}`).refused(404, "path", "not found")
		}
	}
	for _, id := range []string{"x", "session2", "..%2f" + id, id + "%00", "%20", strings.Repeat("a", 4000), "{uuid}"} {
		w.ask(ada.bearer, "GET", "/v2/access-tokens/"+id, nil).refused(404, "unknown", "not found")
	}
}

// Not ours: what is not reserved is the registry's.
func TestOnlyReservedNames(t *testing.T) {
	w := newWorld(t)
	for _, path := range []string{"/v2/", "/v2/ada/app/manifests/latest", "/v2/access-tokens2", "/v2/user", "/"} {
		response, err := http.Get(w.url + path)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(response.Body)
		response.Body.Close()
		if response.StatusCode != 404 || strings.HasPrefix(string(body), "{") {
			t.Errorf("%s was answered by the Hub's surface: %d %s", path, response.StatusCode, body)
		}
	}
}

// broken is a store that has failed.
type broken struct {
	*memstore.DB
	failed atomic.Bool
}

var errDisk = errors.New("pwrite64 /var/lib/secret-place: input/output error")

func (b *broken) Holding(ctx context.Context, owner string) (token.Holding, error) {
	if b.failed.Load() {
		return token.Holding{}, errDisk
	}
	return b.DB.Holding(ctx, owner)
}

func (b *broken) Token(ctx context.Context, owner, id string) (token.Token, error) {
	if b.failed.Load() {
		return token.Token{}, errDisk
	}
	return b.DB.Token(ctx, owner, id)
}

func (b *broken) Change(ctx context.Context, owner string, fn func(token.Holding) (token.Holding, error)) error {
	if b.failed.Load() {
		return errDisk
	}
	return b.DB.Change(ctx, owner, fn)
}

// The service's own trouble is 503, its words are in the log and not outside.
func TestFaultOfTheStore(t *testing.T) {
	store := &broken{DB: memstore.New()}
	w := newWorldOn(t, store)
	ada := w.signIn("ada")
	id := w.create(ada.bearer, "CI")
	store.failed.Store(true)
	for _, c := range [][3]string{
		{"GET", "", ""}, {"POST", "", `{"token_label":"x"}`}, {"GET", "/" + id, ""}, {"PATCH", "/" + id, `{"is_active":false}`},
		{"DELETE", "/" + id, ""}, {"POST", "/desktop-generate", ""}, {"GET", "/session", ""},
	} {
		out := w.ask(ada.bearer, c[0], "/v2/access-tokens"+c[1], c[2])
		out.refused(503, "service", "try again")
		if strings.Contains(string(out.body), "secret-place") {
			t.Errorf("%s %s: %s", c[0], c[1], out.body)
		}
	}
	if n := strings.Count(w.log.String(), "level=ERROR"); n != 7 || !strings.Contains(w.log.String(), "secret-place") {
		t.Errorf("%d errors in the log", n)
	}
	store.failed.Store(false)
	w.ask(ada.bearer, "GET", "/v2/access-tokens/"+id, nil).is(200)
}

// A body that ends before it said it would.
func TestBodyCutOff(t *testing.T) {
	w := newWorld(t)
	ada := w.signIn("ada")
	before := w.held()
	r, err := http.NewRequest(http.MethodPost, w.url+"/v2/access-tokens", io.MultiReader(strings.NewReader(`{"token_label":"x"}`), failing{}))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+ada.bearer)
	if response, err := http.DefaultClient.Do(r); err == nil {
		response.Body.Close()
		if response.StatusCode < 400 {
			t.Errorf("answered %d", response.StatusCode)
		}
	}
	if w.held() != before {
		t.Error("something changed")
	}
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, io.ErrClosedPipe }
