package machine

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
)

func env(pairs ...string) func(string) string {
	m := map[string]string{}
	for i := 0; i < len(pairs); i += 2 {
		m[pairs[i]] = pairs[i+1]
	}
	return func(name string) string { return m[name] }
}

func TestDirsFrom(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Fatal("this table is of the XDG rules")
	}
	tests := []struct {
		name string
		env  func(string) string
		want Dirs
		fail bool
	}{
		{"home", env("HOME", "/h"), Dirs{"/h/.config/lanyard", "/h/.local/state/lanyard", "/h/.local/share/lanyard"}, false},
		{"xdg", env("HOME", "/h", "XDG_CONFIG_HOME", "/c", "XDG_STATE_HOME", "/s", "XDG_DATA_HOME", "/d"), Dirs{"/c/lanyard", "/s/lanyard", "/d/lanyard"}, false},
		{"xdg without home", env("XDG_CONFIG_HOME", "/c", "XDG_STATE_HOME", "/s", "XDG_DATA_HOME", "/d"), Dirs{"/c/lanyard", "/s/lanyard", "/d/lanyard"}, false},
		{"relative xdg is ignored", env("HOME", "/h", "XDG_STATE_HOME", "s"), Dirs{"/h/.config/lanyard", "/h/.local/state/lanyard", "/h/.local/share/lanyard"}, false},
		{"lanyard home", env("LANYARD_HOME", "/x", "HOME", "/h", "XDG_STATE_HOME", "/s"), Dirs{"/x/config", "/x/state", "/x/data"}, false},
		{"relative lanyard home", env("LANYARD_HOME", "x", "HOME", "/h"), Dirs{}, true},
		{"nothing set", env(), Dirs{}, true},
		{"no home, one xdg", env("XDG_STATE_HOME", "/s"), Dirs{}, true},
		{"relative home", env("HOME", "h"), Dirs{}, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := DirsFrom(tt.env)
			if (err != nil) != tt.fail || got != tt.want {
				t.Errorf("got %+v, %v", got, err)
			}
		})
	}
	if _, err := DirsFrom(env()); !errors.Is(err, ErrNoHome) {
		t.Errorf("nothing set: %v", err)
	}
	if got := (Dirs{Data: "/d"}).Service(); got != "/d/service" {
		t.Errorf("service folder %s", got)
	}
}

func TestInstallation(t *testing.T) {
	d := Dirs{State: filepath.Join(t.TempDir(), "state")}
	ids := make([]string, 16)
	var wg sync.WaitGroup
	for i := range ids {
		wg.Go(func() {
			id, err := d.Installation()
			if err != nil {
				t.Error(err)
			}
			ids[i] = id
		})
	}
	wg.Wait()
	for _, id := range ids {
		if len(id) != 64 || id != ids[0] {
			t.Fatalf("programs that start together got %q and %q", ids[0], id)
		}
	}
	left, err := filepath.Glob(filepath.Join(d.State, "*"))
	if err != nil || len(left) != 1 {
		t.Errorf("left behind: %v %v", left, err)
	}
	path := filepath.Join(d.State, "installation")
	for path, want := range map[string]os.FileMode{path: 0o600, d.State: 0o700 | os.ModeDir} {
		if info, err := os.Stat(path); err != nil || info.Mode() != want {
			t.Errorf("%s: %v %v, want %v", path, info.Mode(), err, want)
		}
	}
	other, err := Dirs{State: t.TempDir()}.Installation()
	if err != nil || other == ids[0] {
		t.Errorf("another folder: %s %v", other, err)
	}
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if id, err := d.Installation(); err == nil {
		t.Errorf("an emptied file gave %s", id)
	}
}
