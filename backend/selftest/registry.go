package selftest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"lanyard/backend/registryauth"
)

// errKeeps: the registry lets nobody delete, so the image stays.
var errKeeps = errors.New("the registry deletes nothing for anybody")

const (
	maxAnswer = 64 << 10 // bytes; nothing of ours is longer
	redirects = 3
)

// conversation is one self-test with a registry.
type conversation struct {
	test   Test
	image  image
	base   string // address of the registry
	header http.Header
	pushed bool     // something lies there that was not there before
	pulled [][]byte // manifest, config, layer
}

// begin asks our helper, and the registry for leave to do everything.
func (c *conversation) begin(ctx context.Context) error {
	login, err := c.test.Login(ctx)
	if err != nil {
		return err
	}
	r := registryauth.Registry{Host: c.test.Host, Transport: c.test.Transport}
	c.base, c.header, err = r.Authorize(ctx, login, "repository:"+c.test.Repository+":pull,push,delete")
	return err
}

// push sends the parts first and then what names them, as every tool does.
func (c *conversation) push(ctx context.Context) error {
	if err := c.begin(ctx); err != nil {
		return err
	}
	for _, p := range []part{c.image.layer, c.image.config} {
		if err := c.upload(ctx, p); err != nil {
			return err
		}
	}
	c.pushed = true // whatever the answer is
	status, text, _, err := c.send(ctx, http.MethodPut, c.path("manifests/"+c.test.Tag), c.image.manifest.text, c.image.manifest.kind)
	if err == nil && status != http.StatusCreated {
		c.pushed = false
		err = c.refused(status, text)
	}
	return err
}

func (c *conversation) upload(ctx context.Context, p part) error {
	status, text, header, err := c.send(ctx, http.MethodPost, c.path("blobs/uploads/"), nil, "")
	if err != nil {
		return err
	}
	if status != http.StatusAccepted {
		return c.refused(status, text)
	}
	at, err := c.within(header.Get("Location"))
	if err != nil {
		return err
	}
	query := at.Query()
	query.Set("digest", p.digest)
	at.RawQuery = query.Encode()
	status, text, _, err = c.send(ctx, http.MethodPut, at.String(), p.text, "application/octet-stream")
	if err == nil && status != http.StatusCreated {
		err = c.refused(status, text)
	}
	return err
}

// pull asks anew, as another tool would: nothing is kept of the push.
func (c *conversation) pull(ctx context.Context) error {
	if err := c.begin(ctx); err != nil {
		return err
	}
	for _, path := range []string{"manifests/" + c.test.Tag, "blobs/" + c.image.config.digest, "blobs/" + c.image.layer.digest} {
		status, text, _, err := c.send(ctx, http.MethodGet, c.path(path), nil, "")
		if err == nil && status != http.StatusOK {
			err = c.refused(status, text)
		}
		if err != nil {
			return err
		}
		c.pulled = append(c.pulled, text)
	}
	return nil
}

// compare holds what came back against what was sent.
func (c *conversation) compare(context.Context) error {
	for i, p := range []part{c.image.manifest, c.image.config, c.image.layer} {
		if got := partOf(p.kind, c.pulled[i]); got.digest != p.digest {
			return fmt.Errorf("%w: %s for %s", ErrDiffers, got.digest, p.digest)
		}
	}
	return nil
}

// remove takes the image away again.
func (c *conversation) remove(ctx context.Context) error {
	status, text, _, err := c.send(ctx, http.MethodDelete, c.path("manifests/"+c.image.manifest.digest), nil, "")
	switch {
	case err != nil:
		return err
	case status == http.StatusAccepted, status == http.StatusOK, status == http.StatusNoContent:
		return nil
	case status == http.StatusMethodNotAllowed, status == http.StatusUnauthorized, status == http.StatusForbidden, status == http.StatusNotFound:
		return fmt.Errorf("%w: %s stays there", errKeeps, c.test.Name())
	}
	return c.refused(status, text)
}

