#!/usr/bin/env bash
# Proves that the built loader works on other kernels: boots Debian's cloud kernels under QEMU, emulated, and there
# watches one end of a veth pair: native, generic, without kernel BTF, jumbo frames, with three capabilities, with a
# small memlock limit. Checks every record and the ledger, and prints a table. Needs root for apt alone.
#   usage: tests/kernels/prove.sh [--cache DIR] [VERSION...]      for example 5.10 6.1 6.12, which is the default
# --cache keeps the downloaded packages and what the guests wrote; without it nothing is left behind.
set -Eeuo pipefail
trap 'echo "prove.sh: line $LINENO: $BASH_COMMAND: exit code $?" >&2' ERR

here=$(cd "$(dirname "$0")" && pwd)
repo=$(cd "$here/../.." && pwd)
. "$here/../bare-root/make-root.sh"
. "$here/kernel-package.sh"
. "$here/initramfs.sh"

count=200
# All cases of one kernel, in seconds; on two free cores they take a third of it.
patience=600
cache='' versions=()
while [ $# -gt 0 ]; do
	case $1 in
	--cache) mkdir -p "$2" && cache=$(realpath "$2") && shift ;;
	[0-9]*) versions+=("$1") ;;
	*)
		sed -n '2,6s/^# \{0,1\}//p' "$0" >&2
		exit 2
		;;
	esac
	shift
done
[ ${#versions[@]} -gt 0 ] || versions=(5.10 6.1 6.12)

fail() {
	echo "prove.sh: $*" >&2
	exit 1
}

[ "$(uname -m)" = x86_64 ] || fail "only x86-64 can be proven here"
[ -e "$repo/packages/loader/dist/command/main.js" ] || fail "the loader is not built: npx -y pnpm@12 build"

work=$(mktemp -d /var/tmp/packetlog-kernels.XXXXXX)
qemu=''
clean() {
	[ -z "$qemu" ] || kill "$qemu" 2>/dev/null || true
	rm -rf --one-file-system "$work"
}
trap clean EXIT
trap 'exit 130' INT TERM
logs=$work/logs
mkdir "$logs"
[ -n "$cache" ] || cache=$work/cache
mkdir -p "$cache"

install_programs() {
	local missing=()
	command -v qemu-system-x86_64 >/dev/null || missing+=(qemu-system-x86)
	command -v busybox >/dev/null || missing+=(busybox-static)
	[ ${#missing[@]} -gt 0 ] || return 0
	echo "installing ${missing[*]}"
	apt-get -q update >"$logs/install.log"
	DEBIAN_FRONTEND=noninteractive apt-get -q install --yes --no-install-recommends "${missing[@]}" >>"$logs/install.log"
}

# boot KERNEL INITRAMFS NAME: what init wrote is in $work/NAME.result, the kernel's own words in $logs/NAME.console.
boot() {
	local code=0
	timeout --kill-after=5 "$patience" qemu-system-x86_64 -accel tcg,thread=multi -cpu Nehalem -smp 2 -m 2G \
		-display none -monitor none -nic none -no-reboot -kernel "$1" -initrd "$2" \
		-append "console=ttyS0 quiet panic=-1 mitigations=off packetlog.count=$count" \
		-serial "file:$logs/$3.console" -serial "file:$cache/$3.result" </dev/null >"$logs/$3.qemu" 2>&1 &
	qemu=$!
	wait "$qemu" || code=$?
	qemu=''
	if ! grep -q '^end' "$cache/$3.result"; then
		echo "$3: did not reach its end (qemu: exit code $code); its last words:" >&2
		tail -n 30 "$logs/$3.console" "$logs/$3.qemu" >&2
	fi
}

install_programs
prepare_apt
make_base
# The build may be older or newer than the commit: the object is named too.
object=$(sha256sum <"$base/packetlog/packages/bpf/dist/packetlog.bpf.o" | cut -c 1-12)
echo "commit $(git -C "$repo" rev-parse --short HEAD), packetlog.bpf.o $object"
results=()
for version in "${versions[@]}"; do
	package=$(newest_kernel "$version")
	[ -n "$package" ] || fail "no cloud kernel $version in: ${releases[*]}"
	kernel=$work/kernel
	rm -rf "$kernel"
	unpack_kernel "$package" "$kernel"
	make_initramfs "$kernel" "$work/initramfs"
	since=$SECONDS
	image=$(find "$kernel" -name 'vmlinuz*' -type f)
	[ -n "$image" ] || fail "no vmlinuz in $package"
	boot "$image" "$work/initramfs" "$version"
	echo "$package: ran for $((SECONDS - since)) s"
	results+=("$cache/$version.result")
done
echo
node "$here/judge.mjs" "$count" "${results[@]}"
