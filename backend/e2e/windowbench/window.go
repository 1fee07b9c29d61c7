//go:build linux

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"lanyard/backend/internal/keyringtest"
)

// measured is one window that was opened.
type measured struct {
	shown  time.Duration // from exec until it was on the screen
	memory int64         // bytes: the proportional sizes of all its processes, at rest
	shared bool          // … beside another program's WebKit, which bears a part of it
}

const (
	patience  = 30 * time.Second        // for a window to be shown, and to come to rest
	settle    = 2500 * time.Millisecond // a window is not at rest before
	look      = 400 * time.Millisecond
	processes = 3 // the program, WebKit's for the page and WebKit's for the network
)

// measure opens a window in a session of its own. With a picture, the screen
// at rest is kept there.
func (s *screen) measure(ctx context.Context, program, picture string) (m measured, err error) {
	session, err := keyringtest.New(keyringtest.Options{})
	if err != nil {
		return m, err
	}
	defer session.Close()
	var said bytes.Buffer
	cmd := session.Command(program)
	cmd.Env = append(cmd.Env, "DISPLAY="+s.display)
	cmd.Stdout, cmd.Stderr = &said, &said
	// A group of its own, so that what is left of it can be ended.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	cmd.WaitDelay = 5 * time.Second

	start := time.Now()
	if err := cmd.Start(); err != nil {
		return m, err
	}
	defer func() {
		end(cmd)
		if err != nil {
			err = fmt.Errorf("%w\n%s", err, said.String())
		}
	}()
	at, err := s.shown(start.Add(patience))
	if err != nil {
		return m, fmt.Errorf("wait for the window to be shown: %w", err)
	}
	m.shown = at.Sub(start)
	if m.memory, m.shared, err = s.atRest(ctx, cmd.Process.Pid); err != nil || picture == "" {
		return m, err
	}
	shot := exec.CommandContext(ctx, "import", "-display", s.display, "-window", "root", picture)
	if words, err := shot.CombinedOutput(); err != nil {
		return m, fmt.Errorf("take a picture: %w\n%s", err, words)
	}
	return m, nil
}

// end ends a window and waits until it has.
func end(cmd *exec.Cmd) {
	_ = cmd.Process.Signal(syscall.SIGTERM) // it may have ended
	killed := time.AfterFunc(5*time.Second, func() { _ = cmd.Process.Kill() })
	_ = cmd.Wait() // by a signal: always an error
	killed.Stop()
	_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // none may be left
}

// atRest waits until the memory of a window stays within a hundredth over four
// looks, and, while the run has patience left for that, until no other program
// runs WebKit.
func (s *screen) atRest(ctx context.Context, pid int) (sum int64, shared bool, err error) {
	tick := time.NewTicker(look)
	defer tick.Stop()
	begun := time.Now()
	deadline := begun.Add(patience)
	var seen []int64
	for time.Now().Before(deadline) {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return 0, false, ctx.Err()
		}
		now, err := memory(pid)
		if err != nil {
			return 0, false, err
		}
		if now.others > 0 && s.alone > 0 {
			s.alone -= look
			deadline = deadline.Add(look)
			seen = nil
			continue
		}
		shared = now.others > 0
		seen = append(seen, now.sum)
		if len(seen) > 4 {
			seen = seen[1:]
		}
		if now.processes >= processes && time.Since(begun) >= settle && len(seen) == 4 && steady(seen) {
			return now.sum, shared, nil
		}
	}
	return 0, false, fmt.Errorf("its memory did not come to rest within %v: %v", patience, seen)
}

// steady: no two differ by more than a hundredth.
func steady(seen []int64) bool {
	low, high := seen[0], seen[0]
	for _, one := range seen {
		low, high = min(low, one), max(high, one)
	}
	return high-low <= high/100
}

// usage is what a window takes at one moment.
type usage struct {
	sum       int64 // bytes
	processes int
	others    int // processes of WebKit that are another program's
}

// memory adds up the proportional set sizes (Pss, proc(5)) of a process and all it started.
func memory(pid int) (u usage, err error) {
	files, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return u, err
	}
	below := map[int][]int{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			continue // it has ended
		}
		id, _ := strconv.Atoi(filepath.Base(filepath.Dir(file)))
		// pid (name) state parent …; a name may hold anything.
		if fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:])); len(fields) > 1 {
			parent, _ := strconv.Atoi(fields[1])
			below[parent] = append(below[parent], id)
		}
		if bytes.Contains(text, []byte("(WebKit")) {
			u.others++
		}
	}
	for todo := []int{pid}; len(todo) > 0; {
		one := todo[0]
		todo = append(todo[1:], below[one]...)
		if name, err := os.ReadFile(fmt.Sprintf("/proc/%d/comm", one)); err == nil && bytes.HasPrefix(name, []byte("WebKit")) {
			u.others--
		}
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", one))
		if err == nil {
			var size int64
			if size, err = pss(text); err == nil && size > 0 {
				u.sum, u.processes = u.sum+size, u.processes+1
			}
		}
		if err != nil && one == pid {
			return u, fmt.Errorf("the window has ended: %w", err)
		}
	}
	return u, nil
}

// pss reads the line of smaps_rollup that has it. A process that is ending has none.
func pss(rollup []byte) (int64, error) {
	for line := range strings.Lines(string(rollup)) {
		if fields := strings.Fields(line); len(fields) == 3 && fields[0] == "Pss:" && fields[2] == "kB" {
			kilo, err := strconv.ParseInt(fields[1], 10, 64)
			return kilo << 10, err
		}
	}
	return 0, errors.New("no Pss")
}
