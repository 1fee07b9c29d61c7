package ownservice

import (
	"bytes"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestBackup(t *testing.T) {
	data, err := os.MkdirTemp("", "lyd-") // a socket's path is short
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(data)
	s := &Service{Data: data}
	if _, err := s.Backup(t.Context(), io.Discard); !errors.Is(err, ErrNotRunning) {
		t.Errorf("%v", err)
	}
	var answer http.HandlerFunc
	listener, err := net.Listen("unix", filepath.Join(data, "admin.sock"))
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { answer(w, r) })}
	go func() { _ = server.Serve(listener) }()
	defer server.Close()
	for name, c := range map[string]struct {
		answer http.HandlerFunc
		text   string
		err    error
		says   string
	}{
		"done": {func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "database") }, "database", nil, ""},
		"cut off": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "100")
			_, _ = io.WriteString(w, "data")
		}, "data", io.ErrUnexpectedEOF, ""},
		"refused": {func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusConflict)
			_, _ = io.WriteString(w, `{"code":"not_offered","message":"it is kept elsewhere"}`)
		}, "", ErrRefused, "kept elsewhere"},
		"of an earlier build": {http.NotFound, "", ErrRefused, "404"},
	} {
		t.Run(name, func(t *testing.T) {
			answer = c.answer
			var got bytes.Buffer
			_, err := s.Backup(t.Context(), &got)
			if got.String() != c.text || !errors.Is(err, c.err) || err != nil && !strings.Contains(err.Error(), c.says) {
				t.Errorf("%q, %v", got.String(), err)
			}
		})
	}
}
