//go:build linux

package main

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"lanyard/backend/e2e/desk"
)

// patName has what a page must not take for its own.
const patName = "ci <b>&amp;</b>"

func (d *demo) generate(ctx context.Context) (string, error) {
	if err := d.window.Press(ctx, tokensButton); err != nil {
		return "", err
	}
	if err := d.window.Wait(ctx, "1 active, 0 deactivated"); err != nil {
		return "", err
	}
	if err := d.window.Key(ctx, "ctrl+n"); err != nil {
		return "", err
	}
	if err := d.window.Hear(ctx, desk.Heading, "Generate new token"); err != nil {
		return "", err
	}
	if err := d.window.Fill(ctx, "Description", patName); err != nil {
		return "", err
	}
	if err := d.window.Hear(ctx, desk.Radio, "Public read", "Read", "Read, Write", "Read, Write, Delete"); err != nil {
		return "", err
	}
	if err := d.window.Hear(ctx, desk.Words, "Pull every image that you may pull, private ones too."); err != nil {
		return "", err
	}
	if err := d.window.To(ctx, desk.Radio, "Public read"); err != nil {
		return "", err
	}
	if err := d.window.Down(ctx, desk.Radio, "Read"); err != nil {
		return "", err
	}
	if err := d.window.Wait(ctx, patName); err != nil {
		return "", err
	}
	if err := d.pictures.take(d.screen, "generate"); err != nil {
		return "", err
	}
	if err := d.window.Press(ctx, "Generate"); err != nil {
		return "", err
	}
	if err := d.takeSecret(ctx, "shown-once"); err != nil {
		return "", err
	}
	if err := d.window.Wait(ctx, "2 active, 0 deactivated", patName, "…"+d.pat[len(d.pat)-4:]); err != nil {
		return "", err
	}
	return "lyd_pat_…" + d.pat[len(d.pat)-4:] + ", Read, for 30 days; gone from the window", d.pictures.take(d.screen, "generated")
}

// takeSecret copies the secret that the window shows this once, after trying to
// close the window over it.
func (d *demo) takeSecret(ctx context.Context, picture string) error {
	secret, err := d.window.Text(ctx, "New token")
	if err != nil || !strings.HasPrefix(secret, "lyd_pat_") || slices.Contains(d.pats, secret) {
		return errors.Join(err, errors.New("what the window shows is no new token"))
	}
	d.pat, d.pats = secret, append(d.pats, secret)
	if err := d.pictures.take(d.screen, picture); err != nil {
		return err
	}
	if err := d.window.AskToClose(ctx); err != nil {
		return err
	}
	if err := d.window.Wait(ctx, "You have not copied it", "Leave without it"); err != nil {
		return err
	}
	if err := d.window.Press(ctx, "Go back"); err != nil {
		return err
	}
	if err := d.window.Press(ctx, "Copy token"); err != nil {
		return err
	}
	if err := d.window.Wait(ctx, "Copied", "The clipboard is cleared in"); err != nil {
		return err
	}
	if err := d.onClipboard(ctx); err != nil {
		return err
	}
	if err := d.window.Press(ctx, "Done"); err != nil {
		return err
	}
	return d.window.WaitGone(ctx, secret)
}

// onClipboard: the token is there, as what clipboard managers are not to keep,
// and a middle click does not paste it.
func (d *demo) onClipboard(ctx context.Context) error {
	const hint = "x-kde-passwordManagerHint"
	d.copiedAt = time.Now()
	for _, c := range []struct {
		selection, target string
		right             func(text string) bool
	}{
		{"clipboard", "UTF8_STRING", func(text string) bool { return text == d.pat }},
		{"clipboard", hint, func(text string) bool { return text == "secret" }},
		{"primary", "UTF8_STRING", func(text string) bool { return !strings.Contains(text, d.pat) }},
	} {
		text, err := d.screen.Clipboard(ctx, c.selection, c.target)
		if err != nil || !c.right(text) {
			return errors.Join(err, fmt.Errorf("the %s does not give, as %s, what it should after a token was copied", c.selection, c.target))
		}
	}
	return nil
}

// forgotten: half a minute later it is gone.
func (d *demo) forgotten(ctx context.Context) (string, error) {
	for {
		text, err := d.screen.Clipboard(ctx, "clipboard", "UTF8_STRING")
		if err != nil {
			return "", err
		}
		since := time.Since(d.copiedAt)
		switch {
		case text == "" && since < 25*time.Second:
			return "", fmt.Errorf("it was gone %v after it was copied", since)
		case text == "":
			return "it is empty; it had the token with the hint by which clipboard managers keep nothing", nil
		case since > 45*time.Second:
			return "", fmt.Errorf("it is still there %v after it was copied", since)
		}
		select {
		case <-time.After(200 * time.Millisecond):
		case <-ctx.Done():
			return "", context.Cause(ctx)
		}
	}
}

