#!/usr/bin/env bash
# check_words.sh BUSBAR BUSBARD: whether bash completion and the man pages know every verb and every
# option of these.
set -eu  # no pipefail: grep -q leaves early, and that is no failure
busbar=$1
busbard=$2
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
source "$root/packaging/completion/busbar"
source "$root/packaging/completion/busbard"

missing=0
missing() { echo "missing in $1: $2" >&2; missing=1; }

# The names in front of the descriptions: "-h,--help", "-o FILE", "--capacity SIZE", "ls".
options_of() {
  "$@" --help | sed -n 's/^  \(-[^ ]*\).*/\1/p' | tr , '\n' | sed 's/[:{].*//' |
    sed 's/^-h$//; /^$/d'
}
complete_with() {  # complete_with PROGRAM WORD...: what is offered for the last one
  COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
  "_$1"
  printf '%s\n' "${COMPREPLY[@]}"
}
page_has() { grep -q -- "\\(Fl\\|,\\) ${2#-}\\b" "$root/packaging/man/$1"; }

verbs=$("$busbar" --help | sed -n '/^Verbs:/,/^$/s/^  \([a-z-]*\) .*/\1/p')
[[ -n $verbs ]] || { echo "no verbs in busbar --help" >&2; exit 1; }
options=0
for verb in "" $verbs; do
  words=(busbar)
  if [[ -n $verb ]]; then
    words+=("$verb")
    complete_with busbar "$verb" | grep -qxF -- "$verb" || missing completion "$verb"
    grep -q "^\.It Cm $verb\b" "$root/packaging/man/busbar.1" || missing busbar.1 "$verb"
  fi
  for option in $(options_of "$busbar" $verb); do
    options=$((options + 1))
    complete_with "${words[@]}" "$option" | grep -qxF -- "$option" ||
      missing completion "$verb $option"
    [[ $option == --help ]] || page_has busbar.1 "$option" || missing busbar.1 "$verb $option"
  done
done
for option in $(options_of "$busbard"); do
  options=$((options + 1))
  complete_with busbard "$option" | grep -qxF -- "$option" || missing completion "busbard $option"
  page_has busbard.8 "$option" || missing busbard.8 "$option"
done
echo "$(wc -w <<<"$verbs") verbs, $options options"
exit $missing
