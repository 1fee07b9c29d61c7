package main

import (
	"os"
	"os/exec"
	"path/filepath"

	"github.com/rogpeppe/go-internal/testscript"

	"lanyard/backend/e2e/usermanager"
)

// manager: puts a made-up systemctl on PATH; $BARE is a PATH with lanyard alone.
func manager(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) > 0 {
		ts.Fatalf("usage: manager")
	}
	dir := ts.MkAbs("made-up")
	ts.Check(usermanager.Put(dir))
	lanyard, err := exec.LookPath("lanyard")
	ts.Check(err)
	ts.Setenv("BARE", filepath.Dir(lanyard))
	ts.Setenv("PATH", dir+string(os.PathListSeparator)+ts.Getenv("PATH"))
}
