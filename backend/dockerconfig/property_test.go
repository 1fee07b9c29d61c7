package dockerconfig

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

var someHosts = []string{own, hub, "docker.io", "a.example:5000", "*?|#@.example"}

// config draws the text of a valid configuration file, in any layout.
func config(t *rapid.T) string {
	space := rapid.SampledFrom([]string{"", "", " ", "\n", "\t", "\r\n  ", "\n\t\t"})
	ws := func() string { return space.Draw(t, "space") }
	var value func(depth int) string
	object := func(n int, key func(i int) string, value func(i int) string) string {
		var b strings.Builder
		b.WriteString("{" + ws())
		for i := range n {
			if i > 0 {
				b.WriteString("," + ws())
			}
			b.WriteString(key(i) + ws() + ":" + ws() + value(i) + ws())
		}
		return b.String() + "}"
	}
	value = func(depth int) string {
		kinds := []string{`12345678901234567890`, `-0.10e+5`, `"a\u0000\"}{,"`, `"Gruß 🐳"`, `null`, `true`, `{}`, `[ ]`, `"lanyard"`}
		if depth < 3 {
			kinds = append(kinds, "object", "list")
		}
		switch kind := rapid.SampledFrom(kinds).Draw(t, "value"); kind {
		case "object":
			names := rapid.Permutation([]string{`"credHelpers"`, `"a"`, `"\u0062"`, `""`}).Draw(t, "names")
			return object(rapid.IntRange(0, 4).Draw(t, "members"), func(i int) string { return names[i] }, func(int) string { return value(depth + 1) })
		case "list":
			return "[" + ws() + value(depth+1) + ws() + "," + value(depth+1) + "]"
		default:
			return kind
		}
	}
	credHelpers := func() string {
		hosts := rapid.Permutation(append([]string{"gcr.io", "quay.io"}, someHosts...)).Draw(t, "hosts")
		return object(rapid.IntRange(0, 4).Draw(t, "helpers"), func(i int) string { return quote(hosts[i]) },
			func(int) string {
				return rapid.SampledFrom([]string{`"gcloud"`, `"p\u0061ss"`, `""`}).Draw(t, "helper")
			})
	}
	names := rapid.Permutation([]string{`"auths"`, `"credsStore"`, `"credHelpers"`, `"cred\u0048elper"`, `"plugins"`}).Draw(t, "keys")
	return ws() + object(rapid.IntRange(0, 5).Draw(t, "keys"), func(i int) string { return names[i] }, func(i int) string {
		if names[i] == `"credHelpers"` {
			if rapid.Bool().Draw(t, "null") {
				return "null"
			}
			return credHelpers()
		}
		return value(0)
	}) + ws()
}

func TestUndoIsExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		home, err := os.MkdirTemp("", "dockerconfig")
		if err != nil {
			t.Fatal(err)
		}
		defer os.RemoveAll(home)
		f := File{Path: filepath.Join(home, "config.json"), Journal: filepath.Join(home, "state"), Replace: true}
		before := []byte(config(t))
		if err := os.WriteFile(f.Path, before, 0o600); err != nil {
			t.Fatal(err)
		}
		for range rapid.IntRange(1, 4).Draw(t, "calls") {
			hosts := rapid.SliceOfNDistinct(rapid.SampledFrom(someHosts), 1, 4, rapid.ID).Draw(t, "use")
			call := rapid.SampledFrom([]string{"Use", "Add", "Remove"}).Draw(t, "call")
			switch call {
			case "Use":
				_, err = f.Use(hosts)
			case "Add":
				_, err = f.Add(hosts)
			case "Remove":
				_, err = f.Remove(hosts)
			}
			if err != nil {
				t.Fatal(err)
			}
			now, err := os.ReadFile(f.Path)
			if err != nil {
				t.Fatal(err)
			}
			status, err := f.Status()
			if err != nil {
				t.Fatal(err)
			}
			if call != "Remove" && !slices.Equal(status.Hosts, slices.Compact(slices.Sorted(slices.Values(append(status.Hosts, hosts...))))) {
				t.Fatalf("%+v after %s %q", status, call, hosts)
			}
			if a, b := others(t, before), others(t, now); a != b {
				t.Fatalf("other values changed:\n%s\n%s", a, b)
			}
		}
		if _, err := f.Undo(); err != nil {
			t.Fatal(err)
		}
		after, err := os.ReadFile(f.Path)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(after, before) {
			t.Fatalf("before %q\nafter  %q", before, after)
		}
	})
}

