# shellcheck shell=bash
# The node agents of the demo: the manifests of deploy/ with an overlay, and their removal.

AGENTS_NAMESPACE=holdfast-demo
# Where the bucket has the demo's backups.
LOCATION_PREFIX=demo
# What agents need of the environment, where it is set.
SECRET_VARIABLES=(AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN TEMPORAL_NAMESPACE TEMPORAL_API_KEY)

# deploy_agents IMAGE: applies the manifests, and waits until the agent of each node takes work.
deploy_agents() {
  local pod
  apply_agents "$1" >/dev/null
  kubectl -n "$AGENTS_NAMESPACE" rollout status daemonset/holdfast-node-agent-demo --timeout=180s
  for pod in $(kubectl -n "$AGENTS_NAMESPACE" get pods --selector app.kubernetes.io/component=node-agent --output name); do
    wait_until 60 takes_work "$pod" || die "the agent $pod does not start; see: kubectl -n $AGENTS_NAMESPACE logs $pod"
  done
}

takes_work() {
  [[ $(kubectl -n "$AGENTS_NAMESPACE" logs "$1" --tail=-1 2>/dev/null) == *'worker ready'* ]]
}

# remove_agents: all but their namespace with the master key.
remove_agents() (
  folder=$(mktemp --directory)
  trap 'rm -r "$folder"' EXIT
  {
    overlay "$folder"
    printf '  - patch: "{ apiVersion: v1, kind: Namespace, metadata: { name: holdfast }, $patch: delete }"\n'
  } >"$folder/kustomization.yaml"
  kubectl delete -k "$folder" --ignore-not-found --timeout=90s
)

# The overlay holds credentials, so it goes at once.
apply_agents() (
  folder=$(mktemp --directory)
  trap 'rm -r "$folder"' EXIT
  configuration=$(configuration_patches)
  {
    overlay "$folder"
    printf '%s\n' "$configuration"
    agent_patch "$1" "$(sha256sum <<<"$configuration" | cut --characters 1-16)"
  } >"$folder/kustomization.yaml"
  kubectl apply -k "$folder"
)

overlay() {
  cat <<YAML
namespace: $AGENTS_NAMESPACE
# Roles of the cluster belong to no namespace.
nameSuffix: -demo
resources: [$(realpath --relative-to "$1" deploy/kubernetes)]
patches:
  # API and workers run on this machine, and the worker makes the definitions.
  - { target: { kind: Deployment }, patch: "{ apiVersion: v1, kind: Any, metadata: { name: any }, \$patch: delete }" }
  - { target: { kind: CustomResourceDefinition }, patch: "{ apiVersion: v1, kind: Any, metadata: { name: any }, \$patch: delete }" }
YAML
}

configuration_patches() {
  cat <<YAML
  - patch: |
      apiVersion: v1
      kind: ConfigMap
      metadata: { name: holdfast }
      data:
        TEMPORAL_ADDRESS: $HOLDFAST_POD_TEMPORAL_ADDRESS
        HOLDFAST_LOCATIONS: >-
          [{"name": "default", "provider": "s3", "bucket": "$S3_BUCKET", "prefix": "$LOCATION_PREFIX",
          "endpoint": "$S3_ENDPOINT", "isPathStyle": true, "region": "${AWS_REGION:-us-east-1}"}]
  - patch: |
      apiVersion: v1
      kind: Secret
      metadata: { name: holdfast-object-storage }
      stringData:
YAML
  local variable
  for variable in "${SECRET_VARIABLES[@]}"; do
    [[ -z ${!variable:-} ]] || printf "        %s: '%s'\n" "$variable" "${!variable}"
  done
}

# agent_patch IMAGE HASH: pods read their configuration when they start, so another one makes new pods.
agent_patch() {
  cat <<YAML
  - patch: |
      apiVersion: apps/v1
      kind: DaemonSet
      metadata: { name: holdfast-node-agent }
      spec:
        template:
          metadata:
            annotations: { configuration-hash: '$2' }
          spec:
            containers: [{ name: node-agent, image: '$1' }]
YAML
}
