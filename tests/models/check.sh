#!/usr/bin/env bash
# Checks the ring's protocol with Spin: every model must hold, and every mutant of a model must fail.
#
#   check.sh                     all models with small bounds, all mutants (about two minutes on two cores)
#   check.sh --deep              the same, then larger bounds (about a quarter of an hour, up to 12 GB of memory)
#   check.sh --show MODEL FLAG.. one run; if it fails, the counterexample step by step
#
# A line a run: verdict, model, flags, states that were stored, what was found. Exit status 0 if all is as it must be, else 1.
# The words to it are in docs/protocol.md. BUSBAR_MODEL_JOBS says how many runs go on at once (default: 2 at most).
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

# what | model | flags. `holds`: no error in the whole state space. `fails`: an error must be found: a mutant, or a
# -DREACH_ flag, which shows that a situation occurs at all.
runs() {
  cat <<'TABLE'
holds | claim_many    | -DK=3 -DN=6 -DCLAIMS=2
holds | repair        | -DN=6
holds | repair        | -DN=6 -DSTEP_OVER -DNO_CRASH
holds | gate_join     | -DHOLDER -DJOIN -DMAXPOS=6
holds | claim_many    | -DTAP
holds | claim_one     |
holds | claim_one     | -DTAP
holds | role_handover |
holds | slot_reuse    |
holds | gate_join     | -DHOLDER
holds | gate_join     | -DJOIN
holds | gate_join     | -DJOIN -DSTART_NOW
holds | gate_join     | -DJOIN -DONE_LOOK
holds | gate_join     | -DJOIN -DFENCES_FULL
holds | hold_pin      |
holds | hold_pin      | -DCLOSE -DRECORDS=2
holds | lossy_join    |
holds | lossy_join    | -DX_BEFORE
holds | lossy_join    | -DACTIVE_PLAIN
holds | pins          | -DLOSSY -DRELIABLE -DPINS=1 -DN=4 -DMAXPOS=5 -DTAKES=1 -DDEPTH=1
holds | pins          | -DRELIABLE -DMAXPOS=8
holds | pins          | -DLOSSY -DMAXPOS=8
holds | step_over     |
holds | step_over     | -DRESERVE=1
holds | lost          | -DREADER
holds | lost          | -DREADER -DDEATH -DK=3
holds | lost          | -DJOINER
holds | evict         | -DREADER -DSTOPPED -DMAXPOS=5
holds | evict         | -DREADER -DMAXPOS=5 -DFENCES_FULL
holds | evict         | -DREADER -DN=4 -DMAXPOS=5 -DOPEN_CLAIM
holds | evict         | -DREADER -DN=4 -DMAXPOS=5 -DDEAD_EVICTOR
holds | evict         | -DJOIN
holds | evict         | -DJOIN -DFENCES_FULL
holds | evict         | -DJOIN -DOPEN_CLAIM
holds | evict_grace   | -DN=5 -DMOST_SKIP=2
holds | evict_grace   | -DSHORT -DMOST_SKIP=1
holds | join_now      |
holds | mutex_wait    | -DPUBLISHERS=3
holds | mutex_wait    | -DFENCES_FULL
holds | sleep_wake    |
holds | sleep_wake    | -DPUBLISHERS=1 -DSEATS=2
holds | sleep_wake    | -DFENCES_FULL
holds | sleep_wake    | -DDEATH
holds | skip_wake     |
holds | skip_wake     | -DFENCES_FULL
holds | skip_wake     | -DDEATH
holds | room_wait     |
holds | room_wait     | -DREADERS=2 -DK=2
holds | room_wait     | -DFENCES_FULL
holds | room_wait     | -DDEAD_SLOT
holds | mend          |
holds | mend_wake     |
holds | mend_wake     | -DWAITS
holds | seat_reuse    |
holds | seat_reuse    | -DNO_BROKER
holds | adopt         |
holds | adopt         | -DTRUST_LEDGER -DKILLS=1
holds | claim_one     | -DDEATH -DK=3
fails | claim_one     | -DREACH_FULL
fails | claim_one     | -DREACH_SHORT_LATE
fails | claim_one     | -DMUTANT_TERM_AT_COMMIT
fails | claim_one     | -DMUTANT_NO_TERM
fails | claim_one     | -DMUTANT_NO_TERM_ROOM
fails | claim_one     | -DMUTANT_SKIP_AFTER_WORD
fails | claim_one     | -DMUTANT_WALK_BY_LENGTH
fails | claim_one     | -DMUTANT_OWN_END
fails | claim_one     | -DTAP -DMUTANT_NO_OPEN_GATE
fails | claim_one     | -DMUTANT_CLAIMED_BLIND
fails | claim_one     | -DDEATH -DREACH_BEHIND
fails | claim_one     | -DDEATH -DMUTANT_NO_CLAIMED
fails | claim_many    | -DREACH_FULL
fails | claim_many    | -DREACH_LATE
fails | claim_many    | -DMUTANT_TERM_AT_COMMIT
fails | claim_many    | -DMUTANT_NO_TERM
fails | claim_many    | -DMUTANT_NO_TERM_ROOM
fails | claim_many    | -DMUTANT_SKIP_AFTER_WORD
fails | claim_many    | -DCLAIMS=2 -DMUTANT_WAIT_IN_MUTEX
fails | claim_many    | -DCLAIMS=2 -DMUTANT_WAIT_WITH_CLAIM
fails | claim_many    | -DTAP -DMUTANT_NO_OPEN_GATE
fails | repair        | -DN=6 -DREACH_FELLOW
fails | repair        | -DN=6 -DREACH_BROKER
fails | repair        | -DN=6 -DREACH_WALK
fails | repair        | -DN=6 -DMUTANT_NO_REPAIR
fails | repair        | -DN=6 -DSTEP_OVER -DMUTANT_NO_REPAIR
fails | repair        | -DN=6 -DMUTANT_SEQUENCE_LAST
fails | repair        | -DN=6 -DMUTANT_TERM_AFTER_WORD
fails | repair        | -DN=6 -DMUTANT_OPEN_LAST
fails | repair        | -DN=6 -DMUTANT_CLEAR_FIRST
fails | repair        | -DN=6 -DMUTANT_NO_BROKER
fails | repair        | -DN=6 -DMUTANT_ABORT_ANY
fails | repair        | -DN=6 -DMUTANT_SKIP_AFTER_WORD
fails | repair        | -DN=6 -DMUTANT_EOF_IS_DEATH
fails | role_handover | -DREACH_WALK
fails | role_handover | -DREACH_BEHIND
fails | role_handover | -DMUTANT_OWN_END
fails | role_handover | -DMUTANT_NO_REPAIR
fails | role_handover | -DMUTANT_SEQUENCE_LAST
fails | role_handover | -DMUTANT_SKIP_AFTER_WORD
fails | role_handover | -DMUTANT_EARLY_SUCCESSOR
fails | slot_reuse    | -DREACH_TAKEN_OVER
fails | slot_reuse    | -DREACH_TENANT
fails | slot_reuse    | -DMUTANT_NO_GENERATION
fails | slot_reuse    | -DMUTANT_RECOVER_OUTSIDE
fails | slot_reuse    | -DMUTANT_NO_TAKE_OVER
fails | mend          | -DREACH_TAKEN_OVER
fails | mend          | -DREACH_LATER
fails | mend          | -DREACH_TENANT
fails | mend          | -DMUTANT_NO_ARBITRATION
fails | mend          | -DMUTANT_STATE_ONLY
fails | mend          | -DMUTANT_NO_PROOF
fails | mend          | -DMUTANT_BROKER_BARGES
fails | mend          | -DMUTANT_NO_TAKE_OVER
fails | mend          | -DMUTANT_CLEAR_FIRST
fails | mend_wake     | -DREACH_TAKEN_OVER
fails | mend_wake     | -DEXTRA=1 -DHOSTILE -DREACH_EARLY
fails | mend_wake     | -DMUTANT_NO_HAIL
fails | mend_wake     | -DMUTANT_SEAT_BIT
fails | mend_wake     | -DMUTANT_HAIL_FIRST
fails | mend_wake     | -DMUTANT_NO_LOOK
fails | seat_reuse    | -DREACH_LATE
fails | seat_reuse    | -DREACH_DEAD
fails | seat_reuse    | -DMUTANT_STATE_ONLY
fails | seat_reuse    | -DMUTANT_CLEAR_ACTIVE
fails | seat_reuse    | -DMUTANT_WHO_FIRST
fails | seat_reuse    | -DMUTANT_NO_PROOF
fails | seat_reuse    | -DNO_BROKER -DMUTANT_PINS_COUNT
fails | adopt         | -DREACH_LOST
fails | adopt         | -DREACH_LEFT
fails | adopt         | -DMUTANT_ANSWER_FIRST
fails | adopt         | -DTRUST_LEDGER -DMUTANT_SEGMENT_FIRST
fails | adopt         | -DTRUST_LEDGER -DMUTANT_LEDGER_FIRST
fails | adopt         | -DMUTANT_GRANT_EARLY
fails | adopt         | -DMUTANT_NO_LAST_GRANT
fails | adopt         | -DMUTANT_NO_LOOK_AT_LEFT
fails | adopt         | -DMUTANT_NO_SESSIONS
fails | adopt         | -DMUTANT_LIVE_FIRST
fails | gate_join     | -DJOIN -DREACH_BEHIND_TAIL
fails | gate_join     | -DJOIN -DREACH_CUT
fails | gate_join     | -DJOIN -DMUTANT_TAIL_LATE
fails | gate_join     | -DJOIN -DMUTANT_NO_SECOND_LOOK
fails | gate_join     | -DJOIN -DMUTANT_NO_LOOP
fails | gate_join     | -DJOIN -DMUTANT_NO_MEMBARRIER
fails | gate_join     | -DJOIN -DMUTANT_OWN_FENCE
fails | gate_join     | -DJOIN -DMUTANT_ACTIVE_LAST
fails | gate_join     | -DJOIN -DSTART_NOW -DMUTANT_NO_LOOP
fails | gate_join     | -DJOIN -DSTART_NOW -DMUTANT_NO_MEMBARRIER
fails | gate_join     | -DHOLDER -DMUTANT_CURSOR_NEXT
fails | gate_join     | -DHOLDER -DMUTANT_NO_GATE
fails | hold_pin      | -DREACH_RETRY
fails | hold_pin      | -DREACH_REUSE
fails | hold_pin      | -DREACH_RACE
fails | hold_pin      | -DMUTANT_NO_SECOND_LOOK
fails | hold_pin      | -DMUTANT_NEXT_LATE
fails | hold_pin      | -DMUTANT_NO_RETRY
fails | hold_pin      | -DMUTANT_NOT_COUNTED
fails | hold_pin      | -DMUTANT_CURSOR_FIRST
fails | hold_pin      | -DMUTANT_MARK_FIRST
fails | hold_pin      | -DMUTANT_BLIND_MARK
fails | hold_pin      | -DMUTANT_LEFT_PIN
fails | hold_pin      | -DMUTANT_CLEAR_LATE
fails | hold_pin      | -DMUTANT_NO_CLEAR
fails | hold_pin      | -DMUTANT_MARK_STAYS
fails | hold_pin      | -DCLOSE -DRECORDS=2 -DMUTANT_CLOSE_UNPINNED
fails | hold_pin      | -DCLOSE -DRECORDS=2 -DREACH_LAST
fails | lossy_join    | -DREACH_UNSEEN
fails | lossy_join    | -DREACH_PINNED
fails | lossy_join    | -DMUTANT_NO_FENCE
fails | lossy_join    | -DMUTANT_FENCE_FIRST
fails | lossy_join    | -DMUTANT_FENCE_LATE
fails | lossy_join    | -DMUTANT_SEATS_FIRST
fails | lossy_join    | -DMUTANT_NO_READER_FENCE
fails | lossy_join    | -DACTIVE_PLAIN -DMUTANT_NO_READER_FENCE
fails | lossy_join    | -DMUTANT_ACTIVE_LAST
fails | pins          | -DRELIABLE -DREACH_STEP
fails | pins          | -DRELIABLE -DREACH_MERGED
fails | pins          | -DRELIABLE -DMUTANT_PINS_FIRST
fails | pins          | -DRELIABLE -DMUTANT_CURSOR_FIRST
fails | pins          | -DRELIABLE -DMUTANT_USABLE_IS_LIMIT
fails | pins          | -DRELIABLE -DMUTANT_OWN_LAP
fails | pins          | -DRELIABLE -DMUTANT_ONE_PASS
fails | pins          | -DRELIABLE -DMUTANT_NO_PINS
fails | pins          | -DLOSSY -DREACH_STEP
fails | pins          | -DLOSSY -DREACH_OVERRUN
fails | pins          | -DLOSSY -DREACH_WITHDRAWN
fails | pins          | -DLOSSY -DREACH_AGAIN
fails | pins          | -DLOSSY -DMUTANT_NO_FENCE
fails | pins          | -DLOSSY -DMUTANT_FENCE_FIRST
fails | pins          | -DLOSSY -DMUTANT_FENCE_LATE
fails | pins          | -DLOSSY -DMUTANT_NO_READER_FENCE
fails | pins          | -DLOSSY -DMUTANT_NO_TAIL
fails | pins          | -DLOSSY -DMUTANT_PIN_ONLY
fails | pins          | -DLOSSY -DMUTANT_CHECK_FIRST
fails | pins          | -DLOSSY -DMUTANT_WORD_ONLY
fails | pins          | -DLOSSY -DMUTANT_BLIND_MISS
fails | pins          | -DLOSSY -DMUTANT_ONE_REFRESH
fails | step_over     | -DREACH_STEP
fails | step_over     | -DREACH_BEHIND
fails | step_over     | -DREACH_NO_PLACE
fails | step_over     | -DREACH_ALL
fails | step_over     | -DMUTANT_NO_TERM_ROOM
fails | step_over     | -DMUTANT_NO_TERM
fails | step_over     | -DMUTANT_SKIP_FIRST
fails | step_over     | -DMUTANT_CLAIMED_FIRST
fails | step_over     | -DMUTANT_GREEDY
fails | step_over     | -DMUTANT_ONE_PASS
fails | step_over     | -DRESERVE=1 -DMUTANT_HEADER_SKIP
fails | lost          | -DREADER -DREACH_OVERRUN
fails | lost          | -DREADER -DMUTANT_NO_BIT
fails | lost          | -DREADER -DMUTANT_BIT_LATE
fails | lost          | -DREADER -DMUTANT_OPEN_TAIL
fails | lost          | -DREADER -DN=3 -DREGION=3 -DK=6 -DMUTANT_ONE_LAP
fails | lost          | -DREADER -DN=4 -DREGION=2 -DK=5 -DMUTANT_CLEAR_PARTIAL
fails | lost          | -DREADER -DDEATH -DMUTANT_BROKER_NO_BIT
fails | lost          | -DJOINER -DK=3 -DREACH_WALK
fails | lost          | -DJOINER -DREACH_BEHIND
fails | lost          | -DJOINER -DK=3 -DREACH_NO_WALK
fails | lost          | -DJOINER -DREACH_HEADER
fails | lost          | -DJOINER -DK=3 -DMUTANT_CLEAR_FIRST
fails | lost          | -DJOINER -DK=3 -DMUTANT_TAIL_FIRST
fails | lost          | -DJOINER -DK=3 -DMUTANT_GAPS_FIRST
fails | lost          | -DJOINER -DMUTANT_SEQUENCE_LATE
fails | lost          | -DJOINER -DMUTANT_NO_HEADER
fails | lost          | -DJOINER -DMUTANT_SKIP_HEADER
fails | lost          | -DJOINER -DK=3 -DMUTANT_BLIND_WALK
fails | evict         | -DREADER -DREACH_EVICTED
fails | evict         | -DREADER -DREACH_HELD
fails | evict         | -DREADER -DREACH_WITHDRAWN
fails | evict         | -DREADER -DMUTANT_NO_MEMBARRIER
fails | evict         | -DREADER -DMUTANT_MEMBARRIER_FIRST
fails | evict         | -DREADER -DMUTANT_PINS_FIRST
fails | evict         | -DREADER -DMUTANT_PINS_DROPPED
fails | evict         | -DREADER -DMUTANT_NO_PIN
fails | evict         | -DREADER -DMUTANT_CHECK_FIRST
fails | evict         | -DREADER -DMUTANT_CURSOR_FIRST
fails | evict         | -DREADER -DMUTANT_WORD_ONLY
fails | evict         | -DREADER -DMAXPOS=5 -DMUTANT_BLIND_MISS
fails | evict         | -DREADER -DSTOPPED -DMUTANT_NO_EVICT
fails | evict         | -DREADER -DN=4 -DMAXPOS=5 -DOPEN_CLAIM -DMUTANT_ANY_GATE
fails | evict         | -DJOIN -DREACH_EVICTED_JOINER
fails | evict         | -DJOIN -DMUTANT_NO_LOOP
fails | evict         | -DJOIN -DMUTANT_JOIN_UNFENCED
fails | evict         | -DREADER -DN=4 -DMAXPOS=5 -DDEAD_EVICTOR -DMUTANT_REPAIR_UNFENCED
fails | evict_grace   | -DCLAIMS=2 -DREACH_GRACE
fails | evict_grace   | -DCLAIMS=2 -DREACH_EVICTED
fails | evict_grace   | -DCLAIMS=2 -DREACH_EVICTED_LATE
fails | evict_grace   | -DCLAIMS=2 -DMUTANT_NO_GRACE
fails | evict_grace   | -DCLAIMS=2 -DMUTANT_SKIP_IS_UNREAD
fails | evict_grace   | -DCLAIMS=2 -DMUTANT_CLAIMED_IS_UNREAD
fails | evict_grace   | -DCLAIMS=2 -DMUTANT_NO_END
fails | evict_grace   | -DMUTANT_ANY_CLAIM
fails | evict_grace   | -DSHORT -DMOST_SKIP=1 -DMUTANT_BY_CURSOR
fails | evict_grace   | -DN=5 -DMOST_SKIP=2 -DMUTANT_OLD_GRACE
fails | join_now      | -DREACH_BEHIND
fails | join_now      | -DMUTANT_CLAIMED_ONLY
fails | join_now      | -DMUTANT_SLOTS_FIRST
fails | join_now      | -DMUTANT_OPEN_LATE
fails | join_now      | -DMUTANT_CLEAR_EARLY
fails | mutex_wait    | -DREACH_SLEEP
fails | mutex_wait    | -DMUTANT_NO_MEMBARRIER
fails | mutex_wait    | -DMUTANT_FENCE_FIRST
fails | mutex_wait    | -DMUTANT_WAKER_CLEARS
fails | mutex_wait    | -DMUTANT_NO_WAKE
fails | mutex_wait    | -DMUTANT_PLAIN_TAKE
fails | sleep_wake    | -DREACH_SLEEP
fails | sleep_wake    | -DREACH_LEFT_OVER
fails | sleep_wake    | -DMUTANT_NO_MEMBARRIER
fails | sleep_wake    | -DMUTANT_NO_SECOND_LOOK
fails | sleep_wake    | -DMUTANT_LOOK_FIRST
fails | sleep_wake    | -DMUTANT_POST_FIRST
fails | sleep_wake    | -DMUTANT_NO_CLEAR
fails | sleep_wake    | -DMUTANT_NO_CALL
fails | sleep_wake    | -DMUTANT_CALL_FIRST
fails | sleep_wake    | -DMUTANT_CALL_CLEARED_LAST
fails | sleep_wake    | -DMUTANT_POST_UNASKED
fails | sleep_wake    | -DMUTANT_DRAIN_LATE
fails | sleep_wake    | -DDEATH -DMUTANT_NO_BROKER_RING
fails | sleep_wake    | -DDEATH -DMUTANT_RING_FIRST
fails | skip_wake     | -DREACH_SLEEP
fails | skip_wake     | -DREACH_WAIT
fails | skip_wake     | -DMUTANT_NO_RING
fails | skip_wake     | -DMUTANT_RING_FIRST
fails | skip_wake     | -DMUTANT_NO_MEMBARRIER
fails | skip_wake     | -DMUTANT_CURSOR_STAYS
fails | skip_wake     | -DMUTANT_NO_ROOM_RING
fails | skip_wake     | -DDEATH -DMUTANT_NO_BROKER_RING
fails | room_wait     | -DREACH_SLEEP
fails | room_wait     | -DREACH_ROBBED
fails | room_wait     | -DMUTANT_NO_MEMBARRIER
fails | room_wait     | -DMUTANT_NO_SECOND_LOOK
fails | room_wait     | -DMUTANT_POST_FIRST
fails | room_wait     | -DMUTANT_NO_CLEAR
fails | room_wait     | -DMUTANT_DRAIN_LATE
fails | room_wait     | -DDEAD_SLOT -DMUTANT_RING_FIRST
TABLE
}

