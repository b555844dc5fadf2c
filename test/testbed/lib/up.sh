# shellcheck shell=bash
# Starting, which is also repairing: every step looks first whether it is needed.

bed_up() {
  local started=$SECONDS
  if [[ $OWN_CLUSTER == yes && $EUID != 0 ]]; then
    die "root is needed for a cluster on this machine; set KUBECONFIG to use one that you have"
  fi
  forget_last_boot
  if [[ $OWN_CLUSTER == yes ]]; then
    install_cluster_packages
  fi
  install_test_packages
  fill_cache

  # The servers come after the network, whose address they bind to, and start while the cluster does.
  if [[ $OWN_CLUSTER == yes ]]; then
    ensure_network
    ensure_certificates
    prepare_nodes
    ensure etcd
  fi
  if [[ $OWN_TEMPORAL == yes ]]; then
    ensure temporal
  fi
  if [[ $OWN_RELAY == yes ]]; then
    ensure temporal-relay
  fi
  if [[ $OWN_S3 == yes ]]; then
    ensure s3
  fi
  if [[ $OWN_CLUSTER == yes ]]; then
    start_cluster
  fi
  if [[ $OWN_TEMPORAL == yes ]]; then
    await temporal
  fi
  if [[ $OWN_RELAY == yes ]]; then
    await temporal-relay
  fi
  if [[ $OWN_S3 == yes ]]; then
    await s3
  fi
  say "up after $((SECONDS - started)) s; point a shell at it with: eval \"\$(make -s testbed-env)\""
}

# After a restart of the machine nothing runs, bridges and mounts are gone, and old records mean nothing.
forget_last_boot() {
  local boot
  boot=$(</proc/sys/kernel/random/boot_id)
  if [[ -e $RUN_DIR/boot-id && $(<"$RUN_DIR/boot-id") != "$boot" ]]; then
    say "the machine has restarted since the bed was up; starting afresh"
    bed_down
  fi
  echo "$boot" >"$RUN_DIR/boot-id"
}

start_cluster() {
  ensure keeper-b
  ensure containerd-a
  await etcd keeper-b
  log_requests_of_accounts
  ensure kube-apiserver
  ensure containerd-b
  await containerd-a containerd-b
  import_bed_images
  await kube-apiserver

  local part
  for part in kube-controller-manager kube-scheduler kube-proxy kubelet-a kubelet-b coredns provisioner; do
    ensure "$part"
  done
  await kube-controller-manager kube-scheduler kube-proxy kubelet-a kubelet-b coredns provisioner
  wait_until "$START_WAIT" are_nodes_ready || die "the nodes do not get ready; see the kubelet logs in $RUN_DIR/logs"
  # A pod cannot be made before its service account is there, which comes seconds after the first node.
  wait_until "$START_WAIT" has_service_account || die "the service account default is missing; see $RUN_DIR/logs/kube-controller-manager.log"
  kubectl apply --filename "$BED_DIR/manifests/storage-class.yaml" --filename <(dns_service) >/dev/null
}

# A node with a taint takes no pods yet, though it may call itself ready.
are_nodes_ready() {
  [[ $(kubectl get nodes --output \
    jsonpath='{range .items[*]}{.status.conditions[?(@.type=="Ready")].status}{.spec.taints[*].key}{" "}{end}' 2>/dev/null) == "True True " ]]
}

has_service_account() {
  kubectl get serviceaccount default >/dev/null 2>&1
}
