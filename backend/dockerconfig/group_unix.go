//go:build unix

package dockerconfig

import (
	"os/exec"
	"syscall"
)

// ownGroup gives cmd a session without a terminal, so that start-up files
// cannot ask anything, and makes its context kill everything they started.
func ownGroup(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
}
