#!/usr/bin/env bash
# check.sh BUILD_DIRECTORY CPACK: makes packages of what was built there, and tests these.
set -euo pipefail
build=$1
cpack=$2
packages=$(mktemp -d)
trap 'rm -rf "$packages"' EXIT
(cd "$build" && "$cpack" -G DEB -B "$packages" >"$packages/log" 2>&1) ||
  { cat "$packages/log"; exit 1; }
"$(dirname "$0")/run.sh" "$packages"
