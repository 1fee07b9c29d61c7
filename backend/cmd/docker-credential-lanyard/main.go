// Command docker-credential-lanyard is the credential helper that container
// tools run. See package helper for what it serves.
package main

import (
	"os"
	"runtime"
	"runtime/debug"

	"lanyard/backend/helper"
)

// version is set by the build; empty: what Go recorded.
var version string

func main() {
	runtime.GOMAXPROCS(1) // one question, one answer: waking threads for it takes longer
	noCore()
	if socket := handedOver(); socket != "" {
		os.Exit(handOver(socket, os.Args[1:]))
	}
	os.Exit(helper.Here(buildVersion()).Run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

func buildVersion() string {
	if version != "" {
		return version
	}
	if info, ok := debug.ReadBuildInfo(); ok {
		return info.Main.Version
	}
	return "unknown"
}
