package access

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"
)

// Seen notes what registries say was done: the next Flush writes it. Nobody is
// asked again, since the registry let it happen.
func (s *Service) Seen(_ context.Context, all ...Seen) error {
	for _, one := range all {
		if CheckName(one.Repository) == nil && slices.Contains([]string{Pull, Push}, one.Action) {
			s.seen.count(one)
		}
	}
	return nil
}

// Flush writes what was seen since the last one, a transaction for each
// repository. A first push makes the repository. Call it every second and at
// the end.
func (s *Service) Flush(ctx context.Context) error {
	var failed error
	for name, all := range s.seen.take() {
		err := s.Store.ChangeRepository(ctx, name, func(f Facts) (Repository, error) {
			r := f.Repository
			for _, one := range all {
				if r.ID == "" && one.Action == Push {
					r = Repository{ID: uuid.NewString(), Name: name, CreatedAt: one.At.UTC().Truncate(time.Microsecond)}
				}
				if r.ID != "" {
					r = r.touch(one)
				}
			}
			return r, nil
		})
		if err != nil {
			for _, one := range all {
				s.seen.add(one) // the next time
			}
			failed = errors.Join(failed, fmt.Errorf("note what was done to %s: %w", name, err))
		}
	}
	return failed
}

// pending are acts by repository.
type pending struct {
	mu    sync.Mutex
	pulls Pulls
	all   map[string][]Seen
	n     int
}

// maxPending bounds what is held while the store cannot write; what comes
// then is not counted.
const maxPending = 20_000

// count adds what counts.
func (p *pending) count(one Seen) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.pulls.Count(one) {
		p.keep(one)
	}
}

func (p *pending) add(one Seen) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.keep(one)
}

func (p *pending) keep(one Seen) {
	if p.n >= maxPending {
		return
	}
	if p.all == nil {
		p.all = map[string][]Seen{}
	}
	p.all[one.Repository] = append(p.all[one.Repository], one)
	p.n++
}

func (p *pending) take() map[string][]Seen {
	p.mu.Lock()
	defer p.mu.Unlock()
	all := p.all
	p.all, p.n = nil, 0
	return all
}
