#!/usr/bin/env bash
# Proves the .deb in a bare Debian root without Node.js, clang or git: installs the package of an earlier commit, runs it as
# the unit does, upgrades under traffic to the package of this commit, removes and purges it. Each packet that the device
# received is in the ledger. Then the same with the .tar.gz of this commit and its install.sh, with logrotate (tarball.sh).
# systemd does not run there: the script takes user, capabilities and environment from the unit, and starts and stops the
# service itself.
#   usage: tests/package/prove.sh [--keep] [--earlier COMMIT]
# --earlier: default HEAD~1; its package is built in a clone. PACKAGES: a directory with earlier.deb, present.deb and
# present.tar.gz, which are then not built. Needs root. Leaves no process, mount or directory behind.
set -Eeuo pipefail
trap 'echo "prove.sh: line $LINENO: $BASH_COMMAND: exit code $?" >&2' ERR

here=$(cd "$(dirname "$0")/../bare-root" && pwd)
repo=$(cd "$here/../.." && pwd)
keep=no earlier=HEAD~1
while [ $# -gt 0 ]; do
	case $1 in
	--keep) keep=yes ;;
	--earlier) earlier=$2 && shift ;;
	*)
		sed -n '2,10s/^# \{0,1\}//p' "$0" >&2
		exit 2
		;;
	esac
	shift
done

# build_packages: of both commits, in clones, so that the checkout stays as it is.
build_packages() {
	local name commit clone
	for name in earlier present; do
		commit=$earlier
		[ "$name" = earlier ] || commit=HEAD
		clone=$PACKAGES/$name
		git clone -q --no-local "$repo" "$clone"
		git -C "$clone" checkout -q "$(git -C "$repo" rev-parse "$commit")"
		(cd "$clone" && npx -y pnpm@12 package --out "$PACKAGES/$name.out")
		mv "$PACKAGES/$name.out"/*.deb "$PACKAGES/$name.deb"
		mv "$PACKAGES/$name.out"/*.tar.gz "$PACKAGES/$name.tar.gz"
		rm -rf "$clone"
	done
}
if [ -z "${BARE_ROOT:-}" ]; then
	if [ -z "${PACKAGES:-}" ]; then
		PACKAGES=$(mktemp -d /var/tmp/packetlog-packages.XXXXXX)
		trap 'rm -rf "$PACKAGES"' EXIT
		build_packages
	fi
	export PACKAGES
	code=0
	(. "$here/enter.sh") || code=$?
	exit "$code"
fi
. "$here/enter.sh"

root=$BARE_ROOT/root
logs=$BARE_ROOT/logs
mkdir -p "$root" "$logs"
. "$here/make-root.sh"

. "$(dirname "$0")/service.sh"

until_true 'there is a network' sh -c 'ip route show default | grep -q eth0'
make_debian_root
echo "nameserver 10.0.2.3" >"$root/etc/resolv.conf"
mount_kernel_filesystems
cp "$PACKAGES/earlier.deb" "$PACKAGES/present.deb" "$root/root/"
for absent in node clang git bpftool; do
	! inside sh -c "command -v $absent" >/dev/null || fail "the root is not bare: it has $absent"
done
inside apt-get -q update >"$logs/apt.log" 2>&1
inside touch /tmp/mark

inside apt-get -q install --yes --no-install-recommends /root/earlier.deb >"$logs/install.log" 2>&1 || { cat "$logs/install.log" && fail "apt install"; }
! pgrep -x packetlog >/dev/null || fail "installing started something"
version=$(inside packetlog --version)
[ -s "$root/usr/share/man/man1/packetlog.1.gz" ] && [ -s "$root/usr/share/man/man5/packetlog.json.5.gz" ] || fail "no man pages"
for example in prometheus/packetlog.yml prometheus/packetlog.rules.yml grafana/packetlog.json; do
	[ -s "$root/usr/share/doc/packetlog/$example" ] || fail "no example $example"
done
grep -q '"bomFormat": "CycloneDX"' "$root/usr/share/doc/packetlog/sbom.cdx.json" || fail "no list of components"
[ "$(stat -c %U:%a "$root/var/lib/packetlog")" = "$(inside stat -c %U:%a /var/lib/packetlog)" ] || true
[ "$(inside stat -c %U:%a /var/lib/packetlog)" = packetlog:700 ] || fail "the state directory is open"
ok "installed version $version; nothing runs"

make_lab
start_service "$logs/service.1"
grep -q 'Dashboard: http://localhost:7411/' "$logs/service.1" || fail "no URL"
status=$(grep -E '^(Uid|CapEff|CapBnd|NoNewPrivs)' "/proc/$(pgrep -x packetlog | head -n 1)/status" | tr '\n\t' '; ')
ok "runs without root: $status"
inside packetlog url | grep -q 'token=' || fail "packetlog url prints no token"
inside packetlog rules add observe 192.0.2.9 --reason package >/dev/null
base=$(rx_packets)
send 1000

# Upgrade while datagrams arrive. No rule denies: without the request of the package the program would leave.
touch "$BARE_ROOT/sending"
(while [ -e "$BARE_ROOT/sending" ]; do send 100; done) &
sender=$!
inside apt-get -q install --yes --no-install-recommends /root/present.deb >"$logs/upgrade.log" 2>&1 || { cat "$logs/upgrade.log" && fail "apt install of the later package"; }
stop_service
[ "$(programs)" -eq 1 ] || fail "between the two loaders no program was on the interface"
start_service "$logs/service.2"
rm "$BARE_ROOT/sending"
wait "$sender"
inside packetlog rules list | grep -q 'observe.*192.0.2.9' || fail "the rule is gone after the upgrade"
present_version=$(inside packetlog --version)
[ "$present_version" != "$version" ] || fail "the version has not changed"
send 1000
stop_service
received=$(($(rx_packets) - base))
seen=$(sed -n 's/^lab0: \([0-9,]*\) packets seen.*/\1/p' "$logs/service.2" | tr -d ,)
[ "$seen" = "$received" ] || { cat "$logs"/service.* >&2 && fail "$received packets received, $seen seen"; }
[ "$(programs)" -eq 0 ] || fail "no rule denies, but the program stayed"
ok "upgraded under traffic: $received packets received, $seen seen"

start_service "$logs/service.3"
inside packetlog rules add deny 192.0.2.2 --force >/dev/null
stop_service
inside apt-get -q remove --yes packetlog >"$logs/remove.log" 2>&1
grep -q 'apt purge packetlog' "$logs/remove.log" || { cat "$logs/remove.log" && fail "remove does not say that rules still deny"; }
[ "$(programs)" -eq 1 ] || fail "remove ended rules that deny"
ok "removed; rules that deny stay, and it says so"

inside apt-get -q purge --yes packetlog >"$logs/purge.log" 2>&1
[ "$(programs)" -eq 0 ] || fail "purge left a program on lab0"
[ ! -e "$root/var/lib/packetlog" ] && [ ! -e "$root/etc/packetlog" ] && [ ! -e "$root/run/packetlog" ] || fail "purge left state"
! inside getent passwd packetlog packetlog-server >/dev/null || fail "purge left a user"
left=$(files_outside)
[ -z "$left" ] || fail "purge left: $left"
ok "purged; nothing is left"

. "$(dirname "$0")/tarball.sh"
