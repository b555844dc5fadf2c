#!/usr/bin/env bash
# Stops the Holdfast that the demo left running, and removes what the demo made in the cluster. The test bed goes on;
# `make testbed-down` stops that.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
. test/demo/process.sh
. test/demo/agents.sh

remove_from_cluster() {
  if ! kubectl version --request-timeout=10s >/dev/null 2>&1; then
    say "the cluster of $KUBECONFIG does not answer; what the demo made there stays"
    return
  fi
  kubectl delete namespace "$DEMO_NAMESPACE" --ignore-not-found --timeout=120s
  remove_agents
  rm "$CLUSTER_RECORD"
  say "the namespace $AGENTS_NAMESPACE stays, for it holds the master key, without which the demo's backups cannot be read"
}

stop_holdfast
if [[ -e $CLUSTER_RECORD ]]; then
  KUBECONFIG=$(<"$CLUSTER_RECORD")
  export KUBECONFIG
  remove_from_cluster
fi
