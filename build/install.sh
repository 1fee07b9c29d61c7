#!/usr/bin/env bash
# install.sh put|remove PREFIX [FILE…]: puts programs into PREFIX/bin, and a menu entry
# (NAME.desktop) with its icon (PNGs and an SVG, which take the entry's name) where desktops
# look for them under PREFIX/share. With lanyard itself go its completions for bash, zsh
# and fish and its manual pages. It takes all of it away again. What was put, and
# its checksum, is noted under PREFIX/lib/lanyard; remove takes only what is noted
# there and still the same. DESTDIR is honoured.
set -euo pipefail

verb=$1 prefix=$2
shift 2
# shellcheck disable=SC2088 # the sign itself: some shells leave PREFIX=~/… as it is
case $prefix in
'~' | '~/'*) prefix=$HOME${prefix#\~} ;;
/*) ;;
*) prefix=$PWD/$prefix ;;
esac
final=$prefix # where it is once it is unpacked
prefix=${DESTDIR:-}$prefix
note=$prefix/lib/lanyard/installed

# put_file SOURCE NAME MODE [FILTER…]: puts a file to NAME under PREFIX, through FILTER.
put_file() {
	local source=$1 name=$2 file=$prefix/$2 mode=$3 next
	shift 3
	mkdir -p "${file%/*}"
	# Beside its place and renamed: one that runs goes on running, and no moment has half a file.
	next=$(mktemp "${file%/*}/.${file##*/}.XXXXXX")
	"${@:-cat}" <"$source" >"$next"
	chmod "$mode" "$next"
	sync "$next" 2>/dev/null || true
	mv -f "$next" "$file"
	sums+=$(cd "$prefix" && sha256sum "${file#"$prefix"/}")$'\n'
	[[ $name == share/man/* ]] || echo "installed $file"
}

# put_manual PROGRAM: what the program says of itself: completions where the shells look
# for them, and manual pages.
put_manual() {
	local from page shell
	from=$(mktemp -d)
	for shell in bash zsh fish; do
		"$1" completion "$shell" >"$from/$shell"
	done
	"$1" man "$from/man"
	put_file "$from/bash" share/bash-completion/completions/lanyard 644
	put_file "$from/zsh" share/zsh/site-functions/_lanyard 644
	put_file "$from/fish" share/fish/vendor_completions.d/lanyard.fish 644
	for page in "$from"/man/*; do
		put_file "$page" "share/man/man1/${page##*/}" 644
	done
	echo "installed $prefix/share/man/man1/lanyard*.1"
	rm -r "$from"
}

# take NOTE [KEEP]: removes what NOTE says was put, unless KEEP says so too; what was
# changed since is left.
take() {
	local sum name file
	while read -r sum name; do
		[[ $name == */* ]] || name=bin/$name # as it was noted once
		file=$prefix/$name
		if [[ ! -e $file ]] || grep -qs "  $name\$" "${2:-/dev/null}"; then
			continue
		elif [[ $(sha256sum <"$file") == "$sum "* ]]; then
			rm -f "$file"
			[[ $name == share/man/* ]] || echo "removed $file"
		else
			echo "left alone, changed since it was installed: $file"
		fi
	done <"$1"
}

# whole_path: a menu entry that names its program by the whole path, since a desktop's
# PATH need not have PREFIX/bin; left as it is where such an entry could not write it.
whole_path() {
	if [[ $final == *[\"\\\`\$%\&\|]* ]]; then
		cat
	else
		sed "s|^Exec=\(.*\)|Exec=\"$final/bin/\1\"|"
	fi
}

case $verb in
put)
	mkdir -p "$prefix/bin" "${note%/*}"
	sums=
	for source in "$@"; do
		case $source in
		*.desktop) entry=$(basename "$source" .desktop) ;;
		esac
	done
	for source in "$@"; do
		case $source in
		*.desktop) put_file "$source" "share/applications/$entry.desktop" 644 whole_path ;;
		*/hicolor/*.png)
			size=$(basename "$source" .png)
			put_file "$source" "share/icons/hicolor/$size/apps/$entry.png" 644
			;;
		*.png) put_file "$source" "share/icons/hicolor/512x512/apps/$entry.png" 644 ;;
		*.svg) put_file "$source" "share/icons/hicolor/scalable/apps/$entry.svg" 644 ;;
		*)
			put_file "$source" "bin/${source##*/}" 755
			[[ ${source##*/} != lanyard ]] || put_manual "$source"
			;;
		esac
	done
	printf %s "$sums" >"$note.next"
	[[ ! -e $note ]] || take "$note" "$note.next" # what an earlier version had besides
	mv -f "$note.next" "$note"
	case :$PATH: in
	*":$prefix/bin:"*) ;;
	*) echo "note: $prefix/bin is not on your PATH" ;;
	esac
	;;
remove)
	[[ -e $note ]] || {
		echo "nothing of ours under $prefix"
		exit 0
	}
	# A file that names a helper which is gone fails every pull.
	if [[ -z ${DESTDIR:-} && -x $prefix/bin/lanyard ]] && ! "$prefix/bin/lanyard" docker undo </dev/null; then
		echo "nothing was removed: first run $prefix/bin/lanyard docker undo" >&2
		exit 1
	fi
	# What this person's system starts by itself must not outlive the program.
	if grep -qsF "\"$prefix/bin/lanyard\"" "${XDG_CONFIG_HOME:-$HOME/.config}"/systemd/user/lanyard{,-janitor}.service; then
		"$prefix/bin/lanyard" service uninstall && "$prefix/bin/lanyard" service stop ||
			echo "left alone: what your system starts by itself, see above"
	fi
	take "$note"
	rm -f "$note"
	rmdir "${note%/*}" 2>/dev/null || true
	;;
*)
	echo "usage: install.sh put|remove PREFIX [FILE…]" >&2
	exit 2
	;;
esac
