#!/usr/bin/env bash
# Installs MCP servers of others where the sandbox may show them; prints what to export.
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)"
. "$here/../lib.sh"
place="$RIG_STATE/mcp"
stamp="$(sha256sum "$here/requirements.txt" "$here/setup.sh")"
if [ "$(cat "$place/.stamp" 2>/dev/null)" != "$stamp" ]; then
  rm -rf "$place"
  mkdir -p "$place"
  # The interpreter is the system's: the sandbox shows nothing of a home.
  /usr/bin/python3 -m venv "$place/py"
  "$place/py/bin/pip" install -q -r "$here/requirements.txt"
  npm install -g --prefix "$place/js" --no-audit --no-fund --silent --ignore-scripts \
    @modelcontextprotocol/server-filesystem@2026.8.31 \
    @modelcontextprotocol/server-everything@2026.8.31
  echo "$stamp" >"$place/.stamp"
fi
echo "export CLOUDCREW_MCP=$place/js:$place/py"
