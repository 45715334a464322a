# shellcheck shell=bash disable=SC2154
# Sourced by inside.sh: the installed broker, as clients and an administrator see it.
begin "the first client starts the service"
words=$(timeout 20 busbar ls 2>&1) || failed "busbar ls: $words"
eventually active busbard.service || failed "busbard.service does not run"
[[ $(stat -c %U "/proc/$(main_pid)") == busbar ]] || failed "it runs as $(stat -c %U "/proc/$(main_pid)")"
[[ $(stat -c '%a %U %G' $sock) == "660 busbar busbar" ]] || failed "$(stat -c '%A %U %G' $sock)"
ok

begin "busbar doctor finds no problem"
words=$(busbar doctor 2>&1) || failed "$words"
ok

begin "named segments are the machine's, and a client outside of the sandbox uses them"
busbar create plain --segment named >/dev/null || failed create
compgen -G '/dev/shm/busbar-*-ring' >/dev/null || failed "none: $(ls -la /dev/shm)"
echo hello | busbar pub plain || failed pub
[[ $(busbar sub plain --from oldest --count 1 --quiet) == hello ]] || failed sub
ok

begin "bash completes channels"
source /usr/share/bash-completion/completions/busbar
COMP_WORDS=(busbar --socket $sock show pl) COMP_CWORD=4
_busbar
[[ ${COMPREPLY[*]} == plain ]] || failed "says: ${COMPREPLY[*]}"
ok

begin "the journal has the broker's words, with fields"
eventually journal_has '"BUSBAR_CHANNEL":"plain"' || failed "$(journal)"
journal | grep '"BUSBAR_CHANNEL":"plain"' | grep -q '"PRIORITY":"6"' || failed "$(journal)"
busbar rm plain || failed rm
eventually no_rings || failed "its segments are left"
ok

cp /etc/busbar/busbar.json installed.json
cat >/etc/busbar/busbar.json <<'JSON'
{
  "defaults": { "publish": { "groups": ["busbar"] }, "subscribe": { "groups": ["busbar"] } },
  "channels": [
    { "name": "quotes", "capacity": "64KiB" },
    { "name": "own", "capacity": "64KiB", "publish": { "users": [] }, "subscribe": { "users": [] } }
  ]
}
JSON

begin "the configuration is reloaded"
before_pid=$(main_pid)
systemctl reload busbard.service || failed "systemctl reload"
[[ $(main_pid) == "$before_pid" ]] || failed "another broker runs"
busbar show quotes >/dev/null || failed "the channel is not there"
ok

begin "a configuration that is wrong is refused, and the old one stays"
sed 's/"capacity"/"capacitty"/' -i /etc/busbar/busbar.json
! systemctl reload busbard.service 2>/dev/null || failed "systemctl reload did not fail"
active busbard.service || failed "the service does not run"
[[ $(main_pid) == "$before_pid" ]] || failed "another broker runs"
busbar show quotes >/dev/null || failed "the channel is gone"
eventually journal_has capacitty || failed "the journal does not tell why"
sed 's/"capacitty"/"capacity"/' -i /etc/busbar/busbar.json
ok

begin "a user outside the group cannot connect"
words=$(as outsider timeout 10 busbar ls 2>&1) && failed "was let in"
grep -qi 'permission\|denied' <<<"$words" || failed "says: $words"
ok

begin "members of the group exchange messages"
usermod -aG busbar insider
as insider busbar ls | grep -q '^quotes ' || failed "the channel is not listed"
as insider timeout 20 busbar sub quotes --count 2 >received 2>sub.log &
eventually grep -qs '^subscribed to' sub.log || failed "$(cat sub.log)"
printf 'one\ntwo\n' | as insider busbar pub quotes || failed "pub"
wait $! || failed "sub: $(cat sub.log)"
[[ $(cat received) == $'one\ntwo' ]] || failed "received $(cat received)"
ok

begin "what the lists do not give is refused and logged"
! as insider busbar sub own --timeout 0 2>sub.log || failed "was let in"
refusal='may not subscribe to channel \\"own'
eventually journal_has "$refusal" || failed "the journal does not tell: $(journal)"
journal | grep -- "$refusal" | grep -q "\"BUSBAR_UID\":\"$(id -u insider)\"" ||
  failed "nor who it was: $(journal)"
ok

begin "a broker that hangs is killed by the watchdog and started anew"
mkdir -p /run/systemd/system/busbard.service.d
printf '[Service]\nWatchdogSec=1s\n' >/run/systemd/system/busbard.service.d/test.conf
systemctl daemon-reload
systemctl restart busbard.service || failed restart
hung=$(main_pid)
kill -STOP "$hung"
eventually another_pid "$hung" || failed "the broker that hung was not replaced"
busbar show quotes >/dev/null || failed "the new one does not answer"
ok

begin "a broker that was killed is started anew"
killed=$(main_pid)
kill -KILL "$killed"
eventually another_pid "$killed" || failed "it was not"
busbar show quotes >/dev/null || failed "the new one does not answer"
ok

begin "stopped, it starts again with the next client"
systemctl stop busbard.service 2>/dev/null || failed "stop"
inactive busbard.service || failed "it runs"
[[ -S $sock ]] || failed "the socket is gone"
busbar show quotes >/dev/null || failed "the next client does not start it"
eventually active busbard.service || failed "the next client did not start it"
ok

