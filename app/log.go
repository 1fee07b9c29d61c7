package app

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"lanyard/backend/diagnosis"
)

// journal is STATE/window.log: what the window did, for whoever looks for a
// fault. No secret is handed to it, and what looks like one is taken out.
type journal struct {
	file   string
	levels slog.LevelVar
	logger *slog.Logger
	mu     sync.Mutex
}

const (
	maxLog   = 256 << 10 // bytes of each of two files
	logLines = 200       // in a report
)

func newJournal(state string) *journal {
	j := &journal{file: filepath.Join(state, "window.log")}
	j.logger = slog.New(slog.NewTextHandler(j, &slog.HandlerOptions{Level: &j.levels}))
	return j
}

// Write is for slog: a line. What cannot be written is not written.
func (j *journal) Write(line []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if info, err := os.Stat(j.file); err == nil && info.Size() > maxLog {
		_ = os.Rename(j.file, j.old())
	}
	if os.MkdirAll(filepath.Dir(j.file), 0o700) != nil {
		return len(line), nil
	}
	f, err := os.OpenFile(j.file, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return len(line), nil // a log is in nobody's way
	}
	defer f.Close()
	_, _ = f.WriteString(diagnosis.Scrub(string(line)))
	return len(line), nil
}

func (j *journal) old() string { return strings.TrimSuffix(j.file, ".log") + ".old.log" }

// level is info or debug.
func (j *journal) level(name string) {
	if name == "debug" {
		j.levels.Set(slog.LevelDebug)
		return
	}
	j.levels.Set(slog.LevelInfo)
}

// report are its last lines.
func (j *journal) report() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	var lines []string
	for _, name := range []string{j.old(), j.file} {
		if text, err := os.ReadFile(name); err == nil {
			lines = append(lines, strings.Split(strings.TrimRight(string(text), "\n"), "\n")...)
		}
	}
	if len(lines) == 0 {
		return "\nthe window's log: none\n"
	}
	lines = lines[max(0, len(lines)-logLines):]
	return fmt.Sprintf("\nthe window's log, the last %d lines:\n  %s\n", len(lines), strings.Join(diagnosis.Tidy(lines), "\n  "))
}
