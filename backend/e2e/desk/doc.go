// Package desk is a made-up person at a computer, for demonstrations and
// end-to-end tests: a HOME from /etc/skel, a private session with a real
// keyring, a real Chromium behind xdg-open, the real container tools. Nothing
// of it touches the person whose computer it is.
package desk
