#!/usr/bin/env bash
# Builds Busbar and shows it at work: one `tar` of a directory, published once, received by three
# subscribers at the same time, and compared by SHA-256.
#
#   scripts/quickstart.sh [PATH]      default: /usr/share/doc, more of /usr if that is small
#
# The broker is a private one, on a socket in a temporary directory; no root is needed to run it.
# Exit status: 0 every subscriber got exactly what was sent, 1 anything else. Everything that was
# started is stopped and removed at the end, also after Ctrl-C.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
export LC_ALL=C # numbers with a point

readonly channel=quickstart
readonly subscribers=3
readonly enough=$((50 << 20)) # bytes worth streaming

say() { printf 'quickstart: %s\n' "$*"; }
fail() {
  printf 'quickstart: %s\n' "$*" >&2
  exit 1
}

# ---- stopping ----
started=()  # process ids, in the order in which they are to be stopped
segments=() # of the broker, in /dev/shm
broker=
scratch=

alive() { [[ -n $1 ]] && kill -0 "$1" 2>/dev/null; }
# signal NAME PID: to its process group if it leads one, else to itself.
signal() { kill -s "$1" -- "-$2" 2>/dev/null || kill -s "$1" -- "$2" 2>/dev/null || true; }

stop() { # stop PID: TERM, then KILL if that is not enough within three seconds
  local i
  alive "$1" || return 0
  signal TERM "$1"
  for ((i = 0; i < 60; i++)); do
    alive "$1" || return 0
    sleep 0.05
  done
  signal KILL "$1"
}

cleanup() {
  local status=$? pid segment
  trap '' INT TERM HUP
  trap - EXIT
  set +e
  # Members first: the broker keeps a channel that still has some.
  for pid in "${started[@]}"; do alive "$pid" && signal TERM "$pid"; done
  for pid in "${started[@]}"; do stop "$pid"; done
  stop "$broker"
  wait 2>/dev/null
  for segment in "${segments[@]}"; do
    [[ -e $segment ]] || continue
    printf 'quickstart: the broker left %s behind: removed\n' "$segment" >&2
    rm -f -- "$segment"
  done
  [[ -n $scratch ]] && rm -rf -- "$scratch"
  exit "$status"
}
trap cleanup EXIT
trap 'printf "\n" >&2; say "interrupted: stopping everything" >&2; exit 130' INT
trap 'exit 143' TERM
trap 'exit 129' HUP

live() { # one line that is written over on a terminal, plain lines otherwise
  if [[ -t 1 ]]; then printf '\r\033[K%s' "$1"; else printf '%s\n' "$1"; fi
}
live_end() { if [[ -t 1 ]]; then printf '\r\033[K'; fi; }

# run WHAT LOG COMMAND...: a step whose output only matters if it fails. Shows how far it is, and
# answers a signal at once.
run() {
  local what=$1 log=$2 pid seconds=0 progress
  shift 2
  set -m # a process group of its own, compilers included
  "$@" >"$log" 2>&1 &
  set +m
  pid=$!
  started+=("$pid")
  while alive "$pid"; do
    sleep 1 &
    wait $! || true
    seconds=$((seconds + 1))
    progress=$(grep -oE '^\[[0-9/% ]+\]' "$log" | tail -n 1 || true)
    if [[ -t 1 ]] || ((seconds % 15 == 0)); then live "  $what ${progress:-...} ${seconds} s"; fi
  done
  live_end
  if ! wait "$pid"; then
    tail -n 40 "$log" >&2
    fail "$what failed"
  fi
  unset 'started[-1]'
}

