package e2e_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
)

// clockFile is the variable that names the file with the seconds by which the
// programs' wall clock is ahead: 8 bytes, the lowest first.
const clockFile = "TEST_CLOCK_FILE"

// clockPrograms is the folder of the programs built so that their wall clock
// can be moved while they run: a build overlay puts an offset into Go's own
// time.Now. Libraries that take the time from the kernel by themselves, and
// LD_PRELOAD, do not reach a Go program. The monotonic clock is left alone,
// as in a computer that slept.
var clockPrograms = sync.OnceValues(func() (string, error) {
	dir, err := made()
	if err != nil {
		return "", err
	}
	overlay, err := clockOverlay(filepath.Join(dir, "clock"))
	if err != nil {
		return "", fmt.Errorf("make the clock overlay: %w", err)
	}
	return build("clock-bin", "-overlay", overlay)
})

// offset is what the overlay adds to package time. The file is mapped, since
// Now is called by the runtime, too, where nothing may be opened or read.
const offset = `
var testClock = testClockFile()

func testClockFile() []byte {
	name, _ := syscall.Getenv("` + clockFile + `")
	fd, err := syscall.Open(name, syscall.O_RDONLY|syscall.O_CLOEXEC, 0)
	if err != nil {
		return nil
	}
	mapped, _ := syscall.Mmap(fd, 0, 8, syscall.PROT_READ, syscall.MAP_SHARED)
	syscall.Close(fd)
	return mapped
}

func testOffset() int64 {
	var seconds int64
	for i, b := range testClock {
		seconds |= int64(b) << (8 * i)
	}
	return seconds
}
`

// clockOverlay writes the overlay into dir and returns its file.
func clockOverlay(dir string) (string, error) {
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		return "", err
	}
	original := filepath.Join(strings.TrimSpace(string(root)), "src", "time", "time.go")
	text, err := os.ReadFile(original)
	if err != nil {
		return "", err
	}
	changed := string(text)
	for _, change := range []struct{ from, to string }{
		{"func Now() Time {\n\tsec, nsec, mono := runtimeNow()\n", "func Now() Time {\n\tsec, nsec, mono := runtimeNow()\n\tsec += testOffset()\n"},
		{"\nimport (\n", "\nimport (\n\t\"syscall\"\n"},
	} {
		if strings.Count(changed, change.from) != 1 {
			return "", fmt.Errorf("%s has changed: it should hold %q once", original, change.from)
		}
		changed = strings.Replace(changed, change.from, change.to, 1)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", err
	}
	if err := os.WriteFile(filepath.Join(dir, "time.go"), []byte(changed+offset), 0o600); err != nil {
		return "", err
	}
	list, err := json.Marshal(map[string]map[string]string{"Replace": {original: filepath.Join(dir, "time.go")}})
	if err != nil {
		return "", err
	}
	overlay := filepath.Join(dir, "overlay.json")
	return overlay, os.WriteFile(overlay, list, 0o600)
}
