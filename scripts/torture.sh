#!/usr/bin/env bash
# Kills members of several channels at random moments, and the broker too, while every message is
# accounted for (docs/torture.md):
#   scripts/torture.sh [--minutes N | --seconds N] [--broker-kills] [NAME=VALUE...]
# The names are those of tests/torture/options.hpp. Default: two minutes, members alone.
set -euo pipefail
cd "$(dirname "$0")/.."

seconds=120
more=()
while (($#)); do
  case $1 in
    --minutes) seconds=$((${2:?minutes are missing} * 60)); shift 2 ;;
    --seconds) seconds=${2:?seconds are missing}; shift 2 ;;
    --broker-kills) more+=(broker_kills=2); shift ;;
    *=*) more+=("$1"); shift ;;
    *) echo "usage: scripts/torture.sh [--minutes N | --seconds N] [--broker-kills] [NAME=VALUE...]" >&2; exit 2 ;;
  esac
done

cmake -S . -B build/soak -DCMAKE_BUILD_TYPE=Release -DBUSBAR_BUILD_BENCH=OFF >/dev/null
cmake --build build/soak -j "$(nproc)" --target busbard busbar_torture >/dev/null
exec build/soak/tests/torture/busbar_torture build/soak/daemon/busbard "seconds=$seconds" "${more[@]}"
