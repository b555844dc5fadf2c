#!/usr/bin/env bash
# build.sh FILE IMAGE: writes an image archive with the webhook server and nothing else.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
file=$1
image=$2

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

mkdir "$work/root"
CGO_ENABLED=0 go build -trimpath -buildvcs=false -ldflags '-s -w' -o "$work/root/webhook" "$here/main.go"
tar --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner -C "$work/root" -cf "$work/layer.tar" .
printf '{"architecture":"%s","os":"linux","config":{"Entrypoint":["/webhook"]},"rootfs":{"type":"layers","diff_ids":["sha256:%s"]}}' \
  "$(go env GOARCH)" "$(sha256sum <"$work/layer.tar" | cut -d ' ' -f 1)" >"$work/config.json"
printf '[{"Config":"config.json","RepoTags":["%s"],"Layers":["layer.tar"]}]' "$image" >"$work/manifest.json"
tar -C "$work" -cf "$file" manifest.json config.json layer.tar
