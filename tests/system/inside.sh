#!/usr/bin/env bash
# The test itself, in the container, as root, under its systemd. Installs the packages, uses them as an
# administrator and as users would, and removes them. Stops at the first failure.
set -u  # no pipefail: grep -q leaves early, and that is no failure
cd "$(dirname "$0")" || exit
sock=/run/busbar/control.sock
export DEBIAN_FRONTEND=noninteractive
dpkg() { command dpkg --force-unsafe-io "$@"; }

# ---- words ----
step=start
failed() {
  echo "FAILED: $step: $*"
  systemctl --no-pager --full status busbard.socket busbard.service 2>&1 | head -40
  journalctl --no-pager -q -u busbard.service -u busbard.socket -n 40
  exit 1
}
begin() { step=$*; start=${EPOCHREALTIME/.}; }
ok() { printf "ok: %s (%d ms)\n" "$step" $(((${EPOCHREALTIME/.} - start) / 1000)); }

# eventually COMMAND...: true within ten seconds. What is waited for is systemd's, and it tells nobody.
eventually() {
  local end=$((SECONDS + 10))
  until "$@"; do
    ((SECONDS < end)) || return 1
    sleep 0.02
  done
}

as() { setpriv --reuid="$1" --regid="$1" --init-groups --reset-env -- "${@:2}"; }
main_pid() { systemctl show --value -p MainPID busbard.service; }
restarts() { systemctl show --value -p NRestarts busbard.service; }
active() { systemctl --quiet is-active "$1"; }
inactive() { ! active "$1"; }
another_pid() { [[ $(main_pid) != 0 && $(main_pid) != "$1" ]] && active busbard.service; }
journal() { journalctl --sync; journalctl -q -o json -u busbard.service; }
journal_has() { journal | grep -q -- "$1"; }
no_rings() { ! compgen -G '/dev/shm/busbar-*-ring' >/dev/null; }

# Everything that a package may leave: files, users, groups, units. Not what dpkg, systemd and the
# journal note of everything; nor what is below /root, /work and the like: the machine, which goes on
# with its life, shows through.
inventory() {
  find /etc /opt /srv /usr /var \( -path /var/log -o -path /var/tmp -o -path /var/cache \
    -o -path /var/lib/apt -o -path /var/lib/dpkg -o -path /var/lib/systemd \) -prune -o -print
  find /run -mindepth 1 -maxdepth 1
  find /dev/shm /var/lib/systemd/deb-systemd-helper-*
  getent passwd | cut -d: -f1 | sed 's/^/user /'
  getent group | sed 's/^/group /'
  systemctl list-unit-files --no-legend | awk '{ print "unit", $1 }'
} 2>/dev/null

# This machine may have them.
dpkg -P busbard libbusbar-dev busbar libbusbar1 >/dev/null 2>&1

begin "two ordinary users, one of them to be in the group"
useradd --no-create-home insider && useradd --no-create-home outsider || failed useradd
ok

inventory | sort >before

begin "the packages install"
dpkg -i ./libbusbar1_*.deb ./busbar_*.deb ./busbard_*.deb \
  ./libbusbar-dev_*.deb >dpkg.log 2>&1 || { cat dpkg.log; failed "dpkg -i"; }
ok

begin "there is a system user busbar with a group of its own"
id busbar >/dev/null || failed "no user"
(($(id -u busbar) < 1000)) || failed "no system user: $(id busbar)"
[[ $(id -gn busbar) == busbar ]] || failed "$(id busbar)"
ok

begin "the units are correct"
words=$(systemd-analyze verify --man=no busbard.service busbard.socket 2>&1) || failed "$words"
[[ -z $words ]] || failed "$words"
words=$(systemd-analyze security --offline=yes --threshold=20 busbard.service 2>&1) ||
  failed "$(tail -3 <<<"$words")"
ok

begin "the socket listens, the service does not run"
active busbard.socket || failed "busbard.socket is not active"
inactive busbard.service || failed "busbard.service runs"
[[ $(stat -c '%a %U %G' $sock) == "660 busbar busbar" ]] || failed "$(stat -c '%A %U %G' $sock)"
[[ $(stat -c '%a' /run/busbar) == 755 ]] || failed "$(ls -ld /run/busbar)"
ok

source ./broker.sh

begin "removed, it is stopped; its configuration stays"
# A broker that was killed while somebody was there leaves segments.
printf '[Service]\nRestart=no\n' >/run/systemd/system/busbard.service.d/test.conf
systemctl daemon-reload
busbar create left --segment named >/dev/null || failed create
rm sub.log
busbar sub left --timeout 30s 2>sub.log &
member=$!
eventually grep -qs '^subscribed to' sub.log || failed "$(cat sub.log)"
kill -KILL "$(main_pid)"
eventually inactive busbard.service || failed "it was not killed"
compgen -G '/dev/shm/busbar-*-ring' >/dev/null || failed "no segments were left"
dpkg -r busbard >dpkg.log 2>&1 || { cat dpkg.log; failed "dpkg -r"; }
inactive busbard.socket || failed "the socket listens"
inactive busbard.service || failed "the service runs"
compgen -G '/dev/shm/busbar-*' && failed "segments are left"
[[ ! -e /run/busbar ]] || failed "/run/busbar is left: $(ls -la /run/busbar)"
[[ -f /etc/busbar/busbar.json ]] || failed "the configuration is gone"
kill "$member"
ok

begin "purged, nothing is left"
dpkg -P busbard libbusbar-dev busbar libbusbar1 >dpkg.log 2>&1 || { cat dpkg.log; failed "dpkg -P"; }
rm -rf /run/systemd/system/busbard.service.d
systemctl daemon-reload
inventory | sort >after
words=$(diff before after) || failed "$words"
ok

install_and_purge() {
  dpkg -i ./libbusbar1_*.deb ./busbar_*.deb ./busbard_*.deb >dpkg.log 2>&1 || { cat dpkg.log; failed "dpkg -i"; }
  id busbar >/dev/null || failed "no user"
  dpkg -P busbard busbar libbusbar1 >dpkg.log 2>&1 || { cat dpkg.log; failed "dpkg -P"; }
  [[ ! -e /var/lib/busbard ]] || failed "/var/lib/busbard is left"
}

begin "a group that was there before the package outlives its purge"
groupadd --system busbar || failed groupadd
install_and_purge
getent group busbar >/dev/null || failed "the group is gone"
! getent passwd busbar >/dev/null || failed "the user is left"
ok

begin "so does a user"
useradd --system --gid busbar busbar || failed useradd
install_and_purge
getent passwd busbar >/dev/null || failed "the user is gone"
getent group busbar >/dev/null || failed "the group is gone"
ok

echo "all passed"
