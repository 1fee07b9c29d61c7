package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"lanyard/backend/client"
	"lanyard/backend/dockerconfig"
	"lanyard/backend/keychain"
	"lanyard/backend/ownservice"
	"lanyard/backend/signin"
)

func TestExplain(t *testing.T) {
	for name, c := range map[string]struct {
		err  error
		code string
	}{
		"cancelled":              {context.Canceled, "cancelled"},
		"cancelled, half undone": {errors.Join(context.Canceled, client.ErrUnreachable), "cancelled"},
		"locked":                 {keychain.ErrLocked, "keychain_locked"},
		"dismissed":              {fmt.Errorf("%w: %w", keychain.ErrDismissed, keychain.ErrLocked), "keychain_dismissed"},
		"missing":                {keychain.ErrNoService, "keychain_missing"},
		"silent":                 {keychain.ErrTimeout, "keychain_timeout"},
		"busy":                   {signin.ErrBusy, "busy"},
		"address":                {client.ErrAddress, "address"},
		"no server":              {client.ErrNotServer, "not_server"},
		"offline":                {client.ErrUnreachable, "offline"},
		"own service":            {ownservice.ErrNotRunning, "offline"},
		"certificate":            {&client.CertificateError{Host: "x:443"}, "refused"},
		"ended":                  {client.ErrEnded, "ended"},
		"signed out":             {signin.ErrNotSignedIn, "not_signed_in"},
		"denied":                 {client.ErrDenied, "denied"},
		"too late":               {client.ErrExpired, "expired"},
		"limited":                {client.ErrLimited, "limited"},
		"no token":               {client.ErrNotFound, "not_found"},
		"refused":                {client.ErrRefused, "refused"},
		"docker's file":          {dockerconfig.ErrRefused, "refused"},
		"helper":                 {&dockerconfig.NotFoundError{Shell: "/bin/sh"}, "helper_missing"},
		"another helper":         {&dockerconfig.ConflictError{Path: "/x"}, "other_helper"},
		"another program":        {dockerconfig.ErrForeignHelper, "other_helper"},
		"no start":               {ownservice.ErrStart, "failed"},
		"unknown":                {errors.New("disk full"), "failed"},
	} {
		t.Run(name, func(t *testing.T) {
			e := explain(fmt.Errorf("do something: %w", c.err))
			if e.Code != c.code || e.Message == "" || strings.ToUpper(e.Message[:1]) != e.Message[:1] || !strings.ContainsAny(e.Message[len(e.Message)-1:], ".?!…") {
				t.Errorf("%+v", e)
			}
			text, ok := Explain(c.err).(string)
			var back map[string]string
			if !ok || json.Unmarshal([]byte(text), &back) != nil || len(back) != 3 || back["code"] != c.code {
				t.Errorf("%s", text)
			}
		})
	}
}

// Each code has words, and is one that the page knows.
func TestKinds(t *testing.T) {
	known := strings.Fields("offline ended not_signed_in keychain_locked keychain_missing keychain_dismissed keychain_timeout address not_server denied expired limited not_found busy refused helper_missing other_helper cancelled failed")
	said := map[string]bool{}
	for _, k := range kinds {
		said[k.code] = true
		if k.err == nil || k.code == "" {
			t.Errorf("%+v", k)
		}
	}
	for _, code := range known {
		if !said[code] {
			t.Errorf("nothing is %s", code)
		}
		delete(said, code)
	}
	for code := range said {
		t.Errorf("the page does not know %s", code)
	}
}

func TestSentence(t *testing.T) {
	for text, want := range map[string]string{
		"": "", "a": "A.", "server not reachable: x": "Server not reachable: x.", "is it?": "Is it?", "Done.": "Done.", "élan": "Élan.",
	} {
		if got := sentence(text); got != want {
			t.Errorf("%q: %q", text, got)
		}
	}
}
