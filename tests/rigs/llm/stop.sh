#!/usr/bin/env bash
# Stops exactly what start.sh started, by the pid file.
. "$(cd "$(dirname "$0")" && pwd)/../lib.sh"
halt llama_cpp.server
rm -f "$RIG_STATE/llm.yaml"
