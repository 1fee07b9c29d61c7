// Package keyring is keyringtest for the tests of app, from which Go keeps
// what is internal to backend.
package keyring
