package images

import (
	"encoding/json"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/opencontainers/go-digest"
	v1 "github.com/opencontainers/image-spec/specs-go/v1"

	"lanyard/backend/access"
)

const (
	waiting   = 1024      // events that may wait for Seen; more are lost, and that is logged
	maxParsed = 256 << 10 // bytes of an index that is read for its parts
)

// watch is what tells Seen, after the answer and beside it: an answer never
// waits for whoever keeps the events.
type watch struct {
	config Config
	events chan event
	lost   atomic.Int64
	end    chan struct{}
	ended  chan struct{}
}

// event is what is taken down while a request is answered. The rest is found
// out later.
type event struct {
	seen  access.Seen
	token string // in whose name
	index []byte // its text, where it is one
}

func newWatch(c Config) *watch {
	w := &watch{config: c, events: make(chan event, waiting), end: make(chan struct{}), ended: make(chan struct{})}
	go w.run()
	return w
}

// run hands events on, one after the other.
func (w *watch) run() {
	defer close(w.ended)
	var pulls access.Pulls
	for {
		select {
		case e := <-w.events:
			w.tell(&pulls, e)
			continue
		default:
		}
		select {
		case e := <-w.events:
			w.tell(&pulls, e)
		case <-w.end:
			if len(w.events) == 0 {
				return
			}
		}
	}
}

func (w *watch) tell(pulls *access.Pulls, e event) {
	if lost := w.lost.Swap(0); lost > 0 {
		w.config.log().Warn("registry", "said", "pulls and pushes came faster than they were noted", "lost", lost)
	}
	e.seen.Subject = claimsOf(e.token).Subject
	if e.index != nil {
		var index v1.Index
		if json.Unmarshal(e.index, &index) == nil {
			for _, part := range index.Manifests {
				e.seen.Parts = append(e.seen.Parts, part.Digest.String())
			}
		}
	}
	if pulls.Count(e.seen) {
		w.config.Seen(e.seen)
	}
}

// close tells what happened so far and ends.
func (w *watch) close() {
	close(w.end)
	<-w.ended
}

// serve answers a request for a manifest by next and takes down what it did.
// A pull is a GET that was answered with the manifest: a HEAD, or an answer
// that the client has it already, is none.
func (w *watch) serve(rw http.ResponseWriter, req *http.Request, next func(http.ResponseWriter, *http.Request)) {
	repository, ref, ok := manifestOf(req.URL.Path)
	action, done := deed(req.Method)
	if !ok || action == "" {
		next(rw, req)
		return
	}
	r := &recorder{ResponseWriter: rw}
	next(r, req)
	if r.status != done {
		return
	}
	e := event{token: bearer(req), index: r.index, seen: access.Seen{
		Registry: w.config.Service, Action: action, Repository: repository, Tag: ref,
		Digest: r.Header().Get("Docker-Content-Digest"), Addr: req.RemoteAddr, Agent: req.UserAgent(), At: w.config.now(),
	}}
	if host, _, err := net.SplitHostPort(req.RemoteAddr); err == nil {
		e.seen.Addr = host
	}
	if digest.Digest(ref).Validate() == nil {
		e.seen.Tag, e.seen.Digest = "", ref
	}
	switch action {
	case access.Pull:
		e.seen.Size = r.size
	case access.Push:
		e.seen.Size = max(req.ContentLength, 0)
	}
	select {
	case w.events <- e:
	default:
		w.lost.Add(1)
	}
}

// deed is what a method does to a manifest, and the answer when it is done.
func deed(method string) (action string, done int) {
	switch method {
	case http.MethodGet:
		return access.Pull, http.StatusOK
	case http.MethodPut:
		return access.Push, http.StatusCreated
	case http.MethodDelete:
		return access.Delete, http.StatusAccepted
	}
	return "", 0
}

// manifestOf takes apart /v2/<repository>/manifests/<tag or digest>.
func manifestOf(path string) (repository, ref string, ok bool) {
	rest, ok := strings.CutPrefix(path, "/v2/")
	at := strings.LastIndex(rest, "/manifests/")
	if !ok || at <= 0 {
		return "", "", false
	}
	repository, ref = rest[:at], rest[at+len("/manifests/"):]
	return repository, ref, !strings.Contains(ref, "/") // a repository's name may have the word in it
}

// recorder takes down what was answered.
type recorder struct {
	http.ResponseWriter
	status int
	size   int64
	index  []byte
}

func (r *recorder) WriteHeader(status int) {
	if r.status == 0 {
		r.status = status
	}
	r.ResponseWriter.WriteHeader(status)
}

func (r *recorder) Write(b []byte) (int, error) {
	if r.status == 0 {
		r.status = http.StatusOK
	}
	r.size += int64(len(b))
	if isIndex(r.Header().Get("Content-Type")) && r.size <= maxParsed {
		r.index = append(r.index, b...)
	}
	return r.ResponseWriter.Write(b)
}

// Unwrap is for http.ResponseController.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

func isIndex(mediaType string) bool {
	return mediaType == v1.MediaTypeImageIndex || mediaType == "application/vnd.docker.distribution.manifest.list.v2+json"
}

func (c Config) now() time.Time {
	if c.Now == nil {
		return time.Now()
	}
	return c.Now()
}
