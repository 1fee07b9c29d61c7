#!/usr/bin/env bash
# frontend.sh modules|dist|test|browser|bench|gallery|lint: the window's pages, by npm in frontend/.
#
#   modules  npm's packages as frontend/package-lock.json has them, into node_modules
#   dist     the pages as the window embeds them, into frontend/dist
#   test     vitest
#   browser  Playwright: the states of the pages with a made-up Go half, then people's
#            stories with the real one, from what make build made; a part of each,
#            unless LANYARD_FAULTS is set
#   bench    what a list of 1,000 tokens costs
#   gallery  pictures of every state of the pages, and of what browser looks at, into
#            build/gallery/window
#   lint     svelte-check, eslint, prettier
#
# modules and dist do nothing where nothing has changed since: they note a checksum of
# what they were made from, so that neither a checkout nor a touched file counts.
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root/frontend"
notes=$root/build/tmp
mkdir -p "$notes"

# Two makes at once take turns.
exec 9>"$notes/.frontend.lock"
! command -v flock >/dev/null || flock 9

# Browsers are Debian's: Playwright fetches none.
export PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD=1

# npm as npm speaks, but without its words about npm.
npm() { command npm --no-audit --no-fund --no-update-notifier --loglevel=error "$@"; }

# sum FILE…: one checksum of their names and contents, of this system and of Node's version.
sum() { { node -p 'process.platform + process.arch + process.version' && printf '%s\0' "$@" | sort -z | xargs -0 sha256sum; } | sha256sum; }

modules() {
	local now
	now=$(sum package.json package-lock.json)
	[[ ! -e node_modules/.lanyard || $(<node_modules/.lanyard) != "$now" ]] || return 0
	echo "npm ci"
	# No package's own scripts: none that is used here needs one.
	npm ci --ignore-scripts || {
		echo "frontend.sh: npm could not install the packages of frontend/package-lock.json (its words are above)" >&2
		exit 1
	}
	echo "$now" >node_modules/.lanyard
}

dist() {
	modules
	local now files
	mapfile -d '' files < <(find . \( -name node_modules -o -name dist -o -name build-fake -o -name test-results -o -name 'e2e*' \) -prune -o -type f -print0)
	files+=(../backend/internal/pages/static/{tokens.css,mark.svg}) # which the service's pages have too
	now=$(sum "${files[@]}")
	[[ ! -e dist/index.html || ! -e $notes/dist || $(<"$notes/dist") != "$now" ]] || return 0
	echo "npm run build"
	rm -f "$notes/dist"
	npm run --silent build -- --logLevel warn
	echo "$now" >"$notes/dist"
}

# ready: the packages are there, and another make may have its turn.
ready() {
	modules
	exec 9>&-
}

case ${1-} in
modules) modules ;;
dist) dist ;;
test)
	ready
	echo "vitest"
	npm run --silent test
	;;
browser)
	ready
	export LANYARD_SEED=${LANYARD_SEED:-$RANDOM}
	echo "Playwright: a part of the pages and stories that LANYARD_SEED=$LANYARD_SEED decides, or all with LANYARD_FAULTS"
	echo "Playwright: the states of the pages"
	npm run --silent e2e -- --reporter=dot
	echo "Playwright: the pages and the real Go half"
	npm run --silent test:real
	;;
bench)
	ready
	npm run --silent bench -- --reporter=line
	;;
gallery)
	ready
	echo "Playwright: pictures of every state of the pages"
	npm run --silent gallery -- --reporter=dot
	echo "Playwright: and of the stories with the real Go half"
	LANYARD_GALLERY=$root/build/gallery/window npm run --silent test:real -- --reporter=dot
	;;
lint)
	ready
	echo "svelte-check, eslint, prettier"
	npm run --silent check
	npm run --silent lint
	;;
*)
	echo "usage: frontend.sh modules|dist|test|browser|bench|gallery|lint" >&2
	exit 2
	;;
esac
