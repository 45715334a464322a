#!/usr/bin/env bash
# Builds Release and measures the public API:
#   scripts/bench.sh [--rounds N] [--minutes M]            everything beside its limits and its peers, about
#                                                          15 minutes; writes docs/performance.md. More rounds
#                                                          than N where samples are lacking, none after M
#   scripts/bench.sh --quick                               the same in 2 minutes, without curves; only prints
#   scripts/bench.sh --only WORDS                          cases whose group or command has WORDS; only prints
#                                                          (with --write too: writes)
#   scripts/bench.sh --list                                the groups; only prints
#   scripts/bench.sh holders [ROUNDS [KEEP_MS [WHICH]]]    a publisher whose subscribers keep messages
#   scripts/bench.sh set-up [ROUNDS]                       what it takes before the first message
#   scripts/bench.sh recovery [KILLS]                      from a publisher's death to the next message
#   scripts/bench.sh restart [PAIRS]                       what a subscriber sees of a broker's death
#   scripts/bench.sh inversion [PERIODS]                   real-time publishers of one channel; needs SCHED_FIFO
# Peers are compared with as far as they are installed: scripts/install_deps.sh --bench.
set -euo pipefail
cd "$(dirname "$0")/.."
usage() { sed -n '2,/^set/{/^set/d;s/^# \{0,1\}//p}' scripts/bench.sh; }
case ${1-} in
  "" | --rounds | --minutes | --quick | --only | --write | --list) ;;
  holders | set-up | recovery | restart | inversion) ;;
  -h | --help) usage; exit ;;
  *) usage >&2; exit 2 ;;
esac
bench=build/release/bench

build() {
  cmake --preset release -DBUSBAR_BUILD_BENCH=ON -DBUSBAR_BENCH_PEERS=ON >/dev/null
  cmake --build build/release -j "$(nproc)" --target busbard "$@" >/dev/null
}

# A python3 in front of Debian's may lack Debian's packages.
with_matplotlib() {
  local python
  for python in python3 /usr/bin/python3; do
    if "$python" -c 'import matplotlib' 2>/dev/null; then break; fi
  done
  echo "$python"
}

compare() {
  local groups
  groups=$(python3 bench/compare/campaign.py "$bench/compare" --list "$@")  # wrong words: before it builds
  if [[ " $* " == *" --list "* ]]; then echo "$groups"; return; fi
  build busbar_peers
  local write=--write
  [[ " $* " == *" --quick "* || " $* " == *" --only "* ]] && write=
  exec "$(with_matplotlib)" bench/compare/campaign.py "$bench/compare" $write "$@"
}

with_broker() {
  directory=$(mktemp -d)
  build/release/daemon/busbard --socket "$directory/control.sock" --log-level warn &
  broker=$!
  trap 'kill "$broker" 2>/dev/null; wait "$broker" 2>/dev/null; rm -rf "$directory"' EXIT
  until [ -S "$directory/control.sock" ]; do kill -0 "$broker"; sleep 0.01; done
  "$1" "$directory/control.sock" "${@:2}"
}

case ${1-} in
  recovery | restart | inversion)
    build "busbar_$1"
    exec "$bench/busbar-$1" build/release/daemon/busbard "${@:2}" ;;
  holders)
    build busbar_holders
    with_broker "$bench/busbar-holders" "${@:2}" ;;
  set-up)
    build busbar_set_up
    with_broker "$bench/busbar-set-up" "${2:-1000}"
    for channels in "10 64KiB" "10 4MiB" "1000 64KiB"; do
      # shellcheck disable=SC2086  # two words
      scripts/start_to_ready.py build/release/daemon/busbard $channels
      # shellcheck disable=SC2086
      scripts/start_to_ready.py build/release/daemon/busbard $channels 20 --killed
    done ;;
  *) compare "$@" ;;
esac
