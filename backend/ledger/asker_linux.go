package ledger

import (
	"os"
	"strconv"
	"strings"
)

// Asker is the program that started this one: its path, or its name where the
// path is not ours to see (another user's program, or one that hides); empty
// if that program is gone.
func Asker() string {
	parent := os.Getppid()
	if parent <= 1 { // it is gone, and we are init's
		return ""
	}
	folder := "/proc/" + strconv.Itoa(parent)
	if path, err := os.Readlink(folder + "/exe"); err == nil {
		return strings.TrimSuffix(path, " (deleted)") // an update replaced it
	}
	name, err := os.ReadFile(folder + "/comm")
	if err != nil {
		return ""
	}
	return strings.TrimSuffix(string(name), "\n")
}
