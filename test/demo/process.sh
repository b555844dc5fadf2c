# shellcheck shell=bash disable=SC2034
# What starting and stopping the demo share: where it keeps its things, and how it knows its own process.

RUN_DIR=${HOLDFAST_DEMO_DIR:-.dev/demo}
# A start time is counted from the start of the machine, so a record is good for one boot only.
PROCESS=holdfast-$(</proc/sys/kernel/random/boot_id)
# Activities that are under way may take this long to let go.
STOP_SECONDS=40

say() {
  printf 'holdfast: %s\n' "$*" >&2
}

. test/testbed/lib/process.sh
