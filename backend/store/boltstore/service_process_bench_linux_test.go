package boltstore_test

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"runtime/pprof"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"lanyard/backend/server"
	"lanyard/backend/store/boltstore"
)

// A benchmark begins its servers, and whoever asks them, as processes of this
// program: none of them is the other's garbage to collect. Each says one line
// when it is ready, and one for each line that it is told.
const (
	part    = "LANYARD_BENCH_PART"    // what to be
	serving = "serve"                 // a town of so many people, or for 0 the floor, for -1 the bare one
	asking  = "ask"                   // who asks them
	people  = "LANYARD_BENCH_PEOPLE"  // how many
	profile = "LANYARD_BENCH_PROFILE" // where to write what the processor did, the number of people added; "": nowhere
)

func TestMain(m *testing.M) {
	var err error
	switch os.Getenv(part) {
	case serving:
		err = serve()
	case asking:
		err = ask()
	default:
		os.Exit(m.Run())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// serve is a server; it tells where it is and, when asked, what time of the
// processor it was given.
func serve() (err error) {
	n, err := strconv.Atoi(os.Getenv(people))
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "town-*")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	var at address
	var leave func() error
	if n <= 0 {
		at, leave, err = foundFloor(n < 0)
	} else {
		server.Pace() // as lanyard serve does
		var w *town
		if w, leave, err = foundTown(dir, n, 1); err == nil {
			at = w.address
		}
	}
	if err != nil {
		return err
	}
	if to := os.Getenv(profile); to != "" {
		file, err := os.Create(to + strconv.Itoa(n))
		if err != nil {
			return err
		}
		if err := pprof.StartCPUProfile(file); err != nil {
			return err
		}
		defer pprof.StopCPUProfile()
	}
	fmt.Println(at.url, at.host, n)
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		fmt.Println(processor().Nanoseconds())
	}
	return leave()
}

// ask asks the server that a line names for as long as it says, and tells how
// many answers there were.
func ask() error {
	fmt.Println("ready")
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		var at address
		var n int
		var while string
		if _, err := fmt.Sscan(lines.Text(), &at.url, &at.host, &n, &while); err != nil {
			return err
		}
		d, err := time.ParseDuration(while)
		if err != nil {
			return err
		}
		crowd := boltstore.Crowd{People: max(n, 1), Tokens: 1, At: noon} // the floor is asked the same, by whomever
		answered, err := asked(d, func() (*http.Request, error) { return at.anybody(&crowd) })
		if err != nil {
			return err
		}
		fmt.Println(answered)
	}
	return nil
}

// process is one of them, seen from the benchmark.
type process struct {
	first string // what it said when it was ready
	in    io.WriteCloser
	out   *bufio.Scanner
}

func begin(b *testing.B, what, n string) *process {
	b.Helper()
	self, err := os.Executable()
	if err != nil {
		b.Fatal(err)
	}
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), part+"="+what, people+"="+n)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		_ = in.Close()
		if err := cmd.Wait(); err != nil {
			b.Error(err)
		}
	})
	p := &process{in: in, out: bufio.NewScanner(out)}
	p.first = p.hear(b)
	return p
}

// ask says a line and returns the answer.
func (p *process) ask(b *testing.B, line string) string {
	b.Helper()
	if _, err := fmt.Fprintln(p.in, line); err != nil {
		b.Fatal(err)
	}
	return p.hear(b)
}

func (p *process) hear(b *testing.B) string {
	b.Helper()
	if !p.out.Scan() {
		b.Fatalf("a process of the benchmark has ended: %v", p.out.Err())
	}
	return p.out.Text()
}

func number(b *testing.B, text string) float64 {
	b.Helper()
	n, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
	if err != nil {
		b.Fatal(err)
	}
	return n
}

// processor is the time that this process was given.
func processor() time.Duration {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		panic(err) // it cannot
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}
