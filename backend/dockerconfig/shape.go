package dockerconfig

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tidwall/gjson"
)

// Shape is how a file says which program holds the credentials of a host.
type Shape string

const (
	// Docker: credHelpers, host to suffix. docker's own file, and podman's
	// auth.json and helm's registry/config.json after it.
	Docker Shape = ""
	// Regctl: hosts, host to an object whose credHelper is the whole name of a program.
	Regctl Shape = "regctl"
)

const (
	regctlHelper  = "credHelper"
	programPrefix = "docker-credential-"
)

func (s Shape) key() string {
	if s == Regctl {
		return "hosts"
	}
	return helpers
}

// helper is the JSON text that names our helper.
func (s Shape) helper() string {
	if s == Regctl {
		return quote(Program)
	}
	return quote(Suffix)
}

// Keys are the keys under which a file of that shape knows canonical hosts.
// docker has two for Docker Hub: its own tools ask for the URL, podman and its
// relatives for the name.
func (s Shape) Keys(hosts []string) []string {
	var keys []string
	for _, host := range hosts {
		if host == hubHost && s == Docker {
			keys = append(keys, hubKey)
		}
		keys = append(keys, host)
	}
	return keys
}

const (
	hubHost = "docker.io"
	hubKey  = "https://index.docker.io/v1/"
)

// checkEntries refuses what would have to be guessed at.
func (d document) checkEntries() error {
	for i, m := range d.inner.members {
		switch {
		case d.shape == Docker && m.kind != gjson.String:
			return fmt.Errorf("%w: the entry %q of %q is not a text", ErrRefused, m.key, d.shape.key())
		case d.shape == Docker:
			continue
		case m.kind != gjson.JSON || d.data[m.value] != '{':
			return fmt.Errorf("%w: the entry %q of %q is not an object { … }", ErrRefused, m.key, d.shape.key())
		}
		for _, field := range d.object(&d.inner.members[i]).members {
			if strings.EqualFold(field.key, regctlHelper) && (field.key != regctlHelper || field.kind != gjson.String) {
				return fmt.Errorf("%w: %q of %q is not a text %q", ErrRefused, field.key, m.key, regctlHelper)
			}
		}
	}
	return nil
}

// regctlHelper is the credHelper of a host's entry, its text without the prefix of all such programs.
func (d document) regctlHelper(host *member) *member {
	m := d.object(host).member(regctlHelper)
	if m == nil {
		return nil
	}
	found := *m
	found.text = strings.TrimPrefix(found.text, programPrefix)
	return &found
}

// setRegctl is set for a host that has no credHelper yet.
func (d document) setRegctl(host, helper string) []byte {
	at := d.inner.member(host)
	if at == nil {
		return d.place(host, "{"+quote(regctlHelper)+": "+helper+"}")
	}
	o := d.object(at)
	if len(o.members) == 0 {
		return d.splice(o.open, o.end, "{"+quote(regctlHelper)+": "+helper+"}")
	}
	return d.appendTo(o, quote(regctlHelper)+d.colon(o)+helper)
}

// unsetRegctl takes the credHelper out, and the host's entry where nothing else is in it.
func (d document) unsetRegctl(host, was string) []byte {
	at := d.inner.member(host)
	o := d.object(at)
	m := o.member(regctlHelper)
	switch {
	case m == nil:
		return d.data
	case len(o.members) > 1:
		return d.cut(o, m.start)
	}
	return d.displace(at, was)
}

// merged is a with b, without repetitions.
func merged(a, b []string) []string {
	return slices.Compact(slices.Sorted(slices.Values(slices.Concat(a, b))))
}
