package admin

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestCollect(t *testing.T) {
	type answer = func(context.Context, bool) (Collected, error)
	for name, row := range map[string]struct {
		collect answer
		body    string
		status  int
		says    string
	}{
		"done": {func(_ context.Context, dry bool) (Collected, error) { return Collected{DryRun: dry, Bytes: 7}, nil }, `{"dry_run":false}`, 200, `"dry_run":false,"repositories":0,"manifests":0,"blobs":0,"bytes":7`},
		"dry":  {func(_ context.Context, dry bool) (Collected, error) { return Collected{DryRun: dry}, nil }, `{"dry_run":true}`, 200, `"dry_run":true`},
		"another one": {func(context.Context, bool) (Collected, error) {
			return Collected{}, fmt.Errorf("one is running; %w", ErrAgain)
		}, ``, 409, `one is running; try again later`},
		"it fails":       {func(context.Context, bool) (Collected, error) { return Collected{}, errors.New("delete that tag") }, ``, 500, `delete that tag`},
		"no registry":    {nil, ``, 409, `without --storage`},
		"not JSON":       {nil, `{"dry_run"`, 400, `"invalid"`},
		"another's JSON": {nil, `{"dry_run":"yes"}`, 400, `"invalid"`},
	} {
		t.Run(name, func(t *testing.T) {
			h := &Handler{Collect: row.collect, Log: slog.New(slog.DiscardHandler)}
			w := httptest.NewRecorder()
			h.Routes().ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/gc", strings.NewReader(row.body)))
			if w.Code != row.status || !strings.Contains(w.Body.String(), row.says) {
				t.Errorf("%d %s; want %d with %s", w.Code, w.Body, row.status, row.says)
			}
		})
	}
}