deep_runs() {
  cat <<'TABLE'
holds | claim_one     | -DK=6
holds | claim_one     | -DREADERS=2
holds | claim_one     | -DRESERVE=1
holds | claim_many    | -DRESERVE=1 -DK=3
holds | claim_one     | -DN=12 -DK=5
holds | claim_many    | -DK=4
holds | claim_many    | -DK=3 -DCLAIMS=2
holds | repair        | -DN=8 -DNO_CRASH
holds | repair        | -DN=8 -DCLAIMS=2 -DNO_CRASH
holds | repair        | -DN=6 -DSTEP_OVER
holds | role_handover | -DK=5
holds | gate_join     | -DHOLDER -DJOIN
holds | gate_join     | -DJOIN -DREJOIN
holds | gate_join     | -DJOIN -DREJOIN -DSTART_NOW
holds | gate_join     | -DJOIN -DSTART_NOW -DONE_LOOK
holds | gate_join     | -DJOIN -DN=5 -DMAXPOS=14 -DSTRIDE=3
holds | hold_pin      | -DRECORDS=4
holds | hold_pin      | -DCLOSE
holds | hold_pin      | -DCOUNTED_MOVE
holds | lossy_join    | -DMAXPOS=14 -DSTRIDE=3
holds | lossy_join    | -DMAXPOS=14 -DSTRIDE=3 -DACTIVE_PLAIN -DX_BEFORE
holds | pins          | -DRELIABLE
holds | pins          | -DLOSSY
holds | pins          | -DLOSSY -DRELIABLE -DPINS=1 -DN=4 -DMAXPOS=6
holds | step_over     | -DN=11 -DMAXPOS=24
holds | lost          | -DREADER -DK=5
holds | lost          | -DREADER -DDEATH
holds | lost          | -DREADER -DN=4 -DREGION=2 -DK=5
holds | lost          | -DJOINER -DK=5
holds | lost          | -DJOINER -DDEATH -DK=3
holds | evict         | -DREADER
holds | evict         | -DREADER -DOPEN_CLAIM
holds | evict         | -DREADER -DDEAD_EVICTOR
holds | evict         | -DJOIN -DMAXPOS=9
holds | evict_grace   | -DMOST_SKIP=2
holds | join_now      | -DK=6
holds | claim_one     | -DDEATH
holds | seat_reuse    | -DMAXPOS=6
holds | seat_reuse    | -DCAP=3 -DMAXPOS=8
holds | adopt         | -DJOINS=2 -DKILLS=1
holds | adopt         | -DDEATHS=2
holds | mend_wake     | -DASKS=3
holds | mend_wake     | -DHOSTILE
holds | sleep_wake    | -DSEATS=2
holds | sleep_wake    | -DMESSAGES=3
holds | sleep_wake    | -DDEATH -DSEATS=2 -DMESSAGES=1
holds | room_wait     | -DREADERS=2
holds | room_wait     | -DCAPACITY=2 -DK=5
TABLE
}

