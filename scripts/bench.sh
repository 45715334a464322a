#!/usr/bin/env bash
# Builds Release, starts a private broker and measures the public API:
#   scripts/bench.sh [ROUNDS]                              rates and round trips
#   scripts/bench.sh holders [ROUNDS [KEEP_MS [WHICH]]]    a publisher whose subscribers keep messages
#   scripts/bench.sh set-up [ROUNDS]                       what it takes before the first message
#   scripts/bench.sh recovery [KILLS]                      from a publisher's death to the next message
#   scripts/bench.sh restart [PAIRS]                       what a subscriber sees of a broker's death
set -euo pipefail
cd "$(dirname "$0")/.."
case ${1-} in
  "" | [1-9]* | holders | set-up | recovery | restart) ;;
  *) sed -n '2,/^set/{s/^# \{0,1\}//p}' scripts/bench.sh >&2; exit 2 ;;
esac
cmake --preset release -DBUSBAR_BUILD_BENCH=ON >/dev/null
cmake --build build/release -j "$(nproc)" >/dev/null
if [[ ${1-} == recovery || ${1-} == restart ]]; then
  exec "build/release/bench/busbar-$1" build/release/daemon/busbard "${@:2}"
fi
directory=$(mktemp -d)
build/release/daemon/busbard --socket "$directory/control.sock" --log-level warn &
broker=$!
trap 'kill "$broker" 2>/dev/null; wait "$broker" 2>/dev/null; rm -rf "$directory"' EXIT
until [ -S "$directory/control.sock" ]; do kill -0 "$broker"; sleep 0.01; done
if [[ ${1-} == set-up ]]; then
  build/release/bench/busbar-set-up "$directory/control.sock" "${2:-1000}"
  for channels in "10 64KiB" "10 4MiB" "1000 64KiB"; do
    # shellcheck disable=SC2086  # two words
    scripts/start_to_ready.py build/release/daemon/busbard $channels
    # shellcheck disable=SC2086
    scripts/start_to_ready.py build/release/daemon/busbard $channels 20 --killed
  done
elif [[ ${1-} == holders ]]; then
  build/release/bench/busbar-holders "$directory/control.sock" "${@:2}"
else
  build/release/bench/busbar-bench "$directory/control.sock" "${1:-6}"
fi
