#!/usr/bin/env bash
# Runs in the guest, at the end of each boot: the stage that the kernel command line names. Prints "ok ..." for each
# thing proven and "end" after the last; anything else is the error.
set -Eeuo pipefail
trap 'echo "proof.sh: line $LINENO: $BASH_COMMAND: exit code $?"; diagnose' ERR
stage=$(sed -n 's/.*packetlog\.proof=\([a-z]*\).*/\1/p' /proc/cmdline)

ok() { echo "ok $stage: $*"; }
fail() {
	echo "FAILED $stage: $*"
	diagnose
	exit 1
}
diagnose() {
	systemctl status --no-pager --full --lines=0 packetlog.service packetlog-server.service run-packetlog-bpf.mount || true
	journalctl --no-pager --boot --unit=packetlog.service --unit=packetlog-server.service --lines=60 || true
	systemctl --no-pager --failed || true
	ip -br link || true
}
property() { systemctl show --value --property="$1" packetlog.service; }
# monotonic UNIT PROPERTY: a time since boot in microseconds.
monotonic() { systemctl show --value --property="$2Monotonic" "$1"; }
log() { journalctl --no-pager --boot --unit=packetlog.service --output=cat "$@"; }
has_program() { ip -details link show "$1" 2>/dev/null | grep -q 'prog/xdp'; }
# counter INTERFACE NAME: from packetlog status, whose exit code is 1 while an interface is missing.
counter() {
	{ packetlog status --json || true; } | /usr/lib/packetlog/bin/node -e '
		const [name, counter] = process.argv.slice(1);
		const { interfaces } = JSON.parse(require("node:fs").readFileSync(0, "utf8"));
		console.log(interfaces.find((each) => each.name === name).counters[counter]);' "$1" "$2"
}
# until_true WHAT COMMAND...
until_true() {
	local what=$1 deadline=$((SECONDS + 240))
	shift
	until "$@"; do
		[ "$SECONDS" -lt "$deadline" ] || fail "not within 240 s: $what"
		sleep 1
	done
}
network_is_up() { ip -4 route show default | grep -q 'dev en'; }
nic() { ip -4 route show default | sed -n 's/.* dev \([^ ]*\).*/\1/p'; }
logged() { log | grep -q -- "$1"; }
# before FIRST SECOND WHAT: compares two times since boot.
before() {
	[ "$1" -gt 0 ] && [ "$2" -gt 0 ] && [ "$1" -le "$2" ] || fail "$3: $1 us, and $2 us"
	ok "$3, by $((($2 - $1) / 1000)) ms"
}
no_cycle() {
	! journalctl --no-pager --boot --output=cat | grep -i 'ordering cycle' || fail "systemd found an ordering cycle"
	ok "systemd found no ordering cycle"
}