begin "a configuration that is wrong at start is not tried again and again"
systemctl stop busbard.service 2>/dev/null
echo '{ "bus": { "nam": "x" } }' >/etc/busbar/busbar.json
! systemctl start busbard.service 2>/dev/null || failed "it started"
(($(restarts) == 0)) || failed "$(restarts) restarts"
systemctl reset-failed
cp installed.json /etc/busbar/busbar.json
systemctl restart busbard.socket
ok

begin "an upgrade replaces the broker and keeps the configuration"
echo '{ "channels": [ { "name": "mine", "capacity": "64KiB" } ] }' >/etc/busbar/busbar.json
busbar show mine >/dev/null || failed "the channel is not there"
before_pid=$(main_pid)
dpkg -i ./busbard_*.deb >dpkg.log 2>&1 </dev/null || { cat dpkg.log; failed "dpkg -i"; }
another_pid "$before_pid" || failed "the old broker runs"
busbar show mine >/dev/null || failed "the configuration was lost"
ok

# ---- what the broker's death does to others: nothing ----
cat >/etc/busbar/busbar.json <<'JSON'
{
  "defaults": { "publish": { "groups": ["busbar"] }, "subscribe": { "groups": ["busbar"] } },
  "channels": [ { "name": "stream", "capacity": "1MiB" } ]
}
JSON
stored() { systemctl show --value -p NFileDescriptorStore busbard.service; }
lines_in() { wc -l <"$1"; }
stores() { (($(stored) == $1)); }
has_lines() { (($(lines_in "$1") >= $2)); }
grows() { eventually has_lines "$1" $(($(lines_in "$1") + 1000)); }
# A line for each number, a few thousand in a second.
count_until() {
  local i=0 end
  until [[ -e $1 ]]; do
    for ((end = i + 20; i < end; i++)); do echo "$i"; done
    sleep 0.005
  done
}
each_the_next() { awk 'NR > 1 && $1 != last + 1 { exit 1 } { last = $1 }' "$1"; }
# newcomer_after WHAT: whoever joins now is on the same ring.
newcomer_after() {
  as insider timeout 20 busbar sub stream --count 100 --quiet >newcomer 2>newcomer.log ||
    failed "a newcomer after $1: $(cat newcomer.log)"
  { has_lines newcomer 100 && each_the_next newcomer; } || failed "a newcomer after $1 received: $(cat newcomer)"
}

begin "the memory of a sealed channel is given to systemd"
systemctl restart busbard.service || failed restart
systemctl reset-failed busbard.service
[[ $(busbar show stream | awk '$1 == "segment" { print $2 }') == sealed ]] || failed "$(busbar show stream)"
eventually stores 2 || failed "$(stored) descriptors are stored"
ok

as insider busbar sub stream >received 2>sub.log &
subscriber=$!
eventually grep -qs '^subscribed to' sub.log || { begin subscribe; failed "$(cat sub.log)"; }
count_until stop | as insider busbar pub stream --end 2>pub.log &
publisher=$!

begin "members go on over the broker's death"
before_pid=$(main_pid)
grows received || failed "nothing comes: $(cat pub.log sub.log)"
kill -KILL "$before_pid"
eventually another_pid "$before_pid" || failed "it was not started anew"
grows received || failed "nothing comes any more: $(cat pub.log sub.log)"
newcomer_after kill
ok

begin "members go on over a watchdog's kill"
before_pid=$(main_pid)
kill -STOP "$before_pid"
eventually another_pid "$before_pid" || failed "it was not started anew"
grows received || failed "nothing comes any more: $(cat pub.log sub.log)"
newcomer_after watchdog
ok

begin "members go on over systemctl restart"
systemctl restart busbard.service || failed restart
grows received || failed "nothing comes any more: $(cat pub.log sub.log)"
newcomer_after restart
ok

begin "members go on over an upgrade"
before_pid=$(main_pid)
dpkg -i ./busbard_*.deb >dpkg.log 2>&1 </dev/null || { cat dpkg.log; failed "dpkg -i"; }
another_pid "$before_pid" || failed "the old broker runs"
grows received || failed "nothing comes any more: $(cat pub.log sub.log)"
newcomer_after upgrade
ok

begin "no message was lost"
touch stop
wait $publisher || failed "pub: $(cat pub.log)"
wait $subscriber || failed "sub: $(cat sub.log)"
[[ $(head -1 received) == 0 ]] || failed "the first is $(head -1 received)"
each_the_next received || failed "not each is the next of the one before"
ok

begin "systemctl stop drops a sealed channel that has members: the next start makes it anew"
as insider busbar sub stream >/dev/null 2>orphan.log &
orphan=$!
eventually grep -q '^subscribed to' orphan.log || failed "$(cat orphan.log)"
systemctl stop busbard.service 2>/dev/null || failed stop
stores 0 || failed "$(stored) descriptors are stored"
systemctl start busbard.service || failed start
eventually stores 2 || failed "$(stored) descriptors are stored"
rm sub.log  # `subscribed to` of an earlier one
as insider timeout 20 busbar sub stream --count 1 >received 2>sub.log &
subscriber=$!
eventually grep -qs '^subscribed to' sub.log || failed "$(cat sub.log)"
echo anew | as insider busbar pub stream || failed pub
wait $subscriber || failed "sub: $(cat sub.log)"
[[ $(cat received) == anew ]] || failed "received $(cat received)"
kill "$orphan"
ok

begin "without members and configuration nothing is left"
cp installed.json /etc/busbar/busbar.json
systemctl reload busbard.service || failed reload
eventually stores 0 || failed "$(stored) descriptors are stored"
! ls -l "/proc/$(main_pid)/fd" | grep memfd: || failed "the broker has memory open"
ok
