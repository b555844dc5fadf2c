# shellcheck shell=bash
# Building the programs that a module of ours lists as its tools.

GO_VERSION_NEEDED=1.25

# require_go MODULE PROGRAM ALTERNATIVE: the last says what a user without Go can do instead.
require_go() {
  local module=$1 program=$2 alternative=$3 version
  has go || die "Go $GO_VERSION_NEEDED or newer is needed to build $program, and no go command is on the PATH." \
    "Install it from the Go project's download page (Debian 12 has 1.19, which is too old), or $alternative."
  # Asked inside the module, so that a newer toolchain that Go chooses for it counts.
  version=$(cd "$module" && go env GOVERSION) || die "go does not work here; Go $GO_VERSION_NEEDED or newer is needed"
  if [[ $(printf '%s\n' "$GO_VERSION_NEEDED" "${version#go}" | sort -V | head -n 1) != "$GO_VERSION_NEEDED" ]]; then
    die "Go $GO_VERSION_NEEDED or newer is needed to build $program; this is ${version#go}." \
      "Install it from the Go project's download page, or $alternative."
  fi
}

# module_version MODULE PATH: the version of a package path that the module asks for.
module_version() {
  sed -nE "s|^(require)?[[:space:]]+$2 (v[0-9.]+).*|\2|p" "$1/go.mod"
}

# build_tools MODULE NAME LINK_FLAGS DIRECTORY: builds all tools of the module into DIRECTORY.
build_tools() {
  local module=$1 name=$2 flags=$3 out=$4 log started=$SECONDS seconds=0 total
  log=$WORK_DIR/build.log
  cd "$module"
  export CGO_ENABLED=0
  total=$(go list -mod=readonly -deps tool | wc -l)
  go build -v -mod=readonly -buildvcs=false -trimpath -ldflags "$flags" -o "$out/" tool </dev/null >"$log" 2>&1 &
  BUILD_PID=$!
  while kill -0 "$BUILD_PID" 2>/dev/null; do
    sleep 1
    if ((++seconds % 15 == 0)); then
      say "$name: $(wc -l <"$log") of at most $total packages compiled after $((SECONDS - started)) s"
    fi
  done
  if ! wait "$BUILD_PID"; then
    tail -n 20 "$log" >&2
    die "the build of $name failed"
  fi
  BUILD_PID=
  cd "$BED_DIR"
  say "$name: built in $((SECONDS - started)) s"
}
