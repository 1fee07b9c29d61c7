package machine

import (
	"maps"
	"slices"
	"time"
)

const (
	endingKept = 30 * 24 * time.Hour // how long it is told how a session ended
	maxEndings = 20
)

// Ending is how a session ended.
type Ending struct {
	At    time.Time `json:"at"`
	State string    `json:"state"`           // a word of package standing
	Hosts []string  `json:"hosts,omitempty"` // registries that it served here
}

// End records how the session behind an entry ended, for whoever asks next.
// What is known already counts: the first to find out knows the reason.
func (s *State) End(name, state string, hosts []string, now time.Time) {
	now = wall(now)
	maps.DeleteFunc(s.Endings, func(_ string, e Ending) bool { return now.After(e.At.Add(endingKept)) })
	if _, known := s.Endings[name]; known {
		return
	}
	if s.Endings == nil {
		s.Endings = map[string]Ending{}
	}
	for len(s.Endings) >= maxEndings {
		first := ""
		for other, e := range s.Endings {
			if first == "" || e.At.Before(s.Endings[first].At) {
				first = other
			}
		}
		delete(s.Endings, first)
	}
	s.Endings[name] = Ending{At: now, State: state, Hosts: slices.Clone(hosts)}
}

// EndingAt is how the session ended that served a canonical host last; ok is
// false if another one serves it, or nothing is known.
func (s State) EndingAt(host string) (e Ending, ok bool) {
	if _, served := s.Registries[host]; served {
		return Ending{}, false
	}
	for _, one := range s.Endings {
		if slices.Contains(one.Hosts, host) && (!ok || one.At.After(e.At)) {
			e, ok = one, true
		}
	}
	return e, ok
}
