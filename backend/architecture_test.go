package backend_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "lanyard"

// A side is one half of Lanyard. The halves meet over HTTP, a socket, the keychain and files, never by import.
type side string

const (
	computer side = "this computer's side"
	service  side = "the account service's side"
	both     side = "both sides" // programs and tests
)

// A floor is how far a package stands above the ground.
type floor int

const (
	nouns    floor = 1 + iota // the things themselves and their rules
	halves                    // half-way up: what several doings share
	doings                    // surfaces, stores, and what this computer does
	wholes                    // what a program starts
	programs                  // and tests of the whole
)

func (f floor) String() string {
	return [...]string{"the ground", "nouns", "halves", "doings", "wholes", "programs"}[f]
}

// A place is where a package stands.
type place struct {
	floor floor
	side  side
}

// places has every package there may be. An import goes to a lower floor of the same side, or it is a mistake.
// A package may stand here before it is written.
var places = map[string]place{
	".":                                     {programs, computer}, // the window
	"backend/cmd/docker-credential-lanyard": {programs, computer},
	"backend/cmd/lanyard":                   {programs, both},
	"backend":                               {programs, both}, // this test
	"backend/e2e":                           {programs, both},
	"backend/internal/keyringtest":          {programs, both},
	"backend/internal/openapitest":          {programs, both},

	"app":               {wholes, computer},
	"backend/diagnosis": {wholes, computer},
	"backend/server":    {wholes, service},

	"backend/doctor":            {doings, computer},
	"backend/helper":            {doings, computer},
	"backend/ownservice":        {doings, computer},
	"backend/probe":             {doings, computer},
	"backend/selftest":          {doings, computer},
	"backend/signin":            {doings, computer},
	"backend/why":               {doings, computer},
	"backend/internal/admin":    {doings, service},
	"backend/internal/dtrapi":   {doings, service},
	"backend/internal/events":   {doings, service},
	"backend/internal/hubapi":   {doings, service},
	"backend/internal/images":   {doings, service},
	"backend/internal/oauth":    {doings, service},
	"backend/internal/pages":    {doings, service},
	"backend/internal/registry": {doings, service},
	"backend/store/boltstore":   {doings, service},
	"backend/store/memstore":    {doings, service},
	"backend/store/storetest":   {doings, service},

	"backend/internal/caller":  {halves, service},
	"backend/internal/gate":    {halves, service},
	"backend/internal/passkey": {halves, service},

	"backend/autostart":        {nouns, computer},
	"backend/client":           {nouns, computer},
	"backend/dockercli":        {nouns, computer},
	"backend/dockerconfig":     {nouns, computer},
	"backend/handover":         {nouns, computer},
	"backend/tool":             {nouns, computer},
	"backend/keychain":         {nouns, computer},
	"backend/ledger":           {nouns, computer},
	"backend/machine":          {nouns, computer},
	"backend/notification":     {nouns, computer},
	"backend/registryauth":     {nouns, computer},
	"backend/rights":           {nouns, computer},
	"backend/standing":         {nouns, computer},
	"backend/activity":         {nouns, service},
	"backend/access":           {nouns, service},
	"backend/account":          {nouns, service},
	"backend/grant":            {nouns, service},
	"backend/internal/bearer":  {nouns, service},
	"backend/internal/browser": {nouns, service},
	"backend/internal/changes": {nouns, service},
	"backend/internal/openapi": {nouns, service},
	"backend/keys":             {nouns, service},
	"backend/token":            {nouns, service},
}

// testsOnly are folders whose packages, however deep, stand where the folder does: nothing that is shipped imports them.
var testsOnly = []string{"backend/e2e", "backend/internal/keyringtest", "backend/internal/openapitest"}

// exceptions are imports on one floor, with the reason.
var exceptions = map[string]string{
	"backend/token -> backend/activity":  "what befalls a token and what is remembered of it are one transaction",
	"backend/access -> backend/activity": "who changed a right is a part of the change",
	"app -> backend/diagnosis":           "the window looks for faults as the terminal does, and both by all that this computer's side has",
}

