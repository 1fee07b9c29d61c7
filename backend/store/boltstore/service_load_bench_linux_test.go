package boltstore_test

import (
	"bufio"
	"encoding/json"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"lanyard/backend/internal/bearer"
)

// BenchmarkServiceTokens is the whole service at its token endpoint, with a thousand, a
// hundred thousand and a million accounts, beside a server that only signs: all in turns,
// so that a busy computer is as busy for each, and each in a process of its own, as is who
// asks. Aims (design §3): 0.85 of the floor, and a million at 0.8 of a thousand.
//
// The floor signs with a library; bare is the same server with our own signature, which
// is cheaper. Beside the rates stand the processor's time that each server takes for a
// request, which other programs do not touch, and the floor's by it.
func BenchmarkServiceTokens(b *testing.B) {
	names, parts := []string{"floor", "bare", "1e3", "1e5", "1e6"}, make([]*process, 5)
	for i, people := range []int{0, -1, 1_000, 100_000, 1_000_000} {
		parts[i] = begin(b, serving, strconv.Itoa(people))
	}
	client := begin(b, asking, "")
	const rounds, while = 9, time.Second
	rates, costs := make([][]float64, len(parts)), make([][]float64, len(parts))
	b.ResetTimer()
	for range b.N {
		for range rounds {
			for i, part := range parts {
				before := number(b, part.ask(b, "processor"))
				answered := number(b, client.ask(b, part.first+" "+while.String()))
				after := number(b, part.ask(b, "processor"))
				rates[i] = append(rates[i], answered/while.Seconds())
				costs[i] = append(costs[i], (after-before)/answered/1e3)
			}
		}
	}
	for i, name := range names {
		b.ReportMetric(middle(rates[i]), name+"/s")
		b.ReportMetric(middle(costs[i]), name+"-µs")
		if i > 0 {
			b.ReportMetric(middle(quotients(rates[i], rates[0])), name+"/floor")
			b.ReportMetric(middle(quotients(costs[0], costs[i])), "floor-cpu/"+name)
		}
	}
	b.ReportMetric(middle(quotients(rates[4], rates[2])), "1e6/1e3")
	b.ReportMetric(middle(quotients(costs[2], costs[4])), "1e3-cpu/1e6")
	b.ReportMetric(0, "ns/op")
}

func quotients(some, by []float64) []float64 {
	out := make([]float64, len(some))
	for i := range some {
		out[i] = some[i] / by[i]
	}
	return out
}

func middle(some []float64) float64 {
	sorted := slices.Sorted(slices.Values(some))
	return sorted[len(sorted)/2]
}

// BenchmarkServicePulls is a company at work: 2,000 people with 20 tokens each, and 500
// pulls a minute, for a minute. No pull may cost a write to the disk: uses are written
// together, at most twice a second, those of tokens and those of sessions.
func BenchmarkServicePulls(b *testing.B) {
	const pulls, minute = 500, time.Minute
	w := newTown(b, 2_000, 20)
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: connections}}
	defer client.CloseIdleConnections()
	before, err := w.db.Commits()
	if err != nil {
		b.Fatal(err)
	}
	took := make([]time.Duration, pulls)
	b.ResetTimer()
	for range b.N {
		var all sync.WaitGroup
		next := time.NewTicker(minute / pulls)
		for i := range pulls {
			<-next.C
			r, err := w.anybody(&w.Crowd)
			if err != nil {
				b.Fatal(err)
			}
			all.Go(func() {
				begun := time.Now()
				if err := get(client, r); err != nil {
					b.Error(err)
				}
				took[i] = time.Since(begun)
			})
		}
		next.Stop()
		all.Wait()
	}
	after, err := w.db.Commits()
	if err != nil {
		b.Fatal(err)
	}
	slices.Sort(took)
	commits := float64(after-before) / float64(b.N)
	if limit := 4 * minute.Seconds(); commits > limit {
		b.Errorf("%.0f writes to the disk in a minute, want at most %.0f", commits, limit)
	}
	b.ReportMetric(took[pulls/2].Seconds()*1e3, "p50-ms")
	b.ReportMetric(took[pulls*99/100].Seconds()*1e3, "p99-ms")
	b.ReportMetric(commits, "commits/min")
	b.ReportMetric(resident(b), "MB")
	b.ReportMetric(0, "ns/op")
}

// resident is the memory of this process, of which the service is a part.
func resident(b *testing.B) float64 {
	b.Helper()
	file, err := os.Open("/proc/self/status")
	if err != nil {
		b.Fatal(err)
	}
	defer file.Close()
	for lines := bufio.NewScanner(file); lines.Scan(); {
		if kB, ok := strings.CutPrefix(lines.Text(), "RssAnon:"); ok {
			n, err := strconv.ParseFloat(strings.Fields(kB)[0], 64)
			if err != nil {
				b.Fatal(err)
			}
			return n / 1024
		}
	}
	b.Fatal("no RssAnon")
	return 0
}

// BenchmarkServicePage is a page of the tokens of somebody who has a thousand: under 10 ms.
func BenchmarkServicePage(b *testing.B) {
	w := newTown(b, 1, 1_000)
	raw, err := bearer.Sign(w.keys.OAuth(), bearer.Claims{
		Issuer: w.url, Subject: w.Owner(0), Audience: []string{w.url}, IssuedAt: later.Unix(), Expires: later.Add(bearer.Life).Unix(),
		ID: "one", Session: w.Session(0), Generation: 1, Client: "lanyard", Scope: "openid offline_access",
	})
	if err != nil {
		b.Fatal(err)
	}
	var count, results int
	before := processor()
	for b.Loop() {
		r, err := http.NewRequestWithContext(b.Context(), http.MethodGet, w.url+"/v2/access-tokens?page_size=1000", nil)
		if err != nil {
			b.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer "+raw)
		response, err := http.DefaultClient.Do(r)
		if err != nil {
			b.Fatal(err)
		}
		var page struct {
			Count   int
			Results []json.RawMessage
		}
		err = json.NewDecoder(response.Body).Decode(&page)
		if err := response.Body.Close(); err != nil {
			b.Fatal(err)
		}
		if err != nil || response.StatusCode != http.StatusOK || page.Count != 1_000 {
			b.Fatalf("%s, %d tokens, %v", response.Status, page.Count, err)
		}
		count, results = page.Count, len(page.Results)
	}
	b.ReportMetric((processor()-before).Seconds()*1e3/float64(b.N), "cpu-ms/op") // on a busy computer
	b.ReportMetric(float64(count), "tokens")
	b.ReportMetric(float64(results), "on-the-page")
}
