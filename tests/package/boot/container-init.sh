#!/usr/bin/env bash
# The first process of the namespaces that boot.sh --container makes: prepares the tree as a machine would find it, and
# becomes systemd.
#   container-init.sh TREE RESULT KERNEL-PARAMETER...
# /sys and the settings of the kernel are read-only, except those of the network namespace.
set -euo pipefail
tree=$1 result=$2
shift 2

mount --make-rprivate /
mount -t proc proc /proc
mount --bind "$tree" "$tree"
mount -t proc proc "$tree/proc"
mount --bind "$tree/proc/sys" "$tree/proc/sys"
mount -o remount,bind,ro "$tree/proc/sys"
mount --bind /proc/sys/net "$tree/proc/sys/net"
mount -t sysfs -o ro sysfs "$tree/sys"
mount -t cgroup2 cgroup2 "$tree/sys/fs/cgroup"
mount -t tmpfs -o mode=755 tmpfs "$tree/run"
mount -t tmpfs tmpfs "$tree/tmp"
mount -t tmpfs -o mode=755 tmpfs "$tree/dev"
for device in null zero full random urandom tty; do
	touch "$tree/dev/$device"
	mount --bind "/dev/$device" "$tree/dev/$device"
done
mkdir "$tree/dev/pts" "$tree/dev/shm"
mount -t devpts -o newinstance,ptmxmode=0666,mode=620 devpts "$tree/dev/pts"
ln -s pts/ptmx "$tree/dev/ptmx"
touch "$tree/dev/ttyS1"
mount --bind "$result" "$tree/dev/ttyS1"
# systemd takes them from its arguments in a container, and the proof from /proc.
echo "$*" >"$tree/run/cmdline"
mount --bind "$tree/run/cmdline" "$tree/proc/cmdline"

# The network device, and the gateway at its other end.
ip link set lo up
unshare --net sleep infinity &
gateway=$!
until [ "$(readlink "/proc/$gateway/ns/net")" != "$(readlink /proc/self/ns/net)" ]; do sleep 0.05; done
ip link add en0 type veth peer name gateway0 netns "$gateway"
nsenter -t "$gateway" -n ip address add 198.51.100.2/24 dev gateway0
nsenter -t "$gateway" -n ip link set gateway0 up

cd "$tree"
pivot_root . mnt
umount -l /mnt
exec env -i container=packetlog PATH=/usr/sbin:/usr/bin:/sbin:/bin /lib/systemd/systemd --log-target=journal "$@" \
	</dev/null >/run/systemd.log 2>&1
