package why

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"

	"lanyard/backend/dockerconfig"
	"lanyard/backend/registryauth"
	"lanyard/backend/tool"
)

const (
	ourSuffix = dockerconfig.Suffix
	notFound  = "credentials not found in native keychain"
	quick     = 5 * time.Second
	maxFile   = 1 << 20 // bytes
)

// credentials is what a place has, secret included: it goes to the registry
// and nowhere else. tool.ErrNone, tool.ErrMissing, tool.ErrFailed.
func (a Asker) credentials(ctx context.Context, step tool.Step) (registryauth.Login, error) {
	switch {
	case step.Env != "":
		return fromJSON([]byte(a.Here.Getenv(step.Env)), step.Key)
	case step.Helper != "":
		return a.fromHelper(ctx, step)
	}
	info, err := os.Stat(step.File)
	if err == nil && (!info.Mode().IsRegular() || info.Size() > maxFile) {
		err = errors.New("no file of a sensible size")
	}
	var text []byte
	if err == nil {
		text, err = os.ReadFile(step.File)
	}
	if err != nil {
		return registryauth.Login{}, fmt.Errorf("%w: %w", tool.ErrFailed, err)
	}
	return fromJSON(text, step.Key)
}

// fromHelper asks a credential helper as tools do.
func (a Asker) fromHelper(ctx context.Context, step tool.Step) (registryauth.Login, error) {
	program := "docker-credential-" + step.Helper
	path := a.Here.Look(program)
	if path == "" || strings.ContainsAny(step.Helper, `/\`) {
		return registryauth.Login{}, fmt.Errorf("%w: %s", tool.ErrMissing, program)
	}
	ctx, cancel := context.WithTimeout(ctx, quick)
	defer cancel()
	cmd := exec.CommandContext(ctx, path, "get")
	cmd.Env, cmd.WaitDelay, cmd.Stdin = a.Here.Environ, time.Second, strings.NewReader(step.Key)
	var said strings.Builder
	cmd.Stderr = &said
	out, err := cmd.Output()
	switch {
	case ctx.Err() != nil:
		return registryauth.Login{}, fmt.Errorf("%w: %s gave no answer within %v", tool.ErrFailed, program, quick)
	case strings.Contains(string(out), notFound):
		return registryauth.Login{}, because(tool.ErrNone, said.String())
	case err != nil: // its stdout may hold a secret
		return registryauth.Login{}, because(tool.ErrFailed, said.String())
	}
	var answer struct{ Username, Secret string }
	if json.Unmarshal(out, &answer) != nil {
		return registryauth.Login{}, fmt.Errorf("%w: the answer of %s is not understood", tool.ErrFailed, program)
	}
	if answer.Username == "" || answer.Secret == "" {
		return registryauth.Login{}, tool.ErrNone
	}
	return registryauth.Login{Username: answer.Username, Secret: answer.Secret}, nil
}

// because adds a helper's own words, the last line of them.
func because(err error, said string) error {
	said = strings.TrimSpace(said)
	said = clean(said[strings.LastIndexByte(said, '\n')+1:])
	if said = strings.TrimPrefix(said, "lanyard: "); said == "" {
		return err
	}
	return &saidError{err, said}
}

// saidError is an error with somebody else's words.
type saidError struct {
	err  error
	said string
}

func (e *saidError) Error() string { return e.err.Error() + ": " + e.said }
func (e *saidError) Unwrap() error { return e.err }

func outcome(err error) (Outcome, string) {
	var said *saidError
	words := ""
	if errors.As(err, &said) {
		words = said.said
	}
	switch {
	case err == nil:
		return Has, ""
	case errors.Is(err, tool.ErrNone):
		return HasNone, words
	case errors.Is(err, tool.ErrMissing):
		return Missing, ""
	case words == "":
		words = clean(err.Error())
	}
	return Failed, words
}

// fromJSON is the login of a key of auths. Its form was understood already.
func fromJSON(text []byte, key string) (registryauth.Login, error) {
	var file struct {
		Auths map[string]struct {
			Auth, Username, Password string
			IdentityToken            string
		}
	}
	if json.Unmarshal(text, &file) != nil {
		return registryauth.Login{}, tool.ErrNone
	}
	one, ok := file.Auths[key]
	if !ok {
		host := strings.TrimSuffix(strings.TrimPrefix(strings.TrimPrefix(key, "https://"), "http://"), "/")
		for _, spelling := range []string{host, "https://" + host, "http://" + host, "https://" + host + "/"} {
			if one, ok = file.Auths[spelling]; ok {
				break
			}
		}
	}
	login := registryauth.Login{Username: one.Username, Secret: one.Password}
	if plain, err := base64.StdEncoding.DecodeString(one.Auth); err == nil && one.Auth != "" {
		login.Username, login.Secret, _ = strings.Cut(string(plain), ":")
		login.Secret = strings.Trim(login.Secret, "\x00")
	}
	if login.Secret == "" {
		if one.IdentityToken != "" {
			return login, because(tool.ErrFailed, "an identity token, which only its tool can use")
		}
		return registryauth.Login{}, tool.ErrNone
	}
	return login, nil
}

// lastFour is what people know a token by; "" for a short one, which is a
// password.
func lastFour(secret string) string {
	if len(secret) < 16 {
		return ""
	}
	return clean(secret[len(secret)-4:])
}

// clean makes another program's words fit for a terminal.
func clean(text string) string {
	text = strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f && r < 0xa0 || r == '\u202e' || r == '\u2066' || r == '\u2067' {
			return -1
		}
		return r
	}, text)
	if runes := []rune(text); len(runes) > 300 {
		text = string(runes[:300]) + "…"
	}
	return strings.TrimSpace(text)
}
