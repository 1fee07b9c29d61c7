package ledger

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// Read is the last n uses, newest first; all there are if n is negative. What
// was written last is the newest, whatever the clock said. A line that cannot
// be read is left out, and no ledger is an empty one.
func (l Ledger) Read(n int) ([]Use, error) {
	uses, err := readFile(l.Path())
	if err != nil {
		return nil, err
	}
	if n < 0 || len(uses) < n {
		old, err := readFile(l.oldPath())
		if err != nil {
			return nil, err
		}
		uses = append(old, uses...)
	}
	slices.Reverse(uses)
	if n >= 0 && len(uses) > n {
		uses = uses[:n]
	}
	return uses, nil
}

func readFile(path string) ([]Use, error) {
	file, err := os.OpenFile(path, os.O_RDONLY|nonblock, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the ledger: %w", err)
	}
	defer file.Close()
	if info, err := file.Stat(); err != nil || !info.Mode().IsRegular() {
		return nil, fmt.Errorf("read the ledger: %s is no file", path)
	}
	raw, err := io.ReadAll(io.LimitReader(file, 2*maxFile))
	if err != nil {
		return nil, fmt.Errorf("read the ledger: %w", err)
	}
	var uses []Use
	for line := range bytes.SplitSeq(raw, []byte{'\n'}) {
		if u, ok := decode(line); ok {
			uses = append(uses, u)
		}
	}
	return uses, nil
}

// decode reads a line. Fields of a later Lanyard are passed over.
func decode(line []byte) (Use, bool) {
	var u Use
	if len(line) == 0 || len(line) > maxLine || json.Unmarshal(line, &u) != nil || u.At.IsZero() || u.Host == "" {
		return Use{}, false
	}
	return u, true
}

// Shown is a text of a Use as a terminal may show it: what is not printable, and
// what would turn the direction of writing, is escaped.
func Shown(s string) string {
	if strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) || r == unicode.ReplacementChar }) {
		quoted := strconv.QuoteToGraphic(s)
		return quoted[1 : len(quoted)-1]
	}
	return s
}
