# shellcheck shell=bash disable=SC2034
# Which parts are the bed's own and which the user brings.
# A part is the user's if its variable is set, unless its value came from `env`: then it is the bed's.
# Besides the fixed addresses, `env` lists its values in HOLDFAST_TESTBED_OWN, because a loopback
# address alone does not tell a bed without a cluster from a server that the user runs.

decide_ownership() {
  OWN_CLUSTER=$(is_own "${KUBECONFIG:-}" "$BED_KUBECONFIG")
  OWN_TEMPORAL=$(is_own "${TEMPORAL_ADDRESS:-}" "127.0.0.1:$TEMPORAL_PORT")
  OWN_S3=$(is_own "${S3_ENDPOINT:-}" "http://${NODE_ADDRESS[a]}:$S3_PORT")
  OWN_RESTIC=$(is_own "${HOLDFAST_RESTIC:-}" "$BED_RESTIC")
  # The bed's own is named by what it is made of, so each is known by its name alone.
  OWN_IMAGE=no
  [[ -n ${HOLDFAST_IMAGE:-} && $HOLDFAST_IMAGE != holdfast.test/* ]] || OWN_IMAGE=yes

  # Pods cannot reach the loopback of the host, so the servers bind to the bridge where there is one.
  SERVER_ADDRESS=127.0.0.1
  if [[ $OWN_CLUSTER == yes || -e $RUN_DIR/bridges/${NODE_BRIDGE[a]} ]]; then
    SERVER_ADDRESS=${NODE_ADDRESS[a]}
  fi
  # The development server finds its own services on the loopback address only, whatever it is told to bind to.
  BED_TEMPORAL_ADDRESS=127.0.0.1:$TEMPORAL_PORT
  # A relay serves the pods; without a cluster or a Temporal of the bed there is none.
  OWN_RELAY=no
  [[ $OWN_CLUSTER == no || $OWN_TEMPORAL == no ]] || OWN_RELAY=yes
  BED_S3_ENDPOINT=http://$SERVER_ADDRESS:$S3_PORT
}

# is_own VALUE BED_VALUE: prints yes or no.
is_own() {
  if [[ -z $1 || $1 == "$2" || " ${HOLDFAST_TESTBED_OWN:-} " == *" $1 "* ]]; then
    echo yes
  else
    echo no
  fi
}
