# shellcheck shell=bash
# Control planes of other minor versions, for tests of version skew. The bed itself never builds or starts them.

# other_kubernetes_module MINOR: the folder of the module; fails where the bed knows no such version.
other_kubernetes_module() {
  [[ $1 =~ ^1\.[0-9]+$ && -e $BED_DIR/modules/kubernetes-$1/go.mod ]] || die "the test bed knows no Kubernetes $1"
  printf '%s\n' "$BED_DIR/modules/kubernetes-$1"
}

# make_other_kubernetes MINOR: builds it, once.
make_other_kubernetes() {
  local minor=$1 module directory
  module=$(other_kubernetes_module "$minor")
  directory=$(kubernetes_folder "$module")
  [[ ! -d $directory ]] || return 0
  say "building a control plane of Kubernetes $minor, which is done once (4 minutes on 2 cores)"
  require_go "$module" "Kubernetes $minor" "do without the tests of version skew"
  with_cache in_cache "$directory" build_other_kubernetes "$module"
}

# build_other_kubernetes MODULE DIRECTORY
build_other_kubernetes() {
  mkdir "$2/server"
  build_control_plane "$1" "$2"
}

# use_other_kubernetes MINOR: what starts from here on is of that version, but for etcd.
use_other_kubernetes() {
  local module directory
  module=$(other_kubernetes_module "$1")
  directory=$(kubernetes_folder "$module")
  [[ -d $directory ]] || die "no Kubernetes $1 is in $CACHE_DIR; make test-skew builds it"
  SERVERS_DIR=$directory/server
}
