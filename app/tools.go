package app

import (
	"errors"
	"slices"

	"lanyard/backend/dockerconfig"
	"lanyard/backend/signin"
)

// Tools is bound: what Lanyard changes of docker's configuration, which its
// relatives read, too.
type Tools struct{ core *core }

// ToolsView is how docker's own file is set up.
type ToolsView struct {
	File     string   `json:"file"`
	Hosts    []string `json:"hosts"`
	Missing  []string `json:"missing"`
	SetUp    bool     `json:"setUp"`
	Helper   string   `json:"helper"` // where a fresh shell finds it
	Offer    string   `json:"offer"`  // where a copy would go
	Line     string   `json:"line"`   // what else makes the shell find it,
	LineFile string   `json:"lineFile"`
}

// PlanView is what setting them up would change.
type PlanView struct {
	Diff  string `json:"diff"`
	Offer string `json:"offer"`
}

// UndoneView is what was put back.
type UndoneView struct {
	Summary string `json:"summary"`
}

// Status says which registries are set up, and whether a fresh shell of the
// person finds the credential helper.
func (t *Tools) Status() (ToolsView, error) {
	ctx, cancel := t.core.context(quick)
	defer cancel()
	d := t.core.Docker
	file, err := d.File.Status()
	if err != nil {
		return ToolsView{}, err
	}
	served, err := t.core.Computer.Served()
	if err != nil && !errors.Is(err, signin.ErrNotSignedIn) {
		return ToolsView{}, err
	}
	v := ToolsView{File: d.File.Path, Hosts: append([]string{}, file.Hosts...), Missing: []string{}}
	for _, key := range signin.KeysOf(served) {
		if !slices.Contains(file.Hosts, key) {
			v.Missing = append(v.Missing, key)
		}
	}
	o, err := d.Helper.Offer(ctx)
	if err != nil {
		return ToolsView{}, err
	}
	v.Helper, v.Offer, v.Line, v.LineFile = o.Found, consent(o), o.Line, o.File
	v.SetUp = len(served) > 0 && len(v.Missing) == 0 && v.Helper != ""
	return v, nil
}

// Plan is what Apply would change, host by host, and the path of the copy of
// the helper that it would need. replace: other credential helpers of these
// registries give way; without it they are an error (other_helper).
func (t *Tools) Plan(replace bool) (PlanView, error) {
	ctx, cancel := t.core.context(quick)
	defer cancel()
	served, err := t.core.Computer.Served()
	if err != nil {
		return PlanView{}, err
	}
	d := *t.core.Docker
	d.File.Replace = replace
	diff, err := d.File.Plan(signin.KeysOf(served))
	if err != nil {
		return PlanView{}, err
	}
	o, err := d.Helper.Offer(ctx)
	if err != nil {
		return PlanView{}, err
	}
	return PlanView{Diff: diff.String(), Offer: consent(o)}, nil
}

// Apply sets the tools up. The person agreed: mayCopy, to the copy that Plan
// offers; replace, to what Plan shows with it. Undo puts back what gave way.
func (t *Tools) Apply(mayCopy, replace bool) (ToolsView, error) {
	ctx, cancel := t.core.context(quick)
	defer cancel()
	served, err := t.core.Computer.Served()
	if err != nil {
		return ToolsView{}, err
	}
	d := *t.core.Docker
	d.MayCopy, d.File.Replace = mayCopy, replace
	if err := d.SetUp(ctx, served); err != nil {
		return ToolsView{}, err
	}
	return t.Status()
}

// Undo puts docker's configuration back, and that of every other tool.
func (t *Tools) Undo() (UndoneView, error) {
	return t.core.undo(func(dockerconfig.File) bool { return true })
}

// consent is the path of a copy that the person has to agree to; "": none is
// needed, or they did before.
func consent(o dockerconfig.Offer) string {
	if o.Update {
		return ""
	}
	return o.Path
}