// Someone adds a member of their own between Use and Undo: it stays, and so does every other byte.
func TestUndoAroundAForeignEditIsExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		before := []byte(config(t))
		d, err := parse(before, Docker)
		if err != nil {
			t.Fatal(err)
		}
		if d.empty() { // its own layout is not kept then
			return
		}
		insert := func(text []byte) []byte {
			at := bytes.IndexByte(text, '{') + 1
			return slices.Concat(text[:at], []byte(`"theirs" :1,`), text[at:])
		}
		want := insert(before)
		f := File{Replace: true}
		hosts := rapid.SliceOfNDistinct(rapid.SampledFrom(someHosts), 1, 4, rapid.ID).Draw(t, "use")
		used, err := f.edit(snapshot{exists: true, data: before}, record{}, plan{Want: Want{Hosts: hosts}, only: true})
		if err != nil {
			t.Fatal(err)
		}
		r := used.record
		r.loaded = true
		undone, err := f.edit(snapshot{exists: true, data: insert(used.text)}, r, plan{only: true, back: true})
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(undone.text, want) {
			t.Fatalf("used %q\ngot  %q\nwant %q", used.text, undone.text, want)
		}
	})
}

// others is the file's meaning without the hosts that we may change.
func others(t interface{ Fatalf(string, ...any) }, data []byte) string {
	var v map[string]any
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	if err := dec.Decode(&v); err != nil {
		t.Fatalf("%v in %q", err, data)
	}
	if m, ok := v[helpers].(map[string]any); ok {
		for _, h := range someHosts {
			delete(m, h)
		}
		if len(m) == 0 {
			delete(v, helpers)
		}
	}
	if v[helpers] == nil {
		delete(v, helpers)
	}
	return fmt.Sprint(v)
}

// Any bytes: refused, or changed at one place only and back.
func FuzzSplice(f *testing.F) {
	for _, s := range []string{
		"", "{}", "null", "{\"credHelpers\":null}", "{\"credHelpers\":{\"localhost:8460\":\"x\"}}", "{\"a\":12345678901234567890}", "\xef\xbb\xbf{}",
		"{\n\t\"auths\": {},\n\t\"credHelpers\": {\n\t\t\"gcr.io\": \"gcloud\"\n\t}\n}", "{\"a\":1,}", "{\"a\":1,\"a\":2}", "{\"cred\\u0048elpers\":{}}",
	} {
		f.Add([]byte(s), own)
	}
	f.Fuzz(func(t *testing.T, data []byte, host string) {
		if valid([]string{host}) != nil {
			return
		}
		d, err := parse(data, Docker)
		if err != nil {
			return
		}
		former := d.raw(host)
		set, err := parse(d.set(host, quote(Suffix)), Docker)
		if len(data) > maxBytes-1000 && err != nil {
			return
		}
		if err != nil || set.helper(host) != Suffix {
			t.Fatalf("%v: %q", err, set.data)
		}
		if len(d.inner.members) != len(set.inner.members) && len(d.inner.members)+1 != len(set.inner.members) {
			t.Fatalf("other helpers changed: %q", set.data)
		}
		var back []byte
		switch {
		case former != "":
			back = set.set(host, former)
		case d.empty():
			return
		default:
			back = set.unset(host, d.emptyHelpers())
		}
		if !bytes.Equal(back, data) {
			t.Fatalf("got  %q\nwant %q", back, data)
		}
	})
}
