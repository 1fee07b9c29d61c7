//go:build !unix

package ledger

const nonblock = 0
