//go:build unix

package main

import "golang.org/x/sys/unix"

// noCore keeps our memory out of core files, whatever GOTRACEBACK says.
func noCore() { _ = unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{}) }
