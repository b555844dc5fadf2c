# shellcheck shell=bash
# Holdfast's own image, named by a hash of all that it is made of.

DEPLOY_DIR=$(cd "$BED_DIR/../../deploy" && pwd)
HOLDFAST_IMAGE_NAME=holdfast.test/holdfast
# What is below the sources in the image, which seldom changes.
RUNTIME_IMAGE_NAME=localhost/holdfast-runtime
IMAGE_CONTEXT=$CACHE_DIR/image-context
# How many images stay in the store, for checkouts that take turns.
IMAGES_KEPT=6

# bed_image: the name of the image that this checkout makes.
bed_image() {
  printf '%s:%s\n' "$HOLDFAST_IMAGE_NAME" "$(hash_of - <<<"$("$DEPLOY_DIR/build-context.sh" --hash) $BASE_IMAGE $(image_restic)")"
}

image_restic() {
  if [[ $OWN_RESTIC == yes ]]; then
    printf '%s\n' "$BED_RESTIC"
  else
    printf '%s\n' "$HOLDFAST_RESTIC"
  fi
}

# ensure_holdfast_image: builds it if the sources have changed, loads it into the nodes, and prints its name.
ensure_holdfast_image() {
  local image
  if [[ $OWN_IMAGE == no ]]; then
    printf '%s\n' "$HOLDFAST_IMAGE"
    return 0
  fi
  [[ $OWN_CLUSTER == yes ]] || die "your cluster needs an image of Holdfast that it can pull;" \
    "make image builds one, and HOLDFAST_IMAGE names it"
  image=$(bed_image)
  if ! is_in_nodes "$image"; then
    install_image_packages
    with_cache make_holdfast_image "$image"
    say "loading $image into the nodes"
    load_image "$image"
  fi
  printf '%s\n' "$image"
}

make_holdfast_image() {
  local image=$1 runtime
  if is_in_store "$image"; then
    return 0
  fi
  [[ $OWN_RESTIC == no ]] || make_restic
  make_base_image
  runtime=$RUNTIME_IMAGE_NAME:$(hash_of "$DEPLOY_DIR"/{Containerfile,build-context.sh} "$DEPLOY_DIR/../package-lock.json" - <<<"$BASE_IMAGE $(image_restic)")
  say "building $image (5 seconds, or a minute when its packages have changed)"
  HOLDFAST_RESTIC=$(image_restic) logged "$DEPLOY_DIR/build-context.sh" "$IMAGE_CONTEXT"
  is_in_store "$runtime" || build_image "$runtime" "$DEPLOY_DIR/Containerfile" "$IMAGE_CONTEXT" --target runtime
  build_image "$image" "$DEPLOY_DIR/Containerfile" "$IMAGE_CONTEXT" --build-context "runtime=container-image://$runtime" \
    --build-arg "REVISION=${image##*:}"
  forget_images "$HOLDFAST_IMAGE_NAME" "$IMAGES_KEPT"
  forget_images "$RUNTIME_IMAGE_NAME" 2
}
