// Package dockerd runs a real Docker daemon for a test, Debian's as make unpacks it:
// with mounts, files and a socket of its own, without networks, beside whatever
// daemon the computer has. It can keep, push and pull images, and runs none.
package dockerd
