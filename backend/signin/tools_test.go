//go:build linux

package signin

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"lanyard/backend/dockerconfig"
	"lanyard/backend/internal/keyringtest"
	"lanyard/backend/keychain"
	"lanyard/backend/machine"
)

// base64 of otto:hunter2-in-clear
const inClear = `{"auths":{"a.example":{"auth":"b3R0bzpodW50ZXIyLWluLWNsZWFy"}}}`

// A password that lay in docker's file: into the keychain, under the key that
// tools ask for, and back only where the person agreed to that.
func TestAMovedPassword(t *testing.T) {
	session := keyringtest.Start(t)
	session.Enter(t)
	dir := t.TempDir()
	c := &Computer{Dirs: machine.Dirs{State: filepath.Join(dir, "state"), Config: filepath.Join(dir, "config"), Data: filepath.Join(dir, "data")}, Keychain: keychain.Keychain{Worker: worker(t)}}
	d := &DockerConfig{
		File:   dockerconfig.File{Path: filepath.Join(dir, "config.json"), Journal: c.Dirs.State, Vault: &Vault{c}},
		Helper: dockerconfig.Helper{Exe: os.Args[0], Journal: c.Dirs.State},
	}
	c.Docker = d
	if err := os.WriteFile(d.File.Path, []byte(inClear), 0o600); err != nil {
		t.Fatal(err)
	}
	config := func() string {
		text, err := os.ReadFile(d.File.Path)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	if err := session.Lock(); err != nil {
		t.Fatal(err)
	}
	if _, err := d.File.Apply(dockerconfig.Want{Move: []string{"a.example"}}); !errors.Is(err, keychain.ErrLocked) || config() != inClear {
		t.Fatalf("locked: %v\n%s", err, config())
	}
	if err := session.StartDaemon(); err != nil {
		t.Fatal(err)
	}
	if _, err := d.File.Apply(dockerconfig.Want{Move: []string{"a.example"}, Hosts: []string{"b.example"}}); err != nil {
		t.Fatal(err)
	}
	stored, err := c.Keychain.GetStored(t.Context(), "a.example")
	if err != nil || stored.Username != "otto" || stored.Secret.Reveal() != "hunter2-in-clear" {
		t.Errorf("%v %v", stored.Username, err)
	}
	state, err := c.state().Load()
	if err != nil || state.Entries[keychain.StoreName("a.example")].Username != "otto" {
		t.Errorf("%+v %v", state.Entries, err)
	}

	// A button's undo, and a sign-out, leave it where it is safe.
	for name, act := range map[string]func() error{
		"undo": func() error {
			files, err := d.Recorded()
			if err == nil {
				_, err = d.Undo(files, false)
			}
			return err
		},
		"sign-out": func() error { return d.TakeDown(t.Context(), []string{"b.example"}) },
	} {
		if err := act(); err != nil || strings.Contains(config(), "b3R0") || strings.Contains(config(), "b.example") || !strings.Contains(config(), `"a.example":"lanyard"`) {
			t.Errorf("%s: %v\n%s", name, err, config())
		}
	}
	files, err := d.Recorded()
	if err != nil || len(files) != 1 {
		t.Fatalf("%v %v", files, err)
	}
	if _, err := d.Undo(files, true); err != nil || config() != inClear {
		t.Errorf("%v\n%s", err, config())
	}
	if _, err := c.Keychain.GetStored(t.Context(), "a.example"); !errors.Is(err, keychain.ErrNotFound) {
		t.Errorf("it is still in the keychain: %v", err)
	}
	if state, err := c.state().Load(); err != nil || len(state.Entries)+len(state.Tombstones) > 0 {
		t.Errorf("%+v %v", state, err)
	}
}
