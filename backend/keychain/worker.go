package keychain

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/zalando/go-keyring"
)

// Worker is the child that makes a write: a prompt that nobody answers can
// then be ended, by killing the child.
type Worker struct {
	Path string   // program
	Args []string // zero: keychain-worker
}

// WorkerBeside is the worker of the lanyard that lies beside the running
// program. It is looked for nowhere else.
func WorkerBeside() (*Worker, error) {
	self, err := os.Executable()
	if err == nil {
		self, err = filepath.EvalSymlinks(self)
	}
	if err != nil {
		return nil, fmt.Errorf("find the keychain worker: %w", err)
	}
	path := filepath.Join(filepath.Dir(self), "lanyard")
	if runtime.GOOS == "windows" {
		path += ".exe"
	}
	if _, err := os.Stat(path); err != nil {
		return nil, fmt.Errorf("find the keychain worker: %w", err)
	}
	return &Worker{Path: path}, nil
}

type operation string

const (
	opPut    operation = "put"
	opDelete operation = "delete"
	opUnlock operation = "unlock"
)

// request is one write. It goes through a pipe: arguments and environment
// can be seen by others.
type request struct {
	Op    operation     `json:"op"`
	Name  string        `json:"name,omitempty"`
	Value []byte        `json:"value,omitempty"`
	Limit time.Duration `json:"limit,omitempty"` // nanoseconds until the child gives up by itself
}

// answer is what came of it.
type answer struct {
	OK     bool   `json:"ok"`
	Code   string `json:"code,omitempty"` // of codes
	Detail string `json:"detail,omitempty"`
}

// codes are the errors that pass from the child with their identity.
var codes = []struct {
	code string
	err  error
}{
	{"locked", ErrLocked},
	{"no-service", ErrNoService},
	{"timeout", ErrTimeout},
	{"too-big", ErrTooBig},
}

// errKeychain: the keychain refused, in words of its own.
var errKeychain = errors.New("the keychain refused")

// workerDelay is how long a child may take to end.
const workerDelay = time.Second

const maxMessage = 64 << 10 // bytes of a request or an answer

// write makes the request in the child, or here if there is none.
func (k Keychain) write(ctx context.Context, r request) error {
	if k.Worker != nil {
		return k.Worker.run(ctx, r)
	}
	switch { // what is ours ends with ctx, and takes its prompt with it
	case r.Op == opUnlock:
		return inTime(ctx, unlock(ctx))
	case r.Op == opDelete && ownDeletes:
		return inTime(ctx, deleteAll(ctx, r.Name))
	}
	done := make(chan error, 1)
	go func() { done <- perform(ctx, r) }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return inTime(ctx, ctx.Err())
	}
}

func (w *Worker) run(ctx context.Context, r request) error {
	if end, ok := ctx.Deadline(); ok {
		r.Limit = time.Until(end)
	}
	in, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("ask the keychain worker: %w", err)
	}
	args := w.Args
	if args == nil {
		args = []string{"keychain-worker"}
	}
	cmd := exec.CommandContext(ctx, w.Path, args...)
	cmd.WaitDelay = workerDelay
	var out bytes.Buffer
	cmd.Stdout = &out
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return fmt.Errorf("run the keychain worker: %w", err)
	}
	// It stays open: where it closes, nobody waits any more, and the child has
	// WaitDelay to take its prompt away before it is killed.
	cmd.Cancel = stdin.Close
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("run the keychain worker: %w", err)
	}
	_, _ = stdin.Write(in) // a child that does not read is judged by its answer
	err = cmd.Wait()
	if ctx.Err() != nil {
		return inTime(ctx, ctx.Err())
	}
	if err != nil {
		return fmt.Errorf("run the keychain worker: %w", err)
	}
	var a answer
	if err := json.Unmarshal(out.Bytes(), &a); err != nil {
		return fmt.Errorf("run the keychain worker: bad answer: %w", err)
	}
	return a.err()
}

// RunWorker is the child: one request from in, one answer to out. An error is
// one of the pipes; what the keychain says is in the answer. It gives up when
// in ends: nobody waits for it any more, and a prompt must not stay behind.
func RunWorker(in io.Reader, out io.Writer) error {
	var r request
	if err := json.NewDecoder(io.LimitReader(in, maxMessage)).Decode(&r); err != nil {
		return fmt.Errorf("read the request: %w", err)
	}
	if r.Limit <= 0 || r.Limit > patient {
		r.Limit = patient
	}
	ctx, cancel := context.WithTimeout(context.Background(), r.Limit)
	defer cancel()
	go func() {
		_, _ = io.Copy(io.Discard, in)
		cancel()
	}()
	err := Keychain{}.write(ctx, r)
	if err := json.NewEncoder(out).Encode(answerOf(err, r)); err != nil {
		return fmt.Errorf("write the answer: %w", err)
	}
	return nil
}

// perform is the one place that writes, and it may block for ever. go-keyring
// panics over answers of another type than it expects.
func perform(ctx context.Context, r request) (err error) {
	defer func() {
		if recover() != nil {
			err = fmt.Errorf("%w: its answer makes no sense", errKeychain)
		}
	}()
	if err := prepare(); err != nil {
		return err
	}
	switch r.Op {
	case opPut:
		if replace(ctx, r.Name, r.Value) {
			return nil
		}
		err = keyring.Set(Service, r.Name, string(r.Value))
	case opDelete:
		err = deleteAll(ctx, r.Name)
	default:
		return fmt.Errorf("%w: no operation %q", errKeychain, r.Op)
	}
	switch {
	case errors.Is(err, keyring.ErrNotFound):
		return nil // what is there is read afterwards
	case errors.Is(err, keyring.ErrSetDataTooBig):
		return ErrTooBig
	case err != nil:
		return classify(err)
	}
	return nil
}

func answerOf(err error, r request) answer {
	if err == nil {
		return answer{OK: true}
	}
	a := answer{Detail: err.Error()}
	if len(r.Value) > 0 { // no platform is known to quote it; none is trusted
		a.Detail = strings.ReplaceAll(a.Detail, string(r.Value), hidden)
	}
	for _, c := range codes {
		if errors.Is(err, c.err) {
			a.Code = c.code
		}
	}
	return a
}

func (a answer) err() error {
	if a.OK {
		return nil
	}
	for _, c := range codes {
		if a.Code == c.code {
			return c.err
		}
	}
	return fmt.Errorf("%w: %s", errKeychain, a.Detail)
}
