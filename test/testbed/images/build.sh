#!/usr/bin/env bash
# build.sh DIRECTORY PAUSE_IMAGE BUSYBOX_IMAGE
# Writes DIRECTORY/{pause,busybox}.tar, two OCI image archives, with nothing but a C compiler and tar:
# no registry is reachable from a test bed, and no container engine is needed to make images this small.
# DIRECTORY/busybox/busybox must be a static busybox.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
out=$1
pause_image=$2
busybox_image=$3

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

case $(uname -m) in
  x86_64) architecture=amd64 ;;
  aarch64) architecture=arm64 ;;
  *) echo "no image can be built for $(uname -m)" >&2 && exit 1 ;;
esac

main() {
  mkdir "$work/pause" "$work/busybox"
  cc -static -Os -s -Wall -Werror -o "$work/pause/pause" "$here/pause.c"
  write_image "$pause_image" "$work/pause" "$out/pause.tar"

  make_busybox_root "$work/busybox"
  write_image "$busybox_image" "$work/busybox" "$out/busybox.tar"
}

make_busybox_root() {
  local root=$1 applet
  mkdir -p "$root"/{bin,etc,proc,sys,dev,var,root}
  install -m 1777 -d "$root/tmp"
  install -m 755 "$out/busybox/busybox" "$root/bin/busybox"
  # The list of applets names busybox itself, and linking that would replace the program by a loop.
  for applet in $("$root/bin/busybox" --list); do
    [[ $applet == busybox ]] || ln -s busybox "$root/bin/$applet"
  done
  # A container that is given no command waits, and ends at once on TERM, which a shell as first process does not.
  cp "$work/pause/pause" "$root/pause"
  printf 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/sh\n' >"$root/etc/passwd"
  printf 'root:x:0:\nnogroup:x:65534:\n' >"$root/etc/group"
}

# write_image NAME:TAG ROOT FILE: one layer; the default command is /pause in both images.
write_image() {
  local name=$1 root=$2 file=$3 layout
  layout=$(mktemp -d "$work/layout.XXXXXX")
  mkdir -p "$layout/blobs/sha256"

  tar --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner -C "$root" -cf "$work/layer.tar" .
  store_blob "$layout" "$work/layer.tar"
  local layer=$blob_digest layer_size=$blob_size

  printf '{"architecture":"%s","os":"linux","config":{"Cmd":["/pause"],"Env":["PATH=/bin"]},"rootfs":{"type":"layers","diff_ids":["%s"]}}' \
    "$architecture" "$layer" >"$work/config.json"
  store_blob "$layout" "$work/config.json"

  printf '{"schemaVersion":2,"mediaType":"%s","config":{"mediaType":"%s","digest":"%s","size":%s},"layers":[{"mediaType":"%s","digest":"%s","size":%s}]}' \
    application/vnd.oci.image.manifest.v1+json application/vnd.oci.image.config.v1+json "$blob_digest" "$blob_size" \
    application/vnd.oci.image.layer.v1.tar "$layer" "$layer_size" >"$work/manifest.json"
  store_blob "$layout" "$work/manifest.json"

  printf '{"schemaVersion":2,"manifests":[{"mediaType":"%s","digest":"%s","size":%s,"annotations":{"io.containerd.image.name":"%s"}}]}' \
    application/vnd.oci.image.manifest.v1+json "$blob_digest" "$blob_size" "$name" >"$layout/index.json"
  printf '{"imageLayoutVersion":"1.0.0"}' >"$layout/oci-layout"
  tar --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner -C "$layout" -cf "$file" .
}

# store_blob LAYOUT FILE: moves the file to its content address and sets blob_digest and blob_size.
store_blob() {
  local sum
  sum=$(sha256sum <"$2" | cut -d ' ' -f 1)
  blob_digest=sha256:$sum
  blob_size=$(stat -c %s "$2")
  mv "$2" "$1/blobs/sha256/$sum"
}

main
