#!/usr/bin/env bash
# serve.sh: builds a window that is also served over http, beside the programs of
# `make build`, and opens it on a desk of its own. Playwright starts and ends it.
set -euo pipefail

cd "$(dirname "$0")/../.."
to=build/tmp/dev
mkdir -p "$to"
for program in lanyard docker-credential-lanyard; do
	[[ -x build/bin/$program ]] || { echo "serve.sh: build/bin/$program is not here: run make build first" >&2; exit 1; }
	ln -sf "../../bin/$program" "$to/$program"
done
# An own service of another build would be restarted: all have one version.
version=$(build/bin/lanyard --version)
version=${version#lanyard version }
CGO_ENABLED=1 go build -trimpath -tags dev,webkit2_41 -ldflags "-X main.version=$version" -o "$to/lanyard-desktop" .
go build -o build/tmp/window-desk ./backend/e2e/window
exec build/tmp/window-desk -programs "$to"
