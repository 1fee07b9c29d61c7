//go:build !linux

package main

// beside are the programs of scripts that need a Linux keyring.
var beside map[string]func()
