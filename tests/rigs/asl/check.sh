#!/usr/bin/env bash
# check.sh [MACHINE...]: lints state machines with asl-validator; without arguments, the committed
# ones.
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)"
. "$here/../lib.sh"
at="$RIG_STATE/asl"
if ! cmp -s "$here/package-lock.json" "$at/package-lock.json" || [ ! -d "$at/node_modules" ]; then
  mkdir -p "$at"
  cp "$here/package.json" "$here/package-lock.json" "$at"
  npm ci --prefix "$at" --silent --no-audit --no-fund || { rm -f "$at/package-lock.json"; exit 1; }
fi
[ $# -gt 0 ] || set -- "$RIGS"/../../infra/terraform/state_machines/*.asl.json
for machine in "$@"; do
  "$at/node_modules/.bin/asl-validator" --json-path "$machine"
done
