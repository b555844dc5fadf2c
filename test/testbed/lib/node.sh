# shellcheck shell=bash
# A node: its containerd, its kubelet, and what makes two of them possible on one machine.
# Both kubelets use /var/lib/kubelet, as pods that mount it by hostPath expect. Node a sees its own folder
# there through a bind mount; node b sees another one, in a mount namespace that a keeper process holds.

KUBELET_DIR=/var/lib/kubelet

node_dir() {
  printf '%s/node-%s' "$RUN_DIR" "$1"
}

prepare_nodes() {
  local node
  for node in "${NODES[@]}"; do
    prepare_node "$node"
  done

  if ! is_our_kubelet_dir; then
    mkdir -p "$KUBELET_DIR"
    [[ -z $(ls -A "$KUBELET_DIR") ]] || die "$KUBELET_DIR belongs to another kubelet of this machine;" \
      "set KUBECONFIG to use that cluster"
    mount --bind "$(node_dir a)/kubelet" "$KUBELET_DIR"
    # Mounts that one pod makes there must show in others that ask for propagation.
    mount --make-rshared "$KUBELET_DIR"
  fi
}

prepare_node() {
  local node=$1 directory
  directory=$(node_dir "$node")
  mkdir -p "$directory"/{kubelet,pod-logs,cni} "$directory"/containerd/{root,state}
  make_cgroup "holdfast-node-$node"
  write_cni_config "$node" "$directory"
  write_containerd_config "$node" "$directory"
  write_kubelet_config "$node" "$directory"
}

is_our_kubelet_dir() {
  [[ $KUBELET_DIR -ef $(node_dir a)/kubelet ]]
}

# A kubelet wants its root cgroup to exist. In version 1, one has to be made in each hierarchy.
make_cgroup() {
  local name=$1 hierarchy
  while read -r hierarchy; do
    mkdir -p "$hierarchy/$name"
    if [[ -e $hierarchy/cpuset.cpus ]]; then
      cat "$hierarchy/cpuset.cpus" >"$hierarchy/$name/cpuset.cpus"
      cat "$hierarchy/cpuset.mems" >"$hierarchy/$name/cpuset.mems"
    fi
  done < <(cgroup_hierarchies)
  if [[ -e /sys/fs/cgroup/cgroup.controllers ]]; then
    mkdir -p "/sys/fs/cgroup/$name"
    local controller
    for controller in $(</sys/fs/cgroup/cgroup.controllers); do
      echo "+$controller" >/sys/fs/cgroup/cgroup.subtree_control || true
    done
  fi
}

cgroup_hierarchies() {
  awk '$3 == "cgroup" { print $2 }' /proc/mounts
}

write_cni_config() {
  local node=$1 directory=$2
  cat >"$directory/cni/holdfast.conflist" <<JSON
{
  "cniVersion": "0.4.0",
  "name": "holdfast-node-$node",
  "plugins": [
    {
      "type": "bridge",
      "bridge": "${NODE_BRIDGE[$node]}",
      "isGateway": true,
      "ipMasq": false,
      "hairpinMode": true,
      "ipam": {
        "type": "host-local",
        "dataDir": "$directory/cni-leases",
        "ranges": [[{"subnet": "${NODE_SUBNET[$node]}", "rangeStart": "${NODE_FIRST_POD[$node]}"}]],
        "routes": [{"dst": "0.0.0.0/0"}]
      }
    },
    {"type": "portmap", "capabilities": {"portMappings": true}},
    {"type": "loopback"}
  ]
}
JSON
}

