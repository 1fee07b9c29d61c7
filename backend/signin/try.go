package signin

import "strings"

// Try is a line with which a person can see that a tool is signed in.
type Try struct {
	Tool string
	Line string
	Note string // what is to know of it; "": nothing
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
