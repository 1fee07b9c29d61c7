package ledger

import (
	"os"
	"strconv"
	"strings"
)

// Asker is the program that started this one: its path, or its name where the
// path is not ours to see (another user's program, or one that hides). parent
// is what os.Getppid said at the start: empty if that program is gone since,
// as whoever adopted us did not ask.
func Asker(parent int) string {
	folder := "/proc/" + strconv.Itoa(parent)
	path, err := os.Readlink(folder + "/exe")
	if err == nil {
		path = strings.TrimSuffix(path, " (deleted)") // an update replaced it
	} else {
		var name []byte
		name, err = os.ReadFile(folder + "/comm")
		path = strings.TrimSuffix(string(name), "\n")
	}
	if err != nil || parent <= 1 || os.Getppid() != parent {
		return ""
	}
	return path
}
