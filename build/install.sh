#!/usr/bin/env bash
# install.sh put|remove PREFIX [PROGRAM…]: puts programs into PREFIX/bin and takes
# them away again. What was put, and its checksum, is noted under PREFIX/lib/lanyard;
# remove takes only what is noted there and still the same. DESTDIR is honoured.
set -euo pipefail

verb=$1 prefix=$2
shift 2
# shellcheck disable=SC2088 # the sign itself: some shells leave PREFIX=~/… as it is
case $prefix in
'~' | '~/'*) prefix=$HOME${prefix#\~} ;;
/*) ;;
*) prefix=$PWD/$prefix ;;
esac
prefix=${DESTDIR:-}$prefix
note=$prefix/lib/lanyard/installed

case $verb in
put)
	mkdir -p "$prefix/bin" "${note%/*}"
	sums=
	for program in "$@"; do
		name=${program##*/}
		# Beside its place and renamed: one that runs goes on running, and no moment has half a file.
		next=$(mktemp "$prefix/bin/.$name.XXXXXX")
		cp "$program" "$next"
		chmod 755 "$next"
		sync "$next" 2>/dev/null || true
		mv -f "$next" "$prefix/bin/$name"
		sums+=$(cd "$prefix/bin" && sha256sum "$name")$'\n'
		echo "installed $prefix/bin/$name"
	done
	printf %s "$sums" >"$note.next"
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
	while read -r sum name; do
		file=$prefix/bin/$name
		if [[ ! -e $file ]]; then
			continue
		elif [[ $(sha256sum <"$file") == "$sum "* ]]; then
			rm -f "$file"
			echo "removed $file"
		else
			echo "left alone, changed since it was installed: $file"
		fi
	done <"$note"
	rm -f "$note"
	rmdir "${note%/*}" 2>/dev/null || true
	;;
*)
	echo "usage: install.sh put|remove PREFIX [PROGRAM…]" >&2
	exit 2
	;;
esac
