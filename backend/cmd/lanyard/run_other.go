//go:build !unix

package main

import "os"

// passedOn are the signals that a command gets which was told to us.
var passedOn = []os.Signal{os.Interrupt}

// fromTerminal: a console sends Ctrl-C to all that share it.
func fromTerminal(os.Signal) bool { return true }

func codeOf(state *os.ProcessState) int { return state.ExitCode() }
