#!/usr/bin/env bash
# Starts moto and the gateway on loopback, on free ports unless RIG_AWS_PORT and RIG_MOTO_PORT are
# set. Prints what to export. Leaves running processes alone.
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)"
. "$here/../lib.sh"
venv aws "$here/requirements.txt"

if ! alive gateway || ! alive moto; then
  halt gateway; halt moto
  free() { "$VENV/bin/python" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
  port="${RIG_AWS_PORT:-$(free)}" moto_port="${RIG_MOTO_PORT:-$(free)}"
  # Programs that stand in for the phase task and the functions; each finds its script by the
  # project's id.
  scripts="$RIG_STATE/scripts"; mkdir -p "$scripts"
  "$VENV/bin/python" - "$here/../machine" "$scripts" "$VENV/bin/python" >"$RIG_STATE/programs.json" <<'P'
import json, os, sys
folder, scripts, python = os.path.abspath(sys.argv[1]), sys.argv[2], sys.argv[3]
program = lambda name: {"command": [python, "-I", "-S", os.path.join(folder, name)], "env": {"RIG_SCRIPTS": scripts}, "timeout": 30}
names = ["review", "request", "finalize", "ended"]
print(json.dumps({"ecs": {"phase": program("phase_task.py")},
                  "lambda": {"cloudcrew-" + name: program("functions.py") for name in names}}, indent=1))
P
  MOTO_PORT="$port" launch moto "$VENV/bin/python" "$here/moto_main.py" -H 127.0.0.1 -p "$moto_port"
  RIG_CONFIG="$RIG_STATE/programs.json" RIG_AWS_PORT="$port" RIG_MOTO_URL="http://127.0.0.1:$moto_port" RIG_LOG_DIR="$RIG_STATE" \
    launch gateway "$VENV/bin/python" "$here/gateway.py"
  wait_for moto "http://127.0.0.1:$moto_port/moto-api/"
  wait_for gateway "http://127.0.0.1:$port/_rig/log"
  cat >"$RIG_STATE/aws.env" <<T
export AWS_ENDPOINT_URL=http://127.0.0.1:$port AWS_REGION=us-east-1 AWS_DEFAULT_REGION=us-east-1
export AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test AWS_EC2_METADATA_DISABLED=true
export RIG_STATE=$RIG_STATE RIG_PYTHON=$VENV/bin/python
T
fi
cat "$RIG_STATE/aws.env"
