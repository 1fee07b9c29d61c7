package server

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// A role is who asks, and how it shows that.
type role struct {
	name, who string // what it is, and whose; "": nobody's
	kind      string // of the proof: none, bearer (a person's own sign-in), made (a session made of a token), basic
	header    func(w *town) []string
}

// asks says whether an operation is for the likes of a role.
func (r role) asks(o operation) bool {
	switch {
	case o.path == "/token" || strings.HasPrefix(o.path, "/api/v0/") || strings.HasPrefix(o.path, "/v2/access-tokens/self"):
		return r.kind == "basic"
	case o.path == "/events":
		return r.name == "a registry"
	case o.op.Security != nil && len(*o.op.Security) == 0:
		return r.kind == "none"
	}
	return r.kind == "bearer"
}

func roles() []role {
	all := []role{{"nobody", "", "none", func(*town) []string { return nil }}}
	for _, name := range []string{"ada", "bob", "eve", "olga", "max"} {
		all = append(all, role{name, name, "bearer", func(w *town) []string { return []string{"Authorization", as(w.of[name].bearer())} }})
	}
	for _, scope := range allOf {
		all = append(all,
			role{"a session of bob's " + scope, "bob", "made", func(w *town) []string { return []string{"Authorization", as(w.of["bob"].made(scope))} }},
			role{"bob's " + scope, "bob", "basic", func(w *town) []string { return basic("bob", w.of["bob"].tokens[scope]) }})
	}
	return append(all,
		role{"bob's password", "bob", "basic", func(*town) []string { return basic("bob", password) }},
		role{"acme's token", "acme", "basic", func(w *town) []string { return basic("acme", w.orgPass) }},
		role{"a registry", "", "made", func(w *town) []string { return []string{"Authorization", as(w.notify)} }},
	)
}

// One cell of the matrix, by numbers so that a failure can be repeated.
type cell struct {
	o    operation
	at   spot
	bad  int
	role role
}

// TestBadInput tries every parameter and field of the document with what is
// wrong, as each role. Whatever comes: no fault of the service, the answer's
// form is the dialect's, with words (the document says so), nobody sees
// another's, and what was refused changed nothing, nor what was not anything
// of another's. LANYARD_FAULTS=1 tries all of it; else it is a part, by a seed.
func TestBadInput(t *testing.T) {
	var cells []cell
	w := newTown(t, nil)
	for _, o := range operationsOf(t) {
		for _, at := range o.spots() {
			for bad := range w.bad(at.in) {
				for _, r := range roles() {
					if r.name == "bob's password" && !strings.HasPrefix(o.path, "/api/v0/") { // it takes a while
						continue
					}
					cells = append(cells, cell{o, at, bad, r})
				}
			}
		}
	}
	seed := uint64(time.Now().UnixNano())
	if text := os.Getenv("LANYARD_SEED"); text != "" {
		var err error
		if seed, err = strconv.ParseUint(text, 10, 64); err != nil {
			t.Fatal(err)
		}
	}
	total := len(cells)
	rand.New(rand.NewPCG(seed, 0)).Shuffle(total, func(i, j int) { cells[i], cells[j] = cells[j], cells[i] })
	if os.Getenv("LANYARD_FAULTS") == "" {
		cells = some(cells)
	}
	t.Logf("LANYARD_SEED=%d: %d of %d", seed, len(cells), total)
	before, done, faults := w.all(), 0, 0
	statuses := map[int]int{}
	for _, c := range cells {
		status, changed, wrong := w.try(c, before)
		statuses[status]++
		if done++; changed || done%100 == 0 { // and throttles forget
			w = newTown(t, nil)
			before = w.all()
		}
		for _, one := range wrong {
			t.Error(one)
		}
		if faults += len(wrong); faults > 20 {
			break
		}
	}
	t.Logf("answers: %v", statuses)
}

