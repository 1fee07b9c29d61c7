package ownservice

import (
	"context"
	"fmt"
	"io"
	"net/http"
)

// Backup writes a copy of the running service's database as it is now. It has
// no secret of anybody's in clear, and all else that the service knows: the
// images and keys are not in it.
func (s *Service) Backup(ctx context.Context, to io.Writer) (int64, error) {
	response, err := s.ask(ctx, http.MethodGet, "/backup", nil)
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return 0, read(response, nil)
	}
	n, err := io.Copy(to, response.Body) // a copy that was cut off is io.ErrUnexpectedEOF
	if err != nil {
		return n, fmt.Errorf("copy the database: %w", err)
	}
	return n, nil
}
