#!/usr/bin/env bash
# Installs the Debian packages that Busbar needs. The one list of them.
#
#   scripts/install_deps.sh --minimal   to build and to run
#   scripts/install_deps.sh             also what the tests and checks need
#   scripts/install_deps.sh --bench     to build, to run, and what scripts/bench.sh compares with
#
# Nothing happens if everything is there. Without apt or without root it names what is missing and
# goes on if the compiler, CMake and the libraries are there all the same; otherwise it fails.
set -euo pipefail

minimal=(
  build-essential     # g++ 12, make, libc6-dev
  cmake
  ninja-build
  ccache
  pkg-config
  libboost1.81-dev    # Interprocess, Lockfree: headers only
  libspdlog-dev
  nlohmann-json3-dev
  libcli11-dev
  libsystemd-dev      # busbard: socket activation and watchdog as systemd passes them
)
for_tests=(
  git                 # scripts/format.sh lists the files with it
  python3             # scripts/check_includes.py, tests/docs, tests/config
  python3-jsonschema  # tests/config
  libgtest-dev
  libgmock-dev
  clang-format-14
  clang-14            # scripts/fuzz.sh
  libclang-rt-14-dev  # libFuzzer and the sanitizers for it
  spin                # tests/models
  valgrind            # scripts/instructions.py
  dpkg-dev            # scripts/package.sh: what a package depends on
  file                # likewise: which files are programs
  systemd             # tests/system: units are checked and run
  systemd-container   # tests/system: the container that they run in
)
for_bench=(
  iceoryx             # the peers of bench/compare: each is left out where it is not installed
  libiceoryx-posh-dev
  libnng-dev
  libzmq3-dev
  python3-matplotlib  # plots
)

say() { printf 'install_deps: %s\n' "$*" >&2; }

case "${1-}" in
  --minimal) packages=("${minimal[@]}") ;;
  --bench) packages=("${minimal[@]}" python3 "${for_bench[@]}") ;;
  "") packages=("${minimal[@]}" "${for_tests[@]}") ;;
  *) say "usage: $0 [--minimal|--bench]"; exit 2 ;;
esac

missing=()
if command -v dpkg-query >/dev/null; then
  for package in "${packages[@]}"; do
    state=$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null || true)
    [[ $state == installed ]] || missing+=("$package")
  done
else
  missing=("${packages[@]}")
fi
((${#missing[@]})) || exit 0

# Is what these packages bring there anyway, from elsewhere?
usable() {
  local cxx=${CXX:-g++}
  command -v cmake >/dev/null && command -v "$cxx" >/dev/null || return 1
  command -v ninja >/dev/null || command -v make >/dev/null || return 1
  "$cxx" -std=c++20 -fsyntax-only -x c++ - 2>/dev/null <<'CPP'
#include <boost/version.hpp>
#if BOOST_VERSION < 108100
#error Boost 1.81 is needed
#endif
#if !__has_include(<spdlog/spdlog.h>) || !__has_include(<nlohmann/json.hpp>) || \
    !__has_include(<CLI/CLI.hpp>) || !__has_include(<systemd/sd-daemon.h>)
#error a library is missing
#endif
CPP
  [[ -n ${1-} ]] && return 0
  printf '#include <gmock/gmock.h>\n#include <gtest/gtest.h>\n' |
    "$cxx" -std=c++20 -fsyntax-only -x c++ - 2>/dev/null
}

as_root=()
can_install=yes
if ! command -v apt-get >/dev/null; then
  can_install="apt-get is not here"
elif ((EUID != 0)); then
  if command -v sudo >/dev/null && { [[ -t 0 ]] || sudo -n true 2>/dev/null; }; then
    as_root=(sudo)
  else
    can_install="this needs root"
  fi
fi

if [[ $can_install != yes ]]; then
  say "cannot install packages ($can_install). Not installed as Debian packages:"
  say "  ${missing[*]}"
  if usable "${1-}"; then
    say "the compiler, CMake and the libraries are there: going on without them"
    exit 0
  fi
  say "as root: apt-get install ${missing[*]}"
  exit 1
fi

say "installing ${missing[*]}"
# libboost1.81-dev and the headers of another Boost (libboost-dev, libboost1.74-dev) exclude each
# other: apt replaces them.
apt=(env DEBIAN_FRONTEND=noninteractive apt-get -o Acquire::Retries=3 -o DPkg::Lock::Timeout=120)
"${as_root[@]}" "${apt[@]}" update -qq
"${as_root[@]}" "${apt[@]}" install -y -qq --no-install-recommends "${missing[@]}" >&2