fail_usage() { sed -n '2,9s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2; exit 2; }

need() {
  command -v "$1" >/dev/null || { echo "check.sh: $1 is missing; on Debian: apt install $2" >&2; exit 1; }
}

# build DIR MODEL FLAGS OPTIMIZE: leaves DIR/pan
build() {
  cd "$1"
  # shellcheck disable=SC2086  # the flags are words
  spin -a $3 "$here/$2.pml" >spin.out 2>&1 || { cat spin.out >&2; return 1; }
  gcc "$4" -w -DSAFETY -DCOLLAPSE -DMEMLIM="$memory_mb" -o pan pan.c
}

# one WHAT MODEL FLAGS NUMBER: runs it and writes its line; leaves result.NUMBER (ok or wrong)
one() {
  local what=$1 model=$2 flags=$3 dir=$scratch/$4 optimize=-O2 states found verdict=wrong
  # Most of a mutant's time is the compiler's.
  if [[ $what == fails ]]; then optimize=-O0; fi
  mkdir "$dir"
  if (build "$dir" "$model" "$flags" "$optimize") && cd "$dir" && { ./pan -m1000000 >pan.out 2>&1 || true; }; then
    states=$(awk '/states, stored/ { printf "%d", $1 }' pan.out)
    found=$(grep -oE -m1 '^pan:[0-9]+: (assertion violated|invalid end state)' pan.out | cut -d' ' -f2- || true)
    if ! grep -q 'errors: [01]$' pan.out || grep -qE 'Search not completed|depth too small|MEMLIM bound' pan.out; then
      if [[ -z $found ]]; then found='search not completed'; fi
    elif [[ -z $found ]] && grep -q 'errors: 0$' pan.out; then
      found='no error'
    fi
    case "$what $found" in
      'holds no error' | 'fails assertion violated' | 'fails invalid end state') verdict=ok ;;
    esac
  else
    states=- found='does not compile'
  fi
  printf '%-5s %-13s %-42s %10s  %s\n' "$verdict" "$model" "${flags:--}" "${states:--}" "$found"
  echo "$verdict" >"$scratch/result.$4"
  cd "$scratch" && rm -rf "$dir"
}

