package access

import "time"

// Seen is what a registry says was done to one of its repositories: a
// manifest was pulled or pushed, or a manifest or a tag was deleted.
type Seen struct {
	Registry   string // host[:port] as the service knows it: one name may be in two registries
	Action     string // Pull, Push or Delete
	Repository string
	Tag        string // as it was asked for; "": by digest
	Digest     string // of the manifest; "": a tag was deleted
	Size       int64  // bytes of the manifest itself; 0: not told
	Subject    string // user name of the token; "": nobody's
	Token      string // id of the token that was shown; "": a password, or not known
	Addr       string // of the client, without port
	Agent      string // of the client, in its own words
	At         time.Time
	Parts      []string // digests of the manifests that an index names; nil: it is none, or was not told
}

const (
	// together is how long after an index a client may ask for its parts.
	together = time.Minute
	// maxParts bounds what is remembered, of one index and of all.
	maxParts, maxRemembered = 256, 16 << 10
)

// Pulls tells pulls from their parts: a client that was answered with an index
// gets the manifest for its own machine next, by digest, and that is one pull.
// It is not for use by several at once.
type Pulls struct {
	expected map[part]time.Time // until when
}

type part struct{ registry, repository, digest, subject, addr, agent string }

// Count says whether s counts, and remembers the parts of an index. All but
// pulls always counts.
func (p *Pulls) Count(s Seen) bool {
	if s.Action != Pull {
		return true
	}
	asked := part{s.Registry, s.Repository, s.Digest, s.Subject, s.Addr, s.Agent}
	until, expected := p.expected[asked]
	counts := s.Tag != "" || !expected || s.At.After(until)
	if len(s.Parts) == 0 {
		return counts
	}
	if p.expected == nil || len(p.expected)+maxParts > maxRemembered {
		p.forget(s.At)
	}
	for _, digest := range s.Parts[:min(len(s.Parts), maxParts)] {
		asked.digest = digest
		p.expected[asked] = s.At.Add(together)
	}
	return counts
}

// forget drops what is over, and all if that makes no room.
func (p *Pulls) forget(now time.Time) {
	for asked, until := range p.expected {
		if now.After(until) {
			delete(p.expected, asked)
		}
	}
	if p.expected == nil || len(p.expected)+maxParts > maxRemembered {
		p.expected = map[part]time.Time{}
	}
}
