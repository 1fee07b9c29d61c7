#!/usr/bin/env bash
# index.sh FOLDER: a page that shows every picture of a folder and those below, by the
# part of their names before the size.
set -euo pipefail

cd "$1"
{
	cat <<'HEAD'
<!doctype html>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Lanyard: every page and state</title>
<style>
  body { font: 15px/1.4 system-ui, sans-serif; margin: 2rem; color-scheme: light dark; }
  h2 { margin: 2rem 0 .5rem; font-size: 1rem; }
  section { display: flex; flex-wrap: wrap; gap: .75rem; align-items: start; }
  img { height: 15rem; border: 1px solid #8888; border-radius: .4rem; }
</style>
<h1>Every page and state</h1>
HEAD
	last=
	while IFS= read -r picture; do
		name=$(basename "$picture" .png)
		title=$(dirname "$picture")/${name%%-[0-9]*}
		if [[ $title != "$last" ]]; then
			[[ -z $last ]] || echo '</section>'
			echo "<h2>${title#./}</h2><section>"
			last=$title
		fi
		echo "<a href=\"${picture#./}\"><img loading=\"lazy\" src=\"${picture#./}\" alt=\"$name\"></a>"
	done < <(find . -name '*.png' | LC_ALL=C sort)
	[[ -z $last ]] || echo '</section>'
} >index.html
echo "written to $1/index.html"
