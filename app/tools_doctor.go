package app

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"lanyard/backend/client"
	"lanyard/backend/dockerconfig"
	"lanyard/backend/doctor"
	"lanyard/backend/registryauth"
	"lanyard/backend/signin"
	"lanyard/backend/tool"
	"lanyard/backend/why"
)

// FindingView is one thing that is not as it should be.
type FindingView struct {
	ID      string   `json:"id"`
	Weight  string   `json:"weight"`
	Tools   []string `json:"tools"`
	What    string   `json:"what"`
	Why     string   `json:"why"`
	Fix     string   `json:"fix"`
	Fixable bool     `json:"fixable"`
}

// WhyView says why an image can, or cannot, be pulled.
type WhyView struct {
	Image   string    `json:"image"`
	Verdict string    `json:"verdict"`
	Says    string    `json:"says"`
	Fix     string    `json:"fix"`
	Steps   []WhyStep `json:"steps"`
}

// WhyStep is one link of the chain; Good null: neither.
type WhyStep struct {
	Title string `json:"title"`
	Says  string `json:"says"`
	Good  *bool  `json:"good"`
}

// Doctor has every tool look its credentials up, and says what stands in the
// way. It changes nothing.
func (t *Tools) Doctor() ([]FindingView, error) {
	ctx, cancel := t.core.context(asked)
	defer cancel()
	_, findings, err := t.examine(ctx)
	return findingViews(findings), err
}

// Fix puts right all findings of an id that can be, and says what is found
// then.
func (t *Tools) Fix(id string) ([]FindingView, error) {
	ctx, cancel := t.core.context(asked)
	defer cancel()
	seen, findings, err := t.examine(ctx)
	if err != nil {
		return nil, err
	}
	named := slices.DeleteFunc(slices.Clone(findings), func(f doctor.Finding) bool { return f.ID != id || !f.Fixable })
	if len(named) == 0 {
		return findingViews(findings), fmt.Errorf("%w: that is not found any more, or Lanyard cannot put it right", client.ErrRefused)
	}
	all, blocked := t.core.looks().Repairs(named)
	copies := doctor.HelperCopy(seen, named) != ""
	if len(all) == 0 && !copies {
		if len(blocked) > 0 {
			return nil, errors.Join(blocked...)
		}
		return nil, fmt.Errorf("%w: there is nothing to be changed for it", client.ErrRefused)
	}
	if err := dockerconfig.CarryOut(ctx, t.core.Docker.Helper, all, copies); err != nil {
		return nil, err
	}
	_, findings, err = t.examine(ctx)
	return findingViews(findings), err
}

func (t *Tools) examine(ctx context.Context) (doctor.Snapshot, []doctor.Finding, error) {
	seen, _, err := t.gather(ctx, true)
	if err != nil {
		return seen, nil, err
	}
	return seen, doctor.Examine(seen), nil
}

func findingViews(all []doctor.Finding) []FindingView {
	views := make([]FindingView, 0, len(all))
	for _, f := range all {
		v := FindingView{ID: f.ID, Weight: string(f.Weight), Tools: []string{}, What: f.What, Why: f.Why, Fix: f.Fix, Fixable: f.Fixable}
		for _, n := range f.Tools {
			v.Tools = append(v.Tools, string(n))
		}
		views = append(views, v)
	}
	return views
}

// Why does what a tool does when it is to pull an image, up to the registry's
// decision. Nothing is pulled.
func (t *Tools) Why(image, toolName string) (WhyView, error) {
	ctx, cancel := t.core.context(asked)
	defer cancel()
	if toolName == "" {
		toolName = string(tool.Docker)
	}
	if !slices.Contains(tool.Names(), tool.Name(toolName)) {
		return WhyView{}, fmt.Errorf("%w: there is no tool called %.40q", client.ErrRefused, toolName)
	}
	asker, err := t.core.looks().Asker()
	if err != nil {
		return WhyView{}, err
	}
	// A window that was started from a menu may have another PATH than the
	// person's tools, which have that of a fresh shell.
	if found, err := t.core.Docker.Helper.Finder.Find(ctx); err == nil {
		asker.Here.Path = found.Dirs
	}
	r, err := asker.Explain(ctx, tool.Name(toolName), strings.TrimSpace(image))
	if err != nil {
		return WhyView{}, err
	}
	return whyView(r), nil
}

// whyView is the chain in the order in which a tool goes along it.
func whyView(r why.Report) WhyView {
	v := WhyView{Image: r.Image.Name, Verdict: string(r.Verdict), Says: r.Reason, Fix: r.Do, Steps: []WhyStep{}}
	add := func(title, says string, good *bool) { v.Steps = append(v.Steps, WhyStep{title, says, good}) }
	yes, no := true, false
	for _, l := range r.Looks {
		says, good := l.Said, &no
		if l.Outcome == why.Has {
			good = &yes
		}
		if says == "" {
			says = outcomes[l.Outcome]
		}
		add(placeOf(l), says, good)
	}
	switch {
	case r.Account != nil && r.Account.Name != "":
		add("account", r.Account.Ref(), &yes)
	case len(r.Looks) == 0:
		add("file", fmt.Sprintf("none of %s's files names %s", r.Tool, r.Image.Domain), &no)
	}
	if l := r.Login; l != nil {
		says := "of " + l.Username
		if l.LastFour != "" {
			says = "…" + l.LastFour + " " + says
		}
		if l.Ends != nil {
			says += ", until " + signin.Day(*l.Ends)
		}
		add("token", says, nil)
	}
	if d := r.Decides; d != nil {
		says := fmt.Sprintf("pull %s, push %s", d.Pull, d.Push)
		if d.Words != "" {
			says += ": " + d.Words
		}
		good := d.Pull == registryauth.Yes
		add("registry", says, &good)
	} else if r.Unreachable != "" {
		add("registry", r.Unreachable, &no)
	}
	for _, rule := range r.Rules {
		says := rule.Account
		if rule.Token != "" {
			says = fmt.Sprintf("%s; %s", rule.Account, rule.Token)
		}
		if says != "" {
			add("rule for "+rule.Action, says, &rule.Allowed)
		}
	}
	return v
}

var outcomes = map[why.Outcome]string{
	why.Has: "has credentials", why.HasNone: "has none", why.Missing: "is not on the PATH", why.Failed: "failed", why.Broken: "cannot be read",
}

// placeOf is where a tool looks, in words.
func placeOf(l why.Look) string {
	switch {
	case l.Env != "":
		return l.Env
	case l.Helper != "":
		return "docker-credential-" + l.Helper
	}
	return l.File
}
