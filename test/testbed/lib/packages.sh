# shellcheck shell=bash
# Debian packages: only those whose commands are missing, and only for the parts that are ours.

CNI_BIN_DIR=/usr/lib/cni
if [[ ! -x $CNI_BIN_DIR/bridge && -x /opt/cni/bin/bridge ]]; then
  CNI_BIN_DIR=/opt/cni/bin
fi

install_cluster_packages() {
  local missing=()
  has containerd || missing+=(containerd)
  has runc || missing+=(runc)
  [[ -x $CNI_BIN_DIR/bridge ]] || missing+=(containernetworking-plugins)
  has iptables || missing+=(iptables)
  has conntrack || missing+=(conntrack)
  has socat || missing+=(socat)
  has ip || missing+=(iproute2)
  has losetup || missing+=(mount)
  has mkfs.ext4 || missing+=(e2fsprogs)
  has openssl || missing+=(openssl)
  install_packages "${missing[@]}"
}

# For images that are built from a Containerfile.
install_image_packages() {
  local missing=()
  has buildah || missing+=(buildah)
  has skopeo || missing+=(skopeo)
  has debootstrap || missing+=(debootstrap)
  [[ -e /usr/share/keyrings/debian-archive-keyring.gpg ]] || missing+=(debian-archive-keyring)
  install_packages "${missing[@]}"
}

# What the bed and the tests of volumes need whichever parts are the user's.
install_test_packages() {
  local missing=()
  has curl || missing+=(curl)
  has getfattr || missing+=(attr)
  has setpriv || missing+=(util-linux)
  install_packages "${missing[@]}"
}

has() {
  command -v "$1" >/dev/null
}

install_packages() {
  (($# > 0)) || return 0
  has apt-get || die "please install what these Debian packages hold: $*"
  [[ $EUID == 0 ]] || die "root is needed to install Debian packages: $*"
  say "installing Debian packages (under a minute): $*"
  if ! apt_get install "$@"; then
    say "refreshing the package lists and trying again"
    apt_get update || die "apt-get update failed"
    apt_get install "$@" || die "could not install: $*"
  fi
}

apt_get() {
  local command=$1 output
  shift
  if ! output=$(DEBIAN_FRONTEND=noninteractive apt-get --quiet --yes --no-install-recommends \
    -o DPkg::Lock::Timeout=300 "$command" "$@" </dev/null 2>&1); then
    printf '%s\n' "$output" | tail -n 15 >&2
    return 1
  fi
}
