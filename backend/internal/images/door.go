package images

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"
)

var (
	// ErrCollecting: a garbage collection is running.
	ErrCollecting = errors.New("a garbage collection is running")
	// ErrUploading: a collection did not begin, since a push would not end.
	ErrUploading = errors.New("a push is still under way")
)

// settle is how long a collection waits for the pushes under way.
const settle = time.Minute

// door is what changes to the folder pass. A collection shuts it.
type door struct {
	mu     sync.Mutex
	shut   bool
	inside int
	empty  chan struct{} // closed when the last one inside leaves a shut door
}

func (d *door) enter() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.shut {
		return false
	}
	d.inside++
	return true
}

func (d *door) leave() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.inside--
	if d.shut && d.inside == 0 {
		close(d.empty)
	}
}

// close lets nobody in any more and waits until those inside have left. It
// opens again where they do not.
func (d *door) close(ctx context.Context) error {
	d.mu.Lock()
	if d.shut {
		d.mu.Unlock()
		return ErrCollecting
	}
	d.shut, d.empty = true, make(chan struct{})
	empty := d.empty
	if d.inside == 0 {
		close(empty)
	}
	d.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, settle)
	defer cancel()
	select {
	case <-empty:
		return nil
	case <-ctx.Done():
		d.open()
		return fmt.Errorf("%w, and was waited for: %w", ErrUploading, ctx.Err())
	}
}

func (d *door) open() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.shut = false
}

// changes says whether a request may not be answered while a collection runs,
// and whether the collection has to wait for its end: a PATCH only adds to an
// upload, which no collection touches before it is a day old.
func changes(method string) (refused, awaited bool) {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodOptions:
		return false, false
	case http.MethodPatch:
		return true, false
	}
	return true, true
}

// writeShut refuses a change while a collection runs, or at the end. 429, and not 503, since
// docker and what is built on the same client (skopeo, podman, buildah) show a
// person the words of a 4xx and of a 503 the number alone; docker, crane,
// regctl and oras try again after either.
func writeShut(w http.ResponseWriter, ending bool) {
	words := "the registry is read-only while its garbage collection runs; pulls go on. Push or delete again in a minute"
	if ending {
		words = "the registry is being stopped. Push or delete again when it runs"
	}
	w.Header().Set("Retry-After", "5")
	writeError(w, http.StatusTooManyRequests, "UNAVAILABLE", words)
}
