//go:build !linux

package dockerconfig

import (
	"errors"
	"os"
)

func swap(string, string) error { return errors.ErrUnsupported }

func attributes(*os.File, string) error { return nil }
