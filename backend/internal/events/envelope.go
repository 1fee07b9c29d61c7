package events

import (
	"encoding/json"
	"errors"
	"net"
	"slices"
	"strings"
	"time"
	"unicode"

	"lanyard/backend/access"
)

// envelope is what a registry posts (distribution, notifications/event.go).
type envelope struct {
	Events *[]json.RawMessage `json:"events"`
}

type event struct {
	Action    string    `json:"action"`
	Timestamp time.Time `json:"timestamp"`
	Target    struct {
		MediaType  string `json:"mediaType"`
		Digest     string `json:"digest"`
		Size       int64  `json:"size"`
		Repository string `json:"repository"`
		Tag        string `json:"tag"`
		References []struct {
			MediaType string `json:"mediaType"`
			Digest    string `json:"digest"`
		} `json:"references"`
	} `json:"target"`
	Request struct {
		Addr      string `json:"addr"`
		Method    string `json:"method"`
		UserAgent string `json:"useragent"`
	} `json:"request"`
	Actor struct {
		Name string `json:"name"`
	} `json:"actor"`
}

// parse reads an envelope. Of its events, those of layers, those of an action
// that is not known and those that cannot be read are left out.
func parse(text []byte, registry string, now time.Time) ([]access.Seen, error) {
	var all envelope
	if err := json.Unmarshal(text, &all); err != nil || all.Events == nil {
		return nil, errors.New(`the body is not an envelope of notifications: a JSON object with a list "events"`)
	}
	var seen []access.Seen
	for _, raw := range *all.Events {
		var e event
		if json.Unmarshal(raw, &e) != nil {
			continue
		}
		if s, ok := e.seen(registry, now); ok {
			seen = append(seen, s)
		}
	}
	return seen, nil
}

// manifests are the media types of what a pull or push of an image is an event
// of; everything else is a layer or a configuration.
var manifests = []string{
	"application/vnd.oci.image.manifest.v1+json",
	"application/vnd.oci.image.index.v1+json",
	"application/vnd.docker.distribution.manifest.v2+json",
	"application/vnd.docker.distribution.manifest.list.v2+json",
	"application/vnd.docker.distribution.manifest.v1+json",
	"application/vnd.docker.distribution.manifest.v1+prettyjws",
}

// What a registry tells may be as long as a client made it.
const (
	maxName   = 255
	maxTag    = 128
	maxDigest = 140
	maxAgent  = 255
)

// seen is the event in our words; false where it is none that counts.
//
// A registry of 2.8 tells of a HEAD as of a pull, with the request's method.
// A deletion names no media type: it may be that of a layer.
func (e event) seen(registry string, now time.Time) (access.Seen, bool) {
	s := access.Seen{
		Registry: registry, Action: e.Action, Repository: e.Target.Repository, Tag: e.Target.Tag, Digest: e.Target.Digest,
		Size: max(e.Target.Size, 0), Subject: printable(e.Actor.Name), Addr: printable(e.Request.Addr), Agent: printable(e.Request.UserAgent),
		At: e.Timestamp.UTC().Truncate(time.Microsecond),
	}
	switch e.Action {
	case access.Pull, access.Push:
		if s.Digest == "" || !slices.Contains(manifests, e.Target.MediaType) || e.Request.Method == "HEAD" {
			return s, false
		}
	case access.Delete:
		if s.Digest == "" && s.Tag == "" { // the whole repository
			return s, false
		}
	default:
		return s, false
	}
	if s.Repository == "" || len(s.Repository) > maxName || len(s.Tag) > maxTag || len(s.Digest) > maxDigest ||
		printable(s.Repository+s.Tag+s.Digest) != s.Repository+s.Tag+s.Digest {
		return s, false
	}
	// No registry's clock makes a thing later than now.
	if e.Timestamp.IsZero() || e.Timestamp.After(now) {
		s.At = now.UTC().Truncate(time.Microsecond)
	}
	if host, _, err := net.SplitHostPort(s.Addr); err == nil {
		s.Addr = host
	}
	if strings.Contains(e.Target.MediaType, "index") || strings.Contains(e.Target.MediaType, "list") {
		for _, part := range e.Target.References {
			s.Parts = append(s.Parts, part.Digest)
		}
	}
	return s, true
}

// printable cuts a client's words down to what can be shown.
func printable(text string) string {
	text = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return -1
		}
		return r
	}, text)
	if len(text) > maxAgent {
		text = strings.ToValidUTF8(text[:maxAgent], "")
	}
	return text
}
