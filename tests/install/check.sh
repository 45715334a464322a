#!/usr/bin/env bash
# check.sh BUILD_DIRECTORY [CXX]: installs into a prefix of its own, then builds and runs a program
# against it: by CMake and by pkg-config with a plain compiler, shared and static.
set -euo pipefail

build=$1
cxx=${2:-g++}
here=$(cd "$(dirname "$0")" && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# Moved after it was installed: nothing may depend on the prefix of the day.
cmake --install "$build" --prefix "$scratch/first" >"$scratch/install.log"
mv "$scratch/first" "$scratch/prefix"
prefix=$scratch/prefix
version=$(sed -n 's/.*kLibraryVersion = "\(.*\)".*/\1/p' "$here/../../common/base/version.hpp")

fail() { echo "install test: $*" >&2; exit 1; }

runs() {  # runs WHAT PROGRAM
  local words
  words=$("$2") || fail "$1: exit status $?: $words"
  grep -qx "busbar $version" <<<"$words" || fail "$1: says '$words', not version $version"
  grep -q /nonexistent/control.sock <<<"$words" || fail "$1: the error does not name the socket: $words"
  echo "$1: ok"
}
# Here and below: `words | grep -q` under pipefail fails now and then, because grep leaves at its find
# and the writer dies of SIGPIPE.
needs_shared() { grep -q 'libbusbar\.so\.1' <<<"$(ldd "$1")"; }

# Every public header compiles alone, with the installed ones only.
for header in "$prefix"/include/busbar/*.hpp; do
  echo "#include <busbar/$(basename "$header")>" |
    "$cxx" -std=c++20 -fsyntax-only -Wall -Wextra -Wpedantic -Werror -I"$prefix/include" -x c++ - ||
    fail "installed header $(basename "$header") does not compile alone"
done
echo "headers: ok"

cmake -S "$here" -B "$scratch/consumer" -DCMAKE_PREFIX_PATH="$prefix" -DCMAKE_CXX_COMPILER="$cxx" \
  >"$scratch/configure.log" || { cat "$scratch/configure.log"; fail "find_package"; }
cmake --build "$scratch/consumer" >"$scratch/build.log" || { cat "$scratch/build.log"; fail "build"; }
runs "CMake, shared" "$scratch/consumer/consumer_shared"
runs "CMake, static" "$scratch/consumer/consumer_static"
needs_shared "$scratch/consumer/consumer_shared" || fail "consumer_shared is not linked to libbusbar.so.1"
! needs_shared "$scratch/consumer/consumer_static" || fail "consumer_static needs libbusbar.so.1"

PKG_CONFIG_PATH=$(dirname "$(find "$prefix" -name busbar.pc)")
export PKG_CONFIG_PATH
[[ $(pkg-config --modversion busbar) == "$version" ]] || fail "busbar.pc has another version"
libdir=$(pkg-config --variable=libdir busbar)
# shellcheck disable=SC2046  # words are meant to be split
"$cxx" -std=c++20 "$here/consumer.cpp" -o "$scratch/plain_shared" $(pkg-config --cflags --libs busbar) \
  -Wl,-rpath,"$libdir"
runs "pkg-config, shared" "$scratch/plain_shared"
# shellcheck disable=SC2046
"$cxx" -std=c++20 "$here/consumer.cpp" -o "$scratch/plain_static" $(pkg-config --cflags busbar) \
  -Wl,-Bstatic $(pkg-config --static --libs busbar) -Wl,-Bdynamic
runs "pkg-config, static" "$scratch/plain_static"
! needs_shared "$scratch/plain_static" || fail "plain_static needs libbusbar.so.1"

inner=$(nm -DC --defined-only "$libdir/libbusbar.so" | grep -E ' [A-Z] busbar::(ring|control|shm|sync|layout)::' || true)
[[ -z $inner ]] || fail "libbusbar.so exports what is not public: $inner"
echo "symbols: ok"

unit=$prefix/lib/systemd/system/busbard.service
grep -qx "ExecStart=$scratch/first/bin/busbard --config $scratch/first/etc/busbar/busbar.json" "$unit" ||
  fail "the unit has other paths: $(grep ExecStart= "$unit")"
[[ -f $prefix/etc/busbar/busbar.json ]] || fail "no configuration"
echo "service: ok"

for program in busbar busbard; do
  grep -qF "$version" <<<"$("$prefix/bin/$program" --version)" || fail "$program --version: not $version"
  echo "$program: ok"
done
