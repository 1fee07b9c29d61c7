//go:build linux

package app

import (
	"path/filepath"
	"strings"
	"testing"

	"lanyard/backend/e2e/keyring"
	"lanyard/backend/e2e/service"
)

// selfTest runs one and returns its last word.
func (w *world) selfTest(t *testing.T) SelfTestView {
	t.Helper()
	before := len(views[SelfTestView](w.screen, eventSelfTest))
	if err := w.App.start.SelfTest(); err != nil {
		t.Fatal(err)
	}
	var all []SelfTestView
	w.until("the self-test", func() bool {
		all = views[SelfTestView](w.screen, eventSelfTest)[before:]
		return len(all) > 0 && all[len(all)-1].Done
	})
	if first := all[0]; len(first.Steps) != 4 || first.Steps[0].State != "waiting" || first.Done {
		t.Errorf("%+v", first)
	}
	return all[len(all)-1]
}

func TestSelfTest(t *testing.T) {
	w := newWorldAt(t, keyring.Options{}, service.Options{Storage: t.TempDir()})
	if err := w.App.start.SelfTest(); codeOf(err) != "refused" {
		t.Errorf("nobody is signed in: %v", err)
	}
	w.service.Person(t, "anna")
	w.browse = w.service.Sit("anna").Allow
	v := w.signIn()
	token, err := w.core.Computer.Keychain.GetToken(t.Context(), v.Server, v.Account)
	if err != nil {
		t.Fatal(err)
	}
	helper := filepath.Join(filepath.Dir(w.core.Docker.Helper.Exe), "given") // as the helper gives it
	write(t, helper, `{"ServerURL":"x","Username":"anna","Secret":"`+token.Secret.Reveal()+`"}`, 0o600)
	write(t, w.core.Docker.Helper.Exe, "#!/bin/sh\nread key; [ \"$1 $key\" = 'get "+v.Registries[0]+"' ] && exec cat "+helper+"\n", 0o700)

	done := w.selfTest(t)
	if !done.OK {
		t.Fatalf("%+v", done)
	}
	for i, line := range []string{"docker push " + v.Registries[0] + "/anna/lanyard-self-test:", "docker pull ", "docker image inspect ", "crane delete "} {
		if s := done.Steps[i]; s.State != "done" || !strings.HasPrefix(s.Line, line) || s.Error != "" {
			t.Errorf("%+v", s)
		}
	}
	w.search("the self-test", views[SelfTestView](w.screen, eventSelfTest), []string{token.Secret.Reveal()})

	write(t, w.core.Docker.Helper.Exe, "#!/bin/sh\necho 'the keychain is locked: unlock it and try again' >&2; exit 1\n", 0o700)
	if done = w.selfTest(t); done.OK || done.Steps[0].State != "failed" || !strings.Contains(done.Steps[0].Error, "the keychain is locked") || done.Steps[3].State != "waiting" {
		t.Errorf("%+v", done)
	}

	write(t, w.core.Docker.Helper.Exe, "#!/bin/sh\nexec sleep 60\n", 0o700)
	if err := w.App.start.SelfTest(); err != nil {
		t.Fatal(err)
	}
	w.until("it to begin", func() bool {
		all := views[SelfTestView](w.screen, eventSelfTest)
		last := all[len(all)-1]
		return !last.Done && last.Steps[0].State == "running"
	})
	if err := w.App.session.Cancel(); err != nil {
		t.Error(err)
	}
	all := views[SelfTestView](w.screen, eventSelfTest)
	if last := all[len(all)-1]; !last.Done || last.OK || !strings.Contains(last.Steps[0].Error, "cancelled") {
		t.Errorf("%+v", last)
	}
}
