package signin

import (
	"slices"
	"strings"
)

// Try is a line with which a person can see that a tool is signed in.
type Try struct {
	Tool string
	Line string
	Note string // what is to know of it; "": nothing
}

// OwnFirst are an account's registries, with the one that its server is itself
// at the front: that one answers whenever the server does.
func OwnFirst(server string, hosts []string) []string {
	own := strings.ToLower(hostOf(server))
	ordered := slices.Clone(hosts)
	slices.SortStableFunc(ordered, func(a, b string) int {
		switch {
		case a == own && b != own:
			return -1
		case b == own && a != own:
			return 1
		}
		return 0
	})
	return ordered
}

// Tries are such lines for the first of an account's registries, with the flag
// that a tool needs for plain http on this computer. docker itself needs none:
// it allows http for localhost.
func Tries(account string, hosts []string) []Try {
	if len(hosts) == 0 {
		return nil
	}
	host := hosts[0]
	repository := host + "/" + account + "/hello"
	image := repository + ":1"
	if name, _, _ := strings.Cut(host, ":"); name != "localhost" {
		return []Try{
			{Tool: "docker", Line: "docker push " + image},
			{Tool: "podman", Line: "podman push " + image},
			{Tool: "skopeo", Line: "skopeo inspect docker://" + image},
			{Tool: "crane", Line: "crane ls " + repository},
			{Tool: "regctl", Line: "regctl tag ls " + repository},
		}
	}
	return []Try{
		{Tool: "docker", Line: "docker push " + image, Note: "docker needs no flag for localhost"},
		{Tool: "podman", Line: "podman push --tls-verify=false " + image},
		{Tool: "skopeo", Line: "skopeo inspect --tls-verify=false docker://" + image},
		{Tool: "crane", Line: "crane ls --insecure " + repository},
		{Tool: "regctl", Line: "regctl registry set --tls disabled " + host, Note: "once; then regctl tag ls " + repository},
		{Tool: "oras", Line: "oras repo tags --plain-http " + repository, Note: "helm: --plain-http, too"},
	}
}
