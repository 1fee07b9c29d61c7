//go:build unix

package helper

import "syscall"

func rootFolder() string { return "/" }

// detached is a session of its own: no terminal, and no signals of the tool's.
func detached() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setsid: true} }
