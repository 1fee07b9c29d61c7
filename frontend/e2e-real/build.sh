#!/usr/bin/env bash
# build.sh: a window that is also served over http, beside the programs of `make
# build`, and the program that opens it on a desk. Playwright runs it first.
set -euo pipefail

cd "$(dirname "$0")/../.."
to=build/tmp/dev
mkdir -p "$to"
for program in lanyard docker-credential-lanyard; do
	[[ -x build/bin/$program ]] || { echo "build.sh: build/bin/$program is not here: run make build first" >&2; exit 1; }
	ln -sf "../../bin/$program" "$to/$program"
done
# An own service of another build would be restarted: all have one version.
version=$(build/bin/lanyard --version)
version=${version#lanyard version }
CGO_ENABLED=1 go build -trimpath -tags dev,webkit2_41 -ldflags "-X main.version=$version" -o "$to/lanyard-desktop" .
go build -o build/tmp/window-desk ./backend/e2e/window
# The pages as they are now, whatever is built while the tests run.
rm -rf "$to/pages"
cp -R frontend/dist "$to/pages"
