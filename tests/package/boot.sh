#!/usr/bin/env bash
# Proves the package under a real systemd: boots a small Debian in QEMU (emulated), installs the .deb there, and reboots.
#   install   systemctl enable --now: READY, STATUS, journal; the watchdog ends and restarts a loader that hangs
#   rules     after a reboot: rules are in force before the network is configured; a late interface is watched at once
#   default   after a reboot without --iface: the interface of the last start is watched before it is configured
#   off       packetlog.off on the kernel command line: nothing is attached, nothing is denied
#   usage: tests/package/boot.sh [--container] [--cache DIR] [STAGE...]
# PACKAGE: the .deb; otherwise it is built. --cache keeps root, kernel, disk and console output; a run that does not begin
# with the stage install continues with the disk of the one before. The guest has one network device, in QEMU's restricted
# user network, which reaches nothing. Needs root. On two idle cores, a boot takes one to four minutes.
# --container: systemd is the first process of new namespaces on this kernel instead, without udev: a minute in all.
set -Eeuo pipefail
trap 'echo "boot.sh: line $LINENO: $BASH_COMMAND: exit code $?" >&2' ERR

here=$(cd "$(dirname "$0")" && pwd)
repo=$(cd "$here/../.." && pwd)
. "$here/../bare-root/make-root.sh"
. "$here/../kernels/kernel-package.sh"

# Time limit for one boot, in seconds.
patience=600
cache='' container=no stages=()
while [ $# -gt 0 ]; do
	case $1 in
	--container) container=yes ;;
	--cache) mkdir -p "$2" && cache=$(realpath "$2") && shift ;;
	install | rules | default | off) stages+=("$1") ;;
	*)
		sed -n '2,12s/^# \{0,1\}//p' "$0" >&2
		exit 2
		;;
	esac
	shift