// elsewhere runs skopeo as on another computer, which has the secret in a file.
func (d *demo) elsewhere(ctx context.Context, secret string) (desk.Output, error) {
	dir, err := os.MkdirTemp("", "lyd-ci-")
	if err != nil {
		return desk.Output{}, err
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "auth.json")
	text := fmt.Sprintf(`{"auths":{"%s":{"auth":"%s"}}}`, d.own(), base64.StdEncoding.EncodeToString([]byte(d.name+":"+secret)))
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		return desk.Output{}, err
	}
	image := d.own() + "/" + d.name + "/" + ownImage
	return desk.Run(d.desk.Shell(ctx, fmt.Sprintf("skopeo inspect --tls-verify=false --authfile %s --format '{{.Digest}}' docker://%s", file, image)))
}

func (d *demo) pullWithPAT(ctx context.Context) (string, error) {
	if err := d.pulls(ctx, d.pat); err != nil {
		return "", err
	}
	if err := d.window.Key(ctx, "F5"); err != nil {
		return "", err
	}
	if err := d.window.WaitGone(ctx, "Never"); err != nil { // used
		return "", err
	}
	return "skopeo, without the helper: " + d.digest, d.pictures.take(d.screen, "used-elsewhere")
}

// pulls: the secret serves.
func (d *demo) pulls(ctx context.Context, secret string) error {
	o, err := d.elsewhere(ctx, secret)
	if err != nil || o.Code != 0 || strings.TrimSpace(o.Out) != d.digest {
		return errors.Join(err, fmt.Errorf("skopeo ended with %d, found %s, not %s:\n%s", o.Code, o.Out, d.digest, o.Err))
	}
	return nil
}

func (d *demo) rotate(ctx context.Context) (string, error) {
	before := d.pat
	if err := d.window.Pick(ctx, "Actions for "+patName, "Rotate"); err != nil {
		return "", err
	}
	if err := d.window.Wait(ctx, "Rotate token?", "gets a new secret", "24 hours"); err != nil {
		return "", err
	}
	if err := d.pictures.take(d.screen, "rotate"); err != nil {
		return "", err
	}
	if err := d.window.Press(ctx, "Rotate"); err != nil {
		return "", err
	}
	if err := d.takeSecret(ctx, "rotated-secret"); err != nil {
		return "", err
	}
	if err := d.window.Wait(ctx, "2 active, 0 deactivated", "Two secrets", "…"+d.pat[len(d.pat)-4:]); err != nil {
		return "", err
	}
	for _, secret := range []string{before, d.pat} {
		if err := d.pulls(ctx, secret); err != nil {
			return "", err
		}
	}
	return "lyd_pat_…" + before[len(before)-4:] + " and …" + d.pat[len(d.pat)-4:] + " pull", nil
}

func (d *demo) inFull(ctx context.Context) (string, error) {
	if err := d.window.Press(ctx, patName); err != nil {
		return "", err
	}
	before := d.pats[0]
	if err := d.window.Wait(ctx, "The secret before, …"+before[len(before)-4:]+", still holds", "What it can reach now", d.repository(), "Used from", "skopeo", "New secret"); err != nil {
		return "", err
	}
	if err := d.pictures.take(d.screen, "in-full"); err != nil {
		return "", err
	}
	if err := d.window.Key(ctx, "Escape"); err != nil {
		return "", err
	}
	return "its secrets, who uses them from where, what it reaches, what was done to it", d.window.WaitGone(ctx, "What it can reach now")
}

func (d *demo) deactivate(ctx context.Context) (string, error) {
	if err := d.window.Pick(ctx, "Actions for "+patName, "Deactivate"); err != nil {
		return "", err
	}
	if err := d.window.Wait(ctx, "1 active, 1 deactivated", "Deactivated"); err != nil {
		return "", err
	}
	if err := d.pictures.take(d.screen, "deactivated"); err != nil {
		return "", err
	}
	for _, secret := range d.pats {
		o, err := d.elsewhere(ctx, secret)
		if err != nil || o.Code == 0 || !strings.Contains(strings.ToLower(o.Err), "unauthorized") && !strings.Contains(o.Err, "authentication required") {
			return "", errors.Join(err, fmt.Errorf("skopeo ended with %d, and was not refused:\n%s%s", o.Code, o.Out, o.Err))
		}
		status, _, err := d.askTokenWith(ctx, d.own(), secret)
		if err != nil || status != http.StatusUnauthorized {
			return "", errors.Join(err, fmt.Errorf("/token answers the deactivated token with %d, not 401", status))
		}
	}
	return "the window counts 1 active, 1 deactivated; skopeo is refused, /token answers 401", nil
}
