//go:build linux

package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"lanyard/backend/e2e/desk"
)

// keychain is what secret-tool, which is none of ours, said of the keychain.
type keychain struct {
	secret   string    // of the token
	pat      string    // the one made by hand
	pats     []string  // … and its secrets: the first, and after the rotation
	copiedAt time.Time // … onto the clipboard
	refresh  []string  // of the session: each that was seen
	watch    *watch
}

// entries are the names of our entries in the keychain.
func (d *demo) entries() ([]string, error) {
	o, err := desk.Run(d.desk.Command("secret-tool", "search", "--all", "service", "lanyard"))
	if err != nil || o.Code > 1 {
		return nil, errors.Join(err, fmt.Errorf("secret-tool: %s", o.Err))
	}
	var names []string
	for line := range strings.Lines(o.Out + o.Err) { // libsecret before 0.21 has attributes on stderr
		if name, ok := strings.CutPrefix(strings.TrimSpace(line), "attribute.username = "); ok {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names, nil
}

// entry is what the keychain has under the one name with that beginning.
func (d *demo) entry(kind string, into any) error {
	names, err := d.entries()
	if err != nil {
		return err
	}
	if len(names) != 2 || !strings.HasPrefix(names[0], "session/") || !strings.HasPrefix(names[1], "token/") {
		return fmt.Errorf("the keychain has %q, not one session and one token", names)
	}
	name := names[slices.IndexFunc(names, func(n string) bool { return strings.HasPrefix(n, kind) })]
	o, err := desk.Must(d.desk.Command("secret-tool", "lookup", "service", "lanyard", "username", name))
	if err != nil {
		return err
	}
	if err := json.Unmarshal([]byte(o.Out), into); err != nil {
		return fmt.Errorf("%s is not what we write", name)
	}
	return nil
}

// noteRefresh notes the session's refresh token as it is now.
func (d *demo) noteRefresh() error {
	var session struct{ Refresh string }
	if err := d.entry("session/", &session); err != nil {
		return err
	}
	if !strings.HasPrefix(session.Refresh, "lyd_ref_") {
		return errors.New("the session's entry holds no refresh token")
	}
	if !slices.Contains(d.refresh, session.Refresh) {
		d.refresh = append(d.refresh, session.Refresh)
	}
	return nil
}

func (d *demo) lookUp(context.Context) (string, error) {
	var token struct{ Username, Secret, UUID string }
	if err := d.entry("token/", &token); err != nil {
		return "", err
	}
	if token.Username != d.name || token.UUID != d.uuid || !strings.HasPrefix(token.Secret, "lyd_auto_") || !strings.HasSuffix(token.Secret, d.lastFour) {
		return "", errors.New("the token's entry is not of the token that lanyard shows")
	}
	d.secret = token.Secret
	if err := d.noteRefresh(); err != nil {
		return "", err
	}
	d.watch = d.begin()
	return "one session, one token (lyd_auto_…" + d.lastFour + "); both secrets noted", nil
}

// accepted is the proof that the refusals later have the sign-out as their reason.
func (d *demo) accepted(ctx context.Context) (string, error) {
	for _, service := range []string{d.own(), d.other()} {
		if status, text, err := d.askToken(ctx, service); err != nil || status != http.StatusOK || !strings.Contains(text, `"token"`) {
			return "", errors.Join(err, fmt.Errorf("/token for %s answers %d %s", service, status, text))
		}
	}
	if err := d.noteRefresh(); err != nil { // it may have rotated since
		return "", err
	}
	// The same successor is given to the one who asks next: no turn is used up.
	status, _, err := d.askRefresh(ctx, d.refresh[len(d.refresh)-1])
	if err != nil || status != http.StatusOK {
		return "", errors.Join(err, fmt.Errorf("/oauth/token answers the session's refresh token with %d", status))
	}
	return fmt.Sprintf("200 at /token for %s and %s; 200 for the session at /oauth/token", d.own(), d.other()), nil
}

func (d *demo) askToken(ctx context.Context, service string) (int, string, error) {
	return d.askTokenWith(ctx, service, d.secret)
}

func (d *demo) askTokenWith(ctx context.Context, service, secret string) (int, string, error) {
	query := url.Values{"account": {d.name}, "service": {service}, "scope": {"repository:" + d.repository() + ":pull"}}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, d.desk.URL()+"/token?"+query.Encode(), nil)
	if err != nil {
		return 0, "", err
	}
	r.SetBasicAuth(d.name, secret)
	return ask(r)
}

func (d *demo) askRefresh(ctx context.Context, refresh string) (int, string, error) {
	form := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {refresh}, "client_id": {"lanyard"}}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, d.desk.URL()+"/oauth/token", strings.NewReader(form.Encode()))
	if err != nil {
		return 0, "", err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return ask(r)
}