done
[ ${#stages[@]} -gt 0 ] || stages=(install rules default off)

fail() {
	echo "boot.sh: $*" >&2
	exit 1
}

[ "$(id -u)" = 0 ] || fail "needs root, for debootstrap"
[ "$(uname -m)" = x86_64 ] || fail "only x86-64 can be proven here"

work=$(mktemp -d /var/tmp/packetlog-boot.XXXXXX)
guest='' cgroup=''
clean() {
	[ -z "$guest" ] || kill "$guest" 2>/dev/null || true
	remove_cgroup
	rm -rf --one-file-system "$work"
}
trap clean EXIT
trap 'exit 130' INT TERM
logs=$work/logs
mkdir "$logs"
[ -n "$cache" ] || cache=$work/cache
mkdir -p "$cache"

build_package() {
	PACKAGE=$cache/packetlog.deb
	(cd "$repo" && npx -y pnpm@12 package --out "$work/packages") >"$logs/package.log" 2>&1 ||
		{ tail -n 20 "$logs/package.log" >&2 && fail "the package could not be built"; }
	mv "$work/packages"/*.deb "$PACKAGE"
}

# make_root: Debian with systemd and the libraries of the package, and the kernel's modules; only once in a cache.
make_root() {
	root=$cache/root
	[ -e "$cache/root.ready" ] && return
	rm -rf --one-file-system "$root"
	make_debian_root --include=systemd,systemd-sysv,udev,iproute2,kmod,libbpf1,libatomic1,libstdc++6,libgcc-s1
	prepare_apt
	local package
	package=$(newest_kernel 6.1)
	[ -n "$package" ] || fail "no cloud kernel 6.1 in: ${releases[*]}"
	unpack_kernel "$package" "$cache/kernel"
	cp -a "$cache/kernel/lib/modules" "$root/usr/lib/"
	depmod -b "$root/usr" "$(ls "$root/usr/lib/modules")" 2>"$logs/depmod.log" || fail "depmod: $(cat "$logs/depmod.log")"
	touch "$cache/root.ready"
}

# make_initramfs FILE: loads the drivers of the disk and its file system, and starts systemd.
make_initramfs() {
	local tree=$work/initramfs name module
	mkdir -p "$tree"/{bin,dev,proc,sys,root,modules}
	cp "$(command -v busybox)" "$tree/bin/busybox"
	install -m 0755 "$here/boot/initramfs-init" "$tree/init"
	for name in virtio_pci virtio_blk crc32c_generic ext4; do
		kernel_modules "$cache/kernel" "$name" >"$work/modules" || fail "the kernel has no $name"
		while read -r module; do
			cp "$module" "$tree/modules/"
			basename "$module"
		done <"$work/modules"
	done >"$tree/modules/files"
	(cd "$tree" && find . | busybox cpio -o -H newc) >"$1" 2>"$logs/cpio.log"
}

# make_tree DIRECTORY: the root with the package, the proof and its units.
make_tree() {
	local tree=$1
	rm -rf --one-file-system "$tree"
	mkdir "$tree"
	cp -a --reflink=auto "$root/." "$tree"
	mkdir -p "$tree/root/proof"
	cp "$here"/boot/*.sh "$here"/boot/*.pl "$tree/root/proof/"
	cp "$PACKAGE" "$tree/root/proof/packetlog.deb"
	clang -O2 -Wall -Werror "$here/../e2e/halt-thread.c" -o "$tree/root/proof/halt-thread"
	cp "$here"/boot/*.service "$tree/etc/systemd/system/"
	cp "$here/boot/network.conf" "$tree/etc/systemd/network/guest.network"
	# The emulated CPU needs half a minute for a start.
	mkdir -p "$tree/etc/systemd/system/packetlog.service.d"
	printf '[Service]\nTimeoutStartSec=300\n' >"$tree/etc/systemd/system/packetlog.service.d/emulated.conf"
	mkdir -p "$tree/var/log/journal"
	: >"$tree/etc/machine-id"
	systemctl --root="$tree" --quiet enable systemd-networkd.service proof.service
}

# make_disk FILE
make_disk() {
	rm -f "$1"
	make_tree "$work/tree"
	truncate -s 3G "$1"
	mke2fs -q -t ext4 -d "$work/tree" "$1"
	rm -rf --one-file-system "$work/tree"
}

# start_qemu STAGE PARAMETER...: boots the disk.
start_qemu() {
	local stage=$1
	shift
	timeout --kill-after=5 "$patience" qemu-system-x86_64 -accel tcg,thread=multi -cpu Nehalem -smp 2 -m 2G \
		-display none -monitor none -no-reboot -nic user,restrict=on,net=198.51.100.0/24,host=198.51.100.2,model=virtio-net-pci \
		-drive "file=$cache/disk.img,format=raw,if=virtio,cache=unsafe" -kernel "$kernel" -initrd "$work/initramfs.cpio" \
		-append "console=ttyS0 root=/dev/vda rw panic=-1 mitigations=off no_timer_check quiet systemd.show_status=yes $*" \
		-serial "file:$cache/$stage.console" -serial "file:$cache/$stage.result" </dev/null >"$logs/$stage.guest" 2>&1 &
	guest=$!
}

# start_container STAGE PARAMETER...: boots the tree.
start_container() {
	local stage=$1 mounted
	shift
	mounted=$(findmnt --noheadings --first-only --output TARGET --types cgroup2) || fail "no cgroup2 file system is mounted"
	cgroup=$mounted/packetlog-boot.$$
	mkdir "$cgroup"
	: >"$cache/$stage.console"
	sh -c 'echo 0 >"$1" && shift && exec "$@"' sh "$cgroup/cgroup.procs" \
		timeout --kill-after=5 "$patience" \
		unshare --pid --fork --kill-child --mount --net --uts --ipc --cgroup \
		bash "$here/boot/container-init.sh" "$cache/tree" "$cache/$stage.result" "$@" </dev/null >"$logs/$stage.guest" 2>&1 &
	guest=$!
}

remove_cgroup() {
	[ -z "$cgroup" ] || find "$cgroup" -depth -type d -exec rmdir {} + 2>/dev/null || true
	cgroup=''
}

# boot STAGE: runs one boot, until the guest powers off.
boot() {
	local stage=$1 code=0 parameters=("packetlog.proof=$1") since=$SECONDS
	[ "$stage" != off ] || parameters+=(packetlog.off)
	: >"$cache/$stage.result"
	if [ "$container" = yes ]; then
		start_container "$stage" "${parameters[@]}"
	else
		start_qemu "$stage" "${parameters[@]}"
	fi
	wait "$guest" || code=$?
	guest=''
	remove_cgroup
	tr -d '\r' <"$cache/$stage.result"
	grep -q '^end' "$cache/$stage.result" || {
		tail -n 60 "$cache/$stage.console" "$logs/$stage.guest" >&2
		fail "stage $stage did not succeed (exit code $code)"
	}
	echo "stage $stage: $((SECONDS - since)) s"
}

[ -n "${PACKAGE:-}" ] || build_package
make_root
if [ "$container" = yes ]; then
	[ "${stages[0]}" != install ] || make_tree "$cache/tree"
	[ -e "$cache/tree" ] || fail "no tree yet: begin with the stage install"
else
	kernel=$(find "$cache/kernel" -name 'vmlinuz*' -type f)
	make_initramfs "$work/initramfs.cpio"
	[ "${stages[0]}" != install ] || make_disk "$cache/disk.img"
	[ -e "$cache/disk.img" ] || fail "no disk yet: begin with the stage install"
fi
for stage in "${stages[@]}"; do boot "$stage"; done
