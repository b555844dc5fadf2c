#!/usr/bin/env bash
# Stops the Holdfast that the demo left running. The test bed goes on; `make testbed-down` stops that.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
. test/demo/process.sh

if is_running "$PROCESS"; then
  stop "$PROCESS" "$STOP_SECONDS"
  say "the demo's Holdfast is stopped"
fi
rm -f "$RUN_DIR"/pids/holdfast-*
