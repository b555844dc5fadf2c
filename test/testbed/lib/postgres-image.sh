# shellcheck shell=bash
# The image of a PostgreSQL server, for the tests that back up a real database; the bed itself does without.

POSTGRES_IMAGE_DIR=$BED_DIR/images/postgres
# In the store it is named by what it is made of, in the cluster by its version.
STORED_POSTGRES_IMAGE=localhost/holdfast-postgres:$(hash_of "$POSTGRES_IMAGE_DIR"/* - <<<"$BASE_IMAGE")

# ensure_postgres_image: builds it, once, and loads it into the nodes that lack it.
ensure_postgres_image() {
  if [[ $OWN_CLUSTER == no ]]; then
    say "your cluster needs an image $POSTGRES_IMAGE, made from $POSTGRES_IMAGE_DIR"
    return 0
  fi
  if ! is_in_nodes "$POSTGRES_IMAGE"; then
    install_image_packages
    with_cache make_postgres_image
    load_image "$POSTGRES_IMAGE"
  fi
}

make_postgres_image() {
  make_base_image
  if ! is_in_store "$STORED_POSTGRES_IMAGE"; then
    say "building the image $POSTGRES_IMAGE (1 minute)"
    build_image "$STORED_POSTGRES_IMAGE" "$POSTGRES_IMAGE_DIR/Containerfile" "$POSTGRES_IMAGE_DIR"
  fi
  logged buildah_here tag "$STORED_POSTGRES_IMAGE" "$POSTGRES_IMAGE"
}
