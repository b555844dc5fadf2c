#!/usr/bin/env bash
# program.sh FILE IMAGE PROGRAM: writes an image archive with one static program, found on the path of its containers.
set -euo pipefail

file=$1
image=$2
program=$3

case $(uname -m) in
  x86_64) architecture=amd64 ;;
  aarch64) architecture=arm64 ;;
  *) echo "no image can be made for $(uname -m)" >&2 && exit 1 ;;
esac
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

folder=/usr/local/bin
install -D -m 755 "$program" "$work/root$folder/${program##*/}"
install -d -m 1777 "$work/root/tmp"
tar --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner -C "$work/root" -cf "$work/layer.tar" .
printf '{"architecture":"%s","os":"linux","config":{"Env":["PATH=%s"],"Entrypoint":["%s"]},"rootfs":{"type":"layers","diff_ids":["sha256:%s"]}}' \
  "$architecture" "$folder" "${program##*/}" "$(sha256sum <"$work/layer.tar" | cut -d ' ' -f 1)" >"$work/config.json"
printf '[{"Config":"config.json","RepoTags":["%s"],"Layers":["layer.tar"]}]' "$image" >"$work/manifest.json"
tar -C "$work" -cf "$file" manifest.json config.json layer.tar
