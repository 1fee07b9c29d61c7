//go:build linux

package app

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// withTools is a world in which docker and podman are on the PATH, and a fresh
// shell finds the helper's copy.
func withTools(t *testing.T) *world {
	t.Helper()
	w := newWorld(t)
	bin := filepath.Join(w.session.Home, ".local", "bin")
	if err := os.MkdirAll(bin, 0o700); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(bin, "docker"), "#!/bin/sh\necho 'Docker version 28.2.2, build x'\n", 0o700)
	write(t, filepath.Join(bin, "podman"), "#!/bin/sh\n[ \"$1\" = login ] && exit 125\necho 'podman version 4.3.1'\n", 0o700)
	path := "/usr/bin:/bin"
	write(t, filepath.Join(w.session.Home, ".profile"), "PATH="+bin+":"+path+"\n", 0o600)
	t.Setenv("PATH", path)
	w.signIn()
	return w
}

func TestEachTool(t *testing.T) {
	w := withTools(t)
	tools := w.App.tools
	named := func() map[string]ToolView {
		t.Helper()
		all, err := tools.List()
		if err != nil || len(all) != 8 {
			t.Fatalf("%+v %v", all, err)
		}
		by := map[string]ToolView{}
		for _, v := range all {
			by[v.Name] = v
		}
		if all[0].Name != "docker" || !all[1].Found {
			t.Errorf("those that are here come first: %+v", all)
		}
		return by
	}
	all := named()
	if d := all["docker"]; !d.Found || d.State != "not_set_up" || d.Version != "28.2.2" || d.Ours || d.File != w.core.Docker.File.Path {
		t.Errorf("%+v", d)
	}
	if h := all["helm"]; h.Found || h.State != "absent" || h.Says == "" {
		t.Errorf("%+v", h)
	}
	plan, err := tools.PlanTool("docker")
	if err != nil || !strings.Contains(plan.Diff, "lanyard") || plan.Offer == "" {
		t.Fatalf("%+v %v", plan, err)
	}
	if _, err := os.Stat(w.core.Docker.File.Path); !os.IsNotExist(err) {
		t.Error("the plan wrote the file")
	}
	if _, err := tools.SetUpTool("docker", false, false); codeOf(err) != "helper_missing" {
		t.Errorf("without consent: %v", err)
	}
	if _, err := os.Stat(w.core.Docker.File.Path); !os.IsNotExist(err) {
		t.Error("without consent the file was written")
	}
	after, err := tools.SetUpTool("docker", true, false)
	if err != nil || after[0].State != "set_up" || !after[0].Ours || after[0].By != "docker-credential-lanyard" {
		t.Fatalf("%+v %v", after, err)
	}
	if plan, err := tools.PlanTool("docker"); err != nil || plan.Diff != "" || plan.Offer != "" {
		t.Errorf("once more: %+v %v", plan, err)
	}
	if v, err := tools.UndoTool("podman"); err != nil || v.Summary == "" {
		t.Errorf("%+v %v", v, err)
	}
	if v := named()["docker"]; v.State != "set_up" {
		t.Errorf("podman's undo took docker's: %+v", v)
	}
	if v, err := tools.UndoTool("docker"); err != nil || v.Summary == "" {
		t.Errorf("%+v %v", v, err)
	}
	if v := named()["docker"]; v.State != "not_set_up" || v.Ours {
		t.Errorf("%+v", v)
	}

	t.Run("another helper", func(t *testing.T) {
		host := strings.TrimPrefix(w.service.URL, "http://")
		if err := os.MkdirAll(filepath.Dir(w.core.Docker.File.Path), 0o700); err != nil {
			t.Fatal(err)
		}
		other := `{"credHelpers":{"` + host + `":"pass"}}`
		write(t, w.core.Docker.File.Path, other, 0o600)
		if v := named()["docker"]; v.State != "other_helper" || v.By != "docker-credential-pass" {
			t.Errorf("%+v", v)
		}
		if plan, err := tools.PlanTool("docker"); err != nil || !strings.Contains(plan.Diff, "pass") {
			t.Errorf("%+v %v", plan, err)
		}
		if _, err := tools.SetUpTool("docker", true, false); codeOf(err) != "other_helper" {
			t.Errorf("%v", err)
		}
		if _, err := tools.SetUpTool("docker", true, true); err != nil {
			t.Error(err)
		}
		if _, err := tools.UndoTool("docker"); err != nil {
			t.Error(err)
		}
		if text, err := os.ReadFile(w.core.Docker.File.Path); err != nil || string(text) != other {
			t.Errorf("%s %v", text, err)
		}
	})
	t.Run("a broken file", func(t *testing.T) {
		write(t, w.core.Docker.File.Path, "{", 0o600)
		if v := named()["docker"]; v.State != "broken" || v.Says == "" {
			t.Errorf("%+v", v)
		}
		if _, err := tools.SetUpTool("docker", true, true); codeOf(err) != "refused" {
			t.Errorf("%v", err)
		}
		if text, err := os.ReadFile(w.core.Docker.File.Path); err != nil || string(text) != "{" {
			t.Errorf("it was touched: %s %v", text, err)
		}
	})
	for _, name := range []string{"", "rm", "../docker", "DOCKER"} {
		_, plan := tools.PlanTool(name)
		_, set := tools.SetUpTool(name, true, true)
		_, undo := tools.UndoTool(name)
		_, why := tools.Why("x", name)
		if codeOf(plan) != "refused" || codeOf(set) != "refused" || codeOf(undo) != "refused" || name != "" && codeOf(why) != "refused" {
			t.Errorf("%q: %v, %v, %v, %v", name, plan, set, undo, why)
		}
	}
}

