#!/usr/bin/env bash
# Resets every service of moto; the processes keep running.
set -euo pipefail
. "$(cd "$(dirname "$0")" && pwd)/../lib.sh"
. "$RIG_STATE/aws.env"
curl -fsS -X POST "$AWS_ENDPOINT_URL/moto-api/reset" >/dev/null
