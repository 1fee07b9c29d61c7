#!/usr/bin/env bash
# need.sh NAME…: stops with one plain message where a program that must already
# be on PATH is absent or too old. These are the ones that Debian's own packages
# are too old for, so make cannot install them.
set -euo pipefail

# refuse NAME WANTED FOUND WHERE
refuse() {
	printf 'Lanyard needs %s %s or newer, found: %s.\nGet it at %s, put it on PATH, and run make again.\n' \
		"$1" "$2" "$3" "$4" >&2
	exit 1
}

# older HAVE WANTED: true where version HAVE is below WANTED.
older() {
	local IFS=. i
	# shellcheck disable=SC2206 # split at the dots
	local have=(${1%%[!0-9.]*}) want=($2)
	for i in 0 1 2; do
		((10#${have[i]:-0} == 10#${want[i]:-0})) && continue
		((10#${have[i]:-0} < 10#${want[i]:-0}))
		return
	done
	return 1
}

# check NAME COMMAND WANTED WHERE VERSION: VERSION is what COMMAND says of itself.
check() {
	command -v "$2" >/dev/null || refuse "$1" "$3" "no \"$2\" on PATH" "$4"
	[[ $5 =~ ^[0-9] ]] || refuse "$1" "$3" "$(command -v "$2"), which does not say its version" "$4"
	! older "$5" "$3" || refuse "$1" "$3" "$5 ($(command -v "$2"))" "$4"
}

for name in "$@"; do
	case $name in
	go)
		# GOTOOLCHAIN=local: the version that is here, not one that it would download.
		found=$(GOTOOLCHAIN=local go env GOVERSION 2>/dev/null || true)
		check Go go 1.26 https://go.dev/dl/ "${found#go}"
		;;
	node)
		found=$(node --version 2>/dev/null || true)
		check Node node 20.19 https://nodejs.org/en/download "${found#v}"
		# It comes with Node; Debian has it in a package of its own.
		command -v npm >/dev/null || refuse "npm, which comes with Node" 20.19 'no "npm" on PATH' https://nodejs.org/en/download
		;;
	docker)
		# Only the client: nothing here needs a daemon.
		found=$(docker --version 2>/dev/null | sed -n 's/^Docker version \([0-9.]*\).*/\1/p' || true)
		check "the docker CLI" docker 28 https://docs.docker.com/engine/install/binaries/ "$found"
		;;
	*)
		echo "need.sh: do not know \"$name\"" >&2
		exit 2
		;;
	esac
done
