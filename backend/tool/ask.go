package tool

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os/exec"
	"slices"
	"strings"
	"time"
)

var (
	// ErrNone: the tool, or the helper, has no credentials for that host.
	ErrNone = errors.New("no credentials")
	// ErrMissing: a credential helper that is named somewhere is not there.
	ErrMissing = errors.New("the credential helper is not there")
	// ErrFailed: it said something else than what it has; the text is its own.
	ErrFailed = errors.New("the look-up failed")
)

// notFound is the answer of every helper that has nothing.
const notFound = "credentials not found in native keychain"

// Asked is what came out of a look-up, but for the secret.
type Asked struct {
	User string
	Took time.Duration
}

// HasCommand says whether the tool itself can be asked for whom it would log in as.
func (n Name) HasCommand() bool { return n.containers() || n == Crane }

// Ask makes a tool look up a host's credentials by itself. It is for tools
// that HasCommand; none of them then talks to the registry.
func (h Here) Ask(ctx context.Context, t Tool, host string) (Asked, error) {
	began := h.now()
	if t.Name.containers() {
		out, err := h.run(ctx, t.Path, "login", "--get-login", host)
		user := strings.TrimSpace(out)
		return Asked{User: user, Took: h.since(began)}, failed(err, "not logged in")
	}
	out, err := h.run(ctx, t.Path, "auth", "get", host)
	if err == nil || strings.Contains(out, notFound) {
		return asked(out, h.since(began))
	}
	return Asked{Took: h.since(began)}, failed(err, "no credentials")
}

// Helper asks docker-credential-<suffix> for a key, as tools do.
func (h Here) Helper(ctx context.Context, suffix, key string) (Asked, error) {
	program := "docker-credential-" + suffix
	path := h.Look(program)
	if path == "" || strings.ContainsAny(suffix, `/\`) {
		return Asked{}, fmt.Errorf("%w: %s", ErrMissing, program)
	}
	ctx, cancel := context.WithTimeout(ctx, quick)
	defer cancel()
	cmd := exec.CommandContext(ctx, path, "get")
	cmd.Env, cmd.Dir, cmd.WaitDelay = h.environ(), h.Home, time.Second
	cmd.Stdin = strings.NewReader(key)
	began := h.now()
	out, err := cmd.Output()
	switch {
	case ctx.Err() != nil:
		return Asked{Took: h.since(began)}, fmt.Errorf("%w: %s gave no answer within %v", ErrFailed, program, quick)
	case strings.Contains(string(out), notFound):
		var exit *exec.ExitError
		if errors.As(err, &exit) && len(exit.Stderr) > 0 { // ours says why there
			return Asked{Took: h.since(began)}, fmt.Errorf("%w: %.300s", ErrNone, lastLine(string(exit.Stderr)))
		}
		return Asked{Took: h.since(began)}, ErrNone
	case err == nil:
		return asked(string(out), h.since(began))
	}
	// Failures stand on stdout, but so would a secret: its own words are those of stderr.
	return Asked{Took: h.since(began)}, failed(err, "")
}

// Listed are the keys that docker-credential-<suffix> says it has; none where it fails.
func (h Here) Listed(ctx context.Context, suffix string) []string {
	path := h.Look("docker-credential-" + suffix)
	if path == "" || strings.ContainsAny(suffix, `/\`) {
		return nil
	}
	out, err := h.run(ctx, path, "list")
	users := map[string]string{}
	if err != nil || json.Unmarshal([]byte(out), &users) != nil {
		return nil
	}
	return slices.Sorted(maps.Keys(users))
}

// asked reads a helper's answer, which crane's is too.
func asked(out string, took time.Duration) (Asked, error) {
	if strings.Contains(out, notFound) {
		return Asked{Took: took}, ErrNone
	}
	var answer struct{ Username string }
	if json.Unmarshal([]byte(out), &answer) != nil {
		return Asked{Took: took}, fmt.Errorf("%w: the answer is not understood", ErrFailed)
	}
	if answer.Username == "" {
		return Asked{Took: took}, ErrNone
	}
	return Asked{User: answer.Username, Took: took}, nil
}

// failed is a tool's failure in its own words, the last line of them.
func failed(err error, none string) error {
	if err == nil {
		return nil
	}
	text := ""
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		text = strings.TrimSpace(string(exit.Stderr))
	}
	if none != "" && strings.Contains(text, none) {
		return ErrNone
	}
	if text = lastLine(text); text == "" {
		text = err.Error()
	}
	return fmt.Errorf("%w: %.300s", ErrFailed, text)
}

func lastLine(text string) string {
	text = strings.TrimSpace(text)
	return text[strings.LastIndexByte(text, '\n')+1:]
}
