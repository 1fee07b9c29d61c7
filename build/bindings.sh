#!/usr/bin/env bash
# bindings.sh write|check: frontend/wailsjs is what the pages may call in Go, made by
# Wails from app/'s services and committed. write makes it anew; check says whether
# it is what app/ has now, and changes nothing. Needs neither Node nor a display.
set -euo pipefail

cd "$(dirname "$0")/.."
mkdir -p build/tmp
made=$(mktemp -d "$PWD/build/tmp/bindings.XXXXXX")
trap 'rm -rf "$made"' EXIT

CGO_ENABLED=0 go build -tags bindings -o "$made/lanyard-desktop" . 2> >(grep -v '^go: downloading ' >&2)
cp wails.json "$made" # it says where to; from the folder in which it is
# It starts as the window does, and looks at nobody's files.
(cd "$made" && LANYARD_HOME=$made/home ./lanyard-desktop >said 2>&1) || {
	cat "$made/said" >&2
	exit 1
}

case ${1-} in
write)
	rm -rf frontend/wailsjs
	cp -R "$made/frontend/wailsjs" frontend/wailsjs
	;;
check)
	diff -r frontend/wailsjs "$made/frontend/wailsjs" >&2 || {
		echo 'frontend/wailsjs is not what app/ has now (above): run "make bindings" and commit what it writes.' >&2
		exit 1
	}
	;;
*)
	echo "usage: bindings.sh write|check" >&2
	exit 2
	;;
esac
