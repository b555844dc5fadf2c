# shellcheck shell=bash
# etcd, the API server, the controller manager, the scheduler and kube-proxy.

SERVERS_DIR=$KUBERNETES_DIR/server
# What a second cluster asks of its API server besides.
API_SERVER_FLAGS=()

launch_etcd() {
  # Losing the last writes in a power cut does not matter here, and waiting for the disk is slow.
  spawn etcd "$KUBERNETES_DIR/server/etcd" --name holdfast-testbed --data-dir "$RUN_DIR/etcd" --unsafe-no-fsync \
    --listen-client-urls "http://127.0.0.1:$ETCD_PORT" --advertise-client-urls "http://127.0.0.1:$ETCD_PORT" \
    --listen-peer-urls "http://127.0.0.1:$ETCD_PEER_PORT" --initial-advertise-peer-urls "http://127.0.0.1:$ETCD_PEER_PORT" \
    --initial-cluster "holdfast-testbed=http://127.0.0.1:$ETCD_PEER_PORT" --quota-backend-bytes 8589934592 --log-level warn
}

is_ready_etcd() {
  probe "http://127.0.0.1:$ETCD_PORT/health"
}

launch_kube_apiserver() {
  # The limits on requests in flight are twice the default, for tests that write thousands of objects at once.
  spawn kube-apiserver "$SERVERS_DIR/kube-apiserver" \
    --etcd-servers "http://127.0.0.1:$ETCD_PORT" \
    --bind-address "${NODE_ADDRESS[a]}" --secure-port "$API_PORT" --advertise-address "${NODE_ADDRESS[a]}" \
    --service-cluster-ip-range "$SERVICE_NETWORK" --allow-privileged=true \
    --authorization-mode Node,RBAC --enable-admission-plugins NodeRestriction \
    --max-requests-inflight 800 --max-mutating-requests-inflight 400 \
    --client-ca-file "$PKI_DIR/ca.crt" \
    --tls-cert-file "$PKI_DIR/apiserver.crt" --tls-private-key-file "$PKI_DIR/apiserver.key" \
    --kubelet-certificate-authority "$PKI_DIR/ca.crt" \
    --kubelet-client-certificate "$PKI_DIR/apiserver-kubelet.crt" --kubelet-client-key "$PKI_DIR/apiserver-kubelet.key" \
    --kubelet-preferred-address-types InternalIP,Hostname \
    --service-account-issuer https://kubernetes.default.svc.cluster.local \
    --service-account-key-file "$PKI_DIR/service-accounts.pub" \
    --service-account-signing-key-file "$PKI_DIR/service-accounts.key" \
    --requestheader-client-ca-file "$PKI_DIR/ca.crt" --requestheader-allowed-names front-proxy-client \
    --requestheader-username-headers X-Remote-User --requestheader-group-headers X-Remote-Group \
    --requestheader-extra-headers-prefix X-Remote-Extra- \
    --proxy-client-cert-file "$PKI_DIR/front-proxy.crt" --proxy-client-key-file "$PKI_DIR/front-proxy.key" \
    --enable-aggregator-routing=true "${API_SERVER_FLAGS[@]}"
}

# Who has asked for what: a test compares it with the rules of the accounts under which the tests run Holdfast.
log_requests_of_accounts() {
  cat >"$RUN_DIR/audit-policy.yaml" <<'YAML'
apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
  - {level: Metadata, userGroups: ['system:serviceaccounts:holdfast-accounts']}
  - level: None
YAML
  API_SERVER_FLAGS+=(--audit-policy-file "$RUN_DIR/audit-policy.yaml" --audit-log-path "$REQUEST_LOG" --audit-log-maxsize 2000)
}

is_ready_kube_apiserver() {
  probe --cacert "$PKI_DIR/ca.crt" "$API_SERVER/readyz"
}

launch_kube_controller_manager() {
  spawn kube-controller-manager "$SERVERS_DIR/kube-controller-manager" \
    --kubeconfig "$PKI_DIR/kube-controller-manager.kubeconfig" --bind-address 127.0.0.1 \
    --secure-port "$CONTROLLERS_PORT" --leader-elect=false \
    --root-ca-file "$PKI_DIR/ca.crt" --service-account-private-key-file "$PKI_DIR/service-accounts.key" \
    --use-service-account-credentials \
    --cluster-signing-cert-file "$PKI_DIR/ca.crt" --cluster-signing-key-file "$PKI_DIR/ca.key"
}

is_ready_kube_controller_manager() {
  probe --insecure "https://127.0.0.1:$CONTROLLERS_PORT/healthz"
}

launch_kube_scheduler() {
  spawn kube-scheduler "$SERVERS_DIR/kube-scheduler" \
    --kubeconfig "$PKI_DIR/kube-scheduler.kubeconfig" --bind-address 127.0.0.1 \
    --secure-port "$SCHEDULER_PORT" --leader-elect=false
}

is_ready_kube_scheduler() {
  probe --insecure "https://127.0.0.1:$SCHEDULER_PORT/healthz"
}

# One kube-proxy serves both nodes, because their pods share the kernel and its rules.
launch_kube_proxy() {
  cat >"$RUN_DIR/kube-proxy.yaml" <<YAML
apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
clientConnection: {kubeconfig: $PKI_DIR/kube-proxy.kubeconfig}
hostnameOverride: node-a
mode: iptables
clusterCIDR: $POD_NETWORK
healthzBindAddress: 127.0.0.1:10256
metricsBindAddress: 127.0.0.1:10249
# Two pods on one bridge would otherwise answer each other past the translation of service addresses.
iptables: {masqueradeAll: true, minSyncPeriod: 100ms}
conntrack: {maxPerCore: 0, tcpEstablishedTimeout: 0s, tcpCloseWaitTimeout: 0s}
YAML
  spawn kube-proxy "$SERVERS_DIR/kube-proxy" --config "$RUN_DIR/kube-proxy.yaml"
}

is_ready_kube_proxy() {
  probe http://127.0.0.1:10256/livez
}

# A proxy that the user has set must not be asked for addresses of this machine.
probe() {
  curl --silent --fail --noproxy '*' --max-time 5 --output /dev/null "$@"
}

kubectl() {
  env -u HTTPS_PROXY -u https_proxy KUBECONFIG="$BED_KUBECONFIG" "$KUBECTL" --request-timeout 15s "$@"
}
