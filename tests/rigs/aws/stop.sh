#!/usr/bin/env bash
# Stops exactly what start.sh started, by the pid files.
. "$(cd "$(dirname "$0")" && pwd)/../lib.sh"
halt gateway
halt moto
rm -f "$RIG_STATE/aws.env"
