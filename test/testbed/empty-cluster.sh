#!/usr/bin/env bash
# A second cluster for tests: etcd and an API server, on request with one node, in a folder of its own.
set -euo pipefail

usage() {
  cat >&2 <<'TEXT'
usage: empty-cluster.sh up FOLDER API_PORT ETCD_PORT ETCD_PEER_PORT [OPTION...]
       empty-cluster.sh load FOLDER IMAGE
       empty-cluster.sh down FOLDER
       empty-cluster.sh build MINOR

  up       starts it from what the test bed built; its kubeconfig is FOLDER/kubeconfig
    --controllers PORT    with a controller manager: namespaces go, service accounts come
    --node SCHEDULER_PORT PROVISIONER_PORT KUBELET_PORT KUBELET_HEALTH_PORT
                          with a node of the name node-c, a scheduler and a provisioner, beside --controllers;
                          there can be one such cluster on a machine
    --audit               with an audit log of all that is written, FOLDER/audit.log
    --kubernetes MINOR    of another version than the bed's, like 1.37, that was built before
  load     gives its node an image of Holdfast that the test bed built
  down     stops it; FOLDER stays
  build    builds another version into the cache of the test bed, if it is not there
TEXT
  exit 2
}

(($# >= 2)) || usage
command=$1
# The bed's own folder, whatever stands for it below.
OTHER_BED_DIR=${HOLDFAST_TESTBED_DIR:-/var/lib/holdfast-testbed}
# The parts of the test bed take their folder and ports from here: nothing of the bed itself is in the folder.
case $command in
  up)
    (($# >= 5)) || usage
    HOLDFAST_TESTBED_DIR=$2
    HOLDFAST_TESTBED_API_PORT=$3
    HOLDFAST_TESTBED_ETCD_PORT=$4
    HOLDFAST_TESTBED_ETCD_PEER_PORT=$5
    shift 5
    ;;
  down)
    (($# == 2)) || usage
    HOLDFAST_TESTBED_DIR=$2
    shift 2
    ;;
  load)
    (($# == 3)) || usage
    HOLDFAST_TESTBED_DIR=$2
    image=$3
    shift 3
    ;;
  build)
    (($# == 2)) || usage
    minor=$2
    shift 2
    ;;
  *) usage ;;
esac

with_audit=no
kubelet_ports=()
kubernetes=
while (($# > 0)); do
  case $1 in
    --audit)
      with_audit=yes
      shift
      ;;
    --controllers)
      HOLDFAST_TESTBED_CONTROLLERS_PORT=${2:?$(usage)}
      shift 2
      ;;
    --node)
      (($# >= 5)) || usage
      HOLDFAST_TESTBED_SCHEDULER_PORT=$2
      HOLDFAST_TESTBED_PROVISIONER_PORT=$3
      kubelet_ports=("$4" "$5")
      shift 5
      ;;
    --kubernetes)
      kubernetes=${2:?$(usage)}
      shift 2
      ;;
    *) usage ;;
  esac
done

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source-path=SCRIPTDIR
{
  . "$here/lib/settings.sh"
  . "$here/lib/say.sh"
  . "$here/lib/process.sh"
  . "$here/lib/ownership.sh"
  . "$here/lib/packages.sh"
  . "$here/lib/go-build.sh"
  . "$here/lib/cache.sh"
  . "$here/lib/restic.sh"
  . "$here/lib/image-store.sh"
  . "$here/lib/other-kubernetes.sh"
  . "$here/lib/certificates.sh"
  . "$here/lib/control-plane.sh"
  . "$here/lib/node.sh"
  . "$here/lib/provisioner.sh"
  . "$here/lib/down.sh"
  . "$here/lib/own-node.sh"
  . "$here/lib/parts.sh"
}

cluster_up() {
  [[ -d $KUBERNETES_DIR ]] || die "no Kubernetes is in $CACHE_DIR; make testbed-up builds it where KUBECONFIG is not set"
  [[ -z $kubernetes ]] || use_other_kubernetes "$kubernetes"
  mkdir -p "$RUN_DIR"
  # The bridge of the bed, or the loopback address where the bed has no cluster.
  decide_ownership
  NODE_ADDRESS[a]=$SERVER_ADDRESS
  API_SERVER=https://$SERVER_ADDRESS:$API_PORT
  ((${#kubelet_ports[@]} == 0)) || use_own_node "${kubelet_ports[@]}"
  ensure_certificates
  ensure etcd
  ((${#kubelet_ports[@]} == 0)) || begin_own_node
  await etcd
  [[ $with_audit == no ]] || audit_writes
  ensure kube-apiserver
  await kube-apiserver
  wait_until "$START_WAIT" has_system_namespaces || die "the namespaces of the system are missing; see $RUN_DIR/logs/kube-apiserver.log"
  [[ -z ${HOLDFAST_TESTBED_CONTROLLERS_PORT:-} ]] || ensure kube-controller-manager
  ((${#kubelet_ports[@]} == 0)) || end_own_node
  [[ -z ${HOLDFAST_TESTBED_CONTROLLERS_PORT:-} ]] || await_controllers
}

# Without a log of what was asked, nobody can tell that a dry run has written nothing.
audit_writes() {
  cat >"$RUN_DIR/audit-policy.yaml" <<'YAML'
apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
  - {level: Metadata, verbs: [create, update, patch, delete, deletecollection]}
  - level: None
YAML
  API_SERVER_FLAGS+=(--audit-policy-file "$RUN_DIR/audit-policy.yaml" --audit-log-path "$RUN_DIR/audit.log")
}

has_system_namespaces() {
  kubectl get namespace default kube-system >/dev/null 2>&1
}

await_controllers() {
  await kube-controller-manager
  wait_until "$START_WAIT" has_service_account || die "the service account default is missing; see $RUN_DIR/logs/kube-controller-manager.log"
}

has_service_account() {
  kubectl get serviceaccount default >/dev/null 2>&1
}

cluster_down() {
  remove_own_node
  local part
  for part in kube-controller-manager kube-apiserver etcd; do
    stop "$part" 0
  done
}

case $command in
  up) cluster_up ;;
  load)
    NODES=(c)
    load_image "$image"
    ;;
  down) cluster_down ;;
  build) make_other_kubernetes "$minor" ;;
esac
