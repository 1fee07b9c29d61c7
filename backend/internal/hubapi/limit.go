package hubapi

import (
	"math"
	"net/http"
	"net/netip"
	"strconv"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"golang.org/x/time/rate"

	"lanyard/backend/internal/gate"
)

const (
	// DefaultPerMinute is how many requests a caller may make.
	DefaultPerMinute = 600
	// maxCallers are remembered; who asked least recently is forgotten first.
	maxCallers = 20_000
)

// limits count the requests of each caller: a bucket that holds a minute's
// worth and fills evenly.
type limits struct {
	perMinute int
	callers   *lru.Cache[string, *rate.Limiter]
}

func newLimits(perMinute int) *limits {
	if perMinute <= 0 {
		perMinute = DefaultPerMinute
	}
	callers, err := lru.New[string, *rate.Limiter](maxCallers)
	if err != nil {
		panic(err) // of a size that is no size
	}
	return &limits{perMinute, callers}
}

// errRate: the caller asked too often, and may again at a time.
type errRate struct{ again time.Time }

func (errRate) Error() string { return "too many requests" }

// spend takes one request from the caller's bucket and says in the headers
// what is left of it. Reset is when it is full again.
func (h *Handler) spend(w http.ResponseWriter, r *http.Request, who gate.Passed, by asker) error {
	now, caller := h.now(), callerOf(r, who)
	if by == waiting && who.Account.ID != "" {
		caller = "waiting " + caller // windows that wait leave their person as much as ever
	}
	bucket := h.spent.of(caller)
	ok := bucket.AllowN(now, 1)
	left := max(0, bucket.TokensAt(now))
	full := now.Add(h.spent.fill(float64(h.spent.perMinute) - left))
	w.Header().Set("X-RateLimit-Limit", strconv.Itoa(h.spent.perMinute))
	w.Header().Set("X-RateLimit-Remaining", strconv.Itoa(int(left)))
	w.Header().Set("X-RateLimit-Reset", strconv.FormatInt(ceil(full), 10))
	if ok {
		return nil
	}
	return errRate{now.Add(h.spent.fill(1 - left))}
}

func (l *limits) of(caller string) *rate.Limiter {
	if bucket, ok := l.callers.Get(caller); ok {
		return bucket
	}
	fresh := rate.NewLimiter(rate.Limit(float64(l.perMinute)/60), l.perMinute)
	if other, ok, _ := l.callers.PeekOrAdd(caller, fresh); ok {
		return other
	}
	return fresh
}

// fill is how long a number of requests takes to come back.
func (l *limits) fill(requests float64) time.Duration {
	return time.Duration(requests / float64(l.perMinute) * float64(time.Minute))
}

// callerOf is what requests are counted by: the account, and where nobody asks
// the address, of version 6 the network that one customer has.
func callerOf(r *http.Request, who gate.Passed) string {
	if who.Account.ID != "" {
		return "account " + who.Account.ID
	}
	host := from(r).Addr
	if addr, err := netip.ParseAddr(host); err == nil && addr.Is6() && !addr.Is4In6() {
		if network, err := addr.WithZone("").Prefix(64); err == nil {
			host = network.String()
		}
	}
	return "address " + host
}

// retry says when to come back: in seconds, and as the Hub does by the clock.
func retry(w http.ResponseWriter, now, again time.Time) {
	wait := max(1, math.Ceil(again.Sub(now).Seconds()))
	w.Header().Set("Retry-After", strconv.Itoa(int(wait)))
	w.Header().Set("X-Retry-After", strconv.FormatInt(ceil(now)+int64(wait), 10))
}

// ceil is a time in whole seconds, never too early.
func ceil(at time.Time) int64 {
	if at.Nanosecond() > 0 {
		return at.Unix() + 1
	}
	return at.Unix()
}
