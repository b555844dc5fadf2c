# shellcheck shell=bash
# What the bed says about itself.

report_env() {
  local own=()
  if [[ $OWN_CLUSTER == yes ]]; then
    print_export KUBECONFIG "$BED_KUBECONFIG"
    print_export HOLDFAST_TESTBED_REQUESTS "$REQUEST_LOG"
    # Stripping it first keeps PATH from growing when a shell evaluates this again.
    # shellcheck disable=SC2016
    printf 'export PATH=%q:"${PATH#%q:}"\n' "$KUBECTL_DIR" "$KUBECTL_DIR"
    own+=("$BED_KUBECONFIG")
  else
    pass_through KUBECONFIG
  fi

  if [[ $OWN_TEMPORAL == yes ]]; then
    print_export TEMPORAL_ADDRESS "$BED_TEMPORAL_ADDRESS"
    print_export HOLDFAST_TEMPORAL_CLI "$TEMPORAL_CLI"
    own+=("$BED_TEMPORAL_ADDRESS")
  else
    HOLDFAST_TEMPORAL_CLI=${HOLDFAST_TEMPORAL_CLI:-$(command -v temporal || true)}
    pass_through TEMPORAL_ADDRESS HOLDFAST_TEMPORAL_CLI
  fi

  if [[ $OWN_RELAY == yes ]]; then
    print_export HOLDFAST_POD_TEMPORAL_ADDRESS "${NODE_ADDRESS[a]}:$TEMPORAL_PORT"
  else
    print_export HOLDFAST_POD_TEMPORAL_ADDRESS "${HOLDFAST_POD_TEMPORAL_ADDRESS:-${TEMPORAL_ADDRESS:-$BED_TEMPORAL_ADDRESS}}"
  fi

  if [[ $OWN_S3 == yes ]]; then
    print_export S3_ENDPOINT "$BED_S3_ENDPOINT"
    print_export AWS_ACCESS_KEY_ID "$BED_S3_KEY_ID"
    print_export AWS_SECRET_ACCESS_KEY "$BED_S3_SECRET_KEY"
    print_export AWS_REGION "$BED_S3_REGION"
    print_export S3_BUCKET "$BED_S3_BUCKET"
    own+=("$BED_S3_ENDPOINT")
  else
    S3_BUCKET=${S3_BUCKET:-$BED_S3_BUCKET}
    pass_through S3_ENDPOINT AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_REGION S3_BUCKET
  fi

  if [[ $OWN_RESTIC == yes ]]; then
    print_export HOLDFAST_RESTIC "$BED_RESTIC"
    own+=("$BED_RESTIC")
  else
    pass_through HOLDFAST_RESTIC
  fi

  if [[ $OWN_IMAGE == yes && $OWN_CLUSTER == yes ]]; then
    print_export HOLDFAST_IMAGE "$(bed_image)"
  elif [[ $OWN_IMAGE == no ]]; then
    pass_through HOLDFAST_IMAGE HOLDFAST_EARLIER_IMAGE
  fi

  print_export HOLDFAST_TESTBED_OWN "${own[*]}"
  local part
  for part in $(own_parts); do
    is_running "$part" || { say "the bed is not up ($part does not run); start it with: make testbed-up" && break; }
  done
}

print_export() {
  printf 'export %s=%q\n' "$1" "$2"
}

pass_through() {
  local name
  for name in "$@"; do
    [[ -z ${!name:-} ]] || print_export "$name" "${!name}"
  done
}

own_parts() {
  if [[ $OWN_CLUSTER == yes ]]; then
    printf '%s\n' "${CLUSTER_PARTS[@]}"
  fi
  [[ $OWN_TEMPORAL == no ]] || echo temporal
  [[ $OWN_RELAY == no ]] || echo temporal-relay
  [[ $OWN_S3 == no ]] || echo s3
}

# Prints a line for each part; fails if one of the bed's own does not run and answer.
report_status() {
  local part state failed=0
  for part in $(own_parts); do
    state=$(part_state "$part")
    [[ $state == running* ]] || failed=1
    printf '%-24s %s\n' "$part" "$state"
  done
  [[ $OWN_CLUSTER == yes ]] || printf '%-24s yours: %s\n' kubernetes "$KUBECONFIG"
  [[ $OWN_TEMPORAL == yes ]] || printf '%-24s yours: %s\n' temporal "$TEMPORAL_ADDRESS"
  [[ $OWN_S3 == yes ]] || printf '%-24s yours: %s\n' s3 "$S3_ENDPOINT"
  if [[ $OWN_CLUSTER == yes && $failed == 0 ]]; then
    kubectl get nodes
    are_nodes_ready || failed=1
  fi
  return "$failed"
}

part_state() {
  local pid
  if ! pid=$(process_pid "$1"); then
    echo stopped
  elif is_ready "$1"; then
    echo "running, pid $pid"
  else
    echo "does not answer, pid $pid; log $RUN_DIR/logs/$1.log"
  fi
}
