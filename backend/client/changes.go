package client

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"
)

// waitTimeout bounds a question that the service answers when something has
// happened, within 25 seconds.
const waitTimeout = 25*time.Second + callTimeout

// Changes waits until something of the account is not as it was at the mark
// after: its tokens and their last use, its sessions, its activity, the
// organisations it is in. It returns the mark of then, and the same one where
// nothing happened for a while. "" is answered at once, with the mark of now,
// and so is a mark that the service does not know. It is no use of the session.
func (s *Server) Changes(ctx context.Context, access, after string) (mark string, err error) {
	var out struct {
		Mark string `json:"mark"`
	}
	if err := s.wait(ctx, access, query("/v2/access/changes", "after", after), &out); err != nil {
		return "", fmt.Errorf("wait for changes: %w", err)
	}
	if out.Mark = clean(out.Mark); out.Mark == "" {
		return "", fmt.Errorf("wait for changes: %w: the answer holds no mark", ErrNotServer)
	}
	return out.Mark, nil
}

// wait makes one call of a session that may be answered late.
func (s *Server) wait(ctx context.Context, access, path string, into any) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	late := time.AfterFunc(waitTimeout, func() { cancel(errNoAnswer) })
	defer late.Stop()
	request, err := s.asking(ctx, http.MethodGet, path, nil)
	if err != nil {
		return err
	}
	request.Header.Set("Authorization", "Bearer "+access)
	response, err := s.stream.Do(request)
	if err != nil {
		return s.silenced(ctx, err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return s.silenced(ctx, err)
	}
	if response.StatusCode >= http.StatusMultipleChoices {
		return s.refused(response, text)
	}
	if err := json.Unmarshal(text, into); err != nil {
		return fmt.Errorf("%w: %s sent something that is not its format", ErrNotServer, s.URL)
	}
	return nil
}
