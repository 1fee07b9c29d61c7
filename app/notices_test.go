//go:build linux

package app

import (
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// What there is to tell is told once by the desktop, also over a restart, and
// stays in the window until it is put away or true no longer.
func TestNotices(t *testing.T) {
	w := newWorld(t)
	v := w.signIn()
	if all, err := w.App.settings.Notices(); err != nil || all == nil || len(all) != 0 {
		t.Fatalf("%+v %v", all, err)
	}
	w.clock = time.Until(moment(v.IdleEnds)) - 20*time.Hour // the session's use is what moves its end
	w.service.Advance(0)
	ends := SessionView{State: "active", Account: "anna", Server: w.service.URL, Ends: v.Ends, IdleEnds: v.IdleEnds}
	for range 3 {
		w.core.notices.judge(ends)
	}
	all, err := w.App.settings.Notices()
	if err != nil || len(all) != 1 || all[0].Kind != noticeEnds || all[0].Args["mark"] != "1d" || all[0].Args["why"] != "idle" {
		t.Fatalf("%+v %v", all, err)
	}
	if shown := w.desktop.all(); len(shown) != 1 || shown[0].ID != all[0].ID || shown[0].Title == "" || shown[0].Body == "" {
		t.Errorf("%+v", shown)
	}
	if told := views[[]NoticeView](w.screen, eventNotices); len(told) != 1 || len(told[0]) != 1 {
		t.Errorf("%+v", told)
	}

	again := w.window(filepath.Dir(w.core.Computer.Dirs.State)) // on the same files
	again.core.notices.judge(ends)
	if shown := w.desktop.all(); len(shown) != 1 {
		t.Errorf("after a restart it is told again: %+v", shown)
	}
	if all, err := again.settings.Notices(); err != nil || len(all) != 1 {
		t.Errorf("%+v %v", all, err)
	}

	w.App.NoticeOpened(all[0].ID)
	if opened := views[OpenedView](w.screen, eventNoticeOpened); len(opened) != 1 || opened[0].Place != "home" || w.screen.raises() == 0 {
		t.Errorf("%+v", opened)
	}
	w.App.NoticeOpened("of another time")
	if err := w.App.settings.Dismiss("no such notice"); err != nil {
		t.Error(err)
	}
	if err := w.App.settings.Dismiss(all[0].ID); err != nil {
		t.Error(err)
	}
	if all, err := w.App.settings.Notices(); err != nil || len(all) != 0 {
		t.Errorf("%+v %v", all, err)
	}
	if r := w.core.memory.load(); len(r.Dismissed) != 1 {
		t.Errorf("%+v", r)
	}

	w.clock += 19*time.Hour + 30*time.Minute // another mark is another notice
	w.core.notices.judge(ends)
	if all, err := w.App.settings.Notices(); err != nil || len(all) != 1 || all[0].Args["mark"] != "1h" || len(w.desktop.all()) != 2 {
		t.Errorf("%+v %v", all, err)
	}
	ends.IdleEnds, ends.Ends = "", ""
	w.core.notices.judge(ends)
	if all, err := w.App.settings.Notices(); err != nil || len(all) != 0 {
		t.Errorf("what is true no longer stays: %+v %v", all, err)
	}
}

// The person's choices are of the desktop's notifications alone.
func TestQuiet(t *testing.T) {
	w := newWorld(t)
	w.signIn()
	for kind, c := range map[string]struct {
		notify NotifyView
		view   SessionView
	}{
		noticeEnded:    {NotifyView{Replaced: true, Tokens: true}, SessionView{State: "ended", Account: "anna", When: "2027-01-31T12:00:00Z"}},
		noticeReplaced: {NotifyView{Session: true, Tokens: true}, SessionView{State: "replaced", Account: "anna", By: "box", When: "2027-01-31T13:00:00Z"}},
	} {
		p := ordinary
		p.Notify = c.notify
		if _, err := w.App.settings.Set(p); err != nil {
			t.Fatal(err)
		}
		w.core.notices.judge(c.view)
		if shown := w.desktop.all(); len(shown) != 0 {
			t.Errorf("%s: %+v", kind, shown)
		}
		all, err := w.App.settings.Notices()
		if err != nil || !slices.ContainsFunc(all, func(n NoticeView) bool { return n.Kind == kind }) {
			t.Errorf("%s: %+v %v", kind, all, err)
		}
	}
}

// That this computer's token gave way is told with whom it gave way to.
func TestReplacedIsTold(t *testing.T) {
	w := newWorld(t)
	w.signIn()
	for _, box := range []string{"box-0", "box-1", "box-2", "box-3", "box-4"} {
		w.elsewhere(box)
	}
	if v := w.stands("replaced"); v.By != "box-4" || v.When == "" {
		t.Errorf("%+v", v)
	}
	shown := w.desktop.all()
	if len(shown) != 1 || shown[0].Body != "box-4 took its place in the account anna." {
		t.Errorf("%+v", shown)
	}
}
