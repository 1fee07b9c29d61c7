package pages

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"html/template"
	"net/http"
	"net/netip"
	"path"
	"strconv"
	"strings"
	"time"
	"unicode"

	"lanyard/backend/internal/browser"
)

//go:embed templates static
var embedded embed.FS

// An asset is a file that browsers may keep for ever: its name changes with it.
type asset struct {
	kind string
	body []byte
}

var (
	assets, assetNames = loadAssets("static/tokens.css+static/lanyard.css", "static/mark.svg", "static/passkey.js")
	views              = loadViews("message", "setup", "signin", "confirm", "activate", "device", "account", "signout",
		"second", "security", "app", "remove", "recovery", "codes", "passkey", "passkey-new", "password")
)

// loadAssets takes each by its name; "a.css+b.css" is one file, named like the last.
func loadAssets(names ...string) (byName map[string]asset, nameOf map[string]string) {
	kinds := map[string]string{".css": "text/css; charset=utf-8", ".svg": "image/svg+xml", ".js": "text/javascript; charset=utf-8"}
	byName, nameOf = make(map[string]asset), make(map[string]string)
	for _, name := range names {
		var body []byte
		for name = range strings.SplitSeq(name, "+") {
			part, err := embedded.ReadFile(name)
			if err != nil {
				panic(err) // the program was built without it
			}
			body = append(body, part...)
		}
		sum := sha256.Sum256(body)
		base, ext := path.Base(name), path.Ext(name)
		served := "/static/" + strings.TrimSuffix(base, ext) + "." + hex.EncodeToString(sum[:6]) + ext
		byName[served], nameOf[base] = asset{kinds[ext], body}, served
	}
	return byName, nameOf
}

func loadViews(names ...string) map[string]*template.Template {
	out := make(map[string]*template.Template, len(names))
	for _, name := range names {
		out[name] = template.Must(template.New("layout.html").ParseFS(embedded, "templates/layout.html", "templates/"+name+".html"))
	}
	return out
}

func static(w http.ResponseWriter, r *http.Request) {
	a, ok := assets[r.URL.Path]
	switch {
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
	case !ok:
		http.NotFound(w, r)
	default:
		w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
		w.Header().Set("Content-Type", a.kind)
		w.Header().Set("Content-Length", strconv.Itoa(len(a.body)))
		_, _ = w.Write(a.body)
	}
}

// frame is what every page has around its own data.
type frame struct {
	Title     string
	Host      string
	Token     string // of this page's forms
	CSS, Icon string
	Script    string // the one there is, for pages that ask for it
	D         any
}

// show writes a page. The browser is bound first, so that a form on it can
// come back.
func (h *Handler) show(w http.ResponseWriter, r *http.Request, status int, view, title string, data any) {
	var body bytes.Buffer
	err := views[view].Execute(&body, frame{
		Title: title, Host: h.host(), Token: browser.FormToken(h.Browser.Bind(w, r)),
		CSS: assetNames["lanyard.css"], Icon: assetNames["mark.svg"], Script: assetNames["passkey.js"], D: data,
	})
	if err != nil {
		h.log().ErrorContext(r.Context(), "render page", "page", view, "err", err)
		http.Error(w, "Something went wrong here. Try again in a moment.", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Length", strconv.Itoa(body.Len()))
	w.WriteHeader(status)
	_, _ = w.Write(body.Bytes())
}

// field is one labelled input of a form.
type field struct {
	Name, Label, Type, Value string
	Hint, Error              string // the second in the place of the first
	Command                  string // that helps, after either
	Autocomplete             string
	Optional, Focus          bool
	Min, Max                 int  // characters; 0: not said
	Code                     bool // a code to be copied, not prose
}

// focus puts the cursor where the person goes on: the first field that is
// wrong, else the first that is empty.
func focus(fields []field) []field {
	for i := range fields {
		if fields[i].Error != "" {
			fields[i].Focus = true
			return fields
		}
	}
	for i := range fields {
		if fields[i].Value == "" {
			fields[i].Focus = true
			return fields
		}
	}
	return fields
}

// fact is one line of what a person is asked to compare.
type fact struct {
	Name, Text string
	Detail     string
}

// line is text on one line, without characters that do not show or that turn
// the line around.
func line(text string) string {
	return strings.Join(strings.FieldsFunc(text, func(r rune) bool {
		return unicode.IsSpace(r) || unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp) || r == unicode.ReplacementChar
	}), " ")
}

// plain is what a program said about itself, fit to be read, and not endless.
func plain(said string) string {
	said = line(said)
	if runes := []rune(said); len(runes) > 80 {
		return string(runes[:79]) + "…"
	}
	return said
}

// asked says when and from where somebody asked. A loopback address is this
// computer where the service is; elsewhere it is a proxy's and says nothing.
func (h *Handler) asked(t time.Time, from string) fact {
	f := fact{Name: "Asked", Text: ago(t, h.now()), Detail: exact(t)}
	ip, err := netip.ParseAddr(from)
	switch name, _, _ := strings.Cut(h.host(), ":"); {
	case err != nil:
	case !ip.IsLoopback():
		f.Text += ", from " + from
	case name == "localhost":
		f.Text += ", from this computer"
		f.Detail += ", " + from
	}
	return f
}

// computer is the name a computer gave itself.
func computer(machine, agent string) fact {
	f := fact{Name: "Computer", Text: plain(machine), Detail: plain(agent)}
	if f.Text == "" {
		f.Text = "Did not say its name"
	}
	return f
}

// ago says how long before now a moment was; the exact time goes beside it.
func ago(t, now time.Time) string {
	d := now.Sub(t)
	switch {
	case d < time.Minute:
		return "Just now"
	case d < 2*time.Minute:
		return "A minute ago"
	case d < time.Hour:
		return strconv.Itoa(int(d.Minutes())) + " minutes ago"
	}
	return exact(t)
}

// exact is a time as the service's own clock on the wall shows it.
func exact(t time.Time) string { return t.Local().Format("2 January 2006, 15:04 MST") }

// days says a span in the largest whole unit.
func days(d time.Duration) string {
	n, unit := int(d.Hours()/24), "day"
	if d < 48*time.Hour {
		n, unit = int(d.Hours()), "hour"
	}
	if d < 2*time.Hour {
		n, unit = int(d.Minutes()), "minute"
	}
	if n != 1 {
		unit += "s"
	}
	return strconv.Itoa(n) + " " + unit
}
