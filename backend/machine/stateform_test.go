package machine

import (
	"encoding/json"
	"os"
	"testing"
)

// What a newer build of the same version keeps in fields of its own is there
// after this one wrote, wherever it still belongs.
func TestUnknownFieldsStay(t *testing.T) {
	f := StateFile{Dir: t.TempDir()}
	const text = `{"v":1,"later":{"x":[1,2]},"high_water":"2026-11-23T12:00:00Z",
 "registries":{"a":{"server":"s","account":"ann","pin":true},"b":{"server":"s","account":"ann","pin":true}},
 "entries":{"token/s/ann":{"touched":"2026-11-23T12:00:00Z","more":7},"gone":{"more":8}},"tombstones":{}}`
	if err := os.WriteFile(f.Path(), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	update(t, f, func(s *State) {
		s.Serve("b", "s", "bob") // another account: what was said of the first is not its
		s.Added("token/s/ann", noon)
		s.Added("new", noon)
		s.Gone("gone")
		r := s.Registries["a"]
		r.Off = true
		s.Registries["a"] = r
	})
	raw, err := os.ReadFile(f.Path())
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		Later      struct{ X []int }
		Registries map[string]map[string]any
		Entries    map[string]map[string]any
	}
	if err := json.Unmarshal(raw, &got); err != nil {
		t.Fatal(err)
	}
	a, b := got.Registries["a"], got.Registries["b"]
	if len(got.Later.X) != 2 || a["pin"] != true || a["off"] != true || b["account"] != "bob" || b["pin"] != nil {
		t.Errorf("%s", raw)
	}
	if got.Entries["token/s/ann"]["more"] != 7.0 || got.Entries["gone"] != nil || got.Entries["new"] == nil {
		t.Errorf("%s", raw)
	}
	before, _ := os.Stat(f.Path())
	update(t, f, func(*State) {})
	if after, _ := os.Stat(f.Path()); !os.SameFile(before, after) {
		t.Error("an update that changes nothing wrote the file")
	}
}
