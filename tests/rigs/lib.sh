# Shared by the rig's scripts: the state folder, pid files, waiting for a port.
RIGS="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
RIG_STATE="${RIG_STATE:-$RIGS/../../target/rigs}"
mkdir -p "$RIG_STATE"
RIG_STATE="$(cd "$RIG_STATE" && pwd)"

# alive NAME: whether the process in the pid file NAME is running. Checks its command line too,
# because pids are reused.
alive() { [ -s "$RIG_STATE/$1.pid" ] && grep -qa "$1" "/proc/$(cat "$RIG_STATE/$1.pid")/cmdline" 2>/dev/null; }

# launch NAME COMMAND...: starts the command in the background
launch() {
  local name="$1"; shift
  setsid "$@" >"$RIG_STATE/$name.log" 2>&1 </dev/null &
  echo $! >"$RIG_STATE/$name.pid"
}

# wait_for NAME URL: waits until URL responds, at most 30 s
wait_for() {
  for _ in $(seq 1 150); do
    # A process that is about to execute its program has the name of this shell.
    alive "$1" || kill -0 "$(cat "$RIG_STATE/$1.pid")" 2>/dev/null ||
      { echo "$1 died:" >&2; tail -20 "$RIG_STATE/$1.log" >&2; return 1; }
    curl -s -o /dev/null --max-time 2 "$2" && return 0
    sleep 0.2
  done
  echo "$1: no response from $2" >&2; return 1
}

# halt NAME: stops the process in the pid file, and only that one
halt() {
  if alive "$1"; then
    local pid; pid="$(cat "$RIG_STATE/$1.pid")"
    kill "$pid" 2>/dev/null
    for _ in $(seq 1 50); do alive "$1" || break; sleep 0.1; done
    if alive "$1"; then kill -9 "$pid" 2>/dev/null; fi
  fi
  rm -f "$RIG_STATE/$1.pid"
}

# venv NAME REQUIREMENTS: creates a virtual environment, again when the file changes; sets VENV
venv() {
  VENV="$RIG_STATE/venv-$1"
  local stamp; stamp="$(sha256sum "$2" | cut -d' ' -f1)"
  if [ "$(cat "$VENV/.stamp" 2>/dev/null)" != "$stamp" ]; then
    rm -rf "$VENV"
    python3 -m venv "$VENV" && "$VENV/bin/pip" install -q -r "$2" && echo "$stamp" >"$VENV/.stamp"
  fi
}
