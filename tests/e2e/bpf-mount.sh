#!/usr/bin/env bash
# bpf-mount.sh NODE PACKETLOG NETWORK_NAMESPACE INTERFACE
#
# Runs as the first process of a new PID and mount namespace, which simulates a machine: a bpf file system that a loader
# mounts here ends with this script. Prints one fact per line.
set -euo pipefail
node=$1 packetlog=$2 network=$3 interface=$4
mounts() { grep -c ' - bpf ' /proc/1/mountinfo || true; }
programs() { ip -n "$network" link show dev "$interface" | grep -c prog/xdp || true; }

mount --make-rprivate /
# Unmounts the bpf file systems of the machine and of parallel tests, in this namespace only.
tac /proc/self/mountinfo | awk '/ - bpf / { print $5 }' | while read -r point; do umount "$point"; done
said=$(mktemp) state=$(mktemp -d)
trap 'rm -rf "$said" "$state"' EXIT
export PACKETLOG_STATE_DIR=$state
echo "before: mounts $(mounts), programs $(programs)"
ip netns exec "$network" "$node" "$packetlog" --iface "$interface" --mode native --print none --listen off --pin always 2>"$said" &
loader=$!
until grep -q 'Waiting for Ctrl-C' "$said"; do
	kill -0 $loader || { cat "$said" >&2; exit 1; }
	sleep 0.1
done
echo "warned: $(grep -c 'Rules end with this container' "$said" || true)"
kill -9 $loader
wait $loader 2>/dev/null || true
echo "killed: mounts $(mounts), programs $(programs)"
env -u PACKETLOG_BPFFS "$node" "$packetlog" unload | sed 's/program [0-9]*/program N/; s/net_[0-9]*/net_N/; s/^/unload: /'
echo "after: mounts $(mounts), programs $(programs)"
