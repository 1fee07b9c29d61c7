package ledger

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/gofrs/flock"
)

// ErrFull: the file has reached its size and could not be moved away.
var ErrFull = errors.New("the ledger is full")

// Append writes one line, in one call of the system, behind whatever others
// wrote. It waits for nobody and syncs nothing. A use like one of the last
// lines, less than a minute old, is not written again.
func (l Ledger) Append(u Use) error {
	u.At = u.At.Round(0).UTC().Truncate(time.Microsecond)
	u.Tool, u.Folder = tail(u.Tool, maxPath), tail(u.Folder, maxPath)
	u.Host, u.Refused = head(u.Host, maxPath), head(u.Refused, maxPath)
	line, err := encode(u)
	if err != nil {
		return err
	}
	file, size, err := l.open()
	if err != nil {
		return fmt.Errorf("open the ledger: %w", err)
	}
	defer file.Close()
	if repeated(file, size, u.At, line) {
		return nil
	}
	if size >= rotateAt {
		if moved := l.rotate(); moved {
			_ = file.Close()
			if file, size, err = l.open(); err != nil {
				return fmt.Errorf("open the ledger: %w", err)
			}
			defer file.Close()
		}
	}
	if size+int64(len(line)) > maxFile {
		return ErrFull
	}
	if _, err := file.Write(line); err != nil {
		return fmt.Errorf("write to the ledger: %w", err)
	}
	return nil
}

// encode is a line with an empty one before it: what a full disk cut off does
// not take the next line with it.
func encode(u Use) ([]byte, error) {
	raw, err := json.Marshal(u)
	if len(raw) > maxLine-2 { // control characters, six bytes each
		u.Folder, u.Tool = "", ""
		raw, err = json.Marshal(u)
	}
	if err == nil && len(raw) > maxLine-2 {
		err = fmt.Errorf("a line of %d bytes is too long for the ledger", len(raw))
	}
	if err != nil {
		return nil, err
	}
	line := make([]byte, 0, len(raw)+2)
	line = append(line, '\n')
	line = append(line, raw...)
	return append(line, '\n'), nil
}

// open also makes the folder, where it is missing. What is there and is no
// file, such as a pipe, holds nobody up.
func (l Ledger) open() (*os.File, int64, error) {
	const flags = os.O_RDWR | os.O_APPEND | os.O_CREATE | nonblock
	file, err := os.OpenFile(l.Path(), flags, 0o600)
	if errors.Is(err, fs.ErrNotExist) {
		if err := os.MkdirAll(l.Dir, 0o700); err != nil {
			return nil, 0, err
		}
		file, err = os.OpenFile(l.Path(), flags, 0o600)
	}
	if err != nil {
		return nil, 0, err
	}
	info, err := file.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%s is no file", l.Path())
	}
	if err != nil {
		_ = file.Close()
		return nil, 0, err
	}
	return file, info.Size(), nil
}

// repeated looks at the last lines for one that says the same of less than a
// minute ago. It compares bytes behind the time, which stands first: reading
// the lines would cost a pull more than writing one.
func repeated(file *os.File, size int64, at time.Time, line []byte) bool {
	const look = 4 << 10
	_, said, ok := cutTime(bytes.TrimSpace(line))
	start := max(0, size-look)
	last := make([]byte, size-start)
	n, err := file.ReadAt(last, start)
	if !ok || err != nil && !errors.Is(err, io.EOF) {
		return false
	}
	for line := range bytes.SplitSeq(last[:n], []byte{'\n'}) {
		when, same, ok := cutTime(line)
		if !ok || !bytes.Equal(same, said) {
			continue
		}
		was, err := time.Parse(time.RFC3339Nano, string(when))
		if err == nil && !at.Before(was) && at.Sub(was) < repeat {
			return true
		}
	}
	return false
}

// cutTime takes the time off the front of a line.
func cutTime(line []byte) (at, rest []byte, ok bool) {
	behind, ok := bytes.CutPrefix(line, []byte(`{"at":"`))
	if !ok {
		return nil, nil, false
	}
	return bytes.Cut(behind, []byte{'"'})
}

// rotate makes the file the old one, unless another is at it or has just done
// so. It reports whether there is another file to write to now.
func (l Ledger) rotate() bool {
	lock := flock.New(l.Path()+".lock", flock.SetPermissions(0o600))
	if ok, err := lock.TryLock(); err != nil || !ok {
		return false
	}
	defer func() { _ = lock.Close() }()
	info, err := os.Stat(l.Path())
	if err != nil || info.Size() < rotateAt {
		return true
	}
	return os.Rename(l.Path(), l.oldPath()) == nil
}

const maxPath = 512 // bytes of each text

// tail keeps the end of a long path, which says more than its beginning.
func tail(s string, n int) string {
	if len(s) <= n {
		return s
	}
	s = s[len(s)-n+len("…"):]
	for len(s) > 0 && !utf8.RuneStart(s[0]) {
		s = s[1:]
	}
	return "…" + s
}

func head(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n-len("…")], "") + "…"
}
