#!/usr/bin/env bash
# Builds the fuzz targets with clang and runs each for SECONDS (default 20) from the corpora that are
# kept: scripts/fuzz.sh [SECONDS]. What is new goes to build/fuzz/corpus; scripts/fuzz.sh --keep adds
# what of it reaches new code to tests/fuzz/corpus.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

parts=(codec loader framing ledger)

command -v clang++-14 >/dev/null || { echo "fuzz: clang++-14 is needed (Debian package clang-14)" >&2; exit 1; }
configure fuzz >/dev/null
targets=()
for part in "${parts[@]}"; do targets+=(--target "busbar_${part}_fuzz"); done
build fuzz "${targets[@]}"

kept=$root/tests/fuzz/corpus
found=$root/build/fuzz/corpus
crashes=$root/build/fuzz/crashes
mkdir -p "$crashes"
for part in "${parts[@]}"; do
  mkdir -p "$found/$part"
  program=$root/build/fuzz/tests/fuzz/busbar_${part}_fuzz
  if [[ ${1-} == --keep ]]; then
    # By code reached, not by how often: hundreds of files instead of thousands.
    "$program" -set_cover_merge=1 -use_counters=0 -max_len=4096 "$kept/$part" "$found/$part"
    continue
  fi
  dictionary=()
  [[ -e $root/tests/fuzz/$part.dict ]] && dictionary=(-dict="$root/tests/fuzz/$part.dict")
  printf 'fuzz: %s, %s seconds\n' "$part" "${1:-20}"
  # One input takes 5 seconds at most, all memory 2 GiB.
  if ! "$program" -max_total_time="${1:-20}" -timeout=5 -max_len=16384 -print_final_stats=1 \
    -artifact_prefix="$crashes/$part-" "${dictionary[@]}" "$found/$part" "$kept/$part" \
    >"$found/$part.log" 2>&1; then
    tail -n 60 "$found/$part.log" >&2
    echo "fuzz: $part failed; the input is in $crashes" >&2
    exit 1
  fi
  grep -E 'number_of_executed_units|peak_rss_mb' "$found/$part.log"
done
