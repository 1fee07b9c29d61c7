package main

import (
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/mattn/go-isatty"
)

// patience is how long a command may be silent before it says what it waits for.
const patience = time.Second

// waiting is the line at the bottom of a terminal that says what a command
// waits for. It is there only while nothing else is said.
type waiting struct {
	mu    sync.Mutex
	out   io.Writer
	what  string // "": nothing is waited for
	since time.Time
	shown bool
	stop  chan struct{}
}

// newWaiting is nil where nobody would see it: in a pipe, a file, or on a
// terminal that cannot take a line back.
func newWaiting(t terminal) *waiting {
	f, ok := t.Err.(*os.File)
	if !ok || !isatty.IsTerminal(f.Fd()) || t.Getenv("TERM") == "dumb" {
		return nil
	}
	return &waiting{out: f}
}

// waitFor says, after a second, what is waited for, until done is called.
func (t terminal) waitFor(format string, args ...any) (done func()) {
	if t.waits == nil {
		return func() {}
	}
	t.waits.begin(fmt.Sprintf(format, args...))
	return t.waits.end
}

// interrupt takes the line away before something else is written.
func (t terminal) interrupt() {
	if t.waits != nil {
		t.waits.end()
	}
}

func (w *waiting) begin(what string) {
	w.end()
	w.mu.Lock()
	defer w.mu.Unlock()
	w.what, w.since, w.stop = what, time.Now(), make(chan struct{})
	go w.tick(w.stop)
}

func (w *waiting) tick(stop <-chan struct{}) {
	ticker := time.NewTicker(patience)
	defer ticker.Stop()
	for {
		select {
		case <-stop:
			return
		case <-ticker.C:
			w.show(stop)
		}
	}
}

func (w *waiting) show(stop <-chan struct{}) {
	w.mu.Lock()
	defer w.mu.Unlock()
	select {
	case <-stop:
		return
	default:
	}
	w.shown = true
	fmt.Fprintf(w.out, "\r\x1b[K%s … %d s", w.what, int(time.Since(w.since)/time.Second))
}

// end takes the line away. It may be called again.
func (w *waiting) end() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.what == "" {
		return
	}
	close(w.stop)
	if w.shown {
		fmt.Fprint(w.out, "\r\x1b[K")
	}
	w.what, w.shown = "", false
}
