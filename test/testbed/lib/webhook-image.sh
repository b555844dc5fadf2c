# shellcheck shell=bash
# The image of a webhook server, for the tests that need one; the bed itself does without.

WEBHOOK_IMAGE_FOLDER=$CACHE_DIR/webhook-$(
  hash_of "$BED_DIR"/images/{program.sh,webhook/main.go,webhook/build.sh} - <<<"$WEBHOOK_IMAGE"
)

# ensure_webhook_image: builds it, once, and loads it into the nodes that lack it.
ensure_webhook_image() {
  has go || die "Go $GO_VERSION_NEEDED or newer is needed to build $WEBHOOK_IMAGE"
  with_cache in_cache "$WEBHOOK_IMAGE_FOLDER" build_webhook_image
  if [[ $OWN_CLUSTER == no ]]; then
    say "your cluster needs the image of $WEBHOOK_IMAGE_FOLDER/webhook.tar"
    return 0
  fi
  if ! is_in_nodes "$WEBHOOK_IMAGE"; then
    import_archives "$WEBHOOK_IMAGE_FOLDER/webhook.tar"
  fi
}

build_webhook_image() {
  say "building the image $WEBHOOK_IMAGE"
  "$BED_DIR/images/webhook/build.sh" "$1/webhook.tar" "$WEBHOOK_IMAGE"
}
