//go:build !linux && !darwin && !windows

package machine

func machineID() string { return "" }