// owners says which packages alone may import a library (or a package of Go's own), so that it can be exchanged in
// one place. Tests may import anything.
var owners = map[string][]string{
	"go.etcd.io/bbolt":                        {"backend/store/boltstore"},
	"github.com/zitadel/oidc/v3":              {"backend/internal/oauth"},
	"github.com/distribution/distribution/v3": {"backend/internal/images"},
	"github.com/zalando/go-keyring":           {"backend/keychain"},
	"github.com/godbus/dbus/v5":               {".", "backend/keychain", "backend/notification"},
	"filippo.io/age":                          {"backend/keychain"},
	"github.com/spf13/cobra":                  {"backend/cmd/lanyard"},
	"go.yaml.in/yaml/v3":                      {"backend/rights"},
	"github.com/wailsapp/wails/v2":            {".", "app"},
	"github.com/go-webauthn/webauthn":         {"backend/internal/passkey"},
	"github.com/pquerna/otp":                  {"backend/account"},
	"github.com/descope/virtualwebauthn":      nil,
	"github.com/chromedp/chromedp":            nil,
	"github.com/getkin/kin-openapi":           nil,
	"testing":                                 {"backend/store/storetest"},
}

// clocks are files that read the clock in another way, with the reason.
var clocks = map[string]string{
	"backend/keychain/worker.go": "hands the time that is left of a context's deadline to another process",
	"backend/server/limits.go":   "deadlines of connections are the kernel's, not the service's",
}

// pure are nouns whose rules are functions of values: they speak no protocol and open nothing.
var pure = []string{"backend/access", "backend/account", "backend/activity", "backend/grant", "backend/token"}

// A file is one Go file of the tree, on whatever system it builds.
type file struct {
	name    string // from the root of the module
	test    bool
	pkg     string // the package clause
	doc     string // the package comment
	imports []string
}

