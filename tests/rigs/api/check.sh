#!/usr/bin/env bash
# check.sh BINARY [EXAMPLES]: starts the service in a new home and sends it what its OpenAPI document
# allows and forbids, EXAMPLES times per operation (default 200: more than 10,000 requests in all).
# There is one worker: two of them break the parser of CPython 3.11 now and then.
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)"
binary="$(realpath "${1:?binary}")" examples="${2:-350}"
. "$here/../lib.sh"
venv api "$here/requirements.txt"
work="$(mktemp -d)"
export CLOUDCREW_TOKEN=the-rigs-token
"$binary" -C "$here/../../../examples/minimal" --home "$work/home" serve --listen 127.0.0.1:0 \
  >"$work/out" 2>"$work/err" &
service=$!
trap 'kill "$service" 2>/dev/null; wait "$service" 2>/dev/null; rm -rf "$work"' EXIT
for _ in $(seq 100); do grep -q listening "$work/out" && break; sleep 0.1; done
address="$(sed -n 's/^listening on //p' "$work/out")"
curl -sf --max-time 10 -o /dev/null -H "Authorization: Bearer $CLOUDCREW_TOKEN" \
  -H 'content-type: application/json' --data @"$here/demo.json" "$address/projects"
cd "$work" && cp "$here/schemathesis.toml" .
"$VENV/bin/schemathesis" run "$address/openapi.json" --checks all --workers 1 -n "$examples" --no-color \
  --phases coverage,fuzzing,stateful --seed "${CLOUDCREW_SEED:-1}"
kill -0 "$service" || { echo "the service died:"; cat "$work/err"; exit 1; }
