//go:build linux

// Command windowbench measures the window beside an empty one of Wails that it
// builds itself: how long from exec until it is shown, and how much memory it
// takes when it has come to rest; and the sizes of what is shipped. The two
// take turns, each time in a session and HOME of their own on a screen that
// nobody sees, so that what slows the computer slows both.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"
)

func main() {
	b := bench{}
	flag.StringVar(&b.out, "out", "build/bench", "folder for window.txt, window.json and window.png")
	flag.StringVar(&b.programs, "programs", "build/bin", "folder with the three programs")
	flag.StringVar(&b.pages, "pages", "frontend/dist", "folder with the window's pages as built")
	flag.IntVar(&b.rounds, "rounds", 10, "how often each window is opened and measured; once more to warm up")
	within := flag.Duration("within", 10*time.Minute, "give up after this long")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	ctx, cancel := context.WithTimeoutCause(ctx, *within, fmt.Errorf("it took longer than %v", *within))
	err := b.run(ctx)
	if err != nil && ctx.Err() != nil {
		err = errors.Join(context.Cause(ctx), err)
	}
	cancel()
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "windowbench: "+err.Error())
		os.Exit(1)
	}
}

// bench is one run.
type bench struct {
	out, programs, pages string
	rounds               int
}

func (b bench) run(ctx context.Context) error {
	if b.rounds < 1 {
		return errors.New("-rounds: at least one")
	}
	if err := os.MkdirAll(b.out, 0o755); err != nil {
		return err
	}
	r := report{Rounds: b.rounds}
	var err error
	if r.Programs, err = programSizes(b.programs); err != nil {
		return err
	}
	if r.JavaScript, err = scriptSize(b.pages); err != nil {
		return err
	}
	if err := b.windows(ctx, &r); err != nil {
		return err
	}
	return r.write(b.out, os.Stdout)
}

// windows measures both, in turns, and who begins changes from round to round.
func (b bench) windows(ctx context.Context, r *report) error {
	dir, err := os.MkdirTemp("", "lyd-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	empty := filepath.Join(dir, "empty")
	if err := buildEmpty(ctx, empty); err != nil {
		return err
	}
	ours, err := filepath.Abs(filepath.Join(b.programs, "lanyard-desktop"))
	if err != nil {
		return err
	}
	s, err := startScreen(ctx)
	if err != nil {
		return fmt.Errorf("start a screen: %w", err)
	}
	defer s.close()

	pair := []struct {
		program string
		into    *figures
	}{{ours, &r.Window}, {empty, &r.Empty}}
	for round := range b.rounds + 1 {
		for i := range pair {
			one := pair[(i+round)%len(pair)]
			picture := ""
			if round == b.rounds && one.program == ours {
				picture = filepath.Join(b.out, "window.png")
			}
			m, err := s.measure(ctx, one.program, picture)
			if err != nil {
				return fmt.Errorf("%s: %w", filepath.Base(one.program), err)
			}
			if round > 0 { // the first has the disk read
				one.into.add(m)
			}
		}
	}
	return nil
}

// buildEmpty builds the empty window as make build does the real one.
func buildEmpty(ctx context.Context, to string) error {
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags", "-s -w", "-tags", "desktop,production,webkit2_41",
		"-o", to, "lanyard/backend/e2e/windowbench/empty")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=1")
	if said, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build the empty window: %w\n%s", err, said)
	}
	return nil
}
