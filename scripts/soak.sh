#!/usr/bin/env bash
# Streams many bytes of mixed messages through one channel, checks every one of them, and what each
# lossy subscriber says that it has missed:
#   scripts/soak.sh [BYTES]          default 10GiB: one publisher, then four, two of which abort
#   scripts/soak.sh torn [SECONDS]   default 600: lossy subscribers in small rings, lapped as often as
#                                    can be, that look at everything they hold again and again
set -euo pipefail
cd "$(dirname "$0")/.."
cmake -S . -B build/soak -DCMAKE_BUILD_TYPE=Release -DBUSBAR_BUILD_BENCH=OFF >/dev/null
cmake --build build/soak -j "$(nproc)" --target busbard busbar_cli busbar_soak >/dev/null
directory=$(mktemp -d)
build/soak/daemon/busbard --socket "$directory/control.sock" --log-level warn &
broker=$!
trap 'kill "$broker" 2>/dev/null; wait "$broker" 2>/dev/null; rm -rf "$directory"' EXIT
until [ -S "$directory/control.sock" ]; do kill -0 "$broker"; sleep 0.01; done

soak() {
  echo "$*"
  build/soak/tests/soak/busbar_soak "$directory/control.sock" "$@"
  build/soak/cli/busbar --socket "$directory/control.sock" rm soak
}

if [[ ${1-} == torn ]]; then
  seconds=${2:-600}
  part() { soak seconds=$((seconds * $1 / 100)) "${@:2}"; }
  part 40 lossy=4 capacity=64KiB largest=0
  part 25 lossy=4 joiners=1 capacity=1MiB largest=0
  part 20 publishers=3 aborting=2 reliable=1 lossy=3 joiners=1 capacity=64KiB largest=8KiB
  part 15 lossy=4 capacity=64KiB largest=0 fences=full
else
  bytes=${1:-10GiB}
  soak reliable=1 lossy=2 bytes="$bytes"
  soak publishers=4 aborting=2 reliable=1 lossy=2 bytes="$bytes"
  soak reliable=3 bytes="$bytes"
  soak publishers=4 reliable=3 bytes="$bytes"
  soak publishers=4 aborting=2 reliable=2 lossy=2 joiners=2 bytes="$bytes"
fi
