package autostart

import (
	"fmt"
	"path"
	"strings"
)

// Units are the systemd user units of a job: a service, and for a task the
// timer that starts it.
//
// The service is hardened by what needs no namespace of its own: those need
// user namespaces, which some distributions forbid, and a service that does
// not start protects nobody. A task is hardened less, since it may ask the
// person's own shell, and what that one reads is theirs. Exit code 2 is a
// setting that cannot be: another start would not mend it.
func Units(j Job) ([]File, error) {
	if err := j.check(); err != nil {
		return nil, err
	}
	if !path.IsAbs(j.Program) {
		return nil, fmt.Errorf("%w: %q is not an absolute path", ErrJob, j.Program)
	}
	if j.Every == 0 {
		return []File{seal(j.Name+".service", "[Unit]\n"+
			line("Description", specifiers(j.Title))+
			"StartLimitIntervalSec=300\nStartLimitBurst=5\n\n"+
			"[Service]\nType=exec\n"+execute(j)+
			"Restart=on-failure\nRestartPreventExitStatus=2\nRestartSec=3\nTimeoutStopSec=30\n\n"+serviceHardening+
			"\n[Install]\nWantedBy=default.target\n")}, nil
	}
	minutes := int(j.Every.Minutes())
	return []File{
		seal(j.Name+".service", "[Unit]\n"+line("Description", specifiers(j.Title))+
			"\n[Service]\nType=oneshot\n"+execute(j)+"TimeoutStartSec=600\nNice=10\n\n"+taskHardening),
		// The wall clock counts while the computer sleeps; what was missed is
		// made up for.
		seal(j.Name+".timer", "[Unit]\n"+line("Description", specifiers(j.Title)+fmt.Sprintf(" (every %d minutes)", minutes))+
			"\n[Timer]\nOnStartupSec=2min\n"+calendar(minutes)+"Persistent=true\nRandomizedDelaySec=5min\n"+
			"\n[Install]\nWantedBy=timers.target\n"),
	}, nil
}

const serviceHardening = `NoNewPrivileges=yes
LockPersonality=yes
MemoryDenyWriteExecute=yes
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallErrorNumber=EPERM
LimitCORE=0
UMask=0077
`

const taskHardening = `NoNewPrivileges=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LimitCORE=0
UMask=0077
`

// calendar is a timer's line. What divides no day evenly counts from its last
// end, which a computer that sleeps puts off.
func calendar(minutes int) string {
	switch {
	case minutes == 60:
		return "OnCalendar=hourly\n"
	case minutes < 60 && 60%minutes == 0:
		return fmt.Sprintf("OnCalendar=*:0/%d\n", minutes)
	case minutes == 24*60:
		return "OnCalendar=daily\n"
	case minutes < 24*60 && minutes%60 == 0 && 24%(minutes/60) == 0:
		return fmt.Sprintf("OnCalendar=0/%d:00\n", minutes/60)
	}
	return fmt.Sprintf("OnUnitInactiveSec=%dmin\n", minutes)
}

func line(key, value string) string { return key + "=" + value + "\n" }

// execute is the command line and its variables. The first word is not
// searched for $NAME, the others are (systemd.service(5), "Command lines").
// Of a program's path systemd refuses quotes and backslashes, however they are
// written: there the shell stands before it, and makes way for it.
func execute(j Job) string {
	first, rest := j.Program, j.Args
	if strings.ContainsAny(first, `"'\`) {
		first, rest = "/bin/sh", append([]string{"-c", `exec "$0" "$@"`, first}, rest...)
	}
	text := "ExecStart=" + unitWord(first)
	for _, arg := range rest {
		text += " " + unitWord(strings.ReplaceAll(arg, "$", "$$"))
	}
	text += "\n"
	for _, v := range j.Env {
		text += line("Environment", unitWord(v))
	}
	return text
}

// unitWord quotes one word (systemd.syntax(7), "Quoting"). A lone ; would end
// the command, quoted or not.
func unitWord(text string) string {
	if text == ";" {
		return `\;`
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(specifiers(text)) + `"`
}

func specifiers(text string) string { return strings.ReplaceAll(text, "%", "%%") }
