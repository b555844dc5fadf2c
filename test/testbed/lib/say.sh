# shellcheck shell=bash
# Messages go to standard error, because the standard output of `env` is evaluated by a shell.

say() {
  printf 'testbed: %s\n' "$*" >&2
}

die() {
  printf 'testbed: error: %s\n' "$*" >&2
  exit 1
}
