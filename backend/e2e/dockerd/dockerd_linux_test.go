package dockerd

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestItStartsAndLeavesNothing(t *testing.T) {
	if why := Possible(); why != "" {
		t.Logf("not tried: %s", why)
		return
	}
	tools := os.Getenv("LANYARD_TOOLS")
	if tools == "" {
		tools = "../../../build/tools"
	}
	dir, err := os.MkdirTemp("", "lyd-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	d, err := Start(filepath.Join(tools, "bin"), dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	d.Stop()
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil || strings.Contains(string(mounts), dir) {
		t.Errorf("something is still mounted: %v", err)
	}
	for _, file := range glob("/proc/[0-9]*/cmdline") {
		if line, _ := os.ReadFile(file); strings.Contains(string(line), dir) {
			t.Errorf("still there: %s", line)
		}
	}
}

func glob(pattern string) []string {
	found, _ := filepath.Glob(pattern) // a bad pattern is the only error
	return found
}

// What cannot start says why, and is gone.
func TestItCannotStart(t *testing.T) {
	if why := Possible(); why != "" {
		t.Logf("not tried: %s", why)
		return
	}
	dir, err := os.MkdirTemp("", "lyd-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if d, err := Start(dir, dir, nil); err == nil || !strings.Contains(err.Error(), "dockerd: not found") {
		t.Errorf("%v %v", d, err)
	}
	if _, err := Start(dir, "/tmp/"+strings.Repeat("x", 60), nil); err == nil || !strings.Contains(err.Error(), "no place") {
		t.Errorf("%v", err)
	}
}