func ask(r *http.Request) (int, string, error) {
	response, err := (&http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}).Do(r)
	if err != nil {
		return 0, "", err
	}
	defer response.Body.Close()
	var text bytes.Buffer
	_, err = text.ReadFrom(response.Body)
	return response.StatusCode, text.String(), err
}

// forms are the ways in which a secret would be written down.
func forms(name, secret string) [][]byte {
	all := [][]byte{[]byte(secret), []byte(hex.EncodeToString([]byte(secret)))}
	basic := base64.StdEncoding.EncodeToString([]byte(name + ":" + secret))
	all = append(all, []byte(strings.TrimRight(basic, "=")))
	for shift := range 3 { // base64 of it anywhere in a longer text
		whole := base64.RawStdEncoding.EncodeToString([]byte(strings.Repeat("x", shift) + secret))
		from, to := 0, len(whole)-2
		if shift > 0 {
			from = 4
		}
		all = append(all, []byte(whole[from:to]))
	}
	return all
}

func (d *demo) forms() [][]byte {
	all := forms(d.name, d.secret)
	for _, refresh := range d.refresh {
		all = append(all, forms(d.name, refresh)...)
	}
	for _, secret := range d.pats {
		all = append(all, forms(d.name, secret)...)
	}
	return append(all, []byte(d.passphrase))
}

func contains(text []byte, any [][]byte) bool {
	return slices.ContainsFunc(any, func(one []byte) bool { return bytes.Contains(text, one) })
}

// nowhere looks into every file of the person and of their session, and at
// every running program. The keyring's own file is encrypted, and looked into too.
func (d *demo) nowhere(context.Context) (string, error) {
	looks, err := d.watch.end()
	if err != nil {
		return "", err
	}
	secrets := d.forms()
	files, size := 0, int64(0)
	for _, root := range []string{d.desk.Home, d.desk.Runtime} {
		err := filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
			var text []byte
			if err == nil && e.Type().IsRegular() {
				text, err = os.ReadFile(path)
				files, size = files+1, size+int64(len(text))
			}
			if contains(text, secrets) {
				return fmt.Errorf("a secret stands in %s", path)
			}
			if errors.Is(err, fs.ErrNotExist) { // gone in between
				err = nil
			}
			return err
		})
		if err != nil {
			return "", err
		}
	}
	if _, err := os.Stat(filepath.Join(d.desk.Home, ".local/share/keyrings/login.keyring")); err != nil {
		return "", fmt.Errorf("the keyring's file was not among them: %w", err)
	}
	return fmt.Sprintf("looked into %d files (%.1f MB) in HOME and the session's folder, and %d times at every running program since the token was there", files, float64(size)/1e6, looks), nil
}

// watch looks at the running programs again and again.
type watch struct {
	stop  chan struct{}
	ended sync.WaitGroup
	looks int
	bad   error
}

func (d *demo) begin() *watch {
	w := &watch{stop: make(chan struct{})}
	secrets, computer := d.forms(), d.desk
	w.ended.Go(func() {
		tick := time.NewTicker(25 * time.Millisecond)
		defer tick.Stop()
		for w.bad == nil {
			for _, p := range computer.Processes() {
				if contains([]byte(strings.Join(append(p.Args, p.Env...), "\x00")), secrets) {
					w.bad = fmt.Errorf("a secret is an argument or in the environment of %s (%d)", p.Name, p.PID)
				}
			}
			w.looks++
			select {
			case <-w.stop:
				return
			case <-tick.C:
			}
		}
	})
	return w
}

func (w *watch) end() (int, error) {
	close(w.stop)
	w.ended.Wait()
	return w.looks, w.bad
}
