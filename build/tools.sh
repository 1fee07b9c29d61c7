#!/usr/bin/env bash
# tools.sh NAME…: puts other people's programs, which the tests run against, into
# build/tools/bin. Nothing goes to the person's PATH, HOME, services or ports, and
# none of it needs root. What is already there in the wanted version is left alone.
#
# Go programs are built by "go install" at the version below. Debian's packages are
# fetched by "apt-get download", which checks their signatures, and unpacked beside,
# with the shared libraries they need.
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
tools=${LANYARD_TOOLS:-$root/build/tools}
bin=$tools/bin
mkdir -p "$bin" "$tools/.stamp"

# Two makes at once take turns.
exec 9>"$tools/.lock"
! command -v flock >/dev/null || flock 9

stamped() { [[ -e $bin/$1 && -e $tools/.stamp/$1 && $(<"$tools/.stamp/$1") == "$2" ]]; }
stamp() { printf '%s\n' "$2" >"$tools/.stamp/$1"; }

# gotool NAME PACKAGE VERSION
gotool() {
	stamped "$1" "$2@$3" && return
	echo "build/tools: building $1 $3"
	local made
	made=$(mktemp -d "$tools/.build.XXXXXX")
	# No flags and no workspace of the person's: the version alone decides what is built.
	GOBIN=$made GOFLAGS=-trimpath GOWORK=off CGO_ENABLED=0 go install "$2@$3" 2> >(grep -v '^go: downloading ' >&2) || {
		rm -rf "$made"
		echo "build/tools: $1 could not be built (the reason is above)" >&2
		exit 1
	}
	# Go names a program after its folder, and several are named alike.
	mv -f "$made/$(basename "$2")" "$bin/$1"
	rmdir "$made"
	stamp "$1" "$2@$3"
}

# apt ARG…: apt-get or apt-cache, on the system's package lists, or on lists of our
# own where the system has none and we are not root.
lists=()
apt() {
	local cmd=$1
	shift
	"$cmd" -q -o Acquire::Retries=3 -o APT::Sandbox::User="$(id -un)" "${lists[@]}" "$@"
}

update() {
	if ((EUID)); then
		mkdir -p "$tools/apt/lists/partial" "$tools/apt/cache/archives/partial"
		lists=(-o Dir::State::lists="$tools/apt/lists" -o Dir::Cache="$tools/apt/cache")
	fi
	echo "build/tools: apt-get update"
	apt apt-get update >"$tools/apt.log" 2>&1
}

