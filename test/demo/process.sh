# shellcheck shell=bash disable=SC2034
# What starting and stopping the demo share: where it keeps its things, and how it knows its own process.

RUN_DIR=${HOLDFAST_DEMO_DIR:-.dev/demo}
# The kubeconfig of the cluster that the demo made something in.
CLUSTER_RECORD=$RUN_DIR/cluster
DEMO_NAMESPACE=shop-demo
# A start time is counted from the start of the machine, so a record is good for one boot only.
PROCESS=holdfast-$(</proc/sys/kernel/random/boot_id)
# Activities that are under way may take this long to let go.
STOP_SECONDS=40

say() {
  printf 'holdfast: %s\n' "$*" >&2
}

die() {
  say "$*"
  exit 1
}

. test/testbed/lib/process.sh

stop_holdfast() {
  if is_running "$PROCESS"; then
    stop "$PROCESS" "$STOP_SECONDS"
    say "the demo's Holdfast is stopped"
  fi
  rm -f "$RUN_DIR"/pids/holdfast-*
}
