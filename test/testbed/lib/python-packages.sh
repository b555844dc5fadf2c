# shellcheck shell=bash
# What the Python example of a plugin needs, for the test that runs it: a folder for PYTHONPATH, without a virtual environment.

PYTHON_REQUIREMENTS=$BED_DIR/../../examples/plugins/python/requirements.txt

print_python_packages() {
  local folder
  python3 -m pip --version >/dev/null 2>&1 || install_packages python3 python3-pip
  # Some of the packages hold machine code for one version of Python.
  folder=$CACHE_DIR/python-packages-$(hash_of "$PYTHON_REQUIREMENTS" - < <(python3 --version))
  with_cache in_cache "$folder" install_python_packages
  printf '%s\n' "$folder"
}

install_python_packages() {
  say "installing the Python packages of $PYTHON_REQUIREMENTS (25 MB)"
  python3 -m pip install --quiet --no-input --disable-pip-version-check --no-deps --root-user-action=ignore \
    --requirement "$PYTHON_REQUIREMENTS" --target "$1" </dev/null >&2 || die "could not install the Python packages"
}
