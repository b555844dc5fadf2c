# shellcheck shell=bash disable=SC2034
# The one node of a second cluster, beside those of the bed: pods run there, and the provisioner makes their volumes.
# It answers at the address of the second API server, on ports of its own, and has a bridge that its pods make.

NODE_BRIDGE[c]=cni2
NODE_SUBNET[c]=10.244.2.0/24
NODE_FIRST_POD[c]=10.244.2.10
# The second cluster has no DNS.
DNS_ADDRESS=
NODE_PARTS=(kube-scheduler kubelet-c provisioner)

# To be called before certificates are made: the kubelet needs one.
use_own_node() {
  [[ $SERVER_ADDRESS != 127.0.0.1 ]] || die "a second cluster has a node only where the test bed has a cluster: make testbed-up"
  [[ -d $PROVISIONER_DIR && -d $IMAGES_DIR ]] || die "parts of a node are not in $CACHE_DIR; make testbed-up builds them"
  NODES=(c)
  NODE_ADDRESS[c]=$SERVER_ADDRESS
  NODE_PORT[c]=$1
  NODE_HEALTH_PORT[c]=$2
  FOREIGN_FOLDERS=("$OTHER_BED_DIR" "$RUN_DIR")
}

# What needs no API server starts beside it.
begin_own_node() {
  prepare_node c
  # Without looking for what an earlier one left: the folder is new.
  is_running keeper-c || launch keeper-c
  await keeper-c
  ensure containerd-c
}

end_own_node() {
  await containerd-c
  import_bed_images
  local part
  for part in "${NODE_PARTS[@]}"; do
    ensure "$part"
  done
  await "${NODE_PARTS[@]}"
  wait_until "$START_WAIT" is_own_node_ready || die "the node does not get ready; see $RUN_DIR/logs/kubelet-c.log"
  kubectl apply --filename "$BED_DIR/manifests/storage-class.yaml" >/dev/null
}

is_own_node_ready() {
  [[ $(kubectl get node node-c --output \
    jsonpath='{.status.conditions[?(@.type=="Ready")].status}{.spec.taints[*].key}' 2>/dev/null) == True ]]
}

# Nothing is asked to end, since nothing stays. Its mounts and the networks of its pods go with its mount namespace, that
# is with the last process in it.
remove_own_node() {
  [[ -e $(node_dir c) ]] || return 0
  NODES=(c)
  local part
  for part in provisioner kube-scheduler kubelet-c containerd-c; do
    stop "$part" 0
  done
  kill_containers c
  stop keeper-c 0
  detach_loop_devices
  ip link delete "${NODE_BRIDGE[c]}" 2>/dev/null || true
  remove_cgroups
  remove_leases
}
