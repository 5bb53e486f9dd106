#!/usr/bin/env bash
# Ends what start.sh started, by the pid file, and nothing else.
. "$(cd "$(dirname "$0")" && pwd)/../lib.sh"
halt llama_cpp.server
rm -f "$RIG_STATE/llm.yaml"
