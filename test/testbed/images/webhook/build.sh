#!/usr/bin/env bash
# build.sh FILE IMAGE: writes an image archive with the webhook server and nothing else.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

CGO_ENABLED=0 go build -trimpath -buildvcs=false -ldflags '-s -w' -o "$work/webhook" "$here/main.go"
"$here/../program.sh" "$1" "$2" "$work/webhook"