write_containerd_config() {
  local node=$1 directory=$2
  # Network namespaces are kept in the state folder, so that a leftover one is known to be the bed's.
  # Without restrict_oom_score_adj every pod fails where the bed's own score may not be lowered.
  cat >"$directory/containerd.toml" <<TOML
version = 2
root = "$directory/containerd/root"
state = "$directory/containerd/state"
disabled_plugins = [
  "io.containerd.internal.v1.opt",
  "io.containerd.snapshotter.v1.aufs",
  "io.containerd.snapshotter.v1.btrfs",
  "io.containerd.snapshotter.v1.devmapper",
  "io.containerd.snapshotter.v1.zfs",
  "io.containerd.tracing.processor.v1.otlp",
]

[grpc]
address = "$directory/containerd.sock"

[plugins."io.containerd.grpc.v1.cri"]
sandbox_image = "$PAUSE_IMAGE"
restrict_oom_score_adj = true
netns_mounts_under_state_dir = true

[plugins."io.containerd.grpc.v1.cri".cni]
bin_dir = "$CNI_BIN_DIR"
conf_dir = "$directory/cni"
TOML
}

write_kubelet_config() {
  local node=$1 directory=$2
  local file=$directory/kubelet.yaml
  # Logs of pods are apart because a kubelet deletes those of pods that it does not know, and images are
  # never collected because none could be pulled again.
  cat >"$file.new" <<YAML
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
address: ${NODE_ADDRESS[$node]}
port: ${NODE_PORT[$node]}
healthzPort: ${NODE_HEALTH_PORT[$node]}
authentication:
  anonymous: {enabled: false}
  webhook: {enabled: true}
  x509: {clientCAFile: $PKI_DIR/ca.crt}
authorization: {mode: Webhook}
tlsCertFile: $PKI_DIR/kubelet-$node.crt
tlsPrivateKeyFile: $PKI_DIR/kubelet-$node.key
containerRuntimeEndpoint: unix://$directory/containerd.sock
podLogsDir: $directory/pod-logs
volumePluginDir: $KUBELET_DIR/volume-plugins
cgroupDriver: cgroupfs
cgroupRoot: /holdfast-node-$node
failCgroupV1: false
enforceNodeAllocatable: []
failSwapOn: false
maxOpenFiles: 20000
oomScoreAdj: 0
imageGCHighThresholdPercent: 100
evictionHard: {memory.available: 50Mi, nodefs.available: 1%, imagefs.available: 1%}
resolvConf: ""
clusterDNS: [$DNS_ADDRESS]
clusterDomain: $CLUSTER_DOMAIN
YAML
  if is_running "kubelet-$node" && ! cmp --silent "$file.new" "$file"; then
    say "the settings of kubelet-$node have changed; starting it again, which its pods do not notice"
    stop "kubelet-$node"
  fi
  mv "$file.new" "$file"
}

# What is mounted in these folders belongs to other nodes of this machine.
FOREIGN_FOLDERS=("$RUN_DIR")

launch_keeper() {
  local node=$1 directory
  directory=$(node_dir "$node")
  rm -f "$directory/keeper-pid"
  # The namespace starts as a copy of the host's, and holding the mounts of node a would keep them busy.
  # shellcheck disable=SC2016
  spawn "keeper-$node" unshare --mount --propagation private bash -c '
    set -e
    directory=$1 kubelet=$2
    shift
    for folder in "$@"; do
      awk -v a="$folder" "\$5 == a || index(\$5, a \"/\") == 1 { print \$5 }" /proc/self/mountinfo |
        tac | while read -r mount; do umount --lazy "$(printf %b "$mount")"; done
    done
    mkdir -p "$kubelet"
    mount --make-rshared /
    mount --bind "$directory/kubelet" "$kubelet"
    mount --make-rshared "$kubelet"
    echo $$ >"$directory/keeper-pid"
    exec sleep infinity' keeper "$directory" "$KUBELET_DIR" "${FOREIGN_FOLDERS[@]}"
}

is_ready_keeper() {
  local kept
  read -r kept 2>/dev/null <"$(node_dir "$1")/keeper-pid" && [[ $kept == "$(process_pid "keeper-$1")" ]]
}

