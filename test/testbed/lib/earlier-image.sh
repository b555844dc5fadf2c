# shellcheck shell=bash
# The image of this checkout as another version of workers, for the tests of upgrades; the bed itself does without.

EARLIER_IMAGE_DIR=$BED_DIR/images/earlier

# ensure_earlier_image: builds it if the image of this checkout has changed, loads it into the nodes, and prints its name.
# Where HOLDFAST_IMAGE is the user's, so is this one.
ensure_earlier_image() {
  local latest earlier
  if [[ $OWN_IMAGE == no ]]; then
    [[ -n ${HOLDFAST_EARLIER_IMAGE:-} ]] || die "tests of upgrades need another version of $HOLDFAST_IMAGE that your cluster" \
      "can pull; test/testbed/images/earlier makes one, and HOLDFAST_EARLIER_IMAGE names it"
    printf '%s\n' "$HOLDFAST_EARLIER_IMAGE"
    return 0
  fi
  latest=$(ensure_holdfast_image)
  earlier=$latest-earlier
  if ! is_in_nodes "$earlier"; then
    with_cache make_earlier_image "$latest" "$earlier"
    say "loading $earlier into the nodes"
    load_image "$earlier"
  fi
  printf '%s\n' "$earlier"
}

make_earlier_image() {
  if ! is_in_store "$1"; then
    make_holdfast_image "$1"
  fi
  if ! is_in_store "$2"; then
    build_image "$2" "$EARLIER_IMAGE_DIR/Containerfile" "$EARLIER_IMAGE_DIR" --build-arg "LATEST=$1"
  fi
}
