#!/usr/bin/env bash
# fresh.sh [COMMAND…]: proves that a fresh machine is enough. Makes a bare Debian with
# debootstrap (git, make and ca-certificates; Go, Node and the docker CLI of this
# machine; an empty HOME), clones the last commit into it, and runs COMMAND there, "make test"
# if none is said. Needs Debian, root and debootstrap; touches nothing but its folder,
# $TMPDIR/lanyard-fresh, in which the bare Debian is kept for the next time.
#
# FRESH_USER=person runs COMMAND as a user who is not root and may not become it.
set -euo pipefail

repo=$(cd "$(dirname "$0")/.." && pwd)
place=${TMPDIR:-/var/tmp}/lanyard-fresh
base=$place/base root=$place/root

stop() {
	echo "fresh.sh: $*" >&2
	exit 1
}
((EUID == 0)) || stop "needs root, for chroot"
command -v debootstrap >/dev/null || stop "needs debootstrap: apt-get install debootstrap"
"$repo/build/need.sh" go node docker

# All that follows is in namespaces of its own: its mounts and processes end with it.
if [[ -z ${FRESH_INSIDE:-} ]]; then
	FRESH_INSIDE=1 exec unshare --mount --pid --fork --kill-child -- "$0" "$@"
fi

if [[ ! -e $base/.done ]]; then
	# The mirror that this machine uses.
	# shellcheck disable=SC2016 # the pattern is apt's
	mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | head -n 1)
	# shellcheck source=/dev/null
	release=$(. /etc/os-release && echo "$VERSION_CODENAME")
	echo "fresh.sh: a bare Debian $release"
	rm -rf --one-file-system "$base"
	mkdir -p "$base"
	debootstrap --variant=minbase --include=git,make,ca-certificates "$release" "$base" "$mirror" >"$place/debootstrap.log" ||
		stop "debootstrap did not work, see $place/debootstrap.log"
	rm -rf "$base"/var/lib/apt/lists/* "$base"/var/cache/apt/archives/*.deb
	chroot "$base" useradd --create-home --shell /bin/bash person
	touch "$base/.done"
fi

rm -rf --one-file-system "$root"
cp -a "$base" "$root"
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
mount -t tmpfs shm "$root/dev/shm"
mkdir -p "$root/usr/local/go"
mount --bind "$(go env GOROOT)" "$root/usr/local/go"
cp -L "$(command -v docker)" "$root/usr/local/bin/docker"
cp -L "$(command -v node)" "$root/usr/local/bin/node"
npm=$(dirname "$(dirname "$(readlink -f "$(command -v npm)")")")
mkdir -p "$root/usr/local/lib/node_modules/npm"
cp -a "$npm/." "$root/usr/local/lib/node_modules/npm"
ln -s ../lib/node_modules/npm/bin/npm-cli.js "$root/usr/local/bin/npm"
cp -L /etc/resolv.conf /etc/hosts "$root/etc/"
cp -L /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/ca-certificates.crt"

user=${FRESH_USER:-root}
home=$(chroot "$root" sh -c "echo ~$user")
git clone -q "$repo" "$root$home/lanyard"
chroot "$root" chown -R "$user:" "$home/lanyard"

through=() # the way out of this network, where it takes one
for name in http_proxy https_proxy no_proxy HTTP_PROXY HTTPS_PROXY NO_PROXY NODE_EXTRA_CA_CERTS; do
	[[ -z ${!name:-} ]] || through+=("$name=${!name}")
done
((${#@})) || set -- make test
echo "fresh.sh: $* in $root$home/lanyard, as $user"
exec chroot --userspec="$user" "$root" /usr/bin/env -i "${through[@]}" \
	HOME="$home" USER="$user" LOGNAME="$user" SHELL=/bin/bash LANG=C.UTF-8 CI=true GOPROXY="$(go env GOPROXY)" \
	PATH=/usr/local/go/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
	bash -c 'cd ~/lanyard && "$@"' bash "$@" </dev/null
