package e2e_test

import "strings"

// Who asks: nobody, or anna with a token of that scope; each may what those before may.
type scope int

const (
	nobody scope = iota
	publicRead
	read
	write
	admin
)

var scopes = []scope{nobody, publicRead, read, write, admin}

func (s scope) String() string {
	return [...]string{"nobody", "public_read", "read", "write", "admin"}[s]
}

// An act is something that is done in a repository, and who may at the least.
type act struct {
	name  string
	least scope
	line  func(cli) string // "": the tool has no such command
}

var acts = []act{
	{"pull", read, func(c cli) string { return c.pull }},
	{"push", write, func(c cli) string { return c.push }},
	{"delete", admin, func(c cli) string { return c.remove }},
	{"pull of $OPEN", leastOfOpen, func(c cli) string { return strings.ReplaceAll(c.pull, "$R", "$OPEN") }},
}

// leastOfOpen is who may read at the least in the repositories that are made public.
const leastOfOpen = nobody

// A cli is what a person types at one of the container tools. $H is a registry, $R a
// repository there with an image 1 and one to be deleted, whose digest is $GONE; $OPEN
// one that everybody may read. $SCOPE is who asks, image-$SCOPE a layout with an image of
// its own.
type cli struct {
	name, repository, open string
	ready                  string // typed first, with a token that may everything
	push, pull, remove     string
	// heard is from whom it repeats our words: from the registry that we are, and, for
	// tools that print what comes with a 403, from the token endpoint of any other.
	heard heard
}

type heard int

const (
	atOurs heard = iota
	everywhere
)

// each makes a line that is typed for everybody who may ask.
func each(line string) string {
	return `for SCOPE in nobody public_read read write admin; do ` + line + ` || exit; done`
}

const pushImages = `crane push --insecure hello $R:1 && crane push --insecure hello $OPEN:1`

var (
	pushGone = each(`crane push --insecure gone-$SCOPE $R:gone-$SCOPE`)
	// A version of a chart has no underscore.
	packCharts = `helm package chart && ` + each(`helm package chart --version 0.1.0-$(echo $SCOPE | tr _ -)`)
)

// clis are all tools. Of image-$SCOPE podman and buildah know what they took into their own store.
var clis = []cli{
	{
		name: "docker", repository: "docker", open: "open", heard: everywhere, ready: pushImages,
		// Without its daemon it pushes and gets manifests only: here a list of one image that lies there.
		push: `docker manifest create --insecure $R:$SCOPE $R:1 && docker manifest push --purge --insecure $R:$SCOPE`,
		pull: `docker manifest inspect --insecure $R:1`,
	},
	{
		name: "podman", repository: "podman", open: "open",
		ready: pushImages + ` && ` + each(`podman $STORE pull -q oci:image-$SCOPE:1 > podman-$SCOPE`),
		push:  `podman $STORE push -q --tls-verify=false $(cat podman-$SCOPE) docker://$R:$SCOPE`,
		pull:  `podman $STORE pull -q --tls-verify=false $R:1`,
	},
	{
		name: "buildah", repository: "buildah", open: "open",
		ready: pushImages + ` && ` + each(`buildah $STORE pull -q oci:image-$SCOPE:1 > buildah-$SCOPE`),
		push:  `buildah $STORE push -q --tls-verify=false $(cat buildah-$SCOPE) docker://$R:$SCOPE`,
		pull:  `buildah $STORE pull -q --policy always --tls-verify=false $R:1`,
	},
	{
		name: "skopeo", repository: "skopeo", open: "open", ready: pushImages + ` && ` + pushGone,
		push:   `skopeo copy -q --dest-tls-verify=false oci:image-$SCOPE:1 docker://$R:$SCOPE`,
		pull:   `skopeo copy -q --src-tls-verify=false docker://$R:1 oci:by-skopeo:1`,
		remove: `skopeo delete --tls-verify=false docker://$R@$GONE`,
	},
	{
		name: "crane", repository: "crane", open: "open", heard: everywhere, ready: pushImages + ` && ` + pushGone,
		push:   `crane push --insecure image-$SCOPE $R:$SCOPE`,
		pull:   `crane pull --insecure --format oci $R:1 by-crane`,
		remove: `crane delete --insecure $R@$GONE`,
	},
	{
		name: "regctl", repository: "regctl", open: "open", ready: pushImages + ` && ` + pushGone,
		push:   `regctl --host reg=$H,tls=disabled image copy ocidir://image-$SCOPE:1 $R:$SCOPE`,
		pull:   `regctl --host reg=$H,tls=disabled image copy $R:1 ocidir://by-regctl:1`,
		remove: `regctl --host reg=$H,tls=disabled manifest delete $R@$GONE`,
	},
	{
		name: "oras", repository: "oras", open: "open", heard: everywhere, ready: pushImages + ` && ` + pushGone,
		push:   `oras cp --no-tty --from-oci-layout image-$SCOPE:1 --to-plain-http $R:$SCOPE`,
		pull:   `oras cp --no-tty --from-plain-http $R:1 --to-oci-layout by-oras:1`,
		remove: `oras manifest delete --plain-http -f $R@$GONE`,
	},
	{
		name: "helm", repository: "helm/hello", open: "open/hello", heard: everywhere,
		ready: packCharts + ` && for at in $R $OPEN; do helm push hello-0.1.0.tgz oci://${at%/*} --plain-http || exit; done`,
		push:  `helm push hello-0.1.0-$(echo $SCOPE | tr _ -).tgz oci://${R%/*} --plain-http`,
		pull:  `helm pull oci://$R --version 0.1.0 --plain-http -d helm`,
	},
}
