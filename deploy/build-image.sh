#!/usr/bin/env bash
# Builds the image with the builder that the machine has.
set -euo pipefail

usage() {
  cat >&2 <<'TEXT'
usage: build-image.sh IMAGE

  BUILDER   the command that builds: docker, podman or buildah, the first one found when it is not set
  BASE      the image to build upon, Debian or a relative of it
  PLATFORM  linux/amd64 or linux/arm64: what it is for, this machine's own when it is not set; steps of a build for another
            one need an emulator, such as Debian's qemu-user-static
TEXT
  exit 2
}

(($# == 1)) || usage
image=$1
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$here/..

for builder in ${BUILDER:-docker podman buildah}; do
  if command -v "$builder" >/dev/null; then
    break
  fi
  builder=
done
[[ -n $builder ]] || { echo "no docker, podman or buildah is on the PATH; name one in BUILDER" >&2 && exit 1; }

context=$root/.dev/image-context${PLATFORM:+-${PLATFORM#*/}}
"$here/build-context.sh" "$context"
version=$(sed -nE 's/^  "version": "(.*)",$/\1/p' "$root/package.json")
revision=$(git -C "$root" rev-parse HEAD 2>/dev/null || echo unknown)
"$builder" build ${PLATFORM:+--platform "$PLATFORM"} ${BASE:+--build-arg "BASE=$BASE"} --build-arg "VERSION=$version" --build-arg "REVISION=$revision" \
  --file "$here/Containerfile" --tag "$image" "$context"
