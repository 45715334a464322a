#!/usr/bin/env bash
# run.sh PACKAGES: boots a real systemd in a container of this machine's own root file system, installs
# the packages of that folder in it and runs inside.sh there. Nothing of this machine is changed: the
# container writes into memory and has no network.
#
# Exit status: 0 passed, 1 failed, 77 skipped (why is printed).
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
packages=$(cd "${1:?usage: $0 PACKAGES}" && pwd)

skip() { echo "system test: skipped: $*"; exit 77; }
fail() { echo "system test: $*" >&2; exit 1; }

((EUID == 0)) || skip "needs root, to boot a container"
for program in systemd-nspawn systemd-analyze systemd-id128 unshare timeout; do
  command -v "$program" >/dev/null ||
    skip "$program is not installed (packages systemd, systemd-container)"
done
compgen -G "$packages/busbard_*.deb" >/dev/null || fail "no packages in $packages"

# ---- a place in each hierarchy where a systemd may make its groups ----
scratch=$(mktemp -d)
mine=()
clean_up() {
  local group
  for group in "${mine[@]}"; do
    echo $$ >"${group%/*}/cgroup.procs" || true
    find "$group" -depth -type d -exec rmdir {} \; 2>/dev/null || true
  done
  rm -rf "$scratch"
}
trap clean_up EXIT
trap 'exit 1' INT TERM HUP

enter_group() {  # enter_group HIERARCHY: in a group below the one where we are
  local controllers=$2 path group
  path=$(awk -F: -v wanted="$controllers" '$2 == wanted { print $3 }' /proc/self/cgroup)
  group=$1${path%/}/busbar-test-$$
  mkdir "$group" 2>/dev/null || skip "cannot make the cgroup $group"
  mine+=("$group")
  echo $$ 2>/dev/null >"$group/cgroup.procs" || skip "cannot enter the cgroup $group"
}
if [[ -f /sys/fs/cgroup/cgroup.procs ]]; then
  enter_group /sys/fs/cgroup ""
else
  [[ ! -d /sys/fs/cgroup/systemd ]] || enter_group /sys/fs/cgroup/systemd name=systemd
  [[ ! -d /sys/fs/cgroup/unified ]] || enter_group /sys/fs/cgroup/unified ""
  ((${#mine[@]})) || skip "no cgroup hierarchy for a systemd"
fi

# ---- the container ----
boot() {  # in a mount namespace that ends with the container
  mkdir "$scratch/memory"
  mount -t tmpfs -o mode=755 none "$scratch/memory" || return 77
  cd "$scratch/memory"
  mkdir upper work root
  mount -t overlay overlay -o "lowerdir=/,upperdir=$PWD/upper,workdir=$PWD/work" root || return 77
  rm -f root/etc/machine-id
  systemd-id128 new >root/etc/machine-id
  # What this machine starts is none of the test's business; nor is a busbar that it has.
  rm -rf root/etc/systemd/system
  # An index of all man pages, after each package, takes longer than the test.
  rm -f root/var/lib/man-db/auto-update
  # Images of containers forbid packages to start services.
  rm -f root/usr/sbin/policy-rc.d
  mkdir -p root/etc/systemd/system root/busbar-test
  cp "$packages"/*.deb "$here"/{inside,broker}.sh root/busbar-test/
  cp "$here/busbar-test.service" root/etc/systemd/system/
  local status=0
  timeout --foreground -k 5 150 systemd-nspawn -q --register=no --keep-unit -D root --boot --console=pipe \
    --capability=CAP_IPC_LOCK,CAP_SYS_NICE --private-network systemd.unit=busbar-test.service \
    </dev/null >console 2>&1 || status=$?
  if [[ ! -s root/busbar-test/output ]]; then
    echo "the container did not come up (status $status):"
    cat console
    return 77
  fi
  cat root/busbar-test/output
  ((status == 0)) || return 1
}
export -f boot
export here packages scratch
status=0
unshare --mount --propagation private bash -c boot || status=$?
case $status in
  0) ;;
  77) skip "a container cannot be booted here" ;;
  *) fail "failed in the container" ;;
esac
