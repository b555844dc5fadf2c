# shellcheck shell=bash
# The image of this checkout with workflows of another version, for the tests of upgrades; the bed itself does without.

EARLIER_IMAGE_DIR=$BED_DIR/images/earlier

# ensure_earlier_image: builds it if the image of this checkout has changed, loads it into the nodes, and prints its name.
ensure_earlier_image() {
  local latest earlier
  [[ $OWN_IMAGE == yes ]] || die "an earlier image is made of one that the test bed builds; unset HOLDFAST_IMAGE"
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
