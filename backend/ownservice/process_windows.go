package ownservice

import (
	"errors"
	"io/fs"
	"os/exec"
	"syscall"
)

// detach lets the service outlive the console that started it.
func detach(command *exec.Cmd) {
	const detachedProcess, newGroup = 0x8, 0x200
	command.SysProcAttr = &syscall.SysProcAttr{CreationFlags: detachedProcess | newGroup}
}

func dead(err error) bool {
	var number syscall.Errno
	return errors.As(err, &number) || errors.Is(err, fs.ErrNotExist)
}

// ours: the folder's access list decides there; the socket has no owner to ask.
func ours(fs.FileInfo) bool { return true }

// alive: the socket alone is asked.
func alive(int) bool { return false }
