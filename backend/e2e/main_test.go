package e2e_test

import (
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
)

// made is the folder of all that these tests make of the programs.
var made = sync.OnceValues(func() (string, error) { return os.MkdirTemp("", "lanyard-e2e-") })

func TestMain(m *testing.M) {
	slog.SetDefault(slog.New(slog.DiscardHandler)) // the service's libraries talk
	code := m.Run()
	if dir, err := made(); err == nil {
		_ = os.RemoveAll(dir)
	}
	os.Exit(code)
}

// programs is the folder of the programs as they are.
var programs = sync.OnceValues(func() (string, error) { return build("bin") })

// build makes the programs into a folder of that name.
func build(name string, flags ...string) (string, error) {
	dir, err := made()
	if err != nil {
		return "", err
	}
	out := filepath.Join(dir, name)
	args := append([]string{"build", "-o", out + string(filepath.Separator)}, flags...)
	cmd := exec.Command("go", append(args, "../cmd/lanyard", "../cmd/docker-credential-lanyard")...)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if err := os.MkdirAll(out, 0o700); err != nil {
		return "", err
	}
	if said, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, said)
	}
	return out, nil
}
