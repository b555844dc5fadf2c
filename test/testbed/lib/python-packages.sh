# shellcheck shell=bash
# Packages of PyPI that a test runs: a folder for PYTHONPATH, without a virtual environment.

# What the Python example of a plugin needs.
EXAMPLE_REQUIREMENTS=$BED_DIR/../../examples/plugins/python/requirements.txt

# print_python_packages [REQUIREMENTS]: the folder with what a file lists, those of the example when it is left out.
print_python_packages() {
  local folder requirements=${1:-$EXAMPLE_REQUIREMENTS}
  python3 -m pip --version >/dev/null 2>&1 || install_packages python3 python3-pip
  # Some of the packages hold machine code for one version of Python.
  folder=$CACHE_DIR/python-packages-$(hash_of "$requirements" - < <(python3 --version))
  with_cache in_cache "$folder" install_python_packages "$requirements"
  printf '%s\n' "$folder"
}

install_python_packages() {
  local requirements=$1 folder=$2
  say "installing the Python packages of $requirements (25 MB)"
  python3 -m pip install --quiet --no-input --disable-pip-version-check --no-deps --root-user-action=ignore \
    --requirement "$requirements" --target "$folder" </dev/null >&2 || die "could not install the Python packages"
}
