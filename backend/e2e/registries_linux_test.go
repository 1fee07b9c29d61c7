package e2e_test

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"lanyard/backend/e2e/desk"
)

// A registry is one that takes the tokens of a desk's own service.
type registry struct {
	name string // for people
	host string // localhost:port
	own  bool   // the service itself, with --storage; else another's program, which knows only what we print for it
}

// others are the registries that people run already.
var others = []struct{ name, program string }{
	{"docker-registry 2.8.2", "docker-registry"},
	{"distribution 3.1.2", "distribution3"},
}

// registries starts the own service and, beside it, the registries of others, and
// returns them all, the own one first.
func (p *person) registries() []registry {
	p.Helper()
	all := []registry{{name: "Lanyard", host: "localhost:" + p.Port, own: true}}
	settings := filepath.Join(p.Home, ".config", "lanyard", "service.yaml")
	text := "registry:\n"
	for _, o := range others {
		port, err := desk.FreePort()
		if err != nil {
			p.Fatal(err)
		}
		all = append(all, registry{name: o.name, host: "localhost:" + port})
		text += "  - localhost:" + port + "\n"
	}
	if err := os.MkdirAll(filepath.Dir(settings), 0o700); err != nil {
		p.Fatal(err)
	}
	p.put(settings, text, 0o600)
	p.settle()
	for i, o := range others {
		p.runRegistry(o.program, all[i+1].host)
	}
	return all
}

// runRegistry runs another's registry with the stanza that the service prints, and with
// no other word of us.
func (p *person) runRegistry(program, host string) {
	p.Helper()
	path, err := p.Part(program)
	if err != nil {
		p.Fatal(err)
	}
	dir := filepath.Join(p.Runtime, program)
	if err := os.Mkdir(dir, 0o700); err != nil {
		p.Fatal(err)
	}
	stanza := p.must("serve", "--registry", host, "--print-registry-config").Out
	config := filepath.Join(dir, "config.yml")
	p.put(config, fmt.Sprintf("version: 0.1\nlog: {level: error}\nstorage:\n  filesystem: {rootdirectory: %q}\n  delete: {enabled: true}\nhttp: {addr: %q}\n%s",
		filepath.Join(dir, "images"), "127.0.0.1:"+portOf(host), stanza), 0o600)
	cmd := p.Program(p.T.Context(), path, "serve", config)
	cmd.Env = append(cmd.Env, "OTEL_TRACES_EXPORTER=none") // 3 would look for somebody to tell
	p.inBackground(cmd, "http://"+host+"/v2/", http.StatusUnauthorized)
}

// inBackground runs a server until the test ends, and waits until it answers.
func (p *person) inBackground(cmd *exec.Cmd, address string, status int) {
	p.Helper()
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Start(); err != nil {
		p.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		_ = cmd.Wait() // it is killed
		close(ended)
	}()
	p.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-ended
	})
	p.until(cmd.Path, func() bool {
		select {
		case <-ended:
			p.Fatalf("%s ended:\n%s", cmd.Path, said.String())
		default:
		}
		response, err := http.Get(address)
		if err != nil {
			return false
		}
		_ = response.Body.Close()
		return response.StatusCode == status
	})
}

func portOf(host string) string {
	_, port, _ := strings.Cut(host, ":")
	return port
}
