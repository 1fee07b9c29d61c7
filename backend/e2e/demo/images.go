//go:build linux

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"lanyard/backend/e2e/desk"
)

// images is the separate registry, and the image that goes around.
type images struct {
	keychain
	registryPort string
	registry     *running
	layout       string // folder of the image
	digest       string
}

const (
	ownImage = "hello:1"
)

func (d *demo) repository() string { return d.name + "/hello" }

// startRegistry starts Debian's docker-registry with what lanyard printed.
func (d *demo) startRegistry(ctx context.Context) (string, error) {
	stanza, err := desk.Must(d.desk.Lanyard(ctx, "serve", "--print-registry-config", "--registry", d.other()))
	if err != nil {
		return "", err
	}
	folder := filepath.Join(d.desk.Runtime, "registry")
	config := filepath.Join(d.desk.Runtime, "registry.yml")
	text := fmt.Sprintf("version: 0.1\nstorage:\n  filesystem:\n    rootdirectory: %s\nhttp:\n  addr: localhost:%s\n%s", folder, d.registryPort, stanza.Out)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		return "", err
	}
	program, err := d.desk.Part("docker-registry")
	if err != nil {
		return "", err
	}
	log, err := os.Create(d.registryLog())
	if err != nil {
		return "", err
	}
	defer log.Close()
	cmd := d.desk.Program(ctx, program, "serve", config)
	cmd.Stdout, cmd.Stderr = log, log
	if d.registry, err = start(cmd); err != nil {
		return "", err
	}
	for end := time.Now().Add(20 * time.Second); ; {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+d.other()+"/v2/", nil)
		if err != nil {
			return "", err
		}
		response, err := http.DefaultClient.Do(r)
		if err == nil {
			defer response.Body.Close()
			challenge := response.Header.Get("WWW-Authenticate")
			want := fmt.Sprintf(`Bearer realm="%s/token",service="%s"`, d.desk.URL(), d.other())
			if response.StatusCode != http.StatusUnauthorized || !strings.HasPrefix(challenge, want) {
				return "", fmt.Errorf("it answers %s, %s", response.Status, challenge)
			}
			return "it answers at " + d.other() + " and sends clients to " + d.desk.URL() + "/token", nil
		}
		select {
		case <-d.registry.ended:
			return "", d.registry.words()
		case <-time.After(30 * time.Millisecond):
		}
		if ctx.Err() != nil || time.Now().After(end) {
			return "", fmt.Errorf("docker-registry does not answer: %w", err)
		}
	}
}

func (d *demo) registryLog() string { return filepath.Join(d.desk.Runtime, "docker-registry.log") }

func (d *demo) stopRegistry() {
	if d.registry == nil {
		return
	}
	_ = d.registry.cmd.Process.Signal(os.Interrupt) // it may have ended
	select {
	case <-d.registry.ended:
	case <-time.After(5 * time.Second):
		_ = d.registry.cmd.Process.Kill()
		<-d.registry.ended
	}
	d.registry = nil
}

// shell runs a line that has to work in a fresh login shell.
func (d *demo) shell(ctx context.Context, format string, args ...any) (string, error) {
	o, err := desk.Must(d.desk.Shell(ctx, fmt.Sprintf(format, args...)))
	return strings.TrimSpace(o.Out), err
}

func (d *demo) pushOwn(ctx context.Context) (string, error) {
	d.layout = filepath.Join(d.desk.Home, "hello")
	var err error
	if d.digest, err = desk.WriteImage(d.layout, "1", "hello from the demonstration, "+time.Now().String()); err != nil {
		return "", err
	}
	image := d.own() + "/" + d.name + "/" + ownImage
	if _, err := d.shell(ctx, "skopeo copy --dest-tls-verify=false oci:%s:1 docker://%s", d.layout, image); err != nil {
		return "", err
	}
	if _, err := d.shell(ctx, "skopeo copy --src-tls-verify=false docker://%s oci:%s-back:1", image, d.layout); err != nil {
		return "", err
	}
	back, err := d.shell(ctx, "skopeo inspect --format '{{.Digest}}' oci:%s-back:1", d.layout)
	if err != nil || back != d.digest {
		return "", errors.Join(err, fmt.Errorf("pushed %s, pulled %s", d.digest, back))
	}
	return image + " " + d.digest, nil
}

