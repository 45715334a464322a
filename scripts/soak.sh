#!/usr/bin/env bash
# Streams many bytes of mixed messages through one channel and checks every one of them:
#   scripts/soak.sh [BYTES]      default 10GiB; first one publisher, then four, to three subscribers
set -euo pipefail
cd "$(dirname "$0")/.."
bytes=${1:-10GiB}
cmake -S . -B build/soak -DCMAKE_BUILD_TYPE=Release -DBUSBAR_BUILD_BENCH=OFF >/dev/null
cmake --build build/soak -j "$(nproc)" --target busbard busbar_cli busbar_soak >/dev/null
directory=$(mktemp -d)
build/soak/daemon/busbard --socket "$directory/control.sock" --log-level warn &
broker=$!
trap 'kill "$broker" 2>/dev/null; wait "$broker" 2>/dev/null; rm -rf "$directory"' EXIT
until [ -S "$directory/control.sock" ]; do kill -0 "$broker"; sleep 0.01; done
for publishers in 1 4; do
  build/soak/tests/soak/busbar_soak "$directory/control.sock" "$publishers" 3 "$bytes" 64MiB
  build/soak/cli/busbar --socket "$directory/control.sock" rm soak
done
