package signin

import (
	"context"

	"lanyard/backend/dockerconfig"
)

// DockerConfig is Docker by way of dockerconfig.
type DockerConfig struct {
	File    dockerconfig.File
	Helper  dockerconfig.Helper
	MayCopy bool // the person agreed to a copy of the helper
}

// SetUp makes the tools find our helper for hosts, beside those of before.
func (d *DockerConfig) SetUp(ctx context.Context, hosts []string) error {
	_, err := dockerconfig.SetUpMore(ctx, d.File, d.Helper, KeysOf(hosts), d.MayCopy)
	return err
}

// TakeDown takes hosts out again, and the copy of the helper with the last.
func (d *DockerConfig) TakeDown(_ context.Context, hosts []string) error {
	status, err := d.File.Status()
	if err != nil {
		return err
	}
	if len(status.Hosts) == 0 {
		return nil
	}
	if _, err := d.File.Remove(KeysOf(hosts)); err != nil {
		return err
	}
	others, err := dockerconfig.Recorded(d.File.Journal)
	if err != nil || len(others) > 0 {
		return err
	}
	return d.Helper.Undo()
}

// KeysOf are the credHelpers keys of canonical hosts: Docker Hub has two.
func KeysOf(hosts []string) []string {
	var keys []string
	for _, host := range hosts {
		if host == "docker.io" {
			keys = append(keys, "https://index.docker.io/v1/")
		}
		keys = append(keys, host)
	}
	return keys
}
