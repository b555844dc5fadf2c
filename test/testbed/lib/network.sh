# shellcheck shell=bash
# One bridge per node. The node's address is its bridge's, so nothing depends on the machine's own network.

ensure_network() {
  echo 1 >/proc/sys/net/ipv4/ip_forward
  # Two kubelets and two containerds use up the default of 128.
  raise_limit /proc/sys/fs/inotify/max_user_instances 1024
  raise_limit /proc/sys/fs/inotify/max_user_watches 65536

  local node
  for node in "${NODES[@]}"; do
    ensure_bridge "${NODE_BRIDGE[$node]}" "${NODE_ADDRESS[$node]}"
  done
  # A process of the host reaches services even where the machine has no default route.
  ip route replace "$SERVICE_NETWORK" dev "${NODE_BRIDGE[a]}"
  # Other software may have set the policy of the FORWARD chain to DROP.
  iptables --wait --check FORWARD "${FORWARD_RULE[@]}" 2>/dev/null || iptables --wait --insert FORWARD "${FORWARD_RULE[@]}"
}

FORWARD_RULE=(--source "$POD_NETWORK" --jump ACCEPT -m comment --comment holdfast-testbed)

raise_limit() {
  if (($(<"$1") < $2)); then
    echo "$2" >"$1"
  fi
}

ensure_bridge() {
  local bridge=$1 address=$2
  if [[ -e /sys/class/net/$bridge && ! -e $RUN_DIR/bridges/$bridge ]]; then
    die "a network interface $bridge exists that is not the bed's; does another cluster run on this machine?" \
      "Set KUBECONFIG to use that one, or remove it with: ip link delete $bridge"
  fi
  # The record comes first, so that a run that is cut off here still knows the bridge as its own.
  mkdir -p "$RUN_DIR/bridges"
  touch "$RUN_DIR/bridges/$bridge"
  [[ -e /sys/class/net/$bridge ]] || ip link add "$bridge" type bridge
  # A bridge that was given no link address takes the lowest of its ports. That changes as pods come and go, and pods that
  # know the old one reach nothing of the host until they ask again, a minute or more later.
  ip link set "$bridge" address "$(<"/sys/class/net/$bridge/address")"
  ip address replace "$address/24" dev "$bridge"
  ip link set "$bridge" up
}

remove_network() {
  local record bridge port
  for record in "$RUN_DIR"/bridges/*; do
    [[ -e $record ]] || continue
    bridge=${record##*/}
    for port in "/sys/class/net/$bridge/brif/"*; do
      [[ -e $port ]] && ip link delete "${port##*/}" 2>/dev/null || true
    done
    ip link delete "$bridge" 2>/dev/null || true
    rm -f "$record"
  done
  if has iptables; then
    iptables --wait --delete FORWARD "${FORWARD_RULE[@]}" 2>/dev/null || true
  fi
}
