# Sourced by the scripts beside it: where the tree is, and how it is configured and built.
# shellcheck shell=bash

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

# A home that cannot be written to must not stop ccache.
if command -v ccache >/dev/null; then
  ccache_dir=${CCACHE_DIR:-${XDG_CACHE_HOME:-${HOME:-/nonexistent}/.cache}/ccache}
  if ! mkdir -p "$ccache_dir" 2>/dev/null || [[ ! -w $ccache_dir ]]; then
    export CCACHE_DIR=$root/build/ccache
  fi
fi

# configure PRESET [cmake arguments]: build/PRESET, with Ninja if it is there.
configure() {
  local preset=$1
  shift
  local generator=()
  command -v ninja >/dev/null || generator=(-G "Unix Makefiles")
  (cd "$root" && cmake --preset "$preset" "${generator[@]}" "$@")
}

# build PRESET [cmake --build arguments]: with all cores.
build() {
  local preset=$1
  shift
  cmake --build "$root/build/$preset" --parallel "$(nproc)" "$@"
}
