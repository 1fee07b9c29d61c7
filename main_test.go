package main

import (
	"go/build/constraint"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"testing"
)

// A release takes no orders from WEBKIT_INSPECTOR_*, however many there are.
func TestUnsetOrders(t *testing.T) {
	for _, name := range []string{"WEBKIT_INSPECTOR_SERVER", "WEBKIT_INSPECTOR_HTTP_SERVER", "WEBKIT_INSPECTOR_LATER"} {
		t.Setenv(name, "127.0.0.1:1")
	}
	t.Setenv("WEBKIT_OTHER", "kept")
	if err := unsetOrders(os.Environ()); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"WEBKIT_INSPECTOR_SERVER", "WEBKIT_INSPECTOR_HTTP_SERVER", "WEBKIT_INSPECTOR_LATER"} {
		if _, set := os.LookupEnv(name); set != takesOrders {
			t.Errorf("%s is set: %v", name, set)
		}
	}
	if os.Getenv("WEBKIT_OTHER") != "kept" {
		t.Error("another variable is gone")
	}
}

// The tag e2e changes one line of the whole tree.
func TestTheTagForTestsChangesOneLine(t *testing.T) {
	var tagged []string
	err := fs.WalkDir(os.DirFS("."), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == "node_modules" || name == "build" || name != "." && strings.HasPrefix(d.Name(), ".")) {
			return fs.SkipDir
		}
		switch path.Ext(name) {
		case ".go", ".c", ".h", ".s":
		default:
			return nil
		}
		text, err := os.ReadFile(name)
		if err == nil && slices.ContainsFunc(strings.Split(string(text), "\n"), constrained) {
			tagged = append(tagged, name)
		}
		return err
	})
	if err != nil || !slices.Equal(tagged, []string{"orders.go", "orders_e2e.go"}) {
		t.Errorf("files that know the tag: %q, %v", tagged, err)
	}
	var lines [2][]string
	for i, name := range []string{"orders.go", "orders_e2e.go"} {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		lines[i] = strings.Split(string(text), "\n")
	}
	if len(lines[0]) != len(lines[1]) {
		t.Fatal("the two files are not of one length")
	}
	var differ []string
	for i := range lines[0] {
		if lines[0][i] != lines[1][i] {
			differ = append(differ, lines[0][i], lines[1][i])
		}
	}
	want := []string{"//go:build !e2e", "//go:build e2e", "const takesOrders = false", "const takesOrders = true"}
	if !slices.Equal(differ, want) {
		t.Errorf("they differ by %q", differ)
	}
}

// constrained: the line says that a file is built with the tag or without it.
func constrained(line string) bool {
	rule, err := constraint.Parse(line)
	if err != nil {
		return false
	}
	knows := false
	rule.Eval(func(tag string) bool { knows = knows || tag == "e2e"; return true })
	rule.Eval(func(tag string) bool { knows = knows || tag == "e2e"; return false })
	return knows
}
