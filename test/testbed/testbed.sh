#!/usr/bin/env bash
# Starts, stops and describes the test bed; README.md beside this file says what it is made of.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source-path=SCRIPTDIR
{
  . "$here/lib/settings.sh"
  . "$here/lib/say.sh"
  . "$here/lib/process.sh"
  . "$here/lib/ownership.sh"
  . "$here/lib/packages.sh"
  . "$here/lib/go-build.sh"
  . "$here/lib/cache.sh"
  . "$here/lib/restic.sh"
  . "$here/lib/versitygw.sh"
  . "$here/lib/helm.sh"
  . "$here/lib/python-packages.sh"
  . "$here/lib/network.sh"
  . "$here/lib/certificates.sh"
  . "$here/lib/control-plane.sh"
  . "$here/lib/node.sh"
  . "$here/lib/webhook-image.sh"
  . "$here/lib/image-store.sh"
  . "$here/lib/holdfast-image.sh"
  . "$here/lib/earlier-image.sh"
  . "$here/lib/postgres-image.sh"
  . "$here/lib/temporal-image.sh"
  . "$here/lib/provisioner.sh"
  . "$here/lib/dns.sh"
  . "$here/lib/temporal.sh"
  . "$here/lib/s3.sh"
  . "$here/lib/parts.sh"
  . "$here/lib/up.sh"
  . "$here/lib/down.sh"
  . "$here/lib/report.sh"
}

usage() {
  cat >&2 <<'TEXT'
usage: testbed.sh up | down | status | env | import FILE... | restic | versitygw | helm | python-packages [FILE] | image | earlier-image | webhook-image | postgres-image | temporal-image

  up       starts the bed, or repairs what has stopped; does nothing where all is well
  down     stops it and wipes its data; what was built or fetched stays in the cache
  status   says which parts run; the exit status is 0 only if all of them do
  env      prints the variables that point at the bed, as shell assignments
  import   loads image archives (OCI or Docker, .tar) into both nodes
  restic   builds restic, if it is not in the cache, and prints its path
  versitygw  builds versitygw, if it is not in the cache, and prints its path
  helm     fetches helm, if it is not in the cache, and prints its path
  python-packages  installs what FILE lists, or what the Python example of a plugin needs, into the cache, and prints the folder
  image    builds Holdfast's image from this checkout, if it has changed, loads it into the nodes, and prints its name
  earlier-image   the same as another version of workers, for the tests of upgrades
  postgres-image  builds and loads the image of a PostgreSQL server, for the tests that back one up
  webhook-image   builds and loads the image of a webhook server, for the tests that need one
  temporal-image  loads the image of a Temporal server, for the tests of the chart that brings one
TEXT
  exit 2
}

main() {
  local command=${1:-}
  decide_ownership
  case $command in
    up | down | import | image | earlier-image | webhook-image | postgres-image | temporal-image) with_lock "$@" ;;
    restic) print_restic ;;
    versitygw) print_versitygw ;;
    helm) print_helm ;;
    python-packages) print_python_packages "${@:2}" ;;
    status) report_status ;;
    env) report_env ;;
    *) usage ;;
  esac
}

# One command that changes the bed runs at a time; a second caller waits for the first.
with_lock() {
  local command=$1 lock
  shift
  mkdir -p "$RUN_DIR" || die "cannot make $RUN_DIR; set HOLDFAST_TESTBED_DIR to a folder you can write"
  exec {lock}>"$RUN_DIR/lock"
  if ! flock --nonblock "$lock"; then
    say "waiting for another run of this script"
    flock "$lock"
  fi
  case $command in
    up) bed_up ;;
    down) bed_down ;;
    import) import_archives "$@" ;;
    image) ensure_holdfast_image ;;
    earlier-image) ensure_earlier_image ;;
    postgres-image) ensure_postgres_image ;;
    webhook-image) ensure_webhook_image ;;
    temporal-image) ensure_temporal_image ;;
  esac
}

main "$@"
