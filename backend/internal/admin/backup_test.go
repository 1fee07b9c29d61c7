package admin

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestBackup(t *testing.T) {
	type backup = func(context.Context, func(int64) (io.Writer, error)) error
	write := func(size int64, text string, err error) backup {
		return func(_ context.Context, begin func(int64) (io.Writer, error)) error {
			w, failed := begin(size)
			if failed != nil {
				return failed
			}
			_, failed = io.WriteString(w, text)
			return errors.Join(failed, err)
		}
	}
	for name, row := range map[string]struct {
		backup backup
		status int
		says   string
		whole  bool // a client takes what it got for all
	}{
		"done":           {write(8, "database", nil), 200, "database", true},
		"cut off":        {write(8, "data", errors.New("the disk is gone")), 200, "data", false},
		"it cannot be":   {func(context.Context, func(int64) (io.Writer, error)) error { return errors.New("the file is gone") }, 500, "the file is gone", true},
		"kept elsewhere": {nil, 409, "elsewhere", true},
	} {
		t.Run(name, func(t *testing.T) {
			s := httptest.NewServer((&Handler{Backup: row.backup, Log: slog.New(slog.DiscardHandler)}).Routes())
			defer s.Close()
			response, err := http.Get(s.URL + "/backup")
			if err != nil {
				t.Fatal(err)
			}
			defer response.Body.Close()
			text, err := io.ReadAll(response.Body)
			if response.StatusCode != row.status || !strings.Contains(string(text), row.says) || (err == nil) != row.whole {
				t.Errorf("%d %s %v", response.StatusCode, text, err)
			}
		})
	}
}
