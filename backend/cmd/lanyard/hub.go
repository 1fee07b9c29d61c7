package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"golang.org/x/term"

	"lanyard/backend/dockercli"
	"lanyard/backend/dockerconfig"
	"lanyard/backend/keychain"
	"lanyard/backend/signin"
)

// hubWays are told where a person may not know them.
const hubWays = `Docker Hub can be signed in to in three ways:
  1  lanyard login --server docker-hub                             by your own docker (27 or later), in the browser
  2  lanyard login --server docker-hub --username U --with-token   with a token that you made there; no managing of tokens
  3  lanyard login --server docker-hub --way password              with name, password and second factor`

// atDockerHub says whether login is meant for Docker Hub, other than with a pasted token.
func (o loginOptions) atDockerHub() bool {
	return strings.EqualFold(o.server, "docker-hub") && !o.paste.withToken
}

// loginHub signs in to Docker Hub by docker itself, or with a password.
func loginHub(ctx context.Context, t terminal, o loginOptions) (none signin.Account, err error) {
	switch {
	case o.device:
		return none, usagef("Docker Hub has no code of ours: --device does not go with docker-hub\n%s", hubWays)
	case o.paste.ends != "" || o.paste.noCheck:
		return none, usagef("--ends and --no-check go with --with-token")
	case o.way != "" && o.way != "docker" && o.way != "password" && o.way != "device":
		return none, usagef("--way %q is none of docker, password and device\n%s", o.way, hubWays)
	case o.paste.username != "" && o.way != "password":
		return none, usagef("--username goes with --with-token, or with --way password\n%s", hubWays)
	}
	p, err := newParts(t, true)
	if err != nil {
		return none, err
	}
	p.docker.MayCopy = o.yes
	p.tidy(ctx, t)
	helper, err := signin.Beside(dockerconfig.Program)
	if err != nil {
		return none, err
	}
	hub := signin.Hub{
		Computer: p.computer, Helper: helper, Env: os.Environ(), OpenBrowser: !o.noBrowser,
		Show: func(s signin.Prompt) {
			t.say("Docker's page in your browser asks for this code: %s", s.UserCode)
			show(t, signin.Prompt{URL: s.URL}, o)
			t.say("Waiting for you (Ctrl-C cancels) …")
		},
	}
	var result signin.Result
	switch o.way {
	case "password":
		result, err = hubPassword(ctx, t, hub, o.paste.username)
	case "device":
		result, err = p.hubDevice(ctx, hub)
	default:
		t.say("Signing in to Docker Hub by your own docker …")
		result, err = hub.ByDocker(ctx)
	}
	if errors.Is(err, dockercli.ErrNone) {
		t.say("%s", hubWays)
	}
	if err != nil {
		return none, err
	}
	if err := signedIn(ctx, t, p, result); err != nil {
		return none, err
	}
	for _, alive := range result.Alive {
		t.say("Of the earlier sign-in, %s", alive)
	}
	t.say("At Docker Hub the session is counted by this computer. Tokens can be managed for some minutes after a sign-in.")
	return result.Account, nil
}

// hubDevice needs a client that Docker registered for the person.
func (p *parts) hubDevice(ctx context.Context, hub signin.Hub) (signin.Result, error) {
	file := p.computer.Dirs.SettingsFile()
	settings, err := file.Load()
	if err != nil {
		return signin.Result{}, err
	}
	if settings.DockerHub.ClientID == "" {
		return signin.Result{}, usagef("--way device needs an OAuth client of your own at Docker: docker_hub.client_id in %s\n%s", file.Path(), hubWays)
	}
	return hub.ByDevice(ctx, settings.DockerHub.ClientID)
}

// hubPassword asks for what is missing; nothing of it is an argument.
func hubPassword(ctx context.Context, t terminal, hub signin.Hub, username string) (signin.Result, error) {
	if username == "" {
		return signin.Result{}, usagef("--way password needs --username, and reads the password from the terminal or from stdin")
	}
	password, err := readSecret(ctx, t, fmt.Sprintf("Password of %s at Docker Hub (it is not shown): ", username))
	if err != nil {
		return signin.Result{}, err
	}
	return hub.ByPassword(ctx, username, password, func() (string, error) {
		if !t.person() {
			return "", errors.New("the code of a second factor is asked for, which only a person at a terminal can type")
		}
		return readCode(t)
	})
}

// readCode asks for the six digits of a second factor.
func readCode(t terminal) (string, error) {
	in, ok := t.In.(*os.File)
	if !ok {
		return "", errors.New("there is no terminal to ask for the code")
	}
	fmt.Fprint(t.Err, "Code of your authenticator: ")
	text, err := term.ReadPassword(int(in.Fd()))
	t.say("")
	if err != nil {
		return "", fmt.Errorf("read the code: %w", err)
	}
	code := keychain.Secret(strings.TrimSpace(string(text)))
	if len(code) == 0 || len(code) > 64 {
		return "", errors.New("that is no code")
	}
	return code.Reveal(), nil
}

// pullsReport is how many pulls Docker Hub leaves.
type pullsReport struct {
	Left   int        `json:"left"`
	Limit  int        `json:"limit"`
	Window int64      `json:"window_seconds,omitempty"`
	Resets *time.Time `json:"resets,omitempty"`
}

// pullsWithin bounds what status waits for Docker Hub.
const pullsWithin = 3 * time.Second

// pullsMeanwhile asks while other things are done; the answer is pulls'.
func (p *parts) pullsMeanwhile(ctx context.Context) (answer func() *pullsReport) {
	asked := make(chan *pullsReport, 1)
	go func() { asked <- p.pulls(ctx) }()
	return func() *pullsReport { return <-asked }
}

// pulls is nil where Docker Hub does not say, or is not signed in to.
func (p *parts) pulls(ctx context.Context) *pullsReport {
	ctx, cancel := context.WithTimeout(ctx, pullsWithin)
	defer cancel()
	got, err := p.computer.HubPulls(ctx)
	if err != nil || got.Limit == 0 {
		return nil
	}
	return &pullsReport{Left: got.Left, Limit: got.Limit, Window: int64(got.Window / time.Second), Resets: known(got.Resets)}
}

func (r *pullsReport) String() string {
	text := fmt.Sprintf("%d of %d", r.Left, r.Limit)
	switch {
	case r.Resets != nil:
		return text + " until " + r.Resets.Local().Format("15:04")
	case r.Window != 0:
		return text + " in " + strings.TrimSuffix(strings.TrimSuffix((time.Duration(r.Window)*time.Second).String(), "0s"), "0m")
	}
	return text
}