// tree reads every Go file of the module, by folder.
func tree(t *testing.T) map[string][]file {
	t.Helper()
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	packages := map[string][]file{}
	err = filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, name)
		if err != nil {
			return err
		}
		rel = filepath.ToSlash(rel)
		if d.IsDir() {
			hidden := rel != "." && strings.HasPrefix(d.Name(), ".")
			if hidden || rel == "build" || d.Name() == "testdata" || d.Name() == "node_modules" {
				return fs.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(rel, ".go") {
			return nil
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ImportsOnly|parser.ParseComments)
		if err != nil {
			return err
		}
		packages[path.Dir(rel)] = append(packages[path.Dir(rel)], read(rel, f))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(packages) == 0 {
		t.Fatalf("no Go files under %s", root)
	}
	return packages
}

func read(name string, parsed *ast.File) file {
	f := file{name: name, test: strings.HasSuffix(name, "_test.go"), pkg: parsed.Name.Name}
	if parsed.Doc != nil {
		f.doc = strings.TrimSpace(parsed.Doc.Text())
	}
	for _, spec := range parsed.Imports {
		if p, err := strconv.Unquote(spec.Path.Value); err == nil {
			f.imports = append(f.imports, p)
		}
	}
	return f
}

// own returns the folder of a package of this module, and whether it is one.
func own(importPath string) (string, bool) {
	if importPath == module {
		return ".", true
	}
	return strings.CutPrefix(importPath, module+"/")
}

func within(importPath, folder string) bool {
	return importPath == folder || strings.HasPrefix(importPath, folder+"/")
}

// placeOf finds where a package stands.
func placeOf(folder string) (place, bool) {
	for _, above := range testsOnly {
		if within(folder, above) {
			return places[above], true
		}
	}
	p, ok := places[folder]
	return p, ok
}

// judge says what is wrong with the import of package to by package from; nothing if it is right.
func judge(from, to string) string {
	above, ok := placeOf(from)
	if !ok {
		return from + " stands on no floor: give it a place in the table of this test"
	}
	below, ok := placeOf(to)
	if !ok {
		return to + " stands on no floor: give it a place in the table of this test"
	}
	if above.side != both && below.side != above.side {
		return fmt.Sprintf("%s (%s) imports %s (%s): the sides never import each other", from, above.side, to, below.side)
	}
	if _, excused := exceptions[from+" -> "+to]; excused || forTestsAlone(from, to) {
		return ""
	}
	if below.floor >= above.floor {
		return fmt.Sprintf("%s (%s) imports %s (%s): imports point down only", from, above.floor, to, below.floor)
	}
	return ""
}

// forTestsAlone reports whether both are there for tests, which may share what they need.
func forTestsAlone(from, to string) bool {
	tests := func(p string) bool {
		return slices.ContainsFunc(testsOnly, func(f string) bool { return within(p, f) })
	}
	return tests(from) && tests(to)
}

func TestEveryPackageHasAPlace(t *testing.T) {
	for folder := range tree(t) {
		if _, ok := placeOf(folder); !ok {
			t.Errorf("%s stands on no floor: give it a place in the table of this test", folder)
		}
	}
}

func TestImportsPointDown(t *testing.T) {
	for folder, files := range tree(t) {
		for _, f := range files {
			if f.test { // a test may use the other side and any floor
				continue
			}
			for _, p := range f.imports {
				to, ok := own(p)
				if !ok {
					continue
				}
				if wrong := judge(folder, to); wrong != "" {
					t.Errorf("%s: %s", f.name, wrong)
				}
			}
		}
	}
}

// The rule itself, on imports that must never come.
func TestJudge(t *testing.T) {
	for name, c := range map[string]struct {
		from, to string
		wrong    bool
	}{
		"a surface uses a noun":                 {"backend/internal/hubapi", "backend/token", false},
		"the terminal uses both sides":          {"backend/cmd/lanyard", "backend/server", false},
		"tests of the whole share":              {"backend/e2e/demo", "backend/e2e/desk", false},
		"a noun uses a noun":                    {"backend/token", "backend/account", true},
		"a noun uses a store":                   {"backend/token", "backend/store/boltstore", true},
		"a surface uses a surface":              {"backend/internal/oauth", "backend/internal/pages", true},
		"a store uses a store":                  {"backend/store/boltstore", "backend/store/memstore", true},
		"the sign-in uses the service":          {"backend/signin", "backend/token", true},
		"the service uses the sign-in's client": {"backend/server", "backend/client", true},
		"the helper uses the service":           {"backend/cmd/docker-credential-lanyard", "backend/token", true},
		"the window uses the service":           {".", "backend/server", true},
		"the terminal uses tests of the whole":  {"backend/cmd/lanyard", "backend/e2e/desk", true},
		"a package in no table":                 {"backend/server", "backend/new", true},
	} {
		t.Run(name, func(t *testing.T) {
			if got := judge(c.from, c.to); (got != "") != c.wrong {
				t.Errorf("judge(%s, %s) = %q", c.from, c.to, got)
			}
		})
	}
}

func TestLibrariesHaveOneOwner(t *testing.T) {
	for folder, files := range tree(t) {
		if p, _ := placeOf(folder); p.floor == programs && p.side == both && folder != "backend/cmd/lanyard" {
			continue
		}
		for _, f := range files {
			for _, p := range f.imports {
				for library, allowed := range owners {
					if !f.test && within(p, library) && !slices.Contains(allowed, folder) {
						t.Errorf("%s imports %s, which only %q may", f.name, p, allowed)
					}
				}
			}
		}
	}
}

func TestRulesSpeakNoProtocol(t *testing.T) {
	packages := tree(t)
	for _, folder := range pure {
		for _, f := range packages[folder] {
			for _, p := range []string{"net/http", "os", "os/exec", "database/sql"} {
				if !f.test && slices.Contains(f.imports, p) {
					t.Errorf("%s imports %s: a rule is a function of values and now", f.name, p)
				}
			}
		}
	}
}

// Rules take now, services have a field Now, stores ask nobody: else no test could live through 90 days. The one place
// that reads the clock is the method now, where the field is nil.
func TestTheClockIsHandedDown(t *testing.T) {
	for folder, files := range tree(t) {
		if at, _ := placeOf(folder); at.floor == programs {
			continue
		}
		for _, f := range files {
			if _, excused := clocks[f.name]; excused || f.test {
				continue
			}
			set := token.NewFileSet()
			parsed, err := parser.ParseFile(set, filepath.Join("..", f.name), nil, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			for _, d := range parsed.Decls {
				if fn, ok := d.(*ast.FuncDecl); ok && fn.Name.Name == "now" {
					continue
				}
				ast.Inspect(d, func(n ast.Node) bool {
					if call, ok := n.(*ast.CallExpr); ok && readsClock(call) {
						t.Errorf("%s reads the clock: take now, or have a field Now and a method now", set.Position(call.Pos()))
					}
					return true
				})
			}
		}
	}
}

func readsClock(call *ast.CallExpr) bool {
	f, ok := call.Fun.(*ast.SelectorExpr)
	if !ok {
		return false
	}
	from, ok := f.X.(*ast.Ident)
	return ok && from.Name == "time" && slices.Contains([]string{"Now", "Since", "Until"}, f.Sel.Name)
}

func TestEveryPackageSaysWhatItOwns(t *testing.T) {
	for folder, files := range tree(t) {
		var said []string
		shipped := false
		for _, f := range files {
			if f.test {
				continue
			}
			shipped = true
			if f.doc != "" {
				said = append(said, f.name)
			}
		}
		if shipped && len(said) != 1 {
			t.Errorf("%s needs exactly one package comment, has %d %v", folder, len(said), said)
		}
	}
}

func TestPackageNamesAreNouns(t *testing.T) {
	empty := []string{"util", "utils", "common", "helpers", "misc", "shared", "lib", "base"}
	for folder, files := range tree(t) {
		for _, f := range files {
			name := strings.TrimSuffix(f.pkg, "_test")
			if slices.Contains(empty, name) {
				t.Errorf("%s: the package name %q names nothing", f.name, name)
			}
			if folder != "." && name != "main" && name != path.Base(folder) {
				t.Errorf("%s: package %s lies in the folder %s", f.name, name, folder)
			}
		}
	}
}

// The helper is started by every pull, has the keychain's secrets in its memory, and must stay small.
func TestWhatTheHelperLinks(t *testing.T) {
	out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", module+"/backend/cmd/docker-credential-lanyard").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	deps := strings.Fields(string(out))
	if !slices.Contains(deps, module+"/backend/keychain") {
		t.Errorf("the helper does not link the keychain: is this its list? %d packages", len(deps))
	}
	never := []string{"net/http", "go.etcd.io/bbolt", "github.com/wailsapp/wails/v2", "github.com/spf13/cobra", "crypto/tls"}
	for _, p := range deps {
		for _, n := range never {
			if within(p, n) {
				t.Errorf("the helper links %s", p)
			}
		}
		if folder, ok := own(p); ok {
			if at, _ := placeOf(folder); at.side != computer {
				t.Errorf("the helper links %s of %s", p, at.side)
			}
		}
	}
}

// The window is on the screen all day with a person's session in its memory. It has neither the service nor its
// database in it, and no door of its own: what a development build serves its pages with stays out of a release.
func TestWhatTheWindowLinks(t *testing.T) {
	for name, tags := range map[string]string{"as go build makes it": "", "as it is released": "desktop,production,webkit2_41"} {
		t.Run(name, func(t *testing.T) {
			out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", "-tags", tags, module).Output()
			if err != nil {
				t.Fatalf("go list: %v", err)
			}
			deps := strings.Fields(string(out))
			if !slices.Contains(deps, module+"/app") || !slices.Contains(deps, module+"/backend/keychain") {
				t.Errorf("the window links neither app nor the keychain: is this its list? %d packages", len(deps))
			}
			never := []string{
				module + "/backend/server", module + "/backend/store", "go.etcd.io/bbolt", "github.com/distribution/distribution/v3",
				"github.com/zitadel/oidc/v3", "github.com/spf13/cobra", "github.com/labstack/echo/v4", "github.com/gorilla/websocket", "testing",
			}
			for _, p := range deps {
				for _, n := range never {
					if within(p, n) {
						t.Errorf("the window links %s", p)
					}
				}
				if folder, ok := own(p); ok {
					if at, _ := placeOf(folder); at.side != computer {
						t.Errorf("the window links %s of %s", p, at.side)
					}
				}
			}
		})
	}
}

// A table that names the wrong folder would guard nothing.
func TestTheTablesAgree(t *testing.T) {
	for _, folder := range slices.Concat(pure, slices.Concat(slices.Collect(maps.Values(owners))...)) {
		if _, ok := places[folder]; !ok {
			t.Errorf("%s is in a table of this test and on no floor", folder)
		}
	}
}
