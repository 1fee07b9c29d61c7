package machine

import "golang.org/x/sys/unix"

// machineID is the hardware's UUID.
func machineID() string {
	id, err := unix.Sysctl("kern.uuid")
	if err != nil {
		return ""
	}
	return id
}
