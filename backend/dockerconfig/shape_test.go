package dockerconfig

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// regctl's file names the program inside an object per host.
func TestRegctlUseAndUndo(t *testing.T) {
	const named = `"credHelper": "docker-credential-lanyard"`
	for _, c := range []struct{ name, before, has string }{
		{"no file", "", "\"hosts\": {\n\t\t\"localhost:8460\": {" + named + "}"},
		{"empty object", `{}`, named},
		{"without hosts", "{\n  \"incDockerCred\": false\n}\n", "\"incDockerCred\": false,\n  \"hosts\": {\n    \"localhost:8460\": {" + named + "}\n  }\n"},
		{"other hosts", `{"hosts":{"a.example":{"tls":"disabled"}}}`, `{"a.example":{"tls":"disabled"},"localhost:8460":{` + named + `}}`},
		{"the host with a password", "{\n  \"hosts\": {\n    \"localhost:8460\": {\n      \"user\": \"anna\",\n      \"pass\": \"x\"\n    }\n  }\n}\n",
			"\"pass\": \"x\",\n      " + named + "\n    }"},
		{"the host, nothing in it", `{"hosts":{"localhost:8460":{}}}`, `{"localhost:8460":{` + named + `}}`},
		{"null", `{"hosts":null,"version":1}`, named},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := put(t, c.before)
			f.Shape = Regctl
			shown := must[Diff](t)(f.Plan([]string{own})).String()
			if !strings.Contains(shown, `+   "localhost:8460": {"credHelper": "docker-credential-lanyard"}`) || !strings.Contains(shown, `"hosts"`) {
				t.Errorf("%s", shown)
			}
			must[Change](t)(f.Use([]string{own}))
			used := text(t, f.Path)
			if !strings.Contains(used, c.has) {
				t.Errorf("got  %s\nwant %s", used, c.has)
			}
			if again := must[Change](t)(f.Add([]string{own})); again.Written {
				t.Error("not idempotent")
			}
			files := must[[]File](t)(Recorded(f.Journal))
			if len(files) != 1 || files[0].Shape != Regctl || files[0].Path != f.Path {
				t.Fatalf("%+v", files)
			}
			must[Change](t)(files[0].Undo())
			if c.before != "" {
				if got := text(t, f.Path); got != c.before {
					t.Errorf("got  %s\nwant %s", got, c.before)
				}
			}
			bare(t, f)
		})
	}
}

// regctl wrote since: what it wrote stays, and only our key goes.
func TestRegctlUndoAfterOthersWrote(t *testing.T) {
	for _, c := range []struct{ name, before, now, want string }{
		{"a setting beside it", `{}`, `{"hosts":{"localhost:8460":{"tls":"disabled","credHelper":"docker-credential-lanyard"}}}`, `{"hosts":{"localhost:8460":{"tls":"disabled"}}}`},
		{"another host", `{"v":1}`, `{"v":1,"hosts":{"b":{},"localhost:8460":{"credHelper":"docker-credential-lanyard"}}}`, `{"v":1,"hosts":{"b":{}}}`},
		{"another helper", `{}`, `{"hosts":{"localhost:8460":{"credHelper":"docker-credential-pass"}}}`, `{"hosts":{"localhost:8460":{"credHelper":"docker-credential-pass"}}}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := put(t, c.before)
			f.Shape = Regctl
			must[Change](t)(f.Use([]string{own}))
			write(t, f.Path, c.now)
			must[Change](t)(f.Undo())
			if got := text(t, f.Path); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestRegctlRefused(t *testing.T) {
	for name, before := range map[string]string{
		"hosts a list":            `{"hosts":[]}`,
		"a host a text":           `{"hosts":{"a":"b"}}`,
		"credHelper a number":     `{"hosts":{"a":{"credHelper":1}}}`,
		"credHelper in capitals":  `{"hosts":{"a":{"CredHelper":"x"}}}`,
		"hosts in capitals":       `{"Hosts":{}}`,
		"hosts in both spellings": `{"hosts":{},"HOSTS":{}}`,
	} {
		t.Run(name, func(t *testing.T) {
			f := put(t, before)
			f.Shape = Regctl
			if _, err := f.Use([]string{own}); !errors.Is(err, ErrRefused) || text(t, f.Path) != before {
				t.Errorf("got %v, %s", err, text(t, f.Path))
			}
		})
	}
}

func TestRegctlWithAnotherHelper(t *testing.T) {
	const before = `{"hosts":{"localhost:8460":{"credHelper":"docker-credential-pass"}}}`
	f := put(t, before)
	f.Shape = Regctl
	var conflict *ConflictError
	if _, err := f.Use([]string{own}); !errors.As(err, &conflict) || conflict.Hosts[own] != "pass" {
		t.Errorf("got %v", err)
	}
	f.Replace = true
	must[Change](t)(f.Use([]string{own}))
	if !strings.Contains(text(t, f.Path), Program) {
		t.Errorf("got %s", text(t, f.Path))
	}
	f.Replace = false
	must[Change](t)(f.Undo())
	if got := text(t, f.Path); got != before {
		t.Errorf("got %s", got)
	}
}

func TestKeys(t *testing.T) {
	hosts := []string{"a.example", "docker.io"}
	if diff := cmp.Diff([]string{"a.example", hub, "docker.io"}, Docker.Keys(hosts)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(hosts, Regctl.Keys(hosts)); diff != "" {
		t.Error(diff)
	}
}

// A journal of one shape is not taken for the other.
func TestOneShapeAFile(t *testing.T) {
	f := put(t, `{}`)
	must[Change](t)(f.Use([]string{own}))
	f.Shape = Regctl
	if _, err := f.Undo(); !errors.Is(err, ErrJournal) {
		t.Errorf("got %v", err)
	}
	if filepath.Base(f.Path) != "config.json" {
		t.Fatal(f.Path)
	}
}
