package registryauth

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// limitRepository is the image that Docker Hub keeps for asking how many pulls
// are left: its manifest's head counts for none.
const limitRepository = "ratelimitpreview/test"

// Pulls is how many pulls a registry leaves.
type Pulls struct {
	Left, Limit int           // in a window; Limit 0: the registry sets none, or does not say
	Window      time.Duration // zero: not said
	Resets      time.Time     // when the window is over; zero: not said
}

// PullsLeft asks Docker Hub how many pulls are left to login (nobody: to this
// address). now is this computer's time, for a reset that is said in seconds.
// https://docs.docker.com/docker-hub/usage/pulls/
func (r Registry) PullsLeft(ctx context.Context, login Login, now time.Time) (Pulls, error) {
	c, err := r.Challenge(ctx)
	if err != nil {
		return Pulls{}, err
	}
	header, _, err := r.authorize(ctx, c, login, "repository:"+limitRepository+":pull")
	if err != nil {
		return Pulls{}, err
	}
	header.Set("Accept", manifests)
	response, body, err := r.send(ctx, http.MethodHead, c.Base+"/v2/"+limitRepository+"/manifests/latest", header)
	if err != nil {
		return Pulls{}, err
	}
	// An account that is over its limit is told so with the same headers.
	if response.StatusCode != http.StatusOK && response.StatusCode != http.StatusTooManyRequests && response.StatusCode != http.StatusNotFound {
		return Pulls{}, r.refused(response, body)
	}
	return readPulls(response.Header, now), nil
}

// readPulls reads RateLimit-Limit and RateLimit-Remaining, "100;w=21600", and
// RateLimit-Reset, seconds.
func readPulls(h http.Header, now time.Time) Pulls {
	limit, window, ok := quota(h.Get("RateLimit-Limit"))
	left, _, said := quota(h.Get("RateLimit-Remaining"))
	if !ok || !said {
		return Pulls{}
	}
	p := Pulls{Left: min(left, limit), Limit: limit, Window: window}
	if reset, _, ok := quota(h.Get("RateLimit-Reset")); ok {
		p.Resets = now.Add(time.Duration(reset) * time.Second).Round(0).UTC().Truncate(time.Microsecond)
	}
	return p
}

func quota(text string) (n int, window time.Duration, ok bool) {
	number, rest, _ := strings.Cut(text, ";")
	n, err := strconv.Atoi(strings.TrimSpace(number))
	if err != nil || n < 0 || n > 1<<31 {
		return 0, 0, false
	}
	for part := range strings.SplitSeq(rest, ";") {
		if w, found := strings.CutPrefix(strings.TrimSpace(part), "w="); found {
			if seconds, err := strconv.Atoi(w); err == nil && seconds > 0 && seconds < 1<<31 {
				window = time.Duration(seconds) * time.Second
			}
		}
	}
	return n, window, true
}
