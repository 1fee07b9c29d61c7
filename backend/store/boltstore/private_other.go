//go:build !unix

package boltstore

import "io/fs"

// private has nothing to say where modes are not kept: there a profile's
// folders are its user's by inheritance.
func private(fs.FileInfo) error { return nil }

// syncDir: folders cannot be synced here.
func syncDir(string) error { return nil }
