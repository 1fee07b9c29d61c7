package dockerconfig

import (
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// put is a File in a new home with that text, "" for none.
func put(t *testing.T, text string) File {
	t.Helper()
	home := t.TempDir()
	f := File{Path: filepath.Join(home, ".docker", "config.json"), Journal: filepath.Join(home, "state")}
	if text != "" {
		if err := os.MkdirAll(filepath.Dir(f.Path), 0o700); err != nil {
			t.Fatal(err)
		}
		write(t, f.Path, text)
	}
	return f
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func text(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func must[T any](t *testing.T) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// bare: the journal holds nothing but the lock, and no file of ours lies beside the configuration.
func bare(t *testing.T, f File) {
	t.Helper()
	for _, dir := range []string{f.Journal, filepath.Dir(f.Path)} {
		entries, err := os.ReadDir(dir)
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
		for _, e := range entries {
			if e.Name() != "docker.lock" && e.Name() != "config.json" {
				t.Errorf("%s was left behind", filepath.Join(dir, e.Name()))
			}
		}
	}
}

func TestUseAndUndoByteForByte(t *testing.T) {
	for _, c := range []struct{ name, before string }{
		{"docker's own", "{\n\t\"auths\": {\n\t\t\"a.example\": {\n\t\t\t\"auth\": \"YTpi\"\n\t\t}\n\t}\n}"},
		{"empty object", "{}"},
		{"empty object, odd", " { \n\t } \n"},
		{"no bytes but white space", " \n"},
		{"null", "{\"credHelpers\" : null }\n"},
		{"without members", "{ \"credHelpers\" : {\n} }\n"},
		{"others", "{\"credHelpers\":{ \"gcr.io\" :\"gcloud\"},\"n\":12345678901234567890}"},
		{"CRLF, no final newline", "{\r\n\t\"a\": 1\r\n}"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := put(t, c.before)
			change := must[Change](t)(f.Use([]string{own, hub, "docker.io"}))
			if diff := cmp.Diff([]string{"docker.io", hub, own}, change.Added); diff != "" || !change.Written {
				t.Errorf("%+v\n%s", change, diff)
			}
			used := text(t, f.Path)
			again := must[Change](t)(f.Use([]string{"docker.io", hub, own}))
			if again.Written || len(again.Added) > 0 || len(again.Kept) != 3 || text(t, f.Path) != used {
				t.Errorf("not idempotent: %+v", again)
			}
			must[Change](t)(f.Use([]string{own}))
			must[Change](t)(f.Add([]string{"a.example"}))
			if diff := cmp.Diff([]string{"a.example", own}, must[Status](t)(f.Status()).Hosts); diff != "" {
				t.Error(diff)
			}
			must[Change](t)(f.Remove([]string{"a.example", "never.example"}))
			undone := must[Change](t)(f.Undo())
			if got := text(t, f.Path); got != c.before {
				t.Errorf("got  %q\nwant %q", got, c.before)
			}
			if !undone.Restored || undone.Deleted || !undone.Written {
				t.Errorf("%+v", undone)
			}
			bare(t, f)
			if nothing := must[Change](t)(f.Undo()); nothing.Written || nothing.Restored {
				t.Errorf("a second Undo: %+v", nothing)
			}
		})
	}
}

func TestRemoveOfTheLastIsUndo(t *testing.T) {
	f := put(t, "{ }")
	must[Change](t)(f.Use([]string{own}))
	must[Change](t)(f.Remove([]string{own}))
	if got := text(t, f.Path); got != "{ }" {
		t.Errorf("got %q", got)
	}
	bare(t, f)
}

func TestUseOfNothingMakesNothing(t *testing.T) {
	f := put(t, "")
	must[Change](t)(f.Use(nil))
	if _, err := os.Stat(filepath.Dir(f.Path)); !errors.Is(err, os.ErrNotExist) {
		t.Error("a folder was made")
	}
	bare(t, f)
}

func TestNewFileAndFolder(t *testing.T) {
	f := put(t, "")
	must[Change](t)(f.Use([]string{own}))
	for path, mode := range map[string]os.FileMode{f.Path: 0o600, filepath.Dir(f.Path): 0o700 | os.ModeDir, f.Journal: 0o700 | os.ModeDir} {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode() != mode {
			t.Errorf("%s has mode %v", path, info.Mode())
		}
	}
	change := must[Change](t)(f.Undo())
	if !change.Deleted || !change.Restored {
		t.Errorf("%+v", change)
	}
	if _, err := os.Stat(filepath.Dir(f.Path)); !errors.Is(err, os.ErrNotExist) {
		t.Error("the folder is still there")
	}
	bare(t, f)
}

func TestNewFolderThatOthersUseToo(t *testing.T) {
	f := put(t, "")
	must[Change](t)(f.Use([]string{own}))
	other := filepath.Join(filepath.Dir(f.Path), "contexts")
	if err := os.Mkdir(other, 0o700); err != nil {
		t.Fatal(err)
	}
	if change := must[Change](t)(f.Undo()); !change.Deleted {
		t.Errorf("%+v", change)
	}
	if _, err := os.Stat(other); err != nil {
		t.Error(err)
	}
}

// What docker or a person does between Use and Undo.
func TestUndoAfterOthersWrote(t *testing.T) {
	for _, c := range []struct {
		name, before    string
		replace         bool
		between, after  string
		deleted, absent bool
		left            map[string]string
	}{
		{name: "another key behind", before: `{"a":1}`, between: `{"a":1,"credHelpers":{"localhost:8460":"lanyard"},  "b":2}`, after: `{"a":1,  "b":2}`},
		{name: "docker rewrote it and dropped a key", before: `{"unknown":12345678901234567890,"auths":{}}`,
			between: "{\n\t\"auths\": {},\n\t\"credHelpers\": {\n\t\t\"localhost:8460\": \"lanyard\"\n\t}\n}", after: "{\n\t\"auths\": {}\n}"},
		{name: "another helper came", before: `{}`, between: `{"credHelpers":{"localhost:8460":"lanyard","gcr.io":"gcloud"}}`, after: `{"credHelpers":{"gcr.io":"gcloud"}}`},
		{name: "there was an object without members", before: `{"credHelpers":{ }}`, between: `{"credHelpers":{"localhost:8460":"lanyard"},"b":2}`, after: `{"credHelpers":{ },"b":2}`},
		{name: "there was null", before: `{"credHelpers":null}`, between: `{"credHelpers":{"localhost:8460":"lanyard"},"b":2}`, after: `{"credHelpers":null,"b":2}`},
		{name: "others' helper went", before: `{"credHelpers":{"gcr.io":"gcloud"}}`, between: `{"credHelpers":{"localhost:8460":"lanyard"}}`, after: `{"credHelpers":{}}`},
		{name: "ours went", before: `{"a":1}`, between: `{"b":2}`, after: `{"b":2}`},
		{name: "ours became another's", before: `{"a":1}`, between: `{"credHelpers":{"localhost:8460":"pass"}}`, after: `{"credHelpers":{"localhost:8460":"pass"}}`, left: map[string]string{own: "pass"}},
		{name: "a helper that gave way comes back", before: `{"credHelpers":{"localhost:8460":"p\u0061ss"}}`, replace: true,
			between: `{"credHelpers":{"localhost:8460":"lanyard"},"b":2}`, after: `{"credHelpers":{"localhost:8460":"p\u0061ss"},"b":2}`},
		{name: "a helper that gave way, put back by hand", before: `{"credHelpers":{"localhost:8460":"pass"}}`, replace: true,
			between: `{"credHelpers":{"localhost:8460":"pass"},"b":2}`, after: `{"credHelpers":{"localhost:8460":"pass"},"b":2}`},
		{name: "our file, and docker wrote into it", before: "", between: `{"auths":{"a":{}},"credHelpers":{"localhost:8460":"lanyard"}}`, after: `{"auths":{"a":{}}}`},
		{name: "our file, and docker only laid it out anew", before: "", between: `{"credHelpers":{"localhost:8460":"lanyard"}}`, deleted: true},
		{name: "our file, and someone deleted it", before: "", between: "", absent: true},
		{name: "their file, and someone deleted it", before: "{}", between: "", absent: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := put(t, c.before)
			f.Replace = c.replace
			must[Change](t)(f.Use([]string{own}))
			if c.between == "" {
				if err := os.Remove(f.Path); err != nil {
					t.Fatal(err)
				}
			} else {
				write(t, f.Path, c.between)
			}
			if !must[Status](t)(f.Status()).Edited {
				t.Error("Status does not say so")
			}
			change := must[Change](t)(f.Undo())
			if change.Deleted != c.deleted {
				t.Errorf("%+v", change)
			}
			if !maps.Equal(change.Left, c.left) {
				t.Errorf("left: %v", change.Left)
			}
			if c.deleted || c.absent {
				if _, err := os.Stat(f.Path); !errors.Is(err, os.ErrNotExist) {
					t.Errorf("still there: %q", text(t, f.Path))
				}
			} else if got := text(t, f.Path); got != c.after {
				t.Errorf("got  %q\nwant %q", got, c.after)
			}
			bare(t, f)
		})
	}
}

func TestUseAfterOthersWrote(t *testing.T) {
	f := put(t, `{"a":1}`)
	must[Change](t)(f.Use([]string{own}))
	write(t, f.Path, `{"b":2}`) // a stale docker took ours out
	s := must[Status](t)(f.Status())
	if !slices.Equal(s.Missing, []string{own}) {
		t.Errorf("%+v", s)
	}
	change := must[Change](t)(f.Use([]string{own}))
	if !slices.Equal(change.Added, []string{own}) {
		t.Errorf("%+v", change)
	}
	must[Change](t)(f.Undo())
	if got := text(t, f.Path); got != `{"b":2}` {
		t.Errorf("got %q", got)
	}
}

func TestUseAfterTheFileVanished(t *testing.T) {
	f := put(t, `{"a":1}`)
	must[Change](t)(f.Use([]string{own}))
	if err := os.RemoveAll(filepath.Dir(f.Path)); err != nil {
		t.Fatal(err)
	}
	must[Change](t)(f.Use([]string{own, "docker.io"}))
	if change := must[Change](t)(f.Undo()); !change.Deleted {
		t.Errorf("%+v", change)
	}
	if _, err := os.Stat(filepath.Dir(f.Path)); !errors.Is(err, os.ErrNotExist) {
		t.Error("the folder made on the way is still there")
	}
}

func TestAnotherHelperIsSet(t *testing.T) {
	const before = `{"credHelpers":{"docker.io":"desktop","gcr.io":"gcloud"}}`
	f := put(t, before)
	_, err := f.Use([]string{own, "docker.io"})
	var conflict *ConflictError
	if !errors.Is(err, ErrOtherHelper) || !errors.As(err, &conflict) || !maps.Equal(conflict.Hosts, map[string]string{"docker.io": "desktop"}) {
		t.Fatalf("got %v", err)
	}
	if got := text(t, f.Path); got != before {
		t.Errorf("got %q", got)
	}
	bare(t, f)

	f.Replace = true
	change := must[Change](t)(f.Use([]string{own, "docker.io"}))
	if !maps.Equal(change.Former, map[string]string{"docker.io": "desktop"}) {
		t.Errorf("%+v", change)
	}
	f.Replace = false // consent was given once
	must[Change](t)(f.Add([]string{"x.example"}))
	change = must[Change](t)(f.Remove([]string{"docker.io"}))
	if !maps.Equal(change.Former, map[string]string{"docker.io": "desktop"}) || !strings.Contains(text(t, f.Path), `"docker.io":"desktop"`) {
		t.Errorf("%+v %s", change, text(t, f.Path))
	}
	must[Change](t)(f.Undo())
	if got := text(t, f.Path); got != before {
		t.Errorf("got %q", got)
	}
}

// The journal was lost, or the person wrote the key: it is ours from now on.
func TestAKeyOfOursThatIsNotOnRecord(t *testing.T) {
	f := put(t, `{"a":1,"credHelpers":{"localhost:8460":"lanyard"}}`)
	if s := must[Status](t)(f.Status()); !slices.Equal(s.Unrecorded, []string{own}) {
		t.Errorf("%+v", s)
	}
	change := must[Change](t)(f.Use([]string{own, "docker.io"}))
	if !slices.Equal(change.Kept, []string{own}) {
		t.Errorf("%+v", change)
	}
	must[Change](t)(f.Undo())
	if got := text(t, f.Path); got != `{"a":1,"credHelpers":{}}` {
		t.Errorf("got %q", got)
	}
}

func TestABackupThatIsGone(t *testing.T) {
	f := put(t, "{ \"a\" :1}")
	must[Change](t)(f.Use([]string{own}))
	info, err := os.Stat(f.file(".backup"))
	if err != nil || info.Mode() != 0o600 {
		t.Fatalf("%v %v", info, err)
	}
	write(t, f.file(".backup"), "{}")
	change := must[Change](t)(f.Undo())
	if got := text(t, f.Path); got != "{ \"a\" :1}" || change.Restored {
		t.Errorf("got %q, %+v", got, change)
	}
	bare(t, f)
}

func TestABrokenJournal(t *testing.T) {
	for _, c := range []struct{ name, record string }{
		{"broken", "{"}, {"newer", `{"v":2}`}, {"of another file", `{"v":1,"path":"/elsewhere"}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := put(t, "{}")
			if err := os.Mkdir(f.Journal, 0o700); err != nil {
				t.Fatal(err)
			}
			write(t, f.file(".json"), c.record)
			for name, call := range map[string]func() (Change, error){"Use": func() (Change, error) { return f.Use([]string{own}) }, "Undo": f.Undo} {
				if _, err := call(); !errors.Is(err, ErrJournal) {
					t.Errorf("%s: %v", name, err)
				}
			}
			if got := text(t, f.Path); got != "{}" {
				t.Errorf("got %q", got)
			}
		})
	}
}

func TestHosts(t *testing.T) {
	for _, h := range []string{"", "a b", "a\nb", "a\x00", "ä.example", `a"b`, `a\b`, strings.Repeat("a", 256), "a\x7f"} {
		f := put(t, "{}")
		if _, err := f.Use([]string{own, h}); !errors.Is(err, ErrHost) {
			t.Errorf("%q: %v", h, err)
		}
		if _, err := f.Plan([]string{h}); !errors.Is(err, ErrHost) {
			t.Errorf("%q: %v", h, err)
		}
		bare(t, f)
	}
}

func TestPlanShowsOurKeysOnly(t *testing.T) {
	f := put(t, `{"auths":{"a":{"auth":"c2VjcmV0"}},"credHelpers":{"docker.io":"desktop"}}`)
	f.Replace = true
	d := must[Diff](t)(f.Plan([]string{own, "docker.io"}))
	want := f.Path + `
  "credHelpers"
  -   "docker.io": "desktop"
  +   "docker.io": "lanyard"
  +   "localhost:8460": "lanyard"
`
	if diff := cmp.Diff(want, d.String()); diff != "" {
		t.Error(diff)
	}
	if _, err := os.Stat(f.Journal); !errors.Is(err, os.ErrNotExist) {
		t.Error("Plan wrote")
	}
	must[Change](t)(f.Use([]string{own}))
	if d := must[Diff](t)(f.Plan([]string{own})); d.String() != f.Path+": nothing to change\n" {
		t.Error(d)
	}
	if d := must[Diff](t)(File{Path: filepath.Join(t.TempDir(), "x", "config.json"), Journal: t.TempDir()}.Plan([]string{own})); !d.Creates {
		t.Error(d)
	}
}

func TestPath(t *testing.T) {
	none := func(string) string { return "" }
	if got := Path(none, "/home/a"); got != "/home/a/.docker/config.json" {
		t.Error(got)
	}
	if got := Path(func(string) string { return "/etc/d/" }, "/home/a"); got != "/etc/d/config.json" {
		t.Error(got)
	}
}

func TestTwoFilesOneJournal(t *testing.T) {
	a, b := put(t, "{}"), put(t, `{"b":1}`)
	b.Journal = a.Journal
	must[Change](t)(a.Use([]string{own}))
	must[Change](t)(b.Use([]string{own}))
	files := must[[]File](t)(Recorded(a.Journal))
	if len(files) != 2 {
		t.Fatalf("%v", files)
	}
	for _, f := range files {
		must[Change](t)(f.Undo())
	}
	if text(t, a.Path) != "{}" || text(t, b.Path) != `{"b":1}` {
		t.Error("not as before")
	}
	bare(t, a)
}
