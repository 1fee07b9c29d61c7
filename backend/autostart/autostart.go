// Package autostart is what the operating system starts by itself for one
// person: a service from log-in on, a task every so often. It owns how such a
// job is written down for systemd, launchd and the Task Scheduler, and the
// systemd user manager's part in it: putting units there, taking exactly those
// away again, leaving alone what a person edited. What the jobs do, and whether
// anyone agreed to them, is others'.
package autostart

import (
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Errors that can be asked about.
var (
	// ErrUnavailable: nothing here starts anything for a person; the text says
	// what is missing.
	ErrUnavailable = errors.New("nothing on this system starts programs for you")
	// ErrEdited: a file of that name is not as we wrote it, or was never ours.
	// It is left as it is.
	ErrEdited = errors.New("not ours to change")
	// ErrJob: the job cannot be said in this format; nothing was written.
	ErrJob = errors.New("cannot be started by the system")
	// ErrManager: the system's manager would not do it; the text is its own.
	ErrManager = errors.New("the system's manager refused")
)

// Job is a program that the system starts.
type Job struct {
	Name    string // of its files, without suffix: letters and hyphens
	Title   string // for people, one line
	Program string // absolute path
	Args    []string
	// Env is NAME=value. Anybody may read it: nothing secret.
	Env []string
	// Every zero: from log-in on, and again if it fails. Else it ends by
	// itself and is started this often, and soon after log-in.
	Every time.Duration
}

// File is one file that makes a job known to the system.
type File struct {
	Name string // without folder
	Text string
}

// check refuses what no format can carry: a control character would end a
// line, and what is no UTF-8 is read otherwise than it was written.
func (j Job) check() error {
	if j.Name == "" || strings.ContainsFunc(j.Name, func(r rune) bool { return r != '-' && (r < 'a' || r > 'z') }) {
		return fmt.Errorf("%w: a job named %q", ErrJob, j.Name)
	}
	for _, text := range append(append([]string{j.Title, j.Program}, j.Args...), j.Env...) {
		if !utf8.ValidString(text) || strings.ContainsFunc(text, unicode.IsControl) {
			return fmt.Errorf("%w: %q holds what no file of the system's can", ErrJob, text)
		}
	}
	for _, v := range j.Env {
		name, _, ok := strings.Cut(v, "=")
		if !ok || name == "" || strings.ContainsFunc(name, func(r rune) bool {
			return r != '_' && (r < 'A' || r > 'Z') && (r < '0' || r > '9')
		}) {
			return fmt.Errorf("%w: a variable named %q", ErrJob, name)
		}
	}
	if j.Every < 0 || j.Every%time.Minute != 0 {
		return fmt.Errorf("%w: every %s", ErrJob, j.Every)
	}
	return nil
}
