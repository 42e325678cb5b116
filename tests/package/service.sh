# Sourced by prove.sh: starts and stops an installed packetlog in the bare root as its units do, in a lab of two ends.

ok() { echo "ok $*"; }
unit=$root/usr/lib/systemd/system/packetlog.service
setting() { sed -n "s/^$1=//p" "$unit"; }
rx_packets() { ip -s link show lab0 | awk '/RX:/ { getline; print $2 }'; }
# /sys shows the devices of the namespace that mounted it.
mac() { sed -n 's/.*link\/ether \([^ ]*\).*/\1/p'; }
programs() { ip -details link show lab0 | grep -c 'prog/xdp' || true; }

# until_true WHAT COMMAND...
until_true() {
	local what=$1 deadline=$((SECONDS + 120))
	shift
	until "$@"; do
		[ "$SECONDS" -lt "$deadline" ] || { cat "$logs"/service.* >&2 && fail "not within 120 s: $what"; }
		sleep 0.1
	done
}

# start_service LOG: as the unit does, on the interface of the lab.
start_service() {
	local capabilities settings
	capabilities=$(setting AmbientCapabilities | sed 's/CAP_//g; s/ /,+/g; s/^/+/' | tr A-Z a-z)
	read -ra settings <<<"$(setting Environment)"
	if ! inside mountpoint -q /run/packetlog/bpf; then
		inside mkdir -p /run/packetlog/bpf
		inside mount -t bpf -o nosuid,nodev,noexec,mode=0700 bpf /run/packetlog/bpf
	fi
	inside chown packetlog:packetlog /run/packetlog/bpf
	inside install -d -o packetlog -g packetlog -m 0750 /run/packetlog-server
	inside env "${settings[@]}" setpriv --reuid=packetlog --regid=packetlog --clear-groups --no-new-privs \
		--bounding-set="-all,$capabilities" --inh-caps="-all,$capabilities" --ambient-caps="-all,$capabilities" \
		sh -c 'umask 077 && exec /usr/bin/packetlog run --iface lab0' >"$1" 2>&1 </dev/null &
	service=$!
	until_true 'the service watches lab0' grep -q 'Waiting for Ctrl-C' "$1"
	start_server "$1"
}

# start_server LOG: the unit of the server, which packages since 2026-11-29 have. It ends with the service.
start_server() {
	local unit=$root/usr/lib/systemd/system/packetlog-server.service
	[ -e "$unit" ] || return 0
	# shellcheck disable=SC2046
	inside setpriv --reuid=packetlog-server --regid=packetlog-server --groups="$(inside id -g packetlog)" --no-new-privs \
		--bounding-set=-all --inh-caps=-all --ambient-caps=-all $(sed -n 's/^ExecStart=//p' "$unit") >>"$1" 2>&1 </dev/null &
	until_true 'the server serves' answers
}
answers() {
	inside /usr/lib/packetlog/bin/node -e \
		'fetch("http://localhost:7411/healthz").then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))'
}

# stop_service: with SIGTERM, as systemd does.
stop_service() {
	local code=0
	pkill -TERM -x -u "$(stat -c %u "$root/var/lib/packetlog")" packetlog || fail "the service's process is not found"
	wait "$service" || code=$?
	[ "$code" -eq 0 ] || { cat "$logs"/service.* >&2 && fail "the service ended with exit code $code"; }
}

# send COUNT: UDP datagrams from the lab's other end.
send() {
	nsenter --target "$peer" --net bash -c 'for ((i = 0; i < $1; i++)); do echo x >/dev/udp/192.0.2.1/9; done' bash "$1" || true
}

make_lab() {
	unshare --net sleep 1000 &
	peer=$!
	until_true 'a second network namespace' sh -c "[ \"\$(readlink /proc/$peer/ns/net)\" != \"\$(readlink /proc/self/ns/net)\" ]"
	ip link add lab0 type veth peer name lab1
	ip link set lab1 netns "$peer"
	sysctl -q -w net.ipv6.conf.lab0.disable_ipv6=1
	nsenter --target "$peer" --net sysctl -q -w net.ipv6.conf.lab1.disable_ipv6=1
	ip address add 192.0.2.1/24 dev lab0
	ip link set lab0 up
	nsenter --target "$peer" --net sh -c 'ip address add 192.0.2.2/24 dev lab1 && ip link set lab1 up'
	# Neither end asks for the other's address.
	ip neighbour replace 192.0.2.2 lladdr "$(nsenter --target "$peer" --net ip link show lab1 | mac)" dev lab0
	nsenter --target "$peer" --net ip neighbour replace 192.0.2.1 lladdr "$(ip link show lab0 | mac)" dev lab1
}

files_outside() {
	inside find / -xdev -newer /tmp/mark ! -type d ! -path '/var/lib/dpkg/*' ! -path '/var/log/*' ! -path '/var/cache/*' \
		! -path '/var/lib/apt/*' ! -path '/tmp/*' ! -path '/run/*' ! -path '/dev/*' | grep -i packetlog || true
}
