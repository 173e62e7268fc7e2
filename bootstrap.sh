#!/usr/bin/env bash
# bootstrap.sh - From a bare Debian 12 to a demo or a test run
#
# Part of Weft, under the Apache License v2.0. See LICENSE.
#
# Installs what is missing, builds a preset, then does what was asked. Every step
# is skipped when its result is there, so a second call starts at once. Clang is
# installed only for the presets that need it, asan and fuzz.

set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
root=$PWD
preset=dev
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
  test [--preset asan]
          build all, then run unit tests, lit suites and integration tests;
          with asan under AddressSanitizer and UndefinedBehaviorSanitizer
  fuzz NAME [INPUTS|FILE]
          run a fuzzer over INPUTS (default 100000) inputs or one file; NAME is
          weft (loader and verifier), text (dialects), target (YAML, --set)
          or onnx (importer)
  fuzz onnx edits
          import every seed with one of its fields changed, each in turn
  build   build all
  setup   install packages and the Python environment only

Environment: WEFT_JOBS (parallel jobs of the build, default: all cores; of a
fuzzer, default: 1, which alone repeats).
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

# Builds the targets that are named, or all.
build_all() {
  local build=$root/build/$preset
  if [ ! -f "$build/build.ninja" ]; then
    local options=(-DWEFT_PYTHON="$venv/bin/python")
    if command -v ccache >/dev/null; then
      options+=(-DCMAKE_CXX_COMPILER_LAUNCHER=ccache)
    fi
    if [ "$preset" = dev ]; then
      options+=(-DCMAKE_CXX_COMPILER=/usr/bin/g++ -DCMAKE_C_COMPILER=/usr/bin/gcc)
    fi
    cmake --preset "$preset" "${options[@]}"
  fi
  # Progress for a person, errors only for a log.
  local quiet=--quiet
  [ ! -t 1 ] || quiet=
  # ccache, where installed, shares objects between clones.
  CCACHE_BASEDIR=$root CCACHE_NOHASHDIR=1 \
    CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime \
    ninja -C "$build" ${WEFT_JOBS:+-j "$WEFT_JOBS"} $quiet "$@"
}

setup() {
  [ "$preset" = dev ] || packages+=(clang-22 libclang-rt-22-dev)
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
  if [ $# -gt 1 ]; then
    [ "$*" = "test --preset asan" ] || [ "$*" = "test --preset dev" ] || { usage >&2; exit 1; }
    preset=$3
  fi
  setup
  build_all
  exec "$venv/bin/python" test/run_all.py --build "build/$preset" </dev/null
  ;;
fuzz)
  case "${2:-}" in weft | text | target | onnx) ;; *) usage >&2; exit 1 ;; esac
  preset=fuzz
  setup
  build_all "weft-fuzz-$2"
  if [ "${3:-}" = edits ]; then
    [ "$2" = onnx ] || { usage >&2; exit 1; }
    exec "$venv/bin/python" test/fuzz/edits.py --build build/fuzz --jobs "${WEFT_JOBS:-1}"
  fi
  exec "$venv/bin/python" test/fuzz/run.py "$2" "${3:-100000}" --build build/fuzz \
    --jobs "${WEFT_JOBS:-1}"
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