stage_install() {
	until_true 'the network is up' network_is_up
	dpkg --install /root/proof/packetlog.deb >/run/install.log 2>&1 || fail "dpkg: $(cat /run/install.log)"
	[ "$(property ActiveState)" = inactive ] || fail "installing started something: $(property ActiveState)"
	! systemctl --quiet is-enabled packetlog.service || fail "installing enabled the service"
	ok "installed $(packetlog --version); nothing runs"

	systemctl enable --now packetlog.service || fail "systemctl enable --now"
	[ "$(property ActiveState)/$(property SubState)" = active/running ] || fail "not running: $(property ActiveState)"
	[ "$(property StatusText)" = "Watching $(nic)" ] || fail "the status is: $(property StatusText)"
	has_program "$(nic)" || fail "no program on $(nic)"
	packetlog status >/run/status.log || fail "packetlog status: $(cat /run/status.log)"
	ok "ready, $(property StatusText); user $(service_user)"

	packetlog rules add deny 203.0.113.9 --reason boot >/run/rules.log
	send_a_second
	until_true 'a packet is seen' saw_packets
	! log | grep -E 'SRC IP|"src_addr"' || fail "the journal has packets"
	! log | grep -E 'token=' || fail "the journal has a token"
	ok "the journal has no packet and no token, after $(counter "$(nic)" seen) packets"

	server_service
	hang
	systemctl reload packetlog.service || fail "systemctl reload"
	is_active || fail "after a reload: $(property ActiveState)"
	journal_fields

	# The next boots.
	cat >/etc/packetlog/packetlog.json <<-'END'
		{ "iface": ["lab0", "late0"] }
	END
	packetlog rules add deny 192.0.2.2 --protocol udp --reason boot --force >/run/rules.log
	packetlog rules add deny 203.0.113.0/24 --interface "$(nic)" --reason boot >/run/rules.log || true
	systemctl --quiet enable lab-devices.service lab-network.service
	finished=yes
}
# send_a_second: to the gateway, which answers at least the question for its address.
send_a_second() {
	ip neighbour flush dev "$(nic)"
	perl /root/proof/udp.pl send "$(address)" 198.51.100.2 9 2 >/run/sent
}
address() { ip -4 -br address show "$(nic)" | sed -n 's/.* \([0-9.]*\)\/.*/\1/p'; }
service_user() { stat -c %U "/proc/$(property MainPID)"; }
# journal_fields: priorities, and fields of notices as JSON.
journal_fields() {
	local entry
	entry=$(journalctl --no-pager --boot --unit=packetlog.service --output=json | grep 'taken_over' | tail -n 1)
	grep -q '"PRIORITY":"6"' <<<"$entry" || fail "the notice has not the priority info: $entry"
	grep -q 'code.*taken_over' <<<"$entry" || fail "the notice has no code: $entry"
	# A start that fails: its error has the priority of an error.
	systemctl stop packetlog.service
	printf '{ "iface": ["lo"], "no-such-option": 1 }' >/etc/packetlog/packetlog.json
	! systemctl start packetlog.service 2>/run/start.log || fail "it started with a wrong option"
	log --priority=err | grep -q '^packetlog: .*no-such-option' || fail "journalctl -p err does not show why it failed"
	! log --priority=err | grep -q 'Waiting for' || fail "lines of other priorities are shown as errors"
	[ "$(property Result)/$(property NRestarts)" = exit-code/0 ] || fail "it is restarted, although that cannot help"
	echo '{}' >/etc/packetlog/packetlog.json
	systemctl reset-failed packetlog.service
	systemctl start packetlog.service || fail "systemctl start"
	ok "journalctl -p err shows why a start failed; a notice has its priority and code"
}

restarted() { [ "$(property NRestarts)" = "$1" ]; }
is_active() { [ "$(property ActiveState)" = active ]; }

server() { systemctl show --value --property="$1" packetlog-server.service; }
server_serves() { [ "$(server ActiveState)" = active ] && reached; }
# reached: whether the dashboard's port answers that the loader is healthy.
reached() {
	/usr/lib/packetlog/bin/node -e '
		fetch("http://localhost:7411/healthz").then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1));'
}
# server_replaced PID: whether another process than PID serves.
server_replaced() { [ "$(server MainPID)" != "$1" ] && server_serves; }
# server_service: what the network reaches runs apart, without rights; its end and its silence do not reach the core.
server_service() {
	local core pid status
	until_true 'the server serves' server_serves
	core=$(property MainPID) pid=$(server MainPID)
	status=$(cat "/proc/$pid/status")
	[ "$(stat -c %U "/proc/$pid")" = packetlog-server ] || fail "the server's user: $(stat -c %U "/proc/$pid")"
	! grep -E '^Cap(Inh|Prm|Eff|Bnd|Amb):' <<<"$status" | grep -v '0000000000000000$' || fail "the server has capabilities"
	grep -q '^NoNewPrivs:[[:space:]]*1$' <<<"$status" || fail "the server lacks no_new_privs"
	grep -q '^Seccomp:[[:space:]]*2$' <<<"$status" || fail "the server has no seccomp filter"
	! ls "/proc/$core/fd" -l | grep -E 'TCP|UDP' || fail "the core has a network socket"
	kill -KILL "$pid"
	until_true 'a killed server is replaced' server_replaced "$pid"
	pid=$(server MainPID)
	kill -STOP "$pid"
	until_true 'a frozen server is replaced' server_replaced "$pid"
	systemctl restart packetlog-server.service || fail "systemctl restart packetlog-server"
	until_true 'a restarted server serves' server_serves
	[ "$(property MainPID)" = "$core" ] && [ "$(property NRestarts)" = 0 ] || fail "the core was restarted with the server"
	log | grep -q 'server process did not answer\|server process closed its connection' || fail "no notice about the server"
	systemctl stop packetlog.service || fail "systemctl stop"
	[ "$(server ActiveState)" = inactive ] || fail "the server still runs: $(server ActiveState)"
	! systemctl --quiet is-failed packetlog.service packetlog-server.service || fail "a stopped service counts as failed"
	systemctl start packetlog.service || fail "systemctl start"
	until_true 'the server serves again' server_serves
	ok "the server has user $(stat -c %U "/proc/$(server MainPID)"), no capability and a seccomp filter; killed and frozen, it was replaced, and the core went on"
}

