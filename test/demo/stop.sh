#!/usr/bin/env bash
# Stops the Holdfast that the demo left running. The test bed goes on; `make testbed-down` stops that.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
record=.dev/demo.pid

if [[ -s $record ]]; then
  read -r pid started <"$record"
  # The start time tells our process from another one that got its number later.
  if [[ $(ps -o lstart= -p "$pid" 2>/dev/null | tr -s ' ') == "$started" ]]; then
    kill "$pid"
    while kill -0 "$pid" 2>/dev/null; do sleep 0.2; done
    echo "holdfast: stopped"
  fi
  rm -f "$record"
fi
