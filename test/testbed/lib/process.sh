# shellcheck shell=bash
# Processes of the bed, and of the demo: each has a name, a log, and a record of its pid and start time.
# The start time tells our process from a later one with the same pid, so that only ours is ever ended.

process_start_time() {
  local stat fields
  stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 1
  # The command name may hold spaces and brackets, so fields are counted after the last bracket.
  read -r -a fields <<<"${stat##*) }"
  [[ ${fields[0]} != Z ]] || return 1
  printf '%s\n' "${fields[19]}"
}

# Prints the pid of a recorded process that still runs; fails if there is none.
process_pid() {
  local pid started
  read -r pid started 2>/dev/null <"$RUN_DIR/pids/$1" || return 1
  [[ $(process_start_time "$pid") == "$started" ]] || return 1
  printf '%s\n' "$pid"
}

is_running() {
  process_pid "$1" >/dev/null
}

# spawn NAME [VARIABLE=VALUE...] COMMAND...
# The child gets a session, log and environment of its own and none of our open files: it must hold
# neither the lock nor the pipe of a caller that waits for our output to end.
spawn() {
  local name=$1
  shift
  mkdir -p "$RUN_DIR/pids" "$RUN_DIR/logs"
  (
    cd /
    exec </dev/null >>"$RUN_DIR/logs/$name.log" 2>&1
    close_inherited_files
    # A shell starts its background commands with INT and QUIT ignored; pods would inherit that.
    exec setsid env -i --default-signal=INT,QUIT PATH="$PATH" HOME="$HOME" "$@"
  ) &
  record_process "$name" "$!"
}

record_process() {
  printf '%s %s\n' "$2" "$(process_start_time "$2")" >"$RUN_DIR/pids/$1"
}

close_inherited_files() {
  local file number
  for file in "/proc/$BASHPID/fd/"*; do
    number=${file##*/}
    if ((number > 2)); then
      exec {number}>&-
    fi
  done
}

# stop NAME [SECONDS]: asks, waits (10 seconds), then insists.
stop() {
  local name=$1 seconds=${2:-10} pid
  if pid=$(process_pid "$name"); then
    kill -TERM "$pid" 2>/dev/null || true
    if ! wait_until "$seconds" is_stopped "$name"; then
      kill -KILL "$pid" 2>/dev/null || true
      wait_until 5 is_stopped "$name" || say "$name (pid $pid) does not end; its log is $RUN_DIR/logs/$name.log"
    fi
  fi
  rm -f "$RUN_DIR/pids/$name"
}

is_stopped() {
  ! is_running "$1"
}

# wait_until SECONDS COMMAND...: tries at once and then five times a second.
wait_until() {
  local deadline=$((SECONDS + $1))
  shift
  until "$@"; do
    ((SECONDS < deadline)) || return 1
    sleep 0.2
  done
}
