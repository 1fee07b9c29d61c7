package client

import (
	"errors"
	"fmt"
	"io"
	"time"
)

var (
	errNoAnswer = fmt.Errorf("no answer within %d seconds", callTimeout/time.Second)
	errHungUp   = fmt.Errorf("it hung up without an answer (%w)", io.EOF)
)

// inWords is what a server's silence is called: "context deadline exceeded"
// and "EOF" say little to a person. late: its time was over.
func inWords(err error, late bool) error {
	switch {
	case err != nil && late:
		return errNoAnswer
	case errors.Is(err, io.EOF):
		return errHungUp
	}
	return err
}
