# shellcheck shell=bash
# One certificate authority and all that it signs, made afresh for each new cluster.

PKI_DIR=$RUN_DIR/pki

ensure_certificates() {
  [[ ! -e $PKI_DIR/complete ]] || return 0
  say "making certificates"
  rm -rf "$PKI_DIR"
  mkdir -p "$PKI_DIR"
  chmod 700 "$PKI_DIR"

  new_key ca
  openssl req -x509 -new -key "$PKI_DIR/ca.key" -sha256 -days 365 -subj /CN=holdfast-testbed-ca \
    -addext keyUsage=critical,keyCertSign,cRLSign,digitalSignature -out "$PKI_DIR/ca.crt" 2>/dev/null
  new_key service-accounts
  openssl pkey -in "$PKI_DIR/service-accounts.key" -pubout -out "$PKI_DIR/service-accounts.pub"

  issue apiserver /CN=kube-apiserver serverAuth \
    "IP:127.0.0.1,IP:$SERVICE_ADDRESS,IP:${NODE_ADDRESS[a]},DNS:localhost,DNS:kubernetes,DNS:kubernetes.default,DNS:kubernetes.default.svc,DNS:kubernetes.default.svc.cluster.local"
  # Without this client the API server cannot ask the kubelets for exec, logs or port-forward.
  issue apiserver-kubelet /O=system:masters/CN=kube-apiserver-kubelet clientAuth
  issue front-proxy /CN=front-proxy-client clientAuth
  issue admin /O=system:masters/CN=holdfast-testbed-admin clientAuth
  issue kube-controller-manager /CN=system:kube-controller-manager clientAuth
  issue kube-scheduler /CN=system:kube-scheduler clientAuth
  issue kube-proxy /CN=system:kube-proxy clientAuth
  local node
  for node in "${NODES[@]}"; do
    issue "kubelet-$node" "/O=system:nodes/CN=system:node:node-$node" serverAuth,clientAuth \
      "IP:${NODE_ADDRESS[$node]},DNS:node-$node"
  done

  write_kubeconfig admin "$BED_KUBECONFIG"
  local client
  for client in kube-controller-manager kube-scheduler kube-proxy "${NODES[@]/#/kubelet-}"; do
    write_kubeconfig "$client" "$PKI_DIR/$client.kubeconfig"
  done
  touch "$PKI_DIR/complete"
}

new_key() {
  openssl ecparam -name prime256v1 -genkey -noout -out "$PKI_DIR/$1.key"
}

# issue NAME SUBJECT EXTENDED_KEY_USAGE [SUBJECT_ALTERNATIVE_NAMES]
issue() {
  local name=$1 subject=$2 usage=$3 names=${4:-}
  new_key "$name"
  openssl req -new -key "$PKI_DIR/$name.key" -subj "$subject" -out "$PKI_DIR/$name.csr"
  openssl x509 -req -in "$PKI_DIR/$name.csr" -CA "$PKI_DIR/ca.crt" -CAkey "$PKI_DIR/ca.key" -CAcreateserial \
    -sha256 -days 365 -out "$PKI_DIR/$name.crt" 2>/dev/null \
    -extfile <(
      printf 'keyUsage=critical,digitalSignature\nextendedKeyUsage=%s\n' "$usage"
      [[ -z $names ]] || printf 'subjectAltName=%s\n' "$names"
    )
  rm "$PKI_DIR/$name.csr"
}

# write_kubeconfig CLIENT FILE: everything is inside the file, so that it may be copied elsewhere.
write_kubeconfig() {
  local client=$1 file=$2
  (umask 077 && cat >"$file") <<YAML
apiVersion: v1
kind: Config
clusters:
  - name: holdfast-testbed
    cluster:
      server: $API_SERVER
      certificate-authority-data: $(base64 -w0 "$PKI_DIR/ca.crt")
users:
  - name: $client
    user:
      client-certificate-data: $(base64 -w0 "$PKI_DIR/$client.crt")
      client-key-data: $(base64 -w0 "$PKI_DIR/$client.key")
contexts:
  - name: holdfast-testbed
    context: {cluster: holdfast-testbed, user: $client}
current-context: holdfast-testbed
YAML
}
