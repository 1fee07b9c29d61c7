package helper

import (
	"os"
	"slices"
	"strings"
	"time"

	"lanyard/backend/keychain"
	"lanyard/backend/machine"
)

// refresh starts `lanyard refresh` for a session of which the service was not
// heard for long, unless that was done within the last hour.
func (c *call) refresh(s machine.State, r machine.Registry, life machine.Life, now time.Time) {
	name := keychain.SessionName(r.Server, r.Account)
	if _, session := s.Entries[name]; !session || c.helper.Lanyard == nil || !s.RefreshDue(name, life, now) {
		return
	}
	program := c.helper.Lanyard()
	if _, err := os.Stat(program); err != nil {
		return // it is not installed, and the hour is another's
	}
	if ok, err := c.file.ClaimRefresh(now); err == nil && ok {
		_ = start(program, environment(os.Environ()))
	}
}

// start starts the program and does not wait for it. It has nothing of ours:
// no terminal, no file that the tool left open, not the tool's folder, and of
// its environment what is listed below.
func start(program string, env []string) error {
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer null.Close()
	closeOnStart()
	p, err := os.StartProcess(program, []string{program, "refresh"}, &os.ProcAttr{
		Dir: rootFolder(), Env: env, Files: []*os.File{null, null, null}, Sys: detached(),
	})
	if err != nil {
		return err
	}
	return p.Release()
}

// wanted are the variables of the environment that lead to the person's files,
// keychain and network. Those of a tool may hold secrets.
var wanted = []string{
	"HOME", "USER", "LOGNAME", "PATH", "LANG", "LANGUAGE", "TZ", "TMPDIR",
	"LANYARD_HOME", "DOCKER_CONFIG", "DBUS_SESSION_BUS_ADDRESS", "CREDENTIALS_DIRECTORY",
	"SSL_CERT_FILE", "SSL_CERT_DIR", "HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY",
	"SYSTEMROOT", "SYSTEMDRIVE", "WINDIR", "COMSPEC", "APPDATA", "LOCALAPPDATA", "USERPROFILE", "USERNAME", "TEMP", "TMP",
}

func environment(all []string) []string {
	return slices.DeleteFunc(slices.Clone(all), func(v string) bool {
		name, _, _ := strings.Cut(v, "=")
		name = strings.ToUpper(name)
		return !slices.Contains(wanted, name) && !strings.HasPrefix(name, "LC_") && !strings.HasPrefix(name, "XDG_")
	})
}
