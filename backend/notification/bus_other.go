//go:build !linux

package notification

import "context"

// Desktop shows nothing: this system's notifications are not Lanyard's yet. The
// window says all that they would.
type Desktop struct {
	Address, Program, Icon string
	Opened                 func(id string)
}

// Available says no.
func (*Desktop) Available(context.Context) bool { return false }

// Show shows nothing.
func (*Desktop) Show(context.Context, Shown) (bool, error) { return false, nil }

// Close does nothing.
func (*Desktop) Close() {}
