//go:build linux

package desk

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Process is a running program of the desk.
type Process struct {
	PID  int
	Name string // as the kernel has it: 15 characters
	Args []string
	Env  []string // empty if it may not be read
}

// Processes are the running programs of the desk: those that have its
// session in their environment, and what these started.
func (d *Desk) Processes() []Process {
	var all []Process
	parent := map[int]int{}
	desk := map[int]bool{}
	for _, dir := range glob("/proc/[0-9]*") {
		pid, err := strconv.Atoi(filepath.Base(dir))
		if err != nil || pid == os.Getpid() {
			continue
		}
		p := Process{PID: pid, Args: list(dir + "/cmdline"), Env: list(dir + "/environ")}
		var state string
		if p.Name, state, parent[pid] = stat(dir + "/stat"); state == "" || state == "Z" {
			continue
		}
		desk[pid] = slices.Contains(p.Env, "XDG_RUNTIME_DIR="+d.Runtime) || strings.Contains(strings.Join(p.Args, " "), d.Runtime)
		all = append(all, p)
	}
	return slices.DeleteFunc(all, func(p Process) bool {
		for pid := p.PID; pid > 1; pid = parent[pid] {
			if desk[pid] {
				return false
			}
		}
		return true
	})
}

func glob(pattern string) []string {
	found, _ := filepath.Glob(pattern) // a bad pattern is the only error
	return found
}

// list reads strings that each end with a zero byte.
func list(file string) []string {
	raw, _ := os.ReadFile(file) // gone, or another person's
	raw = bytes.TrimRight(raw, "\x00")
	if len(raw) == 0 {
		return nil
	}
	return strings.Split(string(raw), "\x00")
}

// stat reads proc(5)'s stat, in which a name may hold anything.
func stat(file string) (name, state string, parent int) {
	raw, _ := os.ReadFile(file)
	text := string(raw)
	from, to := strings.IndexByte(text, '('), strings.LastIndexByte(text, ')')
	if from < 0 || to < from {
		return "", "", 0
	}
	fields := strings.Fields(text[to+1:])
	if len(fields) < 2 {
		return "", "", 0
	}
	parent, _ = strconv.Atoi(fields[1])
	return text[from+1 : to], fields[0], parent
}

// sweep kills what is left, by id, and waits until it is gone.
func (d *Desk) sweep() {
	for range 100 {
		left := d.Processes()
		if len(left) == 0 {
			return
		}
		for _, p := range left {
			_ = syscall.Kill(p.PID, syscall.SIGKILL) // gone in between
		}
		time.Sleep(20 * time.Millisecond)
	}
}
