#!/usr/bin/env bash
# Builds the Debian packages, with the release preset, into build/packages.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

"$root/scripts/install_deps.sh"
# A tree of its own: for /usr, so that libraries go where Debian has them (lib/x86_64-linux-gnu).
configure release -B "$root/build/debian" -DCMAKE_INSTALL_PREFIX=/usr
build debian
rm -rf "$root/build/packages"
(cd "$root/build/debian" && cpack -G DEB -B "$root/build/packages")
rm -rf "$root/build/packages/_CPack_Packages"
ls -l "$root"/build/packages/*.deb
