# shellcheck shell=bash
# Images that buildah makes from a Containerfile: Holdfast's own, and those of applications that tests back up.
# They stay in a store in the cache; the nodes get what they lack of them.

BASE_SUITE=bookworm
BASE_PACKAGES=attr,ca-certificates
BASE_IMAGE=localhost/holdfast-base:$BASE_SUITE-$(hash_of - <<<"$BASE_SUITE $BASE_PACKAGES")
STORE_DIR=$CACHE_DIR/containers
# Records of what is mounted, which must not outlive a restart of the machine.
STORE_RUN_DIR=/run/holdfast-testbed-containers
# Otherwise a mount stays in the cache, which then cannot be deleted.
STORE_OPTION=overlay.skip_mount_home=true
# An OCI layout, from which the nodes import.
LAYOUT_DIR=$RUN_DIR/images

buildah_here() {
  buildah --storage-driver overlay --storage-opt "$STORE_OPTION" --root "$STORE_DIR" --runroot "$STORE_RUN_DIR" "$@"
}

is_in_store() {
  buildah_here inspect --type image "$1" >/dev/null 2>&1
}

# make_base_image: no registry is reachable, so the base comes from Debian's packages.
make_base_image() {
  local container root
  if is_in_store "$BASE_IMAGE"; then
    return 0
  fi
  say "installing Debian $BASE_SUITE for the base of images (1 minute)"
  WORK_DIR=$(mktemp -d "$CACHE_DIR/work.XXXXXX")
  root=$WORK_DIR/root
  # In a mount namespace, whose end takes along what an interrupted run leaves mounted.
  logged unshare --mount --propagation private \
    debootstrap --variant=minbase --include="$BASE_PACKAGES" "$BASE_SUITE" "$root"
  rm -rf "${root:?}"/var/lib/apt/lists/* "${root:?}"/var/cache/apt/archives/*.deb
  tar --directory "$root" --exclude './dev/*' --create --file "$WORK_DIR/base.tar" .
  container=$(buildah_here from scratch)
  logged buildah_here add "$container" "$WORK_DIR/base.tar" /
  logged buildah_here commit --rm "$container" "$BASE_IMAGE"
  rm -rf "$WORK_DIR"
  WORK_DIR=
}

# build_image IMAGE CONTAINERFILE CONTEXT [FLAG...]
build_image() {
  local image=$1 file=$2 context=$3
  shift 3
  logged buildah_here build --isolation chroot --build-arg "BASE=$BASE_IMAGE" "$@" --file "$file" --tag "$image" "$context"
}

# logged COMMAND...: its output goes to a log, whose end is shown when it fails.
logged() {
  local log=$RUN_DIR/logs/images.log
  mkdir -p "$RUN_DIR/logs"
  if ! "$@" >>"$log" 2>&1 </dev/null; then
    tail -n 20 "$log" >&2
    die "$1 $2 failed; its log is $log"
  fi
}

# forget_images NAME COUNT: keeps the newest so many images of a name in the store.
forget_images() {
  local image
  buildah_here images --noheading --format '{{.Name}}:{{.Tag}}' --filter "reference=$1" | tail -n "+$(($2 + 1))" |
    while read -r image; do
      buildah_here rmi "$image" >/dev/null 2>&1 || true
    done
}

is_in_nodes() {
  local node
  for node in "${NODES[@]}"; do
    ctr_on "$node" images list -q | grep -qxF -e "$1" || return 1
  done
}

# load_image IMAGE: from the store into the nodes.
load_image() {
  local image=$1 node loads=() load
  mkdir -p "$LAYOUT_DIR"
  # The index lists one image alone; layers that were written for another one are used again.
  rm -f "$LAYOUT_DIR/index.json"
  logged skopeo copy --dest-oci-accept-uncompressed-layers \
    "containers-storage:[overlay@$STORE_DIR+$STORE_RUN_DIR:$STORE_OPTION]$image" "oci:$LAYOUT_DIR:${image##*:}"
  for node in "${NODES[@]}"; do
    load_on_node "$node" "${image%:*}" &
    loads+=("$!")
  done
  for load in "${loads[@]}"; do
    wait "$load" || die "a node did not import $image; is the bed up?"
  done
}

# load_on_node NODE NAME: the layers that the node has already are left out of the archive.
load_on_node() {
  local node=$1 name=$2 archive=$LAYOUT_DIR/node-$1.tar present digest files=(oci-layout index.json)
  present=$(ctr_on "$node" content ls -q)
  for digest in $(layout_blobs); do
    if ! grep -qxF -e "sha256:$digest" <<<"$present"; then
      files+=("blobs/sha256/$digest")
    fi
  done
  tar --directory "$LAYOUT_DIR" --create --file "$archive" "${files[@]}"
  logged ctr_on "$node" images import --base-name "$name" "$archive"
  rm "$archive"
}

# Digests of the manifest in the index, and of the configuration and layers that it names.
layout_blobs() {
  local manifest
  manifest=$(digests_in "$LAYOUT_DIR/index.json")
  printf '%s\n' "$manifest"
  digests_in "$LAYOUT_DIR/blobs/sha256/$manifest"
}

# Only what is described by size and digest: annotations name images below, which are not here.
digests_in() {
  sed 's/"digest":"sha256:/\n&/g' "$1" | sed -nE 's/^"digest":"sha256:([0-9a-f]{64})".*/\1/p'
}
