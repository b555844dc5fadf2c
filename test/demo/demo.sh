#!/usr/bin/env bash
# Shows a namespace of a real cluster that is backed up, deleted and restored. Run it by `make demo`.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
. test/demo/process.sh
port=${HOLDFAST_DEMO_PORT:-8090}
export HOLDFAST_SERVER=http://127.0.0.1:$port
namespace=shop-demo
name=demo-$(date +%Y%m%d%H%M%S)
log=$RUN_DIR/holdfast.log
bed_image=holdfast.test/busybox:1.35
image=${HOLDFAST_DEMO_IMAGE:-$bed_image}

step() { printf '\n==> %s\n' "$*"; }

die() {
  say "$*"
  exit 1
}

# Whatever may be the user's own: what is lacking is said before anything is touched.
require_parts() {
  local part
  for part in KUBECONFIG TEMPORAL_ADDRESS S3_ENDPOINT S3_BUCKET; do
    [[ -n ${!part:-} ]] || die "$part is not set; run: make demo"
  done
  command -v kubectl >/dev/null || die "the demo needs kubectl on the PATH"
  if [[ $image == "$bed_image" && " ${HOLDFAST_TESTBED_OWN:-} " != *" $KUBECONFIG "* ]]; then
    die "the image $bed_image is in the test bed's cluster alone, and KUBECONFIG names another;" \
      "set HOLDFAST_DEMO_IMAGE to an image with busybox that your cluster can pull"
  fi
  require_own_namespace
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
  setsid bin/holdfast dev --verbose --port "$port" --temporal-address "$TEMPORAL_ADDRESS" "${ui[@]}" \
    --location "s3://$S3_BUCKET/demo" --s3-endpoint "$S3_ENDPOINT" >"$log" 2>&1 </dev/null &
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

require_parts
mkdir -p "$RUN_DIR/pids"
bash test/demo/stop.sh

step "Holdfast starts: the workers and the API, with Temporal at $TEMPORAL_ADDRESS and S3 at $S3_ENDPOINT (log in $log)"
start_holdfast
grep -E '^(API|Temporal|Location) ' "$log"

step "An application in the cluster: namespace $namespace"
kubectl delete namespace "$namespace" --ignore-not-found --wait --timeout=120s >/dev/null
sed "s|$bed_image|$image|" test/demo/application.yaml | kubectl apply -f - >/dev/null
kubectl -n "$namespace" rollout status deployment/web --timeout=120s
kubectl -n "$namespace" get deployments,pods,services,configmaps,secrets
node test/demo/snapshot-main.ts "$namespace" >"$RUN_DIR/before"

step "The backup $name, with its progress"
bin/holdfast backup create "$name" --include-namespaces "$namespace" --wait

step "The deletion of the namespace"
kubectl delete namespace "$namespace" --wait --timeout=120s

step "The restore from the backup"
bin/holdfast restore create "$name" --from-backup "$name" --wait
kubectl -n "$namespace" rollout status deployment/web --timeout=120s
kubectl -n "$namespace" get deployments,pods,services,configmaps,secrets

step "The comparison, object by object, without what the server sets"
node test/demo/snapshot-main.ts "$namespace" >"$RUN_DIR/after"
if ! diff "$RUN_DIR/before" "$RUN_DIR/after"; then
  echo "the restored namespace differs" >&2
  exit 1
fi
echo "equal: $(wc -l <"$RUN_DIR/after") objects"

step "Where to look next"
cat <<TEXT
Holdfast goes on running at $HOLDFAST_SERVER.
  bin/holdfast backup get --server $HOLDFAST_SERVER
  bin/holdfast backup describe $name --server $HOLDFAST_SERVER
  curl $HOLDFAST_SERVER/api/v1/backups/$name
To stop it:  make demo-stop
To stop the test bed too, with its data:  make testbed-down
TEXT
