#!/usr/bin/env bash
# bootstrap.sh - From a bare Debian 12 to a demo or a test run
#
# Part of Weft, under the Apache License v2.0. See LICENSE.
#
# Installs what is missing, builds preset dev, then does what was asked. Every
# step is skipped when its result is there, so a second call starts at once.

set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
root=$PWD
build=$root/build/dev
venv=$root/.venv

packages=(
  libmlir-22-dev mlir-22-tools llvm-22-dev llvm-22-tools clang-format-22
  libprotobuf-dev protobuf-compiler libonnx-dev libonnx-testdata libgtest-dev
  cmake ninja-build g++ python3 python3-venv ca-certificates
)

usage() {
  cat <<EOF
usage: ./bootstrap.sh COMMAND

  demo    compile a GPT-2-style decoder for a 32x32 cut of wse2, run it in the
          simulator and compare it with ONNX Runtime
  test    build all, then run unit tests, lit suites and integration tests
  build   build all
  setup   install packages and the Python environment only

Environment: WEFT_JOBS (parallel jobs of the build, default: all cores).
EOF
}

as_root() {
  if [ "$(id -u)" -eq 0 ]; then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    echo "bootstrap.sh: error: packages are missing (${missing[*]}) and neither" \
      "root nor sudo is at hand" >&2
    exit 1
  fi
}

install_packages() {
  missing=()
  local name
  for name in "${packages[@]}"; do
    if [ "$(dpkg-query -W -f '${db:Status-Status}' "$name" 2>/dev/null)" != installed ]; then
      missing+=("$name")
    fi
  done
  if [ ${#missing[@]} -eq 0 ]; then
    return
  fi
  echo "bootstrap.sh: installing ${missing[*]}"
  as_root apt-get update -q
  as_root env DEBIAN_FRONTEND=noninteractive \
    apt-get install -q -y --no-install-recommends "${missing[@]}"
}

# The stamp holds the requirements and the place: a moved clone is set up anew.
install_python() {
  local want
  want=$(echo "$root"; cat python/requirements.txt)
  if [ -f "$venv/stamp" ] && [ "$(cat "$venv/stamp")" = "$want" ]; then
    return
  fi
  echo "bootstrap.sh: setting up .venv"
  rm -rf "$venv"
  /usr/bin/python3 -m venv "$venv"
  "$venv/bin/python" -m pip install -q --disable-pip-version-check --no-deps \
    -r python/requirements.txt
  # The package itself is used in place.
  "$venv/bin/python" - "$root/python" <<'EOF'
import sys, sysconfig
with open(sysconfig.get_path("purelib") + "/weft.pth", "w") as f:
    f.write(sys.argv[1] + "\n")
EOF
  echo "$want" >"$venv/stamp"
}

build_all() {
  if [ ! -f "$build/build.ninja" ]; then
    local options=(-DWEFT_PYTHON="$venv/bin/python")
    if command -v ccache >/dev/null; then
      options+=(-DCMAKE_CXX_COMPILER_LAUNCHER=ccache)
    fi
    cmake --preset dev -DCMAKE_CXX_COMPILER=/usr/bin/g++ \
      -DCMAKE_C_COMPILER=/usr/bin/gcc "${options[@]}"
  fi
  # Progress for a person, errors only for a log.
  local quiet=--quiet
  [ ! -t 1 ] || quiet=
  # ccache, where installed, shares objects between clones.
  CCACHE_BASEDIR=$root CCACHE_NOHASHDIR=1 \
    CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime \
    ninja -C "$build" ${WEFT_JOBS:+-j "$WEFT_JOBS"} $quiet
}

setup() {
  install_packages
  install_python
}

case "${1:-}" in
demo)
  setup
  build_all
  shift
  exec "$venv/bin/python" -m weft.demo "$@"
  ;;
test)
  setup
  build_all
  exec "$venv/bin/python" test/run_all.py --build "$build" </dev/null
  ;;
build)
  setup
  build_all
  ;;
setup)
  setup
  ;;
-h | --help | help)
  usage
  ;;
*)
  usage >&2
  exit 1
  ;;
esac
