package autostart

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"
)

// Task is the job for Windows' Task Scheduler: schtasks /Create /XML FILE. It
// starts when user logs in: DOMAIN\name, without which it would be everybody's.
//
// The scheduler has no variables to give, and puts in values for %NAME% and
// $(Arg0) without a way to say that the text itself is meant: such jobs are
// refused.
func Task(j Job, user string) (File, error) {
	if err := j.check(); err != nil {
		return File{}, err
	}
	switch {
	case user == "" || strings.ContainsFunc(user, unicode.IsControl):
		return File{}, fmt.Errorf("%w: a user named %q", ErrJob, user)
	case !drive.MatchString(j.Program) || strings.Contains(j.Program, `"`):
		return File{}, fmt.Errorf("%w: %q is not an absolute path", ErrJob, j.Program)
	case len(j.Env) > 0:
		return File{}, fmt.Errorf("%w: the Task Scheduler gives no variables, and it needs %s", ErrJob, strings.Join(j.Env, " "))
	}
	var words []string
	for _, arg := range j.Args {
		words = append(words, windowsWord(arg))
	}
	for _, text := range append([]string{j.Program}, j.Args...) {
		if replaced.MatchString(text) {
			return File{}, fmt.Errorf("%w: the Task Scheduler would put something else for a part of %q", ErrJob, text)
		}
	}
	again, limit, failed := "", "PT0S", "\n    <RestartOnFailure>\n      <Interval>PT1M</Interval>\n      <Count>5</Count>\n    </RestartOnFailure>"
	if j.Every > 0 {
		limit, failed = "PT10M", ""
		again = fmt.Sprintf("\n      <Repetition>\n        <Interval>PT%dM</Interval>\n        <StopAtDurationEnd>false</StopAtDurationEnd>\n      </Repetition>", int(j.Every.Minutes()))
	}
	return File{Name: j.Name + ".xml", Text: fmt.Sprintf(`<?xml version="1.0" encoding="UTF-8"?>
<Task version="1.2" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">
  <RegistrationInfo>
    <Description>%s</Description>
  </RegistrationInfo>
  <Triggers>
    <LogonTrigger>%s
      <Enabled>true</Enabled>
      <UserId>%s</UserId>
    </LogonTrigger>
  </Triggers>
  <Principals>
    <Principal id="Author">
      <UserId>%s</UserId>
      <LogonType>InteractiveToken</LogonType>
      <RunLevel>LeastPrivilege</RunLevel>
    </Principal>
  </Principals>
  <Settings>
    <MultipleInstancesPolicy>IgnoreNew</MultipleInstancesPolicy>
    <DisallowStartIfOnBatteries>false</DisallowStartIfOnBatteries>
    <StopIfGoingOnBatteries>false</StopIfGoingOnBatteries>
    <StartWhenAvailable>true</StartWhenAvailable>
    <ExecutionTimeLimit>%s</ExecutionTimeLimit>%s
  </Settings>
  <Actions Context="Author">
    <Exec>
      <Command>%s</Command>
      <Arguments>%s</Arguments>
    </Exec>
  </Actions>
</Task>
`, escape(j.Title), again, escape(user), escape(user), limit, failed, escape(j.Program), escape(strings.Join(words, " ")))}, nil
}

var (
	drive    = regexp.MustCompile(`^[A-Za-z]:\\`)
	replaced = regexp.MustCompile(`%[^%]+%|\$\(`)
)

// windowsWord quotes one word as CommandLineToArgvW takes it apart: a
// backslash counts double only before a quote.
func windowsWord(text string) string {
	if text != "" && !strings.ContainsAny(text, " \t\"") {
		return text
	}
	var b strings.Builder
	b.WriteByte('"')
	slashes := 0
	for _, r := range text {
		switch r {
		case '\\':
			slashes++
		case '"':
			b.WriteString(strings.Repeat(`\`, slashes+1)) // those before it again, and one for itself
			slashes = 0
		default:
			slashes = 0
		}
		b.WriteRune(r)
	}
	b.WriteString(strings.Repeat(`\`, slashes))
	b.WriteByte('"')
	return b.String()
}