# hang: halts the drain thread only; the watchdog has to notice.
hang() {
	local pid thread comm sleeping
	mkdir -p /run/systemd/system/packetlog.service.d
	printf '[Service]\nWatchdogSec=6\n' >/run/systemd/system/packetlog.service.d/watchdog.conf
	systemctl daemon-reload
	systemctl restart packetlog.service || fail "systemctl restart"
	[ "$(property NRestarts)" = 0 ] || fail "it restarted by itself"
	pid=$(property MainPID)
	for comm in "/proc/$pid/task"/*/comm; do
		[ "$(cat "$comm")" != packetlog-drain ] || thread=$(basename "$(dirname "$comm")")
	done
	[ -n "${thread:-}" ] || fail "no drain thread"
	# As long as nothing hangs, three intervals pass without a restart.
	sleep 18
	[ "$(property NRestarts)" = 0 ] || fail "the watchdog ended a loader that does not hang"
	mkfifo /run/halting
	sleep 600 >/run/halting &
	sleeping=$!
	/root/proof/halt-thread "$thread" </run/halting >/run/halted &
	until_true 'the watchdog notices' logged 'Watchdog timeout'
	# A traced thread that has died stays until its tracer ends.
	kill "$sleeping"
	until_true 'the watchdog restarts the service' restarted 1
	until_true 'the service is active again' is_active
	journalctl --no-pager --boot --unit=packetlog.service --output=cat | grep -q 'Watchdog timeout' || fail "no watchdog timeout in the journal"
	[ "$(property MainPID)" != "$pid" ] || fail "the process is the same"
	packetlog status >/run/status.log || fail "after the watchdog: $(cat /run/status.log)"
	logged 'Took over from a loader' || fail "the restarted loader did not take over the rules in force"
	packetlog rules list | grep -q 203.0.113.9 || fail "the rule is gone"
	rm -r /run/systemd/system/packetlog.service.d
	systemctl daemon-reload
	ok "the watchdog ended a loader whose drain thread hung; the next one took over its rules"
}

stage_rules() {
	[ "$(property ActiveState)" = active ] || fail "not active: $(property ActiveState)"
	[ "$(property NRestarts)" = 0 ] || fail "restarted $(property NRestarts) times during the boot"
	no_cycle
	before "$(monotonic packetlog.service ActiveEnterTimestamp)" "$(monotonic network-pre.target ActiveEnterTimestamp)" \
		"the service is ready before network-pre.target"
	before "$(monotonic packetlog.service ActiveEnterTimestamp)" "$(monotonic systemd-networkd.service ExecMainStartTimestamp)" \
		"the service is ready before systemd-networkd starts"

	local received denied seen rx
	[ "$(cat /run/lab-sent-192.0.2.2 | tail -n 1)" -gt 0 ] || fail "nothing was sent"
	received=$(sed -n 's/^192\.0\.2\.3 //p' /run/lab-received)
	! grep -q '^192\.0\.2\.2 ' /run/lab-received || fail "denied packets arrived: $(cat /run/lab-received)"
	[ "${received:-0}" -gt 0 ] || fail "no permitted packet arrived: $(cat /run/lab-received)"
	seen=$(counter lab0 seen) denied=$(counter lab0 denied) rx=$(cat /sys/class/net/lab0/statistics/rx_packets)
	[ "$denied" -gt 0 ] && [ "$seen" -eq $((denied + received)) ] || fail "$seen seen, $denied denied, $received arrived"
	[ "$seen" -eq "$rx" ] || fail "$rx received by lab0, $seen seen"
	ok "from the first packet on: of $rx packets, $denied were denied and $received arrived; of those to deny, 0 arrived"

	logged 'Interface late0 does not exist yet' || fail "no notice about late0"
	[ "$(property StatusText)" = 'Watching lab0; Waiting for late0' ] || fail "the status is: $(property StatusText)"
	! packetlog status >/run/status.log || fail "packetlog status does not mind the missing interface"
	grep -q '^late0 *waiting' /run/status.log || fail "packetlog status: $(cat /run/status.log)"
	local added attached
	added=$(date +%s%3N)
	ip link add late0 type veth peer name late1
	until_true 'the notice about late0' logged 'Interface late0 has appeared and is watched'
	has_program late0 || fail "no program on late0"
	attached=$(($(log | sed -n 's/.*"time":\([0-9]*\).*Interface late0 has appeared.*/\1/p' | tail -n 1) - added))
	# An emulated CPU is too slow to be held to a time.
	[ "$attached" -le 1000 ] || systemd-detect-virt --quiet --vm || fail "late0 was watched only after $attached ms"
	ip link delete late0
	ok "a late interface is watched $attached ms after it was added"

	# The next boots: the interface of the default route, and the rules as they are.
	echo '{}' >/etc/packetlog/packetlog.json
	systemctl --quiet disable lab-devices.service lab-network.service
	until_true 'the network is up' network_is_up
	# A loader that takes over keeps its interfaces: start without pins.
	systemctl stop packetlog.service
	packetlog unload --bpf-fs /run/packetlog/bpf >/run/unload.log
	systemctl start packetlog.service
	[ "$(property StatusText)" = "Watching $(nic)" ] || fail "the status is: $(property StatusText)"
	finished=yes
}

