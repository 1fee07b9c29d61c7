package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"lanyard/backend/client"
	"lanyard/backend/dockerconfig"
	"lanyard/backend/doctor"
	"lanyard/backend/signin"
	"lanyard/backend/tool"
)

// ToolView is a container tool, here or not.
type ToolView struct {
	Name    string `json:"name"`
	Found   bool   `json:"found"`
	Path    string `json:"path"`
	Version string `json:"version"`
	File    string `json:"file"`  // that decides, or would
	State   string `json:"state"` // set_up, not_set_up, other_helper, broken or absent
	By      string `json:"by"`    // the program that answers for it
	Says    string `json:"says"`
	Ours    bool   `json:"ours"` // there is something to put back
}

// List has every tool, those that are here first.
func (t *Tools) List() ([]ToolView, error) {
	ctx, cancel := t.core.context(asked)
	defer cancel()
	return t.list(ctx)
}

func (t *Tools) list(ctx context.Context) ([]ToolView, error) {
	seen, src, err := t.gather(ctx, true)
	if err != nil {
		return nil, err
	}
	recorded, err := t.core.Docker.Recorded()
	if err != nil {
		return nil, err
	}
	var views []ToolView
	for _, name := range tool.Names() {
		v := toolView(seen, name)
		for _, f := range recorded {
			v.Ours = v.Ours || doctor.Belongs(src.Here, f.Path, []tool.Name{name})
		}
		views = append(views, v)
	}
	slices.SortStableFunc(views, func(a, b ToolView) int {
		return cmp.Compare(map[bool]int{true: 0, false: 1}[a.Found], map[bool]int{true: 0, false: 1}[b.Found])
	})
	return views, nil
}

// toolView judges what was seen of one tool, over all registries.
func toolView(s doctor.Snapshot, name tool.Name) ToolView {
	v := ToolView{Name: string(name), State: "absent"}
	if files := s.Files[name]; len(files) > 0 {
		v.File = files[0]
	}
	i := slices.IndexFunc(s.Tools, func(t tool.Tool) bool { return t.Name == name })
	if i < 0 {
		v.Says = "It is not on your PATH."
		return v
	}
	v.Found, v.Path, v.Version, v.State = true, s.Tools[i].Path, s.Tools[i].Version, "not_set_up"
	for _, path := range s.Files[name] {
		if problem := s.Configs[path].Problem; problem != "" {
			v.File, v.State, v.Says = path, "broken", sentence(problem)
			return v
		}
	}
	ours, total := 0, 0
	for _, l := range s.Looks {
		if l.Tool != name {
			continue
		}
		total++
		if len(l.Steps) == 0 {
			continue
		}
		step := l.Steps[0]
		if step.File != "" {
			v.File = step.File
		}
		switch {
		case step.Helper == dockerconfig.Suffix:
			ours++
			v.By = dockerconfig.Program
		case step.Helper != "":
			v.State, v.By = "other_helper", "docker-credential-"+step.Helper
		case step.Env != "":
			v.Says = step.Env + " is set, and counts first."
		default:
			v.Says = "A password lies in its file in clear, and counts first."
		}
	}
	if total > 0 && ours == total {
		v.State = "set_up"
	}
	return v
}

// PlanTool is what SetUpTool would change. Other credential helpers of these
// registries are an error (other_helper), as SetUpTool has to be told of them.
func (t *Tools) PlanTool(name string) (PlanView, error) {
	ctx, cancel := t.core.context(asked)
	defer cancel()
	all, err := t.planTool(ctx, name, true)
	if err != nil {
		return PlanView{}, err
	}
	o, err := t.core.Docker.Helper.Offer(ctx)
	if err != nil {
		return PlanView{}, err
	}
	return PlanView{Diff: diffOf(all), Offer: consent(o)}, nil
}

func diffOf(all []dockerconfig.Piece) string {
	var said []string
	for _, one := range all {
		said = append(said, strings.TrimRight(one.Diff.String(), "\n"))
		if one.Why != "" {
			said = append(said, "    since "+one.Why)
		}
	}
	if len(said) == 0 {
		return ""
	}
	return strings.Join(said, "\n") + "\n"
}

func (t *Tools) planTool(ctx context.Context, name string, replace bool) ([]dockerconfig.Piece, error) {
	if !slices.Contains(tool.Names(), tool.Name(name)) {
		return nil, fmt.Errorf("%w: there is no tool called %.40q", client.ErrRefused, name)
	}
	if _, err := t.core.Computer.Served(); err != nil {
		return nil, err
	}
	seen, _, err := t.gather(ctx, false)
	if err != nil {
		return nil, err
	}
	return t.core.looks().Plan(doctor.SetUp(seen, []tool.Name{tool.Name(name)}), replace)
}

// SetUpTool writes what PlanTool shows. The person agreed: mayCopy, to the copy
// of the helper; replace, to other helpers giving way.
func (t *Tools) SetUpTool(name string, mayCopy, replace bool) ([]ToolView, error) {
	ctx, cancel := t.core.context(asked)
	defer cancel()
	all, err := t.planTool(ctx, name, replace)
	if err != nil {
		return nil, err
	}
	o, err := t.core.Docker.Helper.Offer(ctx)
	if err != nil {
		return nil, err
	}
	if consent(o) != "" && !mayCopy || o.Found == "" && o.Path == "" {
		return nil, &dockerconfig.NotFoundError{Offer: o, Line: o.Line, File: o.File}
	}
	if err := dockerconfig.CarryOut(ctx, t.core.Docker.Helper, all, o.Path != ""); err != nil {
		return nil, err
	}
	return t.list(ctx)
}

// UndoTool puts back what was changed for one tool. docker's file is docker's,
// and that of tools that have none.
func (t *Tools) UndoTool(name string) (UndoneView, error) {
	if !slices.Contains(tool.Names(), tool.Name(name)) {
		return UndoneView{}, fmt.Errorf("%w: there is no tool called %.40q", client.ErrRefused, name)
	}
	here, err := t.core.looks().Here()
	if err != nil {
		return UndoneView{}, err
	}
	return t.core.undo(func(f dockerconfig.File) bool { return doctor.Belongs(here, f.Path, []tool.Name{tool.Name(name)}) })
}

// gather looks at the tools. asks: each is made to look its registries up.
func (t *Tools) gather(ctx context.Context, asks bool) (doctor.Snapshot, doctor.Sources, error) {
	src, err := t.core.looks().Sources()
	if err != nil {
		return doctor.Snapshot{}, src, err
	}
	src.Asks, src.Now = asks, t.core.now
	return doctor.Gather(ctx, src), src, nil
}

// undo puts the files back that which is true of.
func (c *core) undo(which func(dockerconfig.File) bool) (UndoneView, error) {
	files, err := c.Docker.Recorded()
	if err != nil {
		return UndoneView{}, err
	}
	files = slices.DeleteFunc(files, func(f dockerconfig.File) bool { return !which(f) })
	changes, err := c.Docker.Undo(files, false) // no password comes back in clear by a button
	if err != nil {
		return UndoneView{}, err
	}
	var said []string
	for _, one := range changes {
		said = append(said, one.Undone())
	}
	if len(said) == 0 {
		said = append(said, dockerconfig.Change{}.Undone())
	}
	return UndoneView{Summary: strings.Join(said, " ")}, nil
}

// undoTools puts all of them back.
func (c *core) undoTools() error {
	_, err := c.undo(func(dockerconfig.File) bool { return true })
	if errors.Is(err, signin.ErrNotSignedIn) {
		return nil
	}
	return err
}
