package doctor

import (
	"slices"
	"testing"

	"lanyard/backend/dockerconfig"
	"lanyard/backend/machine"
	"lanyard/backend/tool"
)

// The nouns below import nothing of each other, and spell Docker Hub alike.
func TestDockerHubIsSpelledAlike(t *testing.T) {
	if host, err := machine.CanonicalHost(machine.DockerHubKey); err != nil || host != machine.DockerHub {
		t.Errorf("machine: %q %v", host, err)
	}
	if keys := dockerconfig.Docker.Keys([]string{machine.DockerHub}); !slices.Equal(keys, []string{machine.DockerHubKey, machine.DockerHub}) {
		t.Errorf("dockerconfig: %q", keys)
	}
	for name, key := range map[tool.Name]string{tool.Docker: machine.DockerHubKey, tool.Crane: machine.DockerHubKey, tool.Podman: machine.DockerHub} {
		if got := name.Key(machine.DockerHub); got != key {
			t.Errorf("%s asks for %q", name, got)
		}
	}
}