saw_packets() { [ "$(counter "$(nic)" seen)" -gt 0 ]; }
stage_default() {
	until_true 'the network is up' network_is_up
	[ "$(property ActiveState)/$(property NRestarts)" = active/0 ] || fail "$(property ActiveState), $(property NRestarts) restarts"
	no_cycle
	[[ $(property StatusText) =~ "$(nic)"$ ]] || fail "the status is: $(property StatusText)"
	before "$(monotonic packetlog.service ActiveEnterTimestamp)" "$(monotonic systemd-networkd.service ExecMainStartTimestamp)" \
		"without --iface, the service is ready before systemd-networkd starts"
	has_program "$(nic)" || fail "no program on $(nic)"
	packetlog status >/run/status.log || fail "packetlog status: $(cat /run/status.log)"
	send_a_second
	until_true 'a packet is seen' saw_packets
	ok "the interface of the last start is watched: $(property StatusText), $(counter "$(nic)" seen) packets"
	finished=yes
}

stage_off() {
	until_true 'the network is up' network_is_up
	[ "$(property ActiveState)/$(property ConditionResult)" = inactive/no ] || fail "$(property ActiveState)"
	! has_program "$(nic)" || fail "a program is on $(nic)"
	! systemctl --quiet is-failed packetlog.service || fail "the service has failed"
	packetlog rules list >/run/rules.log || fail "rules list: $(cat /run/rules.log)"
	grep -q 192.0.2.2 /run/rules.log || fail "the rules are gone: $(cat /run/rules.log)"
	packetlog rules remove --source 192.0.2.2 >/run/rules.log || fail "rules remove: $(cat /run/rules.log)"
	! packetlog rules list | grep -q 192.0.2.2 || fail "the rule is still there"
	ok "packetlog.off: nothing runs, nothing is attached, and the rules can be changed"
	finished=yes
}

finished=no
"stage_$stage"
# bash goes on after some errors, such as one in an arithmetic expression.
[ "$finished" = yes ] || fail "the stage did not come to its end"
echo end
