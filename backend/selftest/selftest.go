// Package selftest pushes an image of about a kilobyte to a registry and pulls
// it again, with what this computer's credential helper gives to tools: the
// proof that a sign-in works, where docker itself may not even be running. It
// speaks the distribution API, leaves nothing behind where the registry lets it,
// and shows a secret to nobody but registryauth.
package selftest

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"lanyard/backend/registryauth"
)

// ErrNowhere: no registry is signed in to, so there is nothing to be tried.
var ErrNowhere = errors.New("no registry is signed in to")

// ErrDiffers: what was pulled is not what was pushed.
var ErrDiffers = errors.New("the registry gave back something else than it was given")

// State is how far a step is.
type State string

// The states.
const (
	Waiting State = "waiting"
	Running State = "running"
	Done    State = "done"
	Failed  State = "failed"
)

// Step is one of four: push, pull, compare, delete.
type Step struct {
	ID    string
	State State
	Line  string // what a person would type for it
	Err   error
	Took  time.Duration
}

// Report is how far the whole is. Over is set in the last one.
type Report struct {
	Steps []Step
	Over  bool
	OK    bool // all that counts went well: a registry need not let anybody delete
}

// Test is one self-test.
type Test struct {
	Host       string // canonical
	Repository string // within it
	Tag        string
	// Login is what a tool would show the registry; see Ask.
	Login     func(ctx context.Context) (registryauth.Login, error)
	Transport http.RoundTripper // nil: the system's
	Now       func() time.Time  // nil: time.Now
	Tell      func(Report)
}

// stepLimit is how long each step may take.
const stepLimit = 30 * time.Second

// Name is the image as tools know it.
func (t Test) Name() string { return t.Host + "/" + t.Repository + ":" + t.Tag }

// Run does the steps in order. The first that fails ends it, but for what is
// there to be deleted again. The end of ctx ends it, too.
func (t Test) Run(ctx context.Context) Report {
	c := &conversation{test: t, image: build(t.Tag)}
	r := Report{Steps: []Step{
		{ID: "push", State: Waiting, Line: "docker push " + t.Name()},
		{ID: "pull", State: Waiting, Line: "docker pull " + t.Name()},
		{ID: "compare", State: Waiting, Line: "docker image inspect " + t.Name()},
		{ID: "delete", State: Waiting, Line: "crane delete " + t.Host + "/" + t.Repository + "@" + c.image.manifest.digest},
	}}
	t.tell(r)
	works := t.step(ctx, &r, 0, c.push) && t.step(ctx, &r, 1, c.pull) && t.step(ctx, &r, 2, c.compare)
	if c.pushed { // also of a test that was cut off
		clean := context.WithoutCancel(ctx)
		gone := t.step(clean, &r, 3, c.remove)
		works = works && (gone || errors.Is(r.Steps[3].Err, errKeeps))
	}
	r.Over, r.OK = true, works && ctx.Err() == nil
	t.tell(r)
	return r
}

func (t Test) step(ctx context.Context, r *Report, at int, do func(context.Context) error) bool {
	s, began := &r.Steps[at], t.now()
	s.State = Running
	t.tell(*r)
	bounded, cancel := context.WithTimeout(ctx, stepLimit)
	defer cancel()
	s.Err = do(bounded)
	if s.Err != nil && bounded.Err() != nil && ctx.Err() == nil {
		s.Err = fmt.Errorf("%w: %s did not answer within %v", registryauth.ErrUnreachable, t.Host, stepLimit)
	}
	s.Took, s.State = t.now().Sub(began), Done
	if s.Err != nil {
		s.State = Failed
	}
	t.tell(*r)
	return s.Err == nil
}

func (t Test) tell(r Report) {
	if t.Tell != nil {
		r.Steps = append([]Step{}, r.Steps...)
		t.Tell(r)
	}
}

func (t Test) now() time.Time {
	if t.Now == nil {
		return time.Now()
	}
	return t.Now()
}
