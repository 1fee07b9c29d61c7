package main

import (
	"os/exec"
	"strings"
	"testing"
)

// The helper starts on every pull and holds secrets: it talks to the keychain
// only, and links nothing that could do more.
func TestDependencies(t *testing.T) {
	for _, goos := range []string{"linux", "darwin", "windows"} {
		list := exec.Command("go", "list", "-deps", ".")
		list.Env = append(list.Environ(), "GOOS="+goos, "CGO_ENABLED=0")
		out, err := list.Output()
		if err != nil {
			t.Fatal(err)
		}
		deps := strings.Fields(string(out))
		for _, dep := range deps {
			for _, never := range []string{"net/http", "crypto/tls", "go.etcd.io/bbolt", "github.com/wailsapp/wails", "github.com/spf13/cobra", "database/sql"} {
				if dep == never || strings.HasPrefix(dep, never+"/") {
					t.Errorf("%s: the helper links %s", goos, dep)
				}
			}
		}
		if len(deps) < 50 || len(deps) > 190 {
			t.Errorf("%s: %d packages, which is either not all or too many", goos, len(deps))
		}
	}
}
