# shellcheck shell=bash
# Stopping, from any state: pods first, then processes in reverse order, then what they leave in the kernel.

bed_down() {
  local started=$SECONDS
  delete_pods
  stop_parts
  # Pods, rules and cgroups are known by fixed names: without a cluster of its own, a bed would take another one's.
  if [[ -e $RUN_DIR/bridges ]]; then
    remove_cluster
  fi
  wipe_state
  say "down after $((SECONDS - started)) s"
}

remove_cluster() {
  local node
  remove_rules
  for node in "${NODES[@]}"; do
    kill_containers "$node"
  done
  remove_network
  remove_mounts
  detach_loop_devices
  remove_cgroups
  remove_leases
}

# Pods that are deleted properly take their mounts and network with them; whatever is left is forced later.
delete_pods() {
  # Controllers would make new pods in place of those deleted.
  stop kube-scheduler
  stop kube-controller-manager
  if is_running kube-apiserver && is_ready kube-apiserver && { is_running kubelet-a || is_running kubelet-b; }; then
    kubectl delete pods --all --all-namespaces --grace-period 1 --timeout 20s >/dev/null 2>&1 ||
      say "some pods did not end in time; ending them by force"
  fi
}

stop_parts() {
  local index
  for ((index = ${#ALL_PARTS[@]} - 1; index >= 0; index--)); do
    stop "${ALL_PARTS[index]}"
  done
}

remove_rules() {
  if [[ -e $RUN_DIR/kube-proxy.yaml && -x $SERVERS_DIR/kube-proxy ]]; then
    "$SERVERS_DIR/kube-proxy" --config "$RUN_DIR/kube-proxy.yaml" --cleanup >/dev/null 2>&1 || true
  fi
}

remove_mounts() {
  if is_our_kubelet_dir; then
    unmount_below "$KUBELET_DIR"
    rmdir "$KUBELET_DIR" 2>/dev/null || true
  fi
  unmount_below "$RUN_DIR"
}

unmount_below() {
  local mount
  while read -r mount; do
    umount "$mount" 2>/dev/null || umount --lazy "$mount" || true
  done < <(mounts_below "$1")
}

# Deepest first. The kernel writes a blank in a path as \040.
mounts_below() {
  local mount
  awk -v top="$1" '$5 == top || index($5, top "/") == 1 { print $5 }' /proc/self/mountinfo | tac |
    while read -r mount; do printf '%b\n' "$mount"; done
}

remove_leases() {
  local link
  rm -f /var/lib/cni/results/holdfast-node-*
  for link in /var/log/containers/*; do
    if [[ $(readlink "$link") == "$RUN_DIR"/* ]]; then
      rm -f "$link"
    fi
  done
}

# Only names that the bed itself made: the user may have given a folder that holds other things.
wipe_state() {
  # A volume of a pod is often a bind mount of somebody's data, which must not be deleted through it.
  [[ -z $(mounts_below "$RUN_DIR") ]] || die "mounts are left below $RUN_DIR, so its data stays:" "$(mounts_below "$RUN_DIR" | xargs)"
  local name
  for name in Corefile audit-policy.yaml boot-id bridges etcd images kube-proxy.yaml kubeconfig logs node-a node-b pids pki requests.log s3 temporal volumes; do
    rm -rf --one-file-system "${RUN_DIR:?}/$name"
  done
}