# Prints the words that make a command run in the node's mount namespace.
enter_node() {
  if [[ $1 != a ]]; then
    printf '%s\n' nsenter --target "$(process_pid "keeper-$1")" --mount --
  fi
}

launch_containerd() {
  local node=$1 enter
  mapfile -t enter < <(enter_node "$node")
  spawn "containerd-$node" "${enter[@]}" containerd --config "$(node_dir "$node")/containerd.toml"
}

is_ready_containerd() {
  ctr_on "$1" version >/dev/null 2>&1
}

ctr_on() {
  local node=$1
  shift
  timeout 60 ctr --address "$(node_dir "$node")/containerd.sock" --namespace k8s.io "$@"
}

launch_kubelet() {
  local node=$1 enter
  mapfile -t enter < <(enter_node "$node")
  spawn "kubelet-$node" "${enter[@]}" "$SERVERS_DIR/kubelet" --config "$(node_dir "$node")/kubelet.yaml" \
    --kubeconfig "$PKI_DIR/kubelet-$node.kubeconfig" --root-dir "$KUBELET_DIR" \
    --hostname-override "node-$node" --node-ip "${NODE_ADDRESS[$node]}"
}

is_ready_kubelet() {
  probe "http://127.0.0.1:${NODE_HEALTH_PORT[$1]}/healthz"
}

import_bed_images() {
  local node
  for node in "${NODES[@]}"; do
    if [[ $(ctr_on "$node" images list -q | grep -cxF -e "$PAUSE_IMAGE" -e "$BUSYBOX_IMAGE") != 2 ]]; then
      ctr_on "$node" images import "$IMAGES_DIR/pause.tar" >/dev/null
      ctr_on "$node" images import "$IMAGES_DIR/busybox.tar" >/dev/null
    fi
  done
}

# import_archives FILE...: the archives name their images themselves.
import_archives() {
  (($# > 0)) || usage
  local node archive
  for archive in "$@"; do
    for node in "${NODES[@]}"; do
      ctr_on "$node" images import "$archive" >&2 || die "node $node did not import $archive; is the bed up?"
    done
  done
}

# A new keeper means a new mount namespace: what runs in the old one has to go.
reset_node() {
  stop "kubelet-$1"
  stop "containerd-$1"
  kill_containers "$1"
}

# kill_containers NODE: ends whatever the node's pods left behind. Shims and containers are children of
# containerd's, not of ours, so there is no record of them; the node's cgroups and socket path identify them.
kill_containers() {
  local node=$1 pids
  pids=$(node_pids "$node")
  [[ -z $pids ]] || kill_all "$pids"
  wait_until 10 has_no_processes "$node" || say "processes of pods on node $node do not end: $(node_pids "$node" | xargs)"
}

has_no_processes() {
  [[ -z $(node_pids "$1") ]]
}

kill_all() {
  local pid
  for pid in $1; do
    kill -KILL "$pid" 2>/dev/null || true
  done
}

node_pids() {
  local node=$1 command_line socket
  socket=$(node_dir "$node")/containerd.sock
  find /sys/fs/cgroup -path "*/holdfast-node-$node/*" -name cgroup.procs -exec cat {} + 2>/dev/null | sort -u || true
  for command_line in /proc/[0-9]*/cmdline; do
    if tr '\0' ' ' 2>/dev/null <"$command_line" | grep -qF -- "containerd-shim-runc-v2 -namespace k8s.io" &&
      tr '\0' '\n' 2>/dev/null <"$command_line" | grep -qxF -- "$socket"; then
      command_line=${command_line%/cmdline}
      printf '%s\n' "${command_line#/proc/}"
    fi
  done
}

remove_cgroups() {
  local node
  for node in "${NODES[@]}"; do
    find /sys/fs/cgroup -depth -type d \( -path "*/holdfast-node-$node/*" -o -name "holdfast-node-$node" \) \
      -exec rmdir {} + 2>/dev/null || true
  done
}
