package ledger

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func book(t *testing.T) Ledger {
	t.Helper()
	return Ledger{Dir: filepath.Join(t.TempDir(), "state")}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, l Ledger, n int) []Use {
	t.Helper()
	uses, err := l.Read(n)
	must(t, err)
	return uses
}

// nth is a use unlike all others.
func nth(i int) Use {
	return Use{At: noon.Add(time.Duration(i) * time.Second), Tool: "/usr/bin/docker", Folder: fmt.Sprintf("/home/ann/%d", i), Host: "localhost:8460"}
}

func TestAppendAndRead(t *testing.T) {
	l := book(t)
	if uses := read(t, l, 10); len(uses) != 0 {
		t.Errorf("nothing was written: %v", uses)
	}
	first := Use{
		At: noon, Tool: "/usr/bin/docker", Folder: "/home/ann/a b", Host: "localhost:8460",
		Server: "http://localhost:8460", Account: "ann", LastFour: "x2Yz", UUID: "u-1",
	}
	second := Use{At: noon.Add(time.Second), Host: "localhost:8460", Refused: "the keychain is locked"}
	must(t, l.Append(first))
	must(t, l.Append(second))
	if diff := cmp.Diff([]Use{second, first}, read(t, l, -1)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]Use{second}, read(t, l, 1)); diff != "" {
		t.Error(diff)
	}
	if uses := read(t, l, 0); len(uses) != 0 {
		t.Errorf("none was wanted: %v", uses)
	}
	for path, mode := range map[string]os.FileMode{l.Dir: 0o700, l.Path(): 0o600} {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != mode {
			t.Errorf("%s: %v %v", path, info.Mode(), err)
		}
	}
}

// A tool that asks every second does not push everything else out.
func TestRepeatsAreOneLineAMinute(t *testing.T) {
	l := book(t)
	for i := range 130 {
		must(t, l.Append(Use{At: noon.Add(time.Duration(i) * time.Second), Tool: "/usr/bin/watch", Host: "a.io"}))
	}
	must(t, l.Append(Use{At: noon.Add(130 * time.Second), Tool: "/usr/bin/docker", Host: "a.io"}))
	var at []time.Duration
	for _, u := range read(t, l, -1) {
		at = append(at, u.At.Sub(noon))
	}
	if want := []time.Duration{130 * time.Second, 120 * time.Second, 60 * time.Second, 0}; !slices.Equal(at, want) {
		t.Errorf("lines at %v, want %v", at, want)
	}
	must(t, l.Append(Use{At: noon.Add(-time.Hour), Tool: "/usr/bin/docker", Host: "a.io"})) // the clock was set back
	if got := read(t, l, 1)[0]; !got.At.Equal(noon.Add(-time.Hour)) {
		t.Errorf("the last is of %v", got.At)
	}
}

func TestRotationKeepsItSmall(t *testing.T) {
	l := book(t)
	const n = 5000
	for i := range n {
		must(t, l.Append(nth(i)))
	}
	for _, path := range []string{l.Path(), l.oldPath()} {
		info, err := os.Stat(path)
		must(t, err)
		if info.Size() > maxFile || info.Size() == 0 {
			t.Errorf("%s has %d bytes", path, info.Size())
		}
	}
	uses := read(t, l, -1)
	if len(uses) < 1000 {
		t.Errorf("%d are left", len(uses))
	}
	for i, u := range uses {
		if want := nth(n - 1 - i); u != want {
			t.Fatalf("number %d from the end is %v", i, u)
		}
	}
}

