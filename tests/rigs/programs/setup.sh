#!/usr/bin/env bash
# Installs scanners where the sandbox may show them; prints what to export. The interpreter is the
# system's: the sandbox shows nothing of a home.
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)"
. "$here/../lib.sh"
venv="$RIG_STATE/venv-programs"
stamp="$(sha256sum "$here/requirements.txt")"
if [ "$(cat "$venv/.stamp" 2>/dev/null)" != "$stamp" ]; then
  rm -rf "$venv"
  /usr/bin/python3 -m venv "$venv"
  "$venv/bin/pip" install -q -r "$here/requirements.txt"
  echo "$stamp" >"$venv/.stamp"
fi
echo "export CLOUDCREW_PROGRAMS=$venv"
