#!/usr/bin/env bash
# Overwrites the segments of live channels for SECONDS (default 60), with a broker and members of
# build/PRESET (default test): scripts/live_fuzz.sh [SECONDS [PRESET [NAME=VALUE...]]]
# What the broker says goes to build/PRESET/live_fuzz.log.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

preset=${2:-test}
folder=$root/build/$preset
configure "$preset" >/dev/null
build "$preset" --target busbard busbar_live_fuzz >/dev/null
if ! "$folder/tests/live_fuzz/busbar_live_fuzz" "$folder/daemon/busbard" "seconds=${1:-60}" "${@:3}" \
  2>"$folder/live_fuzz.log"; then
  grep -v 'busbard warning' "$folder/live_fuzz.log" | tail -n 60 >&2
  exit 1
fi
