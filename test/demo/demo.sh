#!/usr/bin/env bash
# Shows a namespace of a real cluster that is backed up, deleted and restored. Run it by `make demo`.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
port=${HOLDFAST_DEMO_PORT:-8090}
export HOLDFAST_SERVER=http://127.0.0.1:$port
namespace=shop-demo
name=demo-$(date +%Y%m%d%H%M%S)
work=.dev/demo
log=$work/holdfast.log

step() { printf '\n==> %s\n' "$*"; }

start_holdfast() {
  local ui=() url=${TEMPORAL_ADDRESS%:*}
  [[ ${TEMPORAL_ADDRESS} == 127.0.0.1:7233 ]] && ui=(--temporal-ui "http://$url:8233")
  setsid bin/holdfast dev --verbose --port "$port" --temporal-address "$TEMPORAL_ADDRESS" "${ui[@]}" \
    --location "s3://$S3_BUCKET/demo" --s3-endpoint "$S3_ENDPOINT" >"$log" 2>&1 </dev/null &
  local pid=$!
  echo "$pid $(ps -o lstart= -p "$pid" | tr -s ' ')" >.dev/demo.pid
  for _ in $(seq 600); do
    grep -q '^API ' "$log" && return
    kill -0 "$pid" 2>/dev/null || break
    sleep 0.2
  done
  tail -n 20 "$log"
  echo "holdfast did not start; $log has its whole output" >&2
  exit 1
}

mkdir -p "$work"
bash test/demo/stop.sh

step "Holdfast starts: the workers and the API, with the test bed's Temporal and S3 (log in $log)"
start_holdfast
grep -E '^(API|Temporal|Location) ' "$log"

step "An application in the cluster: namespace $namespace"
kubectl delete namespace "$namespace" --ignore-not-found --wait --timeout=120s >/dev/null
kubectl apply -f test/demo/application.yaml >/dev/null
kubectl -n "$namespace" rollout status deployment/web --timeout=120s
kubectl -n "$namespace" get deployments,pods,services,configmaps,secrets
node test/demo/snapshot-main.ts "$namespace" >"$work/before"

step "The backup $name, with its progress"
bin/holdfast backup create "$name" --include-namespaces "$namespace" --wait

step "The deletion of the namespace"
kubectl delete namespace "$namespace" --wait --timeout=120s

step "The restore from the backup"
bin/holdfast restore create "$name" --from-backup "$name" --wait
kubectl -n "$namespace" rollout status deployment/web --timeout=120s
kubectl -n "$namespace" get deployments,pods,services,configmaps,secrets

step "The comparison, object by object, without what the server sets"
node test/demo/snapshot-main.ts "$namespace" >"$work/after"
if ! diff "$work/before" "$work/after"; then
  echo "the restored namespace differs" >&2
  exit 1
fi
echo "equal: $(wc -l <"$work/after") objects"

step "Where to look next"
cat <<TEXT
Holdfast goes on running at $HOLDFAST_SERVER.
  bin/holdfast backup get --server $HOLDFAST_SERVER
  bin/holdfast backup describe $name --server $HOLDFAST_SERVER
  curl $HOLDFAST_SERVER/api/v1/backups/$name
To stop it:  make demo-stop
To stop the test bed too, with its data:  make testbed-down
TEXT
