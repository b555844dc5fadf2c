# shellcheck shell=bash
# versitygw, a second S3 server, for the tests that start one; the bed itself does without.

VERSITYGW_MODULE=$BED_DIR/modules/versitygw
VERSITYGW_LINK_FLAGS='-s -w'
VERSITYGW_VERSION=$(module_version "$VERSITYGW_MODULE" github.com/versity/versitygw)
VERSITYGW_DIR=$CACHE_DIR/versitygw-$VERSITYGW_VERSION-$(
  hash_of "$VERSITYGW_MODULE"/go.{mod,sum} - <<<"$VERSITYGW_LINK_FLAGS"
)

print_versitygw() {
  with_cache make_versitygw
  printf '%s\n' "$VERSITYGW_DIR/versitygw"
}

make_versitygw() {
  [[ -d $VERSITYGW_DIR ]] || require_go "$VERSITYGW_MODULE" versitygw "leave out the tests that need it"
  in_cache "$VERSITYGW_DIR" build_tools "$VERSITYGW_MODULE" "versitygw $VERSITYGW_VERSION" "$VERSITYGW_LINK_FLAGS"
}
