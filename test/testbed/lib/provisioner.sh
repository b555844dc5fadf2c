# shellcheck shell=bash
# The program that makes volumes for the claims of the storage classes `standard` and `standard-loop`.

PROVISIONER_MODULE=$BED_DIR/provisioner
PROVISIONER_LINK_FLAGS='-s -w'
PROVISIONER_DIR=$CACHE_DIR/provisioner-$(
  hash_of "$PROVISIONER_MODULE"/{*.go,go.mod,go.sum} - <<<"$PROVISIONER_LINK_FLAGS"
)
VOLUMES_DIR=$RUN_DIR/volumes

make_provisioner() {
  require_go "$PROVISIONER_MODULE" "the provisioner" "set KUBECONFIG to use a cluster you have"
  in_cache "$PROVISIONER_DIR" build_tools "$PROVISIONER_MODULE" "the provisioner" "$PROVISIONER_LINK_FLAGS"
}

launch_provisioner() {
  mkdir -p "$VOLUMES_DIR"
  spawn provisioner "$PROVISIONER_DIR/provisioner" --kubeconfig "$BED_KUBECONFIG" --folder "$VOLUMES_DIR" \
    --port "$PROVISIONER_PORT"
}

is_ready_provisioner() {
  probe "http://127.0.0.1:$PROVISIONER_PORT/metrics"
}

# Only loop devices over files of the bed: the machine may have others.
detach_loop_devices() {
  local device file
  while read -r device file; do
    if [[ $file == "$VOLUMES_DIR"/* ]]; then
      losetup --detach "$device" || say "the loop device $device of $file stays"
    fi
  done < <(losetup --list --noheadings --output NAME,BACK-FILE 2>/dev/null)
}
