package server

import (
	"os"
	"runtime/debug"
)

// Pace is for a program that is the service and nothing else: it lets garbage
// grow to four times of what is in use before it is collected. What is in use
// are a few megabytes, and each answer leaves twenty kilobytes behind: at the
// usual pace a busy service collects thirty times a second. GOGC has its way.
func Pace() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(400)
	}
}
