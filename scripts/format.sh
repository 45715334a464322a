#!/usr/bin/env bash
# Formats every C++ file of the tree in place; with --check only says which are not formatted.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

case "${1-}" in
  "") mode=(-i) ;;
  --check) mode=(--dry-run -Werror) ;;
  *) echo "usage: $0 [--check]" >&2; exit 2 ;;
esac

# One version, because each formats differently.
formatter=
for candidate in clang-format-14 clang-format; do
  if command -v "$candidate" >/dev/null && [[ $("$candidate" --version) == *'version 14.'* ]]; then
    formatter=$candidate
    break
  fi
done
if [[ -z $formatter ]]; then
  echo "format: clang-format 14 is needed (Debian package clang-format-14)" >&2
  exit 1
fi

cd "$root"
folders=()
for folder in common client config daemon cli bench examples tests; do
  [[ -d $folder ]] && folders+=("$folder")
done
mapfile -d '' files < <(find "${folders[@]}" -type f \( -name '*.hpp' -o -name '*.cpp' \) -print0 | sort -z)
printf '%s\0' "${files[@]}" | xargs -0 -n 16 -P "$(nproc)" "$formatter" --style=file "${mode[@]}"
[[ ${mode[0]} == -i ]] || echo "format: ${#files[@]} files, all formatted"
