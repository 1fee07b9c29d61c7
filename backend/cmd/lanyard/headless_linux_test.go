package main

import (
	"context"
	"os"
	"regexp"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"lanyard/backend/e2e/service"
)

var deviceCode = regexp.MustCompile(`On any device open (\S+)\nand enter the code (\S+)\n`)

// enter PERSON SERVICE FILE: what a person does on another device, with the
// page and the code that a sign-in writes to FILE.
func enter(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: enter PERSON SERVICE FILE")
	}
	serviceOf(ts, args[1])
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	for {
		said, err := os.ReadFile(ts.MkAbs(args[2]))
		if found := deviceCode.FindSubmatch(said); err == nil && found != nil {
			ts.Check(service.NewPerson(args[0], nil).Enter(string(found[1]), string(found[2])))
			return
		}
		select {
		case <-ctx.Done():
			ts.Fatalf("no code in %s: %v: %s", args[2], err, said)
		case <-time.After(20 * time.Millisecond):
		}
	}
}
