#!/usr/bin/env bash
# Prepares what the Containerfile copies, so that the build itself needs no network.
set -euo pipefail

usage() {
  cat >&2 <<'TEXT'
usage: build-context.sh FOLDER | --hash

  FOLDER   is filled; filled again, only what has changed is made anew
  --hash   prints a hash of all that the image is made of, but for its base
TEXT
  exit 2
}

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
SOURCES=(domain workflows activities storage api worker cli bin examples LICENSE package.json)

case $(uname -m) in
  x86_64) platform=x64 target=x86_64-unknown-linux-gnu ;;
  aarch64) platform=arm64 target=aarch64-unknown-linux-gnu ;;
  *) echo "no image can be built for $(uname -m)" >&2 && exit 1 ;;
esac
node=$root/.node/node_modules/node-linux-$platform/bin/node

print_hash() {
  cd "$root"
  {
    uname -m
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
}

# Files are replaced only when they differ: a new time of change would make a new layer.
copy_programs() {
  local restic=${HOLDFAST_RESTIC:-} program
  [[ -n $restic ]] || restic=$("$root/test/testbed/testbed.sh" restic)
  make --silent --directory "$root" "$node"
  mkdir -p "$1/programs"
  for program in "$node" "$restic"; do
    cmp --quiet "$program" "$1/programs/${program##*/}" || install -m 755 "$program" "$1/programs/${program##*/}"
  done
}

install_modules() {
  local folder=$1 wanted
  wanted=$(cat "$root/package-lock.json" "${BASH_SOURCE[0]}" | sha256sum)
  if [[ $(cat "$folder/modules.sum" 2>/dev/null) != "$wanted" ]]; then
    rm -f "$folder/modules.sum"
    cp "$root/package.json" "$root/package-lock.json" "$folder/"
    PATH=${node%/*}:$PATH npm ci --prefix "$folder" --omit=dev --ignore-scripts --no-audit --no-fund --loglevel=error >&2
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
  "$node" "$folder/sources/worker/build-bundle.ts" "$folder/sources/workflow-bundle.js" >&2
  chmod -R u=rwX,go=rX "$folder/sources"
}

case ${1:-} in
  '' | -h | --help) usage ;;
  --hash) print_hash ;;
  *) fill "$1" ;;
esac