# ---- what to send ----
(($# <= 1)) || fail "usage: $0 [PATH]"
paths=()
if (($#)); then
  [[ -e $1 ]] || fail "$1 does not exist"
  paths=("$1")
else
  size=0
  for candidate in /usr/share/doc /usr/share /usr/lib; do
    [[ -d $candidate ]] || continue
    # /usr/share has /usr/share/doc in it.
    [[ $candidate == /usr/share ]] && paths=() size=0
    paths+=("$candidate")
    size=$((size + $(du -sb "$candidate" 2>/dev/null | cut -f1 || true)))
    ((size < enough)) || break
  done
  ((${#paths[@]})) || fail "nothing to send: give a path"
fi

# ---- building ----
scratch=$(mktemp -d "${TMPDIR:-/tmp}/busbar-quickstart.XXXXXX")
"$root/scripts/install_deps.sh" --minimal
say "building (Release, build/release)"
build_start=$SECONDS
run "configuring" "$scratch/configure.log" configure release
run "building" "$scratch/build.log" build release --target busbard busbar_cli
bin=$scratch/bin
mkdir "$bin"
for program in busbard busbar; do
  found=$(find "$root/build/release" -type f -name "$program" -perm -u+x -print -quit)
  [[ -n $found ]] || fail "$program was not built"
  ln -s "$found" "$bin/$program"
done
say "built in $((SECONDS - build_start)) s"

# ---- broker ----
export BUSBAR_SOCKET=$scratch/control.sock
# In a session of its own: Ctrl-C is for this script, which then stops things in their order.
setsid "$bin/busbard" --socket "$BUSBAR_SOCKET" >"$scratch/broker.log" 2>&1 &
broker=$!
for ((i = 0; i < 100; i++)); do
  "$bin/busbar" ls >/dev/null 2>&1 && break
  alive "$broker" || { cat "$scratch/broker.log" >&2; fail "the broker did not start"; }
  sleep 0.05
done
"$bin/busbar" create "$channel" --capacity 16MiB --max-publishers 1 --block-timeout 60s >/dev/null ||
  fail "the channel could not be created"
mapfile -t segments < <(awk '$6 ~ "^/dev/shm/" && NF == 6 { print $6 }' "/proc/$broker/maps" | sort -u)

# ---- three subscribers ----
for ((i = 1; i <= subscribers; i++)); do
  mkfifo "$scratch/received.$i"
  sha256sum <"$scratch/received.$i" >"$scratch/received.$i.sum" &
  started+=("$!")
  setsid "$bin/busbar" sub "$channel" --raw >"$scratch/received.$i" 2>"$scratch/received.$i.log" &
  started+=("$!")
  subscriber[i]=$!
done

show() { "$bin/busbar" --json show "$channel" 2>/dev/null || true; }
# numbers KEY: every value of "KEY" in the JSON on stdin, one a line.
numbers() { grep -oE "\"$1\" *: *[0-9]+" | grep -oE '[0-9]+$' || true; }
sum() { awk '{ total += $1 } END { printf "%.0f", total }'; }
most() { awk '$1 > most { most = $1 } END { printf "%.0f", most }'; }

for ((i = 0; i < 100; i++)); do
  seats=$(show | numbers cursor | grep -c . || true)  # one a subscriber
  ((seats == subscribers)) && break
  sleep 0.05
done
((seats == subscribers)) || { cat "$scratch"/received.*.log >&2; fail "the subscribers did not get their seats"; }

# ---- one publisher ----
mkfifo "$scratch/stream" "$scratch/stream.copy" "$scratch/sent" "$scratch/sent.count"
sha256sum <"$scratch/sent" >"$scratch/sent.sum" &
started+=("$!") && hashing=$!
wc -c <"$scratch/sent.count" >"$scratch/sent.bytes" &
started+=("$!") && counting=$!
setsid tee "$scratch/sent" "$scratch/sent.count" <"$scratch/stream" >"$scratch/stream.copy" &
started+=("$!")
setsid "$bin/busbar" pub "$channel" --chunk 64KiB --end <"$scratch/stream.copy" >/dev/null 2>"$scratch/pub.log" &
started+=("$!") && publisher=$!
start=${EPOCHREALTIME/[.,]/}
setsid tar -P -cf - -- "${paths[@]}" >"$scratch/stream" 2>"$scratch/tar.log" &
started+=("$!") && archiving=$!
say "sending a tar of ${paths[*]} to $subscribers subscribers"

# ---- the live line ----
published= # the publisher's exit status, once it has ended
running() {
  local i
  if [[ -z $published ]]; then
    alive "$publisher" && return 0
    published=0
    wait "$publisher" || published=$?
    # Without an end of the stream the subscribers would wait for the next publisher.
    if ((published != 0)); then
      for ((i = 1; i <= subscribers; i++)); do signal TERM "${subscriber[i]}"; done
    fi
  fi
  for ((i = 1; i <= subscribers; i++)); do alive "${subscriber[i]}" && return 0; done
  return 1
}
last_sequence=0 last_claimed=0 last_time=$start
while running; do
  sleep 1 &
  wait $! || true
  report=$(show)
  sequence=$(numbers sequence <<<"$report" | sum)
  claimed=$(numbers claimed <<<"$report" | sum)
  lag=$(numbers lag_bytes <<<"$report" | most)
  now=${EPOCHREALTIME/[.,]/}
  if ((sequence > last_sequence)); then
    live "$(awk -v n=$((sequence - last_sequence)) -v bytes=$((claimed - last_claimed)) -v us=$((now - last_time)) \
      -v lag="$lag" -v all="$claimed" 'BEGIN {
        printf "  %8.0f messages/s  %7.1f MB/s  lag %6.2f MB  sent %.0f MB",
               n * 1e6 / us, bytes / us, lag / 1e6, all / 1e6 }')"
  fi
  last_sequence=$sequence last_claimed=$claimed last_time=$now
done
live_end
end=${EPOCHREALTIME/[.,]/}

# ---- the verdict ----
problems=()
alive "$broker" || problems+=("the broker died: $(tail -n 3 "$scratch/broker.log")")
wait "$archiving" || true # 1: a file changed or may not be read; what it wrote was sent all the same
[[ -s $scratch/tar.log ]] && say "tar could not read $(grep -c . "$scratch/tar.log") files or had words on them (what it wrote is what counts)"
((published == 0)) || problems+=("the publisher ended with status $published: $(tail -n 3 "$scratch/pub.log")")
wait "$hashing" "$counting" || problems+=("what was sent could not be hashed")
bytes=$(tr -d ' ' <"$scratch/sent.bytes")
sent=$(cut -d' ' -f1 <"$scratch/sent.sum")
messages=$(($(show | numbers sequence | sum) - 1)) # the last claim is the end of the stream
((bytes > 0)) || problems+=("tar wrote nothing: $(tail -n 1 "$scratch/tar.log")")
for ((i = 1; i <= subscribers; i++)); do
  wait "${subscriber[i]}" || problems+=("subscriber $i ended with status $?: $(tail -n 3 "$scratch/received.$i.log")")
  for ((j = 0; j < 100; j++)); do # its sha256sum ends a moment later
    [[ -s $scratch/received.$i.sum ]] && break
    sleep 0.05
  done
  received=$(cut -d' ' -f1 <"$scratch/received.$i.sum")
  if [[ $received == "$sent" ]]; then
    say "subscriber $i received $received"
  else
    problems+=("subscriber $i received ${received:-nothing}, not $sent")
  fi
done
say "sent         $sent"

if ((${#problems[@]})); then
  for problem in "${problems[@]}"; do say "$problem" >&2; done
  fail "FAILED, see above"
fi
say "$(awk -v bytes="$bytes" -v messages="$messages" -v us=$((end - start)) -v n=$subscribers 'BEGIN {
  printf "OK: %.1f MB in %.0f messages were published once and each of %.0f subscribers received all of it, in %.1f s (%.0f MB/s sent, %.0f MB/s received)",
         bytes / 1e6, messages, n, us / 1e6, bytes / us, n * bytes / us }')"
