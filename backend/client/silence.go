package client

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"time"
)

var (
	errNoAnswer = fmt.Errorf("no answer within %d seconds", callTimeout/time.Second)
	errHungUp   = fmt.Errorf("it hung up without an answer (%w)", io.EOF)
)

// inWords is what a server's silence is called: "context deadline exceeded",
// "EOF" and "dial tcp 127.0.0.1:8460: connect:" say little to a person. late:
// its time was over.
func inWords(err error, late bool) error {
	switch {
	case err != nil && late:
		return errNoAnswer
	case errors.Is(err, io.EOF):
		return errHungUp
	}
	var operation *net.OpError
	var unknown *net.DNSError
	switch {
	case errors.As(err, &unknown) && unknown.IsNotFound:
		return &silence{"there is no such name", err}
	case errors.As(err, &unknown):
		return &silence{"its name could not be looked up (" + unknown.Err + ")", err}
	case !errors.As(err, &operation):
		return err
	case operation.Op == "dial":
		return &silence{"nobody answers there (" + bare(operation.Err) + ")", err}
	case operation.Op == "read", operation.Op == "write":
		return &silence{"it hung up (" + bare(operation.Err) + ")", err}
	}
	return err
}

// silence is an error of the network in words; what it was can be asked about.
type silence struct {
	words string
	err   error
}

func (s *silence) Error() string { return s.words }
func (s *silence) Unwrap() error { return s.err }

// bare leaves out the name of the system's call.
func bare(err error) string {
	var call *os.SyscallError
	if errors.As(err, &call) {
		err = call.Err
	}
	return err.Error()
}
