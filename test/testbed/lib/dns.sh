# shellcheck shell=bash
# CoreDNS, which tells pods the addresses of services by their names. It runs on the host and knows the cluster's names alone.

COREDNS_MODULE=$BED_DIR/modules/coredns
COREDNS_LINK_FLAGS='-s -w'
COREDNS_VERSION=$(module_version "$COREDNS_MODULE" github.com/coredns/coredns)
COREDNS_DIR=$CACHE_DIR/coredns-$COREDNS_VERSION-$(
  hash_of "$COREDNS_MODULE"/{main.go,go.mod,go.sum} - <<<"$COREDNS_LINK_FLAGS"
)

make_coredns() {
  require_go "$COREDNS_MODULE" CoreDNS "set KUBECONFIG to use a cluster you have"
  in_cache "$COREDNS_DIR" build_tools "$COREDNS_MODULE" "CoreDNS $COREDNS_VERSION" "$COREDNS_LINK_FLAGS"
}

launch_coredns() {
  cat >"$RUN_DIR/Corefile" <<COREFILE
$CLUSTER_DOMAIN:$DNS_PORT in-addr.arpa:$DNS_PORT ip6.arpa:$DNS_PORT {
  bind ${NODE_ADDRESS[a]}
  errors
  kubernetes $CLUSTER_DOMAIN in-addr.arpa ip6.arpa {
    kubeconfig $BED_KUBECONFIG
  }
  ready 127.0.0.1:$DNS_READY_PORT
}
COREFILE
  spawn coredns "$COREDNS_DIR/coredns" -conf "$RUN_DIR/Corefile"
}

# It says so when it has read all services.
is_ready_coredns() {
  probe "http://127.0.0.1:$DNS_READY_PORT/ready"
}

# dns_service: what leads from the address that every pod asks to the process on the host.
dns_service() {
  cat <<YAML
apiVersion: v1
kind: Service
metadata: {name: kube-dns, namespace: kube-system}
spec:
  clusterIP: $DNS_ADDRESS
  ports:
    - {name: dns, protocol: UDP, port: 53, targetPort: $DNS_PORT}
    - {name: dns-tcp, protocol: TCP, port: 53, targetPort: $DNS_PORT}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata:
  name: kube-dns
  namespace: kube-system
  labels: {kubernetes.io/service-name: kube-dns, endpointslice.kubernetes.io/managed-by: holdfast-testbed}
addressType: IPv4
ports:
  - {name: dns, protocol: UDP, port: $DNS_PORT}
  - {name: dns-tcp, protocol: TCP, port: $DNS_PORT}
endpoints:
  - addresses: [${NODE_ADDRESS[a]}]
YAML
}
