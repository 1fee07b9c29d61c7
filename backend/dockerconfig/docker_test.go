//go:build unix

package dockerconfig

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// docker is the real CLI, at work on f.
func docker(t *testing.T, f File, args ...string) *exec.Cmd {
	t.Helper()
	exe, err := exec.LookPath("docker")
	if err != nil {
		t.Fatalf("the docker CLI (28 or newer) is needed: %v", err)
	}
	cmd := exec.Command(exe, args...)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir(), "DOCKER_CONFIG=" + filepath.Dir(f.Path)}
	return cmd
}

// docker drops keys it does not know and lays the file out anew. Undo leaves
// just the bytes that docker would have left without us.
func TestUndoAfterDockerRewroteTheFile(t *testing.T) {
	for _, c := range []struct{ name, before string }{
		{"unknown keys", `{"unknown":12345678901234567890,"auths":{"a.example":{"auth":"YTpi","more":1},"b.example":{"auth":"YTpi"}},"plugins":{"x":{"y":"z"}}}`},
		{"other helpers", `{"auths":{"a.example":{"auth":"YTpi"},"b.example":{"auth":"YTpi"}},"credHelpers":{"gcr.io":"none"}}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			with, without := put(t, c.before), put(t, c.before)
			must[Change](t)(with.Use([]string{own, hub, "docker.io"}))
			for _, f := range []File{with, without} {
				if out, err := docker(t, f, "logout", "a.example").CombinedOutput(); err != nil {
					t.Fatalf("%v %s", err, out)
				}
			}
			if strings.Contains(text(t, with.Path), "a.example") {
				t.Fatal("docker changed nothing")
			}
			if s := must[Status](t)(with.Status()); len(s.Hosts) != 3 || !s.Edited {
				t.Errorf("%+v", s)
			}
			must[Change](t)(with.Undo())
			if got, want := text(t, with.Path), text(t, without.Path); got != want {
				t.Errorf("got  %q\nwant %q", got, want)
			}
			bare(t, with)
		})
	}
}

// Rounds of our writer against the real docker. docker may lose what we wrote;
// we lose nothing that docker wrote. LANYARD_FAULTS=1 makes it a thousand.
func TestRaceWithDocker(t *testing.T) {
	rounds := 10
	if os.Getenv("LANYARD_FAULTS") != "" {
		rounds = 1000
	}
	auths := map[string]any{}
	for i := range rounds {
		auths[fmt.Sprintf("r%d.example", i)] = map[string]string{"auth": "YTpi"}
	}
	auths["stays.example"] = map[string]string{"auth": "YTpi"}
	before, err := json.Marshal(map[string]any{"auths": auths, "plugins": map[string]any{"x": map[string]string{"y": "z"}}, "HttpHeaders": map[string]string{"A": "b"}})
	check(t, err)
	f := put(t, string(before))
	writes := 0
	for i := range rounds {
		host := fmt.Sprintf("r%d.example", i)
		cmd := docker(t, f, "logout", host)
		var out strings.Builder
		cmd.Stdout, cmd.Stderr = &out, &out
		done := make(chan error, 1)
		check(t, cmd.Start())
		go func() { done <- cmd.Wait() }()
		for running := true; running; {
			select {
			case err := <-done:
				if err != nil {
					t.Fatalf("docker read half a file? %v %s", err, &out)
				}
				running = false
			default:
				if writes%2 == 0 {
					must[Change](t)(f.Use([]string{own, hub}))
				} else {
					must[Change](t)(f.Undo())
				}
				writes++
			}
		}
		var now struct {
			Auths       map[string]any
			Plugins     map[string]map[string]string
			HTTPHeaders map[string]string `json:"HttpHeaders"`
		}
		check(t, json.Unmarshal([]byte(text(t, f.Path)), &now))
		if now.Auths[host] != nil {
			t.Fatalf("round %d: what docker took out is back", i)
		}
		if len(now.Auths) != rounds-i || now.Plugins["x"]["y"] != "z" || now.HTTPHeaders["A"] != "b" {
			t.Fatalf("round %d: lost something: %d sign-ins, %+v %+v", i, len(now.Auths), now.Plugins, now.HTTPHeaders)
		}
	}
	t.Logf("%d rounds, %d writes of ours", rounds, writes)
	must[Change](t)(f.Use([]string{own, hub}))
	if s := must[Status](t)(f.Status()); len(s.Hosts) != 2 {
		t.Errorf("%+v", s)
	}
	must[Change](t)(f.Undo())
	if got := text(t, f.Path); strings.Contains(got, Suffix) {
		t.Errorf("got %q", got)
	}
	bare(t, f)
}
