package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"lanyard/backend/internal/keyringtest"
	"lanyard/backend/keychain"
	"lanyard/backend/machine"
)

// runner is a program that is measured: started, given a host, waited for.
type runner struct {
	name, path string
	args       []string
	quiet      bool // it answers nothing
}

// BenchmarkGet is a whole get, process and all, with 20 registries set up, of one
// tool and of fifty at a time: ours, Docker's own helper in the same session, and
// a Go program that does nothing, in turn, so that all see the same load. The aim
// is 0.35 of Docker's.
func BenchmarkGet(b *testing.B) {
	d := newDesk(b, keyringtest.Options{})
	hosts := make([]string, 20)
	for i := range hosts {
		hosts[i] = fmt.Sprintf("registry%d.example:5000", i)
		server := "https://" + hosts[i]
		must(b, d.file.Update(func(s *machine.State) error {
			s.Added(keychain.TokenName(server, "ann"), time.Now())
			s.Added(keychain.SessionName(server, "ann"), time.Now())
			s.Serve(hosts[i], server, "ann")
			return d.keys.PutToken(b.Context(), server, "ann", keychain.Token{
				Username: "ann", Secret: secret + "_0123456789abcdef", UUID: "u", Ends: time.Now().Add(2160 * time.Hour), Idle: 720 * time.Hour,
			})
		}))
	}
	runners := []runner{{name: "lanyard", path: "docker-credential-lanyard", args: []string{"get"}}, nothing(b)}
	if peer, ok := secretservice(); ok {
		for _, host := range hosts {
			store := d.Command(peer, "store")
			store.Stdin = strings.NewReader(fmt.Sprintf(`{"ServerURL":%q,"Username":"ann","Secret":%q}`, host, secret))
			must(b, store.Run())
		}
		runners = append(runners, runner{name: "secretservice", path: peer, args: []string{"get"}})
	} else {
		b.Log("docker-credential-secretservice is not installed: nothing to compare with")
	}
	for _, at := range []int{1, 50} {
		b.Run(fmt.Sprintf("%d-at-once", at), func(b *testing.B) {
			times := map[string][]time.Duration{}
			turn := 0
			for b.Loop() {
				for i := range runners {
					r := runners[(i+turn)%len(runners)] // nobody is always the one behind another
					times[r.name] = append(times[r.name], d.measure(b, r, at, hosts)...)
				}
				turn++
			}
			for name, t := range times {
				slices.Sort(t)
				b.ReportMetric(milliseconds(t[len(t)/2]), name+"-ms")
				b.ReportMetric(milliseconds(t[len(t)*99/100]), name+"-p99-ms")
			}
			if t, ok := times["secretservice"]; ok {
				ours := times["lanyard"]
				b.ReportMetric(float64(ours[len(ours)/2])/float64(t[len(t)/2]), "of-secretservice")
			}
		})
	}
}

// measure runs as many at once and returns what each of them took.
func (d desk) measure(b *testing.B, r runner, at int, hosts []string) []time.Duration {
	took := make([]time.Duration, at)
	var wg sync.WaitGroup
	for i := range at {
		run := func() {
			cmd := d.Command(r.path, r.args...)
			cmd.Stdin = strings.NewReader(hosts[i%len(hosts)])
			var errs strings.Builder
			cmd.Stderr = &errs
			began := time.Now()
			out, err := cmd.Output()
			took[i] = time.Since(began)
			if err != nil || !r.quiet && !strings.Contains(string(out), secret) {
				b.Errorf("%s: %s %s %v", r.name, out, &errs, err)
			}
		}
		if at == 1 {
			run()
			break
		}
		wg.Go(run)
	}
	wg.Wait()
	return took
}

func milliseconds(t time.Duration) float64 { return float64(t.Microseconds()) / 1000 }

// nothing is a Go program that does nothing, built as ours is.
func nothing(b *testing.B) runner {
	dir := b.TempDir()
	source, program := filepath.Join(dir, "main.go"), filepath.Join(dir, "nothing")
	must(b, os.WriteFile(source, []byte("package main\n\nfunc main() {}\n"), 0o600))
	build := exec.Command("go", "build", "-trimpath", "-ldflags=-s -w", "-o", program, source)
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		b.Fatalf("%s %v", out, err)
	}
	return runner{name: "nothing", path: program, quiet: true}
}

func secretservice() (path string, ok bool) {
	const name = "docker-credential-secretservice"
	path, err := exec.LookPath(filepath.Join(toolsBin(), name))
	if err != nil {
		path, err = exec.LookPath(name)
	}
	return path, err == nil
}
