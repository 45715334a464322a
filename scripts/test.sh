#!/usr/bin/env bash
# Installs what is missing, builds everything with warnings as errors into build/test and runs all
# tests. Arguments go to ctest, e.g. scripts/test.sh -L ring
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

"$root/scripts/install_deps.sh"
configure test
build test
cd "$root"
exec ctest --test-dir build/test -j2 --output-on-failure "$@"
