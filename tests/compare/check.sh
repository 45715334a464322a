#!/usr/bin/env bash
# check.sh DIRECTORY: the harness of bench/compare, in DIRECTORY, goes from end to end with Busbar and
# with bare rings, and finds a message that is lost, changed or comes twice. No figure is looked at.
set -uo pipefail
campaign=$(realpath "$(dirname "$0")/../../bench/compare/campaign.py")
cd "$1" || exit 1
short=(warm=0 seconds=0.02 probes=0)
failures=0

fails() { printf 'check: %s\n  %s\n' "$1" "$2" >&2; failures=$((failures + 1)); }

passes() {
  local out
  if ! out=$("$@" "${short[@]}") || [[ $out != *'"rate":'* || $out == *'"failed"'* ]]; then
    fails "$*" "$out"
  fi
}
finds() {
  local out
  out=$(./compare-faulty "fault=$1" "${short[@]}" wait=yield "${@:3}")
  [[ $? == 1 && $out == *"\"failed\":\"$2"* ]] || fails "fault=$1 ${*:3}" "$out"
}

for wait in busy block; do
  for test in one-way round-trip; do
    passes ./compare-ring "$test" "wait=$wait" batch=1
    passes ./compare-busbar "$test" "wait=$wait"
  done
done
passes ./compare-busbar one-way wait=yield writers=2 readers=3 size=4096
passes ./compare-busbar one-way wait=yield channels=3
passes ./compare-busbar one-way wait=block single=1
passes ./compare-ring one-way wait=yield readers=3
passes ./compare-claims one-way wait=yield writers=2
finds lost "lost messages: 1"
finds changed "wrong messages: 1"
finds changed "wrong messages: 1" size=65536
finds repeated "repeated messages: 1"
finds unseen "written: "
finds lost "lost messages: 1" readers=2

# Words that nothing has are an error, and told with those that there are.
out=$(python3 "$campaign" . --only "no such thing" 2>&1)
[[ $? == 2 && $out == *"no such thing"*"one way, 64 B"* ]] || fails "campaign.py --only" "$out"
out=$(python3 "$campaign" . --only "one way, 64 B" --list 2>&1)
[[ $out == "  one way, 64 B" ]] || fails "campaign.py --list" "$out"
((failures == 0))
