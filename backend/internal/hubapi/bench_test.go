package hubapi_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"lanyard/backend/account"
	"lanyard/backend/internal/gate"
	"lanyard/backend/internal/hubapi"
	"lanyard/backend/store/memstore"
	"lanyard/backend/token"
)

// door lets everybody pass as ada: what is measured is the page.
type door struct{}

func (door) Check(*http.Request) (gate.Passed, error) {
	return gate.Passed{Account: account.Account{ID: "ada-id", Name: "ada"}}, nil
}

func (d door) Look(r *http.Request) (gate.Passed, error) { return d.Check(r) }

func (door) Still(context.Context, gate.Passed) error { return nil }

// BenchmarkPage is a page of 1,000 tokens: the aim is under 10 ms.
func BenchmarkPage(b *testing.B) {
	store := memstore.New()
	(&world{store: store}).fill(b, "ada-id", 1000)
	mux := http.NewServeMux()
	(&hubapi.Handler{Tokens: &token.Service{Store: store}, Gate: door{}, PublicURL: issuer, PerMinute: 1 << 30}).Mount(mux)
	for name, query := range map[string]string{"newest": "", "searched and sorted": "&search=token&ordering=-description&status=active"} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				r := httptest.NewRequest(http.MethodGet, "/v2/access-tokens?page_size=1000"+query, nil)
				out := httptest.NewRecorder()
				mux.ServeHTTP(out, r)
				if n, _ := io.Copy(io.Discard, out.Body); out.Code != 200 || n < 100_000 {
					b.Fatalf("%d, %d bytes", out.Code, n)
				}
			}
		})
	}
}
