package dockerconfig

import "os/exec"

func ownGroup(*exec.Cmd) {}
