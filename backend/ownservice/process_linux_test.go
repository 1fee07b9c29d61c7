package ownservice

import (
	"os"
	"os/exec"
	"testing"
	"time"
)

func TestAliveIsNotOneThatEnded(t *testing.T) {
	if !alive(os.Getpid()) {
		t.Error("this process is not alive")
	}
	cmd := exec.CommandContext(t.Context(), "cat")
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if !alive(cmd.Process.Pid) {
		t.Error("a running child is not alive")
	}
	in.Close()
	// It ends, and is not waited for.
	for end := time.Now().Add(10 * time.Second); alive(cmd.Process.Pid); {
		if time.Now().After(end) {
			t.Fatal("a child that has ended is alive")
		}
	}
	if err := cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	if alive(cmd.Process.Pid) {
		t.Error("a child that was waited for is alive")
	}
}