func (c *conversation) path(below string) string {
	return c.base + "/v2/" + c.test.Repository + "/" + below
}

// within is an address that the registry sends us to with our token: its own.
func (c *conversation) within(location string) (*url.URL, error) {
	base, err := url.Parse(c.base + "/")
	if err != nil {
		return nil, registryauth.ErrNotRegistry
	}
	at, err := base.Parse(location)
	if err != nil || location == "" || at.Host != base.Host || at.Scheme != base.Scheme {
		return nil, fmt.Errorf("%w: %s has uploads go to %.100q", registryauth.ErrNotRegistry, c.test.Host, location)
	}
	return at, nil
}

// send asks once. A part may lie elsewhere: a GET follows there, without what
// was shown the registry, and never from https to http.
func (c *conversation) send(ctx context.Context, method, address string, body []byte, kind string) (int, []byte, http.Header, error) {
	header := c.header.Clone()
	for range redirects + 1 {
		request, err := http.NewRequestWithContext(ctx, method, address, bytes.NewReader(body))
		if err != nil {
			return 0, nil, nil, fmt.Errorf("%w: %s", registryauth.ErrNotRegistry, c.test.Host)
		}
		request.Header = header
		request.Header.Set("User-Agent", "lanyard")
		request.Header.Set("Accept", manifestKind+", */*")
		if kind != "" {
			request.Header.Set("Content-Type", kind)
		}
		response, err := c.transport().RoundTrip(request)
		if err != nil {
			if ctx.Err() != nil {
				return 0, nil, nil, ctx.Err()
			}
			return 0, nil, nil, fmt.Errorf("%w: %s: %w", registryauth.ErrUnreachable, c.test.Host, err)
		}
		text, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer+1))
		_ = response.Body.Close()
		switch {
		case err != nil:
			return 0, nil, nil, fmt.Errorf("%w: %s: %w", registryauth.ErrUnreachable, c.test.Host, err)
		case len(text) > maxAnswer:
			return 0, nil, nil, fmt.Errorf("%w: %s: its answer has no end", registryauth.ErrNotRegistry, c.test.Host)
		case method != http.MethodGet || response.StatusCode < 300 || response.StatusCode >= 400:
			return response.StatusCode, text, response.Header, nil
		}
		next, err := request.URL.Parse(response.Header.Get("Location"))
		if err != nil || next.Scheme != "https" && next.Scheme != request.URL.Scheme || next.Scheme != "https" && next.Scheme != "http" {
			return 0, nil, nil, fmt.Errorf("%w: %s sends on to where nobody should go", registryauth.ErrNotRegistry, c.test.Host)
		}
		if next.Host != request.URL.Host {
			header = http.Header{}
		}
		address = next.String()
	}
	return 0, nil, nil, fmt.Errorf("%w: %s sends on and on", registryauth.ErrNotRegistry, c.test.Host)
}

func (c *conversation) transport() http.RoundTripper {
	if c.test.Transport == nil {
		return http.DefaultTransport
	}
	return c.test.Transport
}

// refused is a no, in the registry's own words.
func (c *conversation) refused(status int, text []byte) error {
	var said struct {
		Errors []struct{ Message string }
	}
	words := http.StatusText(status)
	if json.Unmarshal(text, &said) == nil && len(said.Errors) > 0 && said.Errors[0].Message != "" {
		words = said.Errors[0].Message
	}
	words = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 {
			return -1
		}
		return r
	}, words)
	if runes := []rune(words); len(runes) > 300 {
		words = string(runes[:300]) + "…"
	}
	kind := registryauth.ErrServer
	if status == http.StatusUnauthorized || status == http.StatusForbidden {
		kind = registryauth.ErrRefused
	}
	return fmt.Errorf("%w: %s: %s", kind, c.test.Host, words)
}