# libraries PACKAGE: the packages with the shared libraries that PACKAGE links, and
# theirs. The C library stays the system's.
libraries() {
	local todo=("$1") seen=" libc6 libgcc-s1 libcrypt1 libstdc++6 " next package
	while ((${#todo[@]})); do
		next=${todo[0]}
		todo=("${todo[@]:1}")
		while read -r package; do
			[[ $seen == *" $package "* ]] && continue
			seen+="$package "
			todo+=("$package")
			echo "$package"
		done < <(apt apt-cache depends --important "$next" |
			sed -n 's/^ *|\{0,1\}\(Pre\)\{0,1\}Depends: \(lib[^ <>]*\)$/\2/p')
	done
}

# lacking PROGRAM: true where shared libraries that it links are not found; says which.
lacking() { ldd "$1" 2>&1 | grep 'not found'; }

download() { (cd "$1" && apt apt-get download "${@:2}" >>"$tools/apt.log" 2>&1); }

# fetch DIR PACKAGE…: downloads packages to DIR/deb and unpacks them to DIR/tree.
fetch() {
	local work=$1 deb
	shift
	{
		# A list that is out of date names versions that the mirror no longer has.
		apt apt-cache show "$1" >/dev/null 2>&1 || update
		download "$work/deb" "$@" || { update && download "$work/deb" "$@"; }
	} || {
		cat "$tools/apt.log" >&2
		echo "build/tools: Debian's $* could not be fetched (the reason is above)" >&2
		exit 1
	}
	for deb in "$work"/deb/*.deb; do dpkg -x "$deb" "$work/tree"; done
	rm -f "$work"/deb/*.deb
}

# debtool NAME PACKAGE PROGRAM [FLAG]: PROGRAM is its path in the package.
debtool() {
	local name=$1 package=$2 program=$3 flag=${4:-} home=$tools/$2
	stamped "$name" "$package 1 $home" && return
	if ! command -v apt-get >/dev/null || ! command -v dpkg >/dev/null; then
		# Elsewhere than on Debian: what the person has installed already.
		local own
		own=$(command -v "$name") || {
			echo "build/tools: there is no apt-get here to fetch Debian's $package with: install \"$name\" yourself, then run make again" >&2
			exit 1
		}
		ln -sfn "$own" "$bin/$name"
		return
	fi
	echo "build/tools: fetching Debian's $package"
	local work
	work=$(mktemp -d "$tools/.fetch.XXXXXX")
	# shellcheck disable=SC2064 # this value, now
	trap "rm -rf '$work'" EXIT
	mkdir "$work/deb" "$work/tree"
	: >"$tools/apt.log"
	fetch "$work" "$package"
	local path=
	if lacking "$work/tree/$program" >/dev/null; then
		# shellcheck disable=SC2046 # one package a word
		fetch "$work" $(libraries "$package")
		path=$(find "$work/tree" -name '*.so*' -printf '%h\n' | sort -u | sed "s|^$work/tree|$home|" | paste -sd:)
	fi
	rm -rf "$home"
	mv "$work/tree" "$home"
	rm -rf "$work"
	trap - EXIT

	if [[ -z $path$flag ]]; then
		ln -sfn "$home/$program" "$bin/$name"
	else
		{
			echo '#!/bin/sh'
			echo "# Debian's $package, unpacked beside; made by build/tools.sh."
			[[ -z $path ]] || echo "export LD_LIBRARY_PATH='$path'"
			echo "exec '$home/$program' $flag \"\$@\""
		} >"$bin/.$name"
		chmod +x "$bin/.$name"
		mv -f "$bin/.$name" "$bin/$name"
	fi
	! LD_LIBRARY_PATH=$path lacking "$home/$program" >&2 || {
		echo "build/tools: $name lacks the libraries above" >&2
		exit 1
	}
	stamp "$name" "$package 1 $home"
}

for name in "$@"; do
	case $name in
	crane) gotool crane github.com/google/go-containerregistry/cmd/crane v0.22.1 ;;
	regctl) gotool regctl github.com/regclient/regclient/cmd/regctl v0.11.7 ;;
	oras) gotool oras oras.land/oras/cmd/oras v1.3.6 ;;
	helm) gotool helm helm.sh/helm/v3/cmd/helm v3.22.0 ;;
	distribution3) gotool distribution3 github.com/distribution/distribution/v3/cmd/registry v3.1.2 ;;
	golangci-lint) gotool golangci-lint github.com/golangci/golangci-lint/v2/cmd/golangci-lint v2.15.0 ;;
	docker-registry) debtool docker-registry docker-registry usr/bin/docker-registry ;;
	docker-credential-secretservice)
		debtool docker-credential-secretservice golang-docker-credential-helpers usr/bin/docker-credential-secretservice
		;;
	dockerd)
		# It runs with the two beside it, which it looks for on PATH.
		debtool dockerd docker.io usr/sbin/dockerd
		debtool containerd containerd usr/bin/containerd
		debtool runc runc usr/sbin/runc
		;;
	skopeo)
		# skopeo wants a policy on signatures, for which the system may have none.
		echo '{"default":[{"type":"insecureAcceptAnything"}]}' >"$tools/policy.json"
		debtool skopeo skopeo usr/bin/skopeo "--policy '$tools/policy.json'"
		;;
	buildah) debtool buildah buildah usr/bin/buildah ;;
	podman)
		# podman will not even log in without the programs that run and watch containers.
		debtool conmon conmon usr/bin/conmon
		debtool crun crun usr/bin/crun
		debtool podman podman usr/bin/podman "--conmon '$bin/conmon' --runtime '$bin/crun'"
		;;
	*)
		echo "tools.sh: do not know \"$name\"" >&2
		exit 2
		;;
	esac
done
