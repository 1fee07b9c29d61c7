// Package keyringtest gives tests and demonstrations a keychain of their own:
// a fresh HOME, a private D-Bus session and a real gnome-keyring on it, beside
// those of the person whose computer it is. It can lock the keyring, kill its
// daemon, leave parts out, and put a fake Secret Service in its place where a
// real one cannot be brought to misbehave.
//
// Linux only; needs dbus-daemon and gnome-keyring-daemon.
package keyringtest
