# Sourced by prove.sh after the .deb is purged: installs the .tar.gz with install.sh, rotates its log of denied packets with
# the real logrotate, upgrades under traffic, and uninstalls. Each packet that the device received is in the ledger, and each
# denied packet around the rotation is in the log.

top=$(tar -tzf "$PACKAGES/present.tar.gz" | sed -n '1s,/.*,,p')
tar -xzf "$PACKAGES/present.tar.gz" -C "$root/root"
install_sh() { inside "/root/$top/install.sh" "$@"; }
denied_log=$root/var/log/packetlog/denied.ndjson
lines_in() { cat "$@" 2>/dev/null | wc -l; }
logged() { [ "$(lines_in "$denied_log"*)" -eq "$1" ]; }

inside apt-get -q install --yes --no-install-recommends logrotate libbpf1 libatomic1 >"$logs/logrotate.log" 2>&1 ||
	{ cat "$logs/logrotate.log" && fail "apt install logrotate"; }
inside touch /tmp/mark
install_sh >"$logs/install-sh.log" 2>&1 || { cat "$logs/install-sh.log" && fail "install.sh"; }
! pgrep -x packetlog >/dev/null || fail "install.sh started something"
[ "$(inside packetlog --version)" = "$present_version" ] || fail "install.sh: another version"
grep -q 'systemctl enable --now packetlog' "$logs/install-sh.log" || fail "install.sh does not say how to start it"
[ "$(inside stat -c %U:%a /var/lib/packetlog)" = packetlog:700 ] || fail "the state directory is open"
ok "install.sh: installed; nothing runs"

# The unit creates the directory (LogsDirectory=).
inside install -d -o packetlog -g packetlog -m 0750 /var/log/packetlog
echo '{ "log-denies": "/var/log/packetlog/denied.ndjson" }' >"$root/etc/packetlog/packetlog.json"
inside chown packetlog:packetlog /etc/packetlog/packetlog.json
start_service "$logs/service.4"
inside packetlog rules add deny 192.0.2.2 --protocol udp --port 9 --force >/dev/null
base=$(rx_packets)
send 200
until_true '200 denied packets are in the log' logged 200
inside logrotate --force /etc/logrotate.d/packetlog >"$logs/rotate.log" 2>&1 || { cat "$logs/rotate.log" && fail "logrotate"; }
[ "$(lines_in "$denied_log.1")" -eq 200 ] || fail "logrotate did not rename the log"
# What `systemctl reload` in the configuration of logrotate does, where systemd runs.
pkill -HUP -x -o -u "$(stat -c %u "$root/var/lib/packetlog")" packetlog
until_true 'the loader opens a new log' [ -e "$denied_log" ]
send 300
until_true '500 denied packets are in both files' logged 500
[ "$(lines_in "$denied_log")" -eq 300 ] || fail "the new log has $(lines_in "$denied_log") lines instead of 300"
ok "logrotate: 200 denied packets in the old file, 300 in the new one"

touch "$BARE_ROOT/sending"
(while [ -e "$BARE_ROOT/sending" ]; do send 100; done) &
sender=$!
install_sh >"$logs/install-sh-2.log" 2>&1 || { cat "$logs/install-sh-2.log" && fail "install.sh over an installation"; }
stop_service
[ "$(programs)" -eq 1 ] || fail "between the two loaders no program was on the interface"
start_service "$logs/service.5"
rm "$BARE_ROOT/sending"
wait "$sender"
stop_service
received=$(($(rx_packets) - base))
seen=$(sed -n 's/^lab0: \([0-9,]*\) packets seen.*/\1/p' "$logs/service.5" | tr -d ,)
[ "$seen" = "$received" ] || { cat "$logs"/service.[45] >&2 && fail "$received packets received, $seen seen"; }
ok "install.sh over a running service: $received packets received, $seen seen"

install_sh --uninstall >"$logs/uninstall.log" 2>&1
grep -q 'rules still deny' "$logs/uninstall.log" || { cat "$logs/uninstall.log" && fail "--uninstall does not say that rules still deny"; }
[ "$(programs)" -eq 1 ] || fail "--uninstall ended rules that deny"
install_sh --uninstall --purge >"$logs/uninstall-purge.log" 2>&1
[ "$(programs)" -eq 0 ] || fail "--uninstall --purge left a program on lab0"
[ ! -e "$root/var/lib/packetlog" ] && [ ! -e "$root/etc/packetlog" ] && [ ! -e "$root/run/packetlog" ] || fail "--uninstall --purge left state"
! inside getent passwd packetlog packetlog-server >/dev/null || fail "--uninstall --purge left a user"
rm -rf "${root:?}/root/$top"
left=$(files_outside)
[ -z "$left" ] || fail "--uninstall --purge left: $left"
ok "install.sh --uninstall: rules that deny stay, and it says so; with --purge nothing is left"