func TestDoctorPane(t *testing.T) {
	w := withTools(t)
	find := func(all []FindingView, id string) *FindingView {
		for i := range all {
			if all[i].ID == id {
				return &all[i]
			}
		}
		return nil
	}
	all, err := w.App.tools.Doctor()
	if err != nil {
		t.Fatal(err)
	}
	found := find(all, "helper-not-found")
	if found == nil || !found.Fixable || found.Weight != "problem" || found.What == "" || found.Tools == nil {
		t.Fatalf("%+v", all)
	}
	if all, err = w.App.tools.Fix("helper-not-found"); err != nil || find(all, "helper-not-found") != nil {
		t.Errorf("%+v %v", all, err)
	}
	for range 3 { // what the copy alone does not settle
		for _, f := range all {
			if f.Fixable && f.Weight == "problem" {
				if all, err = w.App.tools.Fix(f.ID); err != nil {
					t.Fatalf("%s: %v", f.ID, err)
				}
				break
			}
		}
	}
	for _, f := range all {
		if f.Fixable && f.Weight == "problem" {
			t.Errorf("%+v is still found", f)
		}
	}
	if _, err := w.App.tools.Fix("no-such-finding"); codeOf(err) != "refused" {
		t.Errorf("%v", err)
	}
}

func TestWhyPane(t *testing.T) {
	w := withTools(t)
	host := strings.TrimPrefix(w.service.URL, "http://")
	v, err := w.App.tools.Why(" "+host+"/anna/app:1 ", "")
	if err != nil || v.Image != host+"/anna/app:1" || v.Verdict == "" || v.Says == "" || len(v.Steps) == 0 {
		t.Errorf("%+v %v", v, err)
	}
	for name, image := range map[string]string{"nothing": "", "a blank": "a b", "an address": "https://x/y", "1 kB": strings.Repeat("x/", 600), "an escape": "x\x1b[2J"} {
		if v, err := w.App.tools.Why(image, "docker"); codeOf(err) != "refused" {
			t.Errorf("%s: %+v %v", name, v, err)
		}
	}
}