// Whoever writes loses no line and breaks none, however many write and whoever
// rotates.
func TestManyWriters(t *testing.T) {
	l := book(t)
	const writers, each = 50, 20 // less than fills both files
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for i := range each {
				u := nth(w*each + i)
				u.Refused = strings.Repeat("x", 30)
				if err := l.Append(u); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	seen := map[string]int{}
	for _, u := range read(t, l, -1) {
		seen[u.Folder]++
	}
	for i := range writers * each {
		if folder := nth(i).Folder; seen[folder] != 1 {
			t.Errorf("%s is there %d times", folder, seen[folder])
		}
	}
	if _, err := os.Stat(l.oldPath()); err != nil {
		t.Errorf("it was to rotate meanwhile: %v", err)
	}
}

// Fifty open the file at the same moment, with their longest lines, and it stays
// within its size.
func TestManyLongLinesAtTheLimit(t *testing.T) {
	l := book(t)
	must(t, os.MkdirAll(l.Dir, 0o700))
	must(t, os.WriteFile(l.Path(), bytes.Repeat([]byte{'\n'}, rotateAt-1), 0o600))
	var wg sync.WaitGroup
	for i := range 50 {
		wg.Go(func() {
			u := nth(i)
			u.Tool, u.Refused = strings.Repeat("t", 600), strings.Repeat("r", 600)
			if err := l.Append(u); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	for _, path := range []string{l.Path(), l.oldPath()} {
		if info, err := os.Stat(path); err == nil && info.Size() > maxFile {
			t.Errorf("%s has %d bytes", path, info.Size())
		}
	}
	if n := len(read(t, l, -1)); n != 50 {
		t.Errorf("%d lines", n)
	}
}

func TestBrokenLinesAreSkipped(t *testing.T) {
	for name, text := range map[string]string{
		"no JSON":         "nonsense\n",
		"cut off":         `{"at":"2026-11-23T12:00:00Z","host":"a.i`,
		"another type":    `["at"]` + "\n" + `{"at":5,"host":"x"}` + "\n",
		"no host":         `{"at":"2026-11-23T12:00:00Z"}` + "\n",
		"no time":         `{"host":"x"}` + "\n",
		"NULs of a crash": strings.Repeat("\x00", 4096),
		"too long":        `{"at":"2026-11-23T12:00:00Z","host":"` + strings.Repeat("x", maxLine) + `"}` + "\n",
		"invalid UTF-8":   "\xff\xfe\n",
		"one huge line":   strings.Repeat("x", rotateAt/2),
	} {
		t.Run(name, func(t *testing.T) {
			l := book(t)
			must(t, l.Append(nth(1)))
			file, err := os.OpenFile(l.Path(), os.O_WRONLY|os.O_APPEND, 0)
			must(t, err)
			_, err = file.WriteString(text)
			must(t, errors.Join(err, file.Close()))
			must(t, l.Append(nth(2)))
			if diff := cmp.Diff([]Use{nth(2), nth(1)}, read(t, l, -1)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// A later Lanyard may write more.
func TestUnknownFieldsAreNoHarm(t *testing.T) {
	l := book(t)
	must(t, os.MkdirAll(l.Dir, 0o700))
	must(t, os.WriteFile(l.Path(), []byte(`{"at":"2026-11-23T12:00:00Z","host":"a.io","more":{"x":[1]}}`+"\n"), 0o600))
	if diff := cmp.Diff([]Use{{At: noon, Host: "a.io"}}, read(t, l, -1)); diff != "" {
		t.Error(diff)
	}
}

// Whatever it is given, a line fits and comes back with its host and account.
func TestAnythingFits(t *testing.T) {
	l := book(t)
	at := noon
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(rapid.String(), rapid.Custom(func(t *rapid.T) string {
			return strings.Repeat(rapid.SampledFrom([]string{"\x1b", "é", "a", "\xff", "\u202e", "/"}).Draw(t, "what"), rapid.IntRange(0, 900).Draw(t, "times"))
		}))
		at = at.Add(time.Hour)
		u := Use{At: at, Tool: text.Draw(t, "tool"), Folder: text.Draw(t, "folder"), Host: "a.io", Account: "ann"}
		if err := l.Append(u); err != nil {
			t.Fatal(err)
		}
		got, err := l.Read(1)
		if err != nil || len(got) != 1 || !got[0].At.Equal(at) || got[0].Host != "a.io" || got[0].Account != "ann" {
			t.Fatalf("%v %v", got, err)
		}
		for _, r := range Shown(got[0].Folder) + Shown(got[0].Tool) {
			if r < ' ' || r == 0x7f || r == '\u202e' {
				t.Fatalf("shown: %q", r)
			}
		}
	})
}

func TestShown(t *testing.T) {
	for in, want := range map[string]string{
		"/home/ann/a b":          "/home/ann/a b",
		"/home/ann/Küche/日本":     "/home/ann/Küche/日本",
		"/tmp/\x1b]0;owned\x07x": `/tmp/\x1b]0;owned\ax`,
		"/tmp/a\nb":              `/tmp/a\nb`,
		"/tmp/\u202egpj.exe":     `/tmp/\u202egpj.exe`,
		"/tmp/\u200b":            `/tmp/\u200b`,
		"/tmp/\xff":              `/tmp/\xff`,
		`/tmp/"`:                 `/tmp/"`,
		"":                       "",
	} {
		if got := Shown(in); got != want {
			t.Errorf("%q is shown as %q, want %q", in, got, want)
		}
	}
}

// The end of a long path says what it is.
func TestLongFolder(t *testing.T) {
	l := book(t)
	must(t, l.Append(Use{At: noon, Folder: "/" + strings.Repeat("é/", 600) + "app", Host: "a.io"}))
	got := read(t, l, 1)[0].Folder
	if len(got) > maxPath || !strings.HasPrefix(got, "…") || !strings.HasSuffix(got, "/app") || strings.ContainsRune(got, '\ufffd') {
		t.Errorf("%q", got)
	}
}

func TestWhatCannotBeWritten(t *testing.T) {
	l := book(t)
	must(t, os.MkdirAll(l.Path(), 0o700)) // a folder
	if err := l.Append(nth(1)); err == nil {
		t.Error("a folder was written to")
	}
	if _, err := l.Read(1); err == nil {
		t.Error("a folder was read")
	}
	l = Ledger{Dir: filepath.Join(l.Path(), "file", "x")}
	must(t, os.WriteFile(filepath.Dir(l.Dir), nil, 0o600))
	if err := l.Append(nth(1)); err == nil {
		t.Error("below a file was written to")
	}
}

// The old file cannot be replaced: the new one stops at its size.
func TestFullWithoutRotation(t *testing.T) {
	l := book(t)
	must(t, os.MkdirAll(filepath.Join(l.oldPath(), "x"), 0o700)) // nothing can be renamed to it
	var err error
	for i := 0; err == nil && i < 10_000; i++ {
		err = l.Append(nth(i))
	}
	if !errors.Is(err, ErrFull) {
		t.Errorf("%v", err)
	}
	if info, err := os.Stat(l.Path()); err != nil || info.Size() > maxFile {
		t.Errorf("%v %v", info.Size(), err)
	}
}

func BenchmarkAppend(b *testing.B) {
	l := Ledger{Dir: b.TempDir()}
	i := 0
	for b.Loop() {
		i++
		if err := l.Append(nth(i)); err != nil {
			b.Fatal(err)
		}
	}
}