// some is a part of the cells: most of those who may ask there, and much of
// what is other people's.
func some(cells []cell) (part []cell) {
	const others, lively, dull = 300, 300, 100
	most := [...]int{others, lively, dull}
	var of [len(most)]int
	for _, c := range cells {
		kind := 1
		switch {
		case !c.role.asks(c.o):
			kind = 2
		case c.bad >= strange && c.bad < strange+foreign:
			kind = 0
		}
		if of[kind] < most[kind] {
			of[kind]++
			part = append(part, c)
		}
	}
	return part
}

// try sends one cell, and says whether something is not as it was, and what is wrong.
func (w *town) try(c cell, before map[string]string) (status int, changed bool, wrong []string) {
	w.Helper()
	blame := func(format string, args ...any) { wrong = append(wrong, fmt.Sprintf(format, args...)) }
	bad := w.bad(c.at.in)[c.bad]
	path, body := w.request(c.o, c.at, bad)
	if _, err := url.ParseRequestURI(path); err != nil {
		w.Fatal(err)
	}
	header := c.role.header(w)
	if form := c.o.form(); form != "" {
		header = append(header, "Content-Type", form)
	}
	out, err := w.send(c.o.method, path, body, header...)
	said := fmt.Sprintf("%s with %s %s %.80q as %s: %.300s\n%d %.400s", c.o, c.at.in, c.at.name, fmt.Sprint(bad), c.role.name, path+" "+body, out.status, out.body)
	if err != nil {
		blame("%v\n%s", err, said)
	}
	if out.status >= http.StatusInternalServerError {
		blame("the service is at fault: %s\n%s", said, w.log.String())
	}
	if c.role.who != "ada" {
		for name, one := range w.of {
			mayKnow := name == c.role.who || c.role.who == "olga" && name == "max" || name == "olga" && (c.role.who == "max" || c.role.who == "acme")
			shown := fmt.Sprint(out.header, out.body)
			if echo := fmt.Sprint(bad); len(echo) > 20 { // whoever sends it knows it; a mere name is a part of more
				shown = strings.ReplaceAll(strings.ReplaceAll(shown, echo, ""), url.QueryEscape(echo), "")
			}
			if !mayKnow && strings.Contains(shown, canary(name)) {
				blame("something of %s's: %s", name, said)
			}
			for _, secret := range one.tokens {
				if strings.Contains(shown, secret) {
					blame("a secret of %s's: %s", name, said)
				}
			}
		}
	}
	if out.header.Get("X-Injected") != "" {
		blame("a header of the client's: %s", said)
	}
	after := w.all()
	// The client's own name for itself may be noted with the token's use, and be told the owner later.
	changed = c.o.path == "/token" && out.status == http.StatusOK
	for name, was := range before {
		if after[name] == was {
			continue
		}
		changed = true
		own := name == c.role.who || name == "" && (c.role.who == "olga" || c.role.who == "acme") || c.role.who == "ada"
		own = own || name == "" && c.role.who == "max" && c.o.String() == "DELETE /v2/orgs/{org}/members/{username}" // who leaves
		if slices.Contains([]string{"/v2/users/login", "/v2/auth/token", "/token", "/events"}, c.o.path) {
			own = true // whoever has the secret
		}
		if !own || out.status >= 300 {
			blame("%q has changed: %s\n%s", name, said, differing(was, after[name]))
		}
	}
	return out.status, changed, wrong
}

// differing are the lines that only one of the two has.
func differing(was, is string) string {
	var all []string
	for _, line := range strings.Split(was, "\n") {
		if !strings.Contains(is, line) {
			all = append(all, "- "+line)
		}
	}
	for _, line := range strings.Split(is, "\n") {
		if !strings.Contains(was, line) {
			all = append(all, "+ "+line)
		}
	}
	return strings.Join(all, "\n")
}

// Every operation that takes a body is tried with one that would do something.
func TestTheMatrixHasEveryBody(t *testing.T) {
	w := newTown(t, nil)
	for _, o := range operationsOf(t) {
		if o.form() == "" || !o.op.RequestBody.Value.Required {
			continue
		}
		some := false
		for at := range w.good(o) {
			some = some || at.in == "body"
		}
		if !some {
			t.Errorf("%s has no good body", o)
		}
	}
}
