#!/usr/bin/env bash
# Ends what start.sh started, by the pid files, and nothing else.
. "$(cd "$(dirname "$0")" && pwd)/../lib.sh"
halt gateway
halt moto
rm -f "$RIG_STATE/aws.env"
