//go:build unix

package ownservice

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"strconv"
	"syscall"
)

// detach gives the service a session of its own: no terminal, no signals of ours.
func detach(command *exec.Cmd) { command.SysProcAttr = &syscall.SysProcAttr{Setsid: true} }

// dead says that nobody listens on a socket that may still lie there.
func dead(err error) bool {
	return errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ECONNRESET)
}

// ours says whether the file belongs to this person.
func ours(info fs.FileInfo) bool {
	stat, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(stat.Uid) == os.Getuid()
}

// alive says whether a process of that id runs. One that has ended and is not
// waited for does not: in a container nobody may ever do that.
func alive(pid int) bool {
	if syscall.Kill(pid, 0) != nil {
		return false
	}
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat") // Linux only
	end := bytes.LastIndexByte(stat, ')')                            // of the name, which may hold anything
	return err != nil || end < 0 || !bytes.HasPrefix(stat[end+1:], []byte(" Z"))
}