# Every mutant that a model knows must be in the table.
check_table() {
  local model name table missing=0
  table=$(runs)
  for model in "$here"/*.pml; do
    while read -r name; do
      if ! grep -qE "^fails \| $(basename "$model" .pml) .*-D$name( |\$)" <<<"$table"; then
        echo "wrong $(basename "$model"): -D$name is in no run of check.sh"
        missing=1
      fi
    done < <(grep -oE '(MUTANT|REACH)_[A-Z_]+' "$model" | sort -u)
  done
  return "$missing"
}

show() {
  local model=$1 flags
  shift
  flags=$*
  [[ -f $here/$model.pml ]] || { echo "check.sh: there is no model $model in $here" >&2; exit 2; }
  mkdir "$scratch/show"
  (build "$scratch/show" "$model" "$flags" -O2)
  cd "$scratch/show"
  ./pan -m1000000 || true
  if [[ -f $model.pml.trail ]]; then
    # shellcheck disable=SC2086
    spin -k "$model.pml.trail" -t -p -g -l $flags "$here/$model.pml"
    return 1
  fi
}

main() {
  local deep=0 jobs number=0 running=0 what model flags wrong=0 started=$SECONDS
  memory_mb=3000
  case ${1:-} in
    '') ;;
    --deep) deep=1; memory_mb=12000 ;;
    --show) [[ $# -ge 2 ]] || fail_usage; memory_mb=12000 ;;
    *) fail_usage ;;
  esac
  need spin spin
  need gcc gcc
  scratch=$(mktemp -d)
  trap 'rm -rf "$scratch"' EXIT
  if [[ ${1:-} == --show ]]; then shift; show "$@"; return; fi

  jobs=${BUSBAR_MODEL_JOBS:-$(nproc)}
  if [[ -z ${BUSBAR_MODEL_JOBS:-} && $jobs -gt 2 ]]; then jobs=2; fi
  check_table || wrong=1
  while IFS='|' read -r what model flags; do
    what=${what// /} model=${model// /} flags=${flags# }
    if (( running == jobs )); then wait -n || true; running=$((running - 1)); fi
    one "$what" "$model" "$flags" "$number" &
    number=$((number + 1)) running=$((running + 1))
  done < <(runs)
  wait
  if (( deep )); then                   # one by one: each may take much memory
    while IFS='|' read -r what model flags; do
      one "${what// /}" "${model// /}" "${flags# }" "$number"
      number=$((number + 1))
    done < <(deep_runs)
  fi

  local good
  good=$(cat "$scratch"/result.* | grep -cx ok || true)
  if (( good != number )); then wrong=1; fi
  echo "$good of $number runs are as they must be, in $((SECONDS - started)) s"
  return "$wrong"
}

main "$@"
