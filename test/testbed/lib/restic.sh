# shellcheck shell=bash
# restic, the engine of volume copies: the tests run it on the machine, and the image holds it.

RESTIC_MODULE=$BED_DIR/modules/restic
RESTIC_LINK_FLAGS='-s -w'
RESTIC_VERSION=$(module_version "$RESTIC_MODULE" github.com/restic/restic)
RESTIC_DIR=$CACHE_DIR/restic-$RESTIC_VERSION-$(
  hash_of "$RESTIC_MODULE"/go.{mod,sum} - <<<"$RESTIC_LINK_FLAGS${GOARCH:+ $GOARCH}"
)
BED_RESTIC=$RESTIC_DIR/restic

print_restic() {
  if [[ $OWN_RESTIC == yes ]]; then
    with_cache make_restic
    printf '%s\n' "$BED_RESTIC"
  else
    printf '%s\n' "$HOLDFAST_RESTIC"
  fi
}

make_restic() {
  require_go "$RESTIC_MODULE" restic "set HOLDFAST_RESTIC to a restic that you have"
  in_cache "$RESTIC_DIR" build_tools "$RESTIC_MODULE" "restic $RESTIC_VERSION" "$RESTIC_LINK_FLAGS"
}
