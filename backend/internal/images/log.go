package images

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"strings"

	"github.com/sirupsen/logrus"
)

// logTo hands what the library logs to log. The library writes to logrus's
// one logger of the process and lets nobody choose another, so the last
// registry opened has it; nothing else of ours uses logrus.
func logTo(log *slog.Logger) {
	log = Config{Logger: log}.log()
	standard := logrus.StandardLogger()
	standard.SetOutput(io.Discard)
	standard.SetLevel(logrus.WarnLevel)
	hooks := logrus.LevelHooks{}
	hooks.Add(forwarder{log})
	standard.ReplaceHooks(hooks)
}

func (c Config) log() *slog.Logger {
	if c.Logger == nil {
		return slog.Default()
	}
	return c.Logger
}

type forwarder struct{ log *slog.Logger }

func (forwarder) Levels() []logrus.Level { return logrus.AllLevels }

// told are the library's fields worth passing on. None of them carries what
// an Authorization header held; a query, which could, is cut off.
var told = []string{"err.code", "err.message", "err.detail", "http.request.method", "http.request.uri", "auth.user.name", "vars.name"}

// Fire passes one entry on. What a client did wrong is an error to the
// library and an everyday event here: every first pull is refused once.
func (f forwarder) Fire(e *logrus.Entry) error {
	level := slog.LevelWarn
	if e.Level <= logrus.ErrorLevel {
		level = slog.LevelError
	}
	status, answered := e.Data["http.response.status"].(int)
	if answered && status < 500 || strings.HasPrefix(e.Message, "error authorizing context") {
		level = slog.LevelDebug
	}
	attrs := []slog.Attr{slog.String("said", e.Message)}
	for _, key := range told {
		value, ok := e.Data[key]
		if !ok {
			continue
		}
		text := fmt.Sprint(value)
		if key == "http.request.uri" {
			text, _, _ = strings.Cut(text, "?")
		}
		attrs = append(attrs, slog.String(key, text))
	}
	ctx := e.Context
	if ctx == nil {
		ctx = context.Background()
	}
	f.log.LogAttrs(ctx, level, "registry", attrs...)
	return nil
}
