package main

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"lanyard/backend/internal/keyringtest"
	"lanyard/backend/keychain"
)

// I5: under strace, no argument and no variable of anything that is started holds
// a secret, no file but the bus is written one, and nothing leaves by a network.
func TestI5WhatTheKernelSees(t *testing.T) {
	d := newDesk(t, keyringtest.Options{})
	d.signIn(host, time.Now().Add(time.Hour))
	for _, run := range []struct{ action, in string }{
		{"store", `{"ServerURL":"ghcr.io","Username":"bob","Secret":"canary-stored"}`}, {"get", "ghcr.io"}, {"get", host}, {"list", ""}, {"erase", "ghcr.io"},
	} {
		trace := filepath.Join(d.Home, "trace")
		cmd := d.Command("strace", "-f", "-s", "8192", "-o", trace, "-e", "trace=execve,connect,socket,write,pwrite64,openat,sendto", "docker-credential-lanyard", run.action)
		cmd.Stdin = strings.NewReader(run.in)
		if out, err := cmd.Output(); err != nil {
			t.Fatalf("%s: %s %v", run.action, out, err)
		}
		raw, err := os.ReadFile(trace)
		must(t, err)
		seen := false
		for line := range strings.Lines(string(raw)) {
			hit := strings.Contains(line, "canary")
			seen = seen || strings.Contains(line, "execve")
			switch {
			case strings.Contains(line, "execve(") && hit:
				t.Errorf("%s: started with a secret: %s", run.action, line)
			case strings.Contains(line, "AF_INET"), strings.Contains(line, "AF_NETLINK"):
				t.Errorf("%s: a network: %s", run.action, line)
			case strings.Contains(line, "execve(") && !strings.Contains(line, "docker-credential-lanyard"):
				t.Errorf("%s: started %s", run.action, line)
			case hit && strings.Contains(line, "write(1,"): // the answer
			case hit && strings.Contains(line, "write(") && strings.Contains(line, "l\\1\\"): // a D-Bus message: little endian, a call
			case hit && strings.Contains(line, "AUTH EXTERNAL"): // the first of them
			case hit:
				t.Errorf("%s: %s", run.action, line)
			}
		}
		if !seen {
			t.Errorf("%s: strace saw nothing", run.action)
		}
	}
}

// I5: killed with a request for a core, in the middle of an answer, it leaves
// none, whatever GOTRACEBACK says, and tells nothing on stderr.
func TestI5NoCore(t *testing.T) {
	if pattern, err := os.ReadFile("/proc/sys/kernel/core_pattern"); err != nil || strings.HasPrefix(string(pattern), "|") {
		t.Logf("cores go to a program here (%s%v): their limit is still looked at", pattern, err)
	}
	d := newDesk(t, keyringtest.Options{NoDaemon: true})
	fake := d.StartFake(t, keyringtest.Hang)
	fake.Add(keychain.Service, keychain.TokenName(server, "ann"), []byte(`{"v":1,"username":"ann","secret":"`+secret+`"}`))
	var before syscall.Rlimit
	must(t, syscall.Getrlimit(syscall.RLIMIT_CORE, &before))
	must(t, syscall.Setrlimit(syscall.RLIMIT_CORE, &syscall.Rlimit{Cur: before.Max, Max: before.Max}))
	defer func() { _ = syscall.Setrlimit(syscall.RLIMIT_CORE, &before) }()
	r, w, err := os.Pipe() // it waits for its input, with the start behind it
	must(t, err)
	defer r.Close()
	cmd := d.Command("docker-credential-lanyard", "get")
	cmd.Env = append(cmd.Env, "GOTRACEBACK=crash")
	cmd.Stdin = r
	var errs strings.Builder
	cmd.Stderr = &errs
	must(t, cmd.Start())
	_, err = w.WriteString(secret) // the start of a line
	must(t, err)
	limits := filepath.Join("/proc", strconv.Itoa(cmd.Process.Pid), "limits")
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
		raw, err := os.ReadFile(limits)
		must(t, err)
		if line := grep(string(raw), "Max core file size"); strings.HasPrefix(strings.TrimSpace(line), "0 ") {
			break
		} else if time.Now().After(end) {
			t.Fatalf("its core may have %q", line)
		}
	}
	must(t, cmd.Process.Signal(syscall.SIGABRT))
	_ = cmd.Wait()
	_ = w.Close()
	if strings.Contains(errs.String(), secret) {
		t.Errorf("stderr: %s", &errs)
	}
	found, err := filepath.Glob(filepath.Join(d.Home, "core*"))
	if err != nil || len(found) > 0 {
		t.Errorf("left %v %v", found, err)
	}
}

// grep is what a line says behind its name.
func grep(text, name string) string {
	for line := range strings.Lines(text) {
		if rest, ok := strings.CutPrefix(line, name); ok {
			return rest
		}
	}
	return ""
}
