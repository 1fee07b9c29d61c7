package backend_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// pagesOf are the files that people read, from the root of the module.
func pagesOf(t *testing.T) map[string]string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join("..", "docs", "*.md"))
	if err != nil || len(names) < 5 {
		t.Fatalf("the docs: %q %v", names, err)
	}
	pages := map[string]string{}
	for _, name := range append(names, filepath.Join("..", "README.md")) {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		pages[strings.TrimPrefix(filepath.ToSlash(name), "../")] = string(text)
	}
	return pages
}

// A program's folder stands for its package.
var namedTest = regexp.MustCompile("`([a-z0-9-]+)\\.((?:Test|Fuzz|Benchmark)[A-Z]\\w*)((?:/[^`]+)?)`")

// What a page calls a proof exists: tests that are renamed or go take their
// mention along.
func TestThePagesNameTestsThatExist(t *testing.T) {
	tests := testsOf(t)
	for page, text := range pagesOf(t) {
		for _, m := range namedTest.FindAllStringSubmatch(text, -1) {
			folders := tests[m[1]+"."+m[2]]
			if len(folders) == 0 {
				t.Errorf("%s names %s.%s, which is no test", page, m[1], m[2])
				continue
			}
			if c := strings.TrimPrefix(m[3], "/"); c != "" && !slices.ContainsFunc(folders, func(folder string) bool { return hasCase(t, folder, c) }) {
				t.Errorf("%s names %s.%s/%s, which is no case of it", page, m[1], m[2], c)
			}
		}
	}
}

// testsOf are the folders of every test, by the folder's last word and its name.
func testsOf(t *testing.T) map[string][]string {
	t.Helper()
	found := map[string][]string{}
	for folder, files := range tree(t) {
		for _, f := range files {
			if !f.test {
				continue
			}
			parsed, err := parser.ParseFile(token.NewFileSet(), filepath.Join("..", f.name), nil, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			for _, d := range parsed.Decls {
				if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil {
					name := path.Base(folder) + "." + fn.Name.Name
					found[name] = append(found[name], folder)
				}
			}
		}
	}
	return found
}

// hasCase finds a case by its name in the tests of a folder, or a script of it.
func hasCase(t *testing.T, folder, name string) bool {
	t.Helper()
	found := false
	err := filepath.WalkDir(filepath.Join("..", folder), func(file string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		if d.Name() == name+".txtar" {
			found = true
		}
		if strings.HasSuffix(d.Name(), "_test.go") {
			text, err := os.ReadFile(file)
			if err != nil {
				return err
			}
			found = found || strings.Contains(string(text), strconv.Quote(strings.ReplaceAll(name, "_", " ")))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// Every complaint of this computer's side is there, in order, with a test or
// with the words that say what is not met.
func TestEveryComplaintHasAnAnswer(t *testing.T) {
	row := regexp.MustCompile(`(?m)^\| (\d+) \|.*$`)
	next := 1
	for _, m := range row.FindAllStringSubmatch(pagesOf(t)["docs/complaints.md"], -1) {
		n, err := strconv.Atoi(m[1])
		if err != nil {
			t.Fatal(err)
		}
		if next <= 33 && n != next {
			t.Errorf("complaint %d stands where %d should", n, next)
		}
		next = n + 1
		if !namedTest.MatchString(m[0]) && !strings.Contains(m[0], "**Not met") {
			t.Errorf("complaint %d has no test, and no word of what is not met", n)
		}
	}
	if next <= 33 {
		t.Errorf("the last complaint is %d", next-1)
	}
}

// Every attack of the checklist has a line, in order, with a test.
func TestEveryAttackHasATest(t *testing.T) {
	row := regexp.MustCompile(`(?m)^\| ([A-Z]\d+) \|.*$`)
	var items []string
	for _, m := range row.FindAllStringSubmatch(pagesOf(t)["docs/security.md"], -1) {
		items = append(items, m[1])
		if !namedTest.MatchString(m[0]) {
			t.Errorf("%s has no test", m[1])
		}
	}
	var want []string
	for _, of := range []struct {
		letter string
		most   int
	}{{"D", 12}, {"E", 10}, {"G", 9}} {
		for n := range of.most {
			want = append(want, of.letter+strconv.Itoa(n+1))
		}
	}
	if !slices.Equal(items, want) {
		t.Errorf("there are %q, want %q", items, want)
	}
}

var link = regexp.MustCompile(`\]\(([^)\s]+)\)`)

func TestThePagesLinkToFilesThatExist(t *testing.T) {
	for page, text := range pagesOf(t) {
		for _, m := range link.FindAllStringSubmatch(text, -1) {
			u, err := url.Parse(m[1])
			if err != nil {
				t.Errorf("%s: %v", page, err)
				continue
			}
			if u.Scheme != "" || u.Path == "" {
				continue
			}
			if _, err := os.Stat(filepath.Join("..", filepath.Dir(page), u.Path)); err != nil {
				t.Errorf("%s links to %s: %v", page, m[1], err)
			}
		}
	}
}

// The picture of the floors has every package, and each where it stands.
func TestThePictureHasEveryPackage(t *testing.T) {
	text := pagesOf(t)["docs/architecture.md"]
	_, picture, _ := strings.Cut(text, "## Four floors")
	_, picture, found := strings.Cut(picture, "```\n")
	picture, _, _ = strings.Cut(picture, "```")
	if !found {
		t.Fatal("docs/architecture.md has no picture under Four floors")
	}
	names := strings.FieldsFunc(picture, func(r rune) bool { return strings.ContainsRune(" \n{},/()", r) })
	for folder := range tree(t) {
		if at, _ := placeOf(folder); at.floor == programs || slices.Contains(names, path.Base(folder)) {
			continue
		}
		t.Errorf("the picture has no %s", folder)
	}
}

// A browser opens where a person pressed or typed the sign-in, and nowhere else.
func TestWhoOpensABrowser(t *testing.T) {
	const opener = "backend/signin/authorize.go"
	may := []string{"app/core.go", "backend/cmd/lanyard/login.go", opener}
	var does []string
	for _, files := range tree(t) {
		for _, f := range files {
			if f.test {
				continue
			}
			text, err := os.ReadFile(filepath.Join("..", f.name))
			if err != nil {
				t.Fatal(err)
			}
			if strings.Contains(string(text), "OpenSystemBrowser") {
				does = append(does, f.name)
			}
			if f.name != opener && slices.Contains(f.imports, "github.com/pkg/browser") {
				t.Errorf("%s opens browsers past signin.OpenSystemBrowser", f.name)
			}
		}
	}
	slices.Sort(does)
	if !slices.Equal(does, may) {
		t.Errorf("a browser is opened in %q, and may be in %q", does, may)
	}
}
