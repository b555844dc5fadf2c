#!/usr/bin/env bash
# Shows a namespace of a real cluster that is backed up, deleted and restored, with its data. Run it by `make demo`.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
. test/demo/process.sh
. test/demo/agents.sh
. test/demo/data.sh
port=${HOLDFAST_DEMO_PORT:-8090}
export HOLDFAST_SERVER=http://127.0.0.1:$port
namespace=$DEMO_NAMESPACE
name=demo-$(date +%Y%m%d%H%M%S)
log=$RUN_DIR/holdfast.log
bed_image=holdfast.test/busybox:1.35
image=${HOLDFAST_DEMO_IMAGE:-$bed_image}

step() { printf '\n==> %s\n' "$*"; }

# Whatever may be the user's own: what is lacking is said before anything is touched.
require_parts() {
  local part
  for part in KUBECONFIG TEMPORAL_ADDRESS S3_ENDPOINT S3_BUCKET HOLDFAST_POD_TEMPORAL_ADDRESS; do
    [[ -n ${!part:-} ]] || die "$part is not set; run: make demo"
  done
  command -v kubectl >/dev/null || die "the demo needs kubectl on the PATH"
  is_bed_cluster || require_images
  require_own_namespace
}

require_images() {
  [[ $image != "$bed_image" ]] ||
    die "the image $bed_image is in the test bed's cluster alone, and KUBECONFIG names another;" \
      "set HOLDFAST_DEMO_IMAGE to an image with busybox that your cluster can pull"
  [[ ${HOLDFAST_IMAGE:-holdfast.test/} != holdfast.test/* ]] ||
    die "the node agents need an image of Holdfast that your cluster can pull; make image builds one, and HOLDFAST_IMAGE names it"
}

is_bed_cluster() {
  [[ " ${HOLDFAST_TESTBED_OWN:-} " == *" $KUBECONFIG "* ]]
}

# The demo deletes its namespace, so one of that name that somebody else made must stop it.
require_own_namespace() {
  local owner
  owner=$(kubectl get namespace "$namespace" --ignore-not-found --output 'jsonpath={.metadata.name} {.metadata.labels.team}') ||
    die "the cluster of KUBECONFIG ($KUBECONFIG) does not answer"
  [[ -z ${owner// /} || $owner == "$namespace shop" ]] || die "the namespace $namespace exists and is not the demo's; delete it first"
}

start_holdfast() {
  local ui=() url=${TEMPORAL_ADDRESS%:*} pid
  [[ ${TEMPORAL_ADDRESS} == 127.0.0.1:7233 ]] && ui=(--temporal-ui "http://$url:8233")
  HOLDFAST_NAMESPACE=$AGENTS_NAMESPACE HOLDFAST_CACHE_DIR=$(realpath "$RUN_DIR")/cache \
    setsid bin/holdfast dev --verbose --port "$port" --temporal-address "$TEMPORAL_ADDRESS" "${ui[@]}" \
    --location "s3://$S3_BUCKET/$LOCATION_PREFIX" --s3-endpoint "$S3_ENDPOINT" >"$log" 2>&1 </dev/null &
  pid=$!
  record_process "$PROCESS" "$pid"
  for _ in $(seq 600); do
    grep -q '^API ' "$log" && return
    kill -0 "$pid" 2>/dev/null || break
    sleep 0.2
  done
  tail -n 20 "$log"
  die "Holdfast did not start; $log has its whole output"
}

# On a cluster of the user's own, the claim is of its default class.
application() {
  if is_bed_cluster; then
    cat test/demo/application.yaml
  else
    sed "s|$bed_image|$image|; /storageClassName:/d" test/demo/application.yaml
  fi
}

wait_for_application() {
  kubectl -n "$namespace" rollout status deployment/web --timeout=120s
  kubectl -n "$namespace" rollout status deployment/photos --timeout=120s
  kubectl -n "$namespace" get deployments,pods,services,configmaps,secrets,persistentvolumeclaims
}

# describe_namespace STATE: notes what is in the namespace and in its volume.
describe_namespace() {
  node test/demo/snapshot-main.ts "$namespace" >"$RUN_DIR/objects-$1"
  photos_digest >"$RUN_DIR/data-$1"
}

# compare WHAT: fails with the difference.
compare() {
  diff "$RUN_DIR/$1-before" "$RUN_DIR/$1-after" || die "the restored $1 differ"
}

require_parts
mkdir -p "$RUN_DIR/pids"
stop_holdfast

step "The image of the node agents: this checkout (2 minutes the first time, 5 seconds with changed sources)"
HOLDFAST_IMAGE=$(test/testbed/testbed.sh image)
export HOLDFAST_IMAGE
echo "$HOLDFAST_IMAGE"

step "Holdfast starts: the workers and the API, with Temporal at $TEMPORAL_ADDRESS and S3 at $S3_ENDPOINT (log in $log)"
start_holdfast
grep -E '^(API|Temporal|Location) ' "$log"
# A demo before this one may have had another Temporal, and so have been another Holdfast.
bin/holdfast location adopt default

step "Its node agents in the cluster: the DaemonSet of deploy/kubernetes, in the namespace $AGENTS_NAMESPACE"
printf '%s\n' "$KUBECONFIG" >"$CLUSTER_RECORD"
deploy_agents "$HOLDFAST_IMAGE"
kubectl -n "$AGENTS_NAMESPACE" get pods --output wide

step "An application in the cluster: namespace $namespace, with 12 MiB of photos in a volume"
kubectl delete namespace "$namespace" --ignore-not-found --wait --timeout=120s >/dev/null
application | kubectl apply -f - >/dev/null
wait_for_application
make_photos
describe_namespace before

step "The backup $name, with its progress"
bin/holdfast backup create "$name" --include-namespaces "$namespace" --wait

step "What the backup covers, and how its data was proven"
bin/holdfast backup coverage "$name" | cut --characters 1-180

step "The deletion of the namespace, and of the data with it"
kubectl delete namespace "$namespace" --wait --timeout=120s

step "The restore from the backup"
bin/holdfast restore create "$name" --from-backup "$name" --wait
wait_for_application

step "The comparison: each object without what the server sets; each file by type, mode, owner, time, size, links and SHA-256"
describe_namespace after
compare objects
compare data
echo "equal: $(wc -l <"$RUN_DIR/objects-after") objects, $(grep -c '  \./' "$RUN_DIR/data-after") files"

step "Where to look next"
cat <<TEXT
Holdfast goes on running at $HOLDFAST_SERVER.
  bin/holdfast backup get --server $HOLDFAST_SERVER
  bin/holdfast backup describe $name --server $HOLDFAST_SERVER
  curl $HOLDFAST_SERVER/api/v1/backups/$name
To stop it and remove what it made in the cluster:  make demo-stop
To stop the test bed too, with its data:  make testbed-down
TEXT
