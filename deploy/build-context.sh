#!/usr/bin/env bash
# Prepares what the Containerfile copies, so that the build itself needs no network.
set -euo pipefail

usage() {
  cat >&2 <<'TEXT'
usage: build-context.sh FOLDER | --hash

  FOLDER   is filled; filled again, only what has changed is made anew
  --hash   prints a hash of all that the image is made of, but for its base

  PLATFORM       linux/amd64 or linux/arm64: what the image is for, this machine's own when it is not set
  HOLDFAST_RESTIC  a restic for that platform; built when it is not set
TEXT
  exit 2
}

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
SOURCES=(domain workflows activities storage api worker cli bin examples LICENSE package.json)

# As Node, Rust, Go and the head of a program name it.
case ${PLATFORM:-$(uname -m)} in
  x86_64 | linux/amd64) platform=x64 target=x86_64-unknown-linux-gnu architecture=amd64 machine=3e ;;
  aarch64 | linux/arm64) platform=arm64 target=aarch64-unknown-linux-gnu architecture=arm64 machine=b7 ;;
  *) echo "no image can be built for ${PLATFORM:-$(uname -m)}; PLATFORM takes linux/amd64 and linux/arm64" >&2 && exit 1 ;;
esac
case $(uname -m) in
  x86_64) own_platform=x64 ;;
  *) own_platform=arm64 ;;
esac
# What works here, and what the image gets.
own_node=$root/.node/node_modules/node-linux-$own_platform/bin/node
node=$own_node
is_foreign=
if [[ $platform != "$own_platform" ]]; then
  is_foreign=yes
  node=$root/.node/$platform/node_modules/node-linux-$platform/bin/node
fi

print_hash() {
  cd "$root"
  {
    echo "${target%%-*}"
    cat deploy/Containerfile deploy/build-context.sh package-lock.json test/testbed/modules/restic/go.sum
    find "${SOURCES[@]}" -type f -print0 | sort --zero-terminated | xargs --null sha256sum
  } | sha256sum | cut -c1-16
}

fill() {
  local folder=$1
  mkdir -p "$folder"
  folder=$(cd "$folder" && pwd)
  copy_programs "$folder"
  install_modules "$folder"
  copy_sources "$folder"
  require_platform "$folder"
}

# Files are replaced only when they differ: a new time of change would make a new layer.
copy_programs() {
  local restic=${HOLDFAST_RESTIC:-} program
  [[ -n $restic ]] || restic=$(env ${is_foreign:+GOARCH=$architecture} "$root/test/testbed/testbed.sh" restic)
  make --silent --directory "$root" "$own_node"
  [[ -x $node ]] || fetch_node
  mkdir -p "$1/programs"
  for program in "$node" "$restic"; do
    cmp --quiet "$program" "$1/programs/${program##*/}" || install -m 755 "$program" "$1/programs/${program##*/}"
  done
}

# The program for another platform, of the version that works here.
fetch_node() {
  local version
  version=$("$own_node" --print process.versions.node)
  npm_here install --prefix "$root/.node/$platform" --no-save --force --os linux --cpu "$platform" "node-linux-$platform@$version"
}

npm_here() {
  PATH=${own_node%/*}:$PATH npm "$@" --no-audit --no-fund --loglevel=error >&2
}

install_modules() {
  local folder=$1 wanted
  wanted=$(cat "$root/package-lock.json" "${BASH_SOURCE[0]}" - <<<"$platform" | sha256sum)
  if [[ $(cat "$folder/modules.sum" 2>/dev/null) != "$wanted" ]]; then
    rm -f "$folder/modules.sum"
    cp "$root/package.json" "$root/package-lock.json" "$folder/"
    npm_here ci --prefix "$folder" --omit=dev --ignore-scripts --os linux --cpu "$platform" --libc glibc
    prune_modules "$folder/node_modules"
    echo "$wanted" >"$folder/modules.sum"
  fi
}

# What no process of ours reads: bridges to Temporal for other platforms, its Rust code, types and source maps.
prune_modules() {
  local bridge=$1/@temporalio/core-bridge
  find "$bridge/releases" -mindepth 1 -maxdepth 1 ! -name "$target" -exec rm -r {} +
  rm -r "$bridge"/{sdk-core,src}
  find "$1" -type f \( -name '*.map' -o -name '*.d.ts' -o -name '*.d.mts' -o -name '*.d.cts' \) -delete
}

copy_sources() {
  local folder=$1
  rm -rf "$folder/sources"
  mkdir "$folder/sources"
  (cd "$root" && cp --recursive "${SOURCES[@]}" "$folder/sources/")
  # Compiled here, as a worker in a pod has neither the time nor a place to write.
  # Of another platform, the image's own packages do not run here.
  local builder=$folder/sources
  [[ -z $is_foreign ]] || builder=$root
  "$own_node" "$builder/worker/build-bundle.ts" "$folder/sources/workflow-bundle.js" >&2
  chmod -R u=rwX,go=rX "$folder/sources"
}

# What does not run in the image would be noticed only where it is needed.
require_platform() {
  local file found=0
  while IFS= read -r -d '' file; do
    # Programs are ELF files, and their byte at 18 names the machine.
    [[ $(byte_of "$file" 0) == 7f && $(byte_of "$file" 1) == 45 ]] || continue
    found=$((found + 1))
    if [[ $(byte_of "$file" 18) != "$machine" ]]; then
      echo "${file#"$1/"} is not a program for $architecture; name one in HOLDFAST_RESTIC, or leave it unset" >&2
      exit 1
    fi
  done < <(find "$1/programs" "$1/node_modules" -type f \( -perm /111 -o -name '*.node' -o -name '*.so*' \) -print0)
  ((found > 2)) || { echo "programs are missing below $1" >&2 && exit 1; }
}

byte_of() {
  od --address-radix n --format x1 --skip-bytes "$2" --read-bytes 1 "$1" | tr -d ' '
}

case ${1:-} in
  '' | -h | --help) usage ;;
  --hash) print_hash ;;
  *) fill "$1" ;;
esac