func (d *demo) copyOut(ctx context.Context) (string, error) {
	from, to := d.own()+"/"+d.name+"/"+ownImage, d.other()+"/"+d.name+"/"+ownImage
	if _, err := d.shell(ctx, "skopeo copy --src-tls-verify=false --dest-tls-verify=false docker://%s docker://%s", from, to); err != nil {
		return "", err
	}
	lines := map[string]string{
		"crane":  "crane pull --format oci %[1]s %[2]s && crane digest %[1]s",
		"regctl": "regctl --host reg=%[3]s,tls=disabled image copy %[1]s ocidir://%[2]s:1 >/dev/null && regctl --host reg=%[3]s,tls=disabled image digest %[1]s",
	}
	for name, line := range lines {
		folder := d.layout + "-" + name
		digest, err := d.shell(ctx, line, to, folder, d.other())
		if err != nil || digest != d.digest {
			return "", errors.Join(err, fmt.Errorf("pushed %s, %s found %s", d.digest, name, digest))
		}
		if _, err := os.Stat(filepath.Join(folder, "blobs/sha256", strings.TrimPrefix(d.digest, "sha256:"))); err != nil {
			return "", fmt.Errorf("%s pulled something else: %w", name, err)
		}
	}
	return to + ", the same digest with all three", nil
}

func (d *demo) inspect(ctx context.Context) (string, error) {
	for _, host := range []string{d.own(), d.other()} {
		out, err := d.shell(ctx, "docker manifest inspect --insecure --verbose %s/%s/%s", host, d.name, ownImage)
		if err != nil {
			return "", err
		}
		var said struct{ Descriptor struct{ Digest string } }
		if err := json.Unmarshal([]byte(out), &said); err != nil || said.Descriptor.Digest != d.digest {
			return "", errors.Join(err, fmt.Errorf("docker shows\n%s", out))
		}
	}
	return "docker's own CLI shows the same digest at " + d.own() + " and " + d.other(), nil
}

func (d *demo) refusedPush(ctx context.Context) (string, error) {
	var words string
	for _, host := range []string{d.own(), d.other()} {
		o, err := desk.Run(d.desk.Shell(ctx, fmt.Sprintf("skopeo copy --dest-tls-verify=false oci:%s:1 docker://%s/bob/hello:1", d.layout, host)))
		if err != nil {
			return "", err
		}
		if o.Code == 0 {
			return "", fmt.Errorf("%s pushed to bob/hello at %s", d.name, host)
		}
		if host == d.own() {
			words = o.Err
		}
	}
	if !strings.Contains(words, d.name+"/hello") {
		return "", fmt.Errorf("the refusal names no path that would work: %s", words)
	}
	_, why, _ := strings.Cut(words, "denied: ")
	why, _, _ = strings.Cut(why, `\n`)
	return "in the service's words: " + firstLine(why), nil
}

func (d *demo) refusedPull(ctx context.Context) (string, error) {
	// What skopeo remembers of images must not stand in for the registry.
	if err := os.RemoveAll(filepath.Join(d.desk.Home, ".local/share/containers")); err != nil {
		return "", err
	}
	var seen []string
	for _, host := range []string{d.own(), d.other()} {
		image := host + "/" + d.name + "/" + ownImage
		for _, line := range []string{
			"skopeo copy --src-tls-verify=false docker://%[1]s oci:%[2]s-after:1",
			"crane manifest %[1]s",
			"docker manifest inspect --insecure %[1]s",
		} {
			o, err := desk.Run(d.desk.Shell(ctx, fmt.Sprintf(line, image, d.layout)))
			if err != nil {
				return "", err
			}
			said := strings.ToLower(o.Out + o.Err)
			if o.Code == 0 || !strings.Contains(said, "unauthorized") && !strings.Contains(said, "denied") && !strings.Contains(said, "authentication required") {
				return "", fmt.Errorf("%s: exit status %d, not refused:\n%s%s", fmt.Sprintf(line, image, d.layout), o.Code, o.Out, o.Err)
			}
		}
		seen = append(seen, image)
	}
	return "skopeo (its cache emptied), crane and docker are refused " + strings.Join(seen, " and "), nil
}
