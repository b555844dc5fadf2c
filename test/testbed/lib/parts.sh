# shellcheck shell=bash
# The parts of the bed by name, in the order in which they start.

CLUSTER_PARTS=(
  etcd containerd-a keeper-b containerd-b
  kube-apiserver kube-controller-manager kube-scheduler kube-proxy kubelet-a kubelet-b coredns provisioner
)
ALL_PARTS=("${CLUSTER_PARTS[@]}" temporal temporal-relay s3)

launch() {
  case $1 in
    containerd-* | keeper-* | kubelet-*) "launch_${1%-*}" "${1##*-}" ;;
    *) "launch_${1//-/_}" ;;
  esac
}

is_ready() {
  case $1 in
    containerd-* | keeper-* | kubelet-*) "is_ready_${1%-*}" "${1##*-}" ;;
    *) "is_ready_${1//-/_}" ;;
  esac
}

# ensure PART: leaves it alone if it runs and answers; otherwise starts it, without waiting for it.
ensure() {
  local part=$1
  if is_running "$part"; then
    # A busy machine may be slow to answer, which is no reason to end anything.
    if wait_until 15 is_ready "$part"; then
      return 0
    fi
    say "$part runs but does not answer; starting it again"
  elif [[ -e $RUN_DIR/pids/$part ]]; then
    say "$part has died; starting it again"
  fi
  stop "$part"
  if [[ $part == keeper-* ]]; then
    reset_node "${part##*-}"
  fi
  launch "$part"
}

# await PART...: until each answers; a part that takes longer than START_WAIT fails the whole run.
await() {
  local part
  for part in "$@"; do
    await_part "$part" || {
      tail -n 15 "$RUN_DIR/logs/$part.log" >&2 || true
      die "$part did not start; its log is $RUN_DIR/logs/$part.log"
    }
  done
}

# On a machine that is busy with much else, an API server may end for want of an answer of its own in time.
await_part() {
  local part=$1 left=2
  while wait_until "$START_WAIT" is_ready_or_gone "$part"; do
    if is_running "$part"; then
      return 0
    fi
    ((left-- > 0)) || return 1
    say "$part has ended; starting it again"
    tail -n 3 "$RUN_DIR/logs/$part.log" >&2 || true
    launch "$part"
  done
  return 1
}

is_ready_or_gone() {
  is_ready "$1" || ! is_running "$1"
}
