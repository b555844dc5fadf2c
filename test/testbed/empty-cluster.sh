#!/usr/bin/env bash
# A second cluster for tests: etcd and an API server, with no node and no controller, in a folder of its own.
set -euo pipefail

usage() {
  cat >&2 <<'TEXT'
usage: empty-cluster.sh up FOLDER API_PORT ETCD_PORT ETCD_PEER_PORT
       empty-cluster.sh down FOLDER

  up     starts it from what the test bed built; its kubeconfig is FOLDER/kubeconfig
  down   stops it; FOLDER stays
TEXT
  exit 2
}

[[ $# == 2 || $# == 5 ]] || usage
# The parts of the test bed take their folder and ports from here: nothing of the bed itself is in the folder.
HOLDFAST_TESTBED_DIR=$2
HOLDFAST_TESTBED_API_PORT=${3:-0}
HOLDFAST_TESTBED_ETCD_PORT=${4:-0}
HOLDFAST_TESTBED_ETCD_PEER_PORT=${5:-0}

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source-path=SCRIPTDIR
{
  . "$here/lib/settings.sh"
  . "$here/lib/say.sh"
  . "$here/lib/process.sh"
  . "$here/lib/ownership.sh"
  . "$here/lib/cache.sh"
  . "$here/lib/certificates.sh"
  . "$here/lib/control-plane.sh"
  . "$here/lib/parts.sh"
}

cluster_up() {
  [[ -d $SERVERS_DIR ]] || die "no Kubernetes is in $CACHE_DIR; make testbed-up builds it where KUBECONFIG is not set"
  mkdir -p "$RUN_DIR"
  # The bridge of the bed, or the loopback address where the bed has no cluster.
  decide_ownership
  NODE_ADDRESS[a]=$SERVER_ADDRESS
  API_SERVER=https://$SERVER_ADDRESS:$API_PORT
  ensure_certificates
  ensure etcd
  await etcd
  ensure kube-apiserver
  await kube-apiserver
  wait_until 60 has_system_namespaces || die "the namespaces of the system are missing; see $RUN_DIR/logs/kube-apiserver.log"
}

has_system_namespaces() {
  kubectl get namespace default kube-system >/dev/null 2>&1
}

cluster_down() {
  stop kube-apiserver
  stop etcd
}

case $1 in
  up) cluster_up ;;
  down) cluster_down ;;
  *) usage ;;
esac
