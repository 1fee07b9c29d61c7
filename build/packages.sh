#!/usr/bin/env bash
# packages.sh GROUP…: installs the system packages of the named groups that are
# missing, with apt-get as root or through sudo; where it may not, it says the one
# command to run and stops. With nothing missing it calls no package manager.
#
#   fetch  what build/tools.sh needs to fetch and unpack Debian's packages
#   race   a C compiler, which go test -race needs
#   window what building the window and running it needs: a C compiler, GTK, WebKitGTK
#   test   the real parts that the tests and the demonstration run against
set -euo pipefail

# One line per thing: group, what shows that it is here (a command, a file, or a library
# as pkg-config knows it), Debian package.
table='
fetch  dpkg                                             dpkg
fetch  apt-get                                          apt
race   gcc                                              gcc
race   /usr/include/stdlib.h                            libc6-dev
window gcc                                              gcc
window /usr/include/stdlib.h                            libc6-dev
window pkg-config                                       pkg-config
window lib:gtk+-3.0                                     libgtk-3-dev
window lib:webkit2gtk-4.1                               libwebkit2gtk-4.1-dev
test   git                                              git
test   chromium                                         chromium
test   /usr/share/fonts/truetype/dejavu/DejaVuSans.ttf  fonts-dejavu-core
test   gnome-keyring-daemon                             gnome-keyring
test   dbus-daemon                                      dbus
test   dbus-run-session                                 dbus
test   secret-tool                                      libsecret-tools
test   Xvfb                                             xvfb
test   matchbox-window-manager                          matchbox-window-manager
test   xdotool                                          xdotool
test   xclip                                            xclip
test   import                                           imagemagick
test   /usr/libexec/at-spi-bus-launcher                 at-spi2-core
test   strace                                           strace
test   /usr/lib/systemd/systemd                         systemd
test   pgrep                                            procps
test   zsh                                              zsh
test   fish                                             fish
'

here() {
	case $1 in
	/*) [[ -e $1 ]] ;;
	lib:*) command -v pkg-config >/dev/null && pkg-config --exists "${1#lib:}" ;;
	*) command -v "$1" >/dev/null ;;
	esac
}

missing() {
	local group mark package
	while read -r group mark package; do
		[[ -n $group && " $* " == *" $group "* ]] || continue
		here "$mark" || echo "$package"
	done <<<"$table" | sort -u
}

mapfile -t want < <(missing "$@")
((${#want[@]})) || exit 0

refuse() {
	printf 'Missing here: %s.\n%s\n\n    %s\n\n' "${want[*]}" "$1" "$2" >&2
	exit 1
}

command -v apt-get >/dev/null ||
	refuse "There is no apt-get on this system. Install what these packages of Debian hold, then run make again:" "${want[*]}"

by=()
if ((EUID)); then
	by=(sudo -n)
	[[ -t 0 ]] && by=(sudo)
	if ! command -v sudo >/dev/null || ! "${by[@]}" true; then
		refuse "Installing them needs root. Run this, then make again:" \
			"apt-get update && apt-get install --no-install-recommends ${want[*]}"
	fi
fi

apt() {
	"${by[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq -o Acquire::Retries=3 -o DPkg::Lock::Timeout=300 "$@"
}

log=$(mktemp)
trap 'rm -f "$log"' EXIT

update() {
	echo "apt-get update"
	apt update >>"$log" 2>&1
}

install() {
	echo "apt-get install ${want[*]}"
	apt install -y --no-install-recommends "${want[@]}" </dev/null >>"$log" 2>&1
}

fail() {
	cat "$log" >&2
	refuse "apt-get could not install them (its words are above). Put that right, then run make again; by hand it is:" \
		"apt-get update && apt-get install --no-install-recommends ${want[*]}"
}

# Lists older than a week name package versions that the mirrors no longer have.
if [[ -n $(find /var/lib/apt/lists -maxdepth 1 -name '*Release' -mtime -7 -print -quit 2>/dev/null) ]]; then
	install || { update && install; } || fail
else
	{ update && install; } || fail
fi

mapfile -t want < <(missing "$@")
((${#want[@]} == 0)) || refuse "apt-get installed its packages, and this is still not here. Look for it with:" "dpkg -L ${want[*]}"
