# Sourced by proofs that run in a bare Debian root, after their options are read and $keep is yes or no. The first time,
# it starts the script again in new mount, PID and network namespaces with a connection to the package archives, and exits
# with the script's exit code. In there, $BARE_ROOT is a directory that is removed with them. Needs root.

fail() {
	echo "prove.sh: $*" >&2
	exit 1
}

# install COMMAND PACKAGE WHY
install() {
	! command -v "$1" >/dev/null || return 0
	echo "installing $2: $3"
	apt-get -q update >/dev/null
	DEBIAN_FRONTEND=noninteractive apt-get -q install --yes --no-install-recommends "$2" >/dev/null
}

# Outer half: creates the directory, runs the inner half in new mount, PID and network namespaces, which remove every
# mount, process and device however it ends, and removes the directory.
if [ -z "${BARE_ROOT:-}" ]; then
	[ "$(id -u)" -eq 0 ] || fail "cannot create the root: debootstrap, chroot and mount need root. Run: sudo $0 $*"
	install debootstrap debootstrap 'it creates the bare root'
	install slirp4netns slirp4netns 'it connects the network namespace to the package archives'
	install script bsdutils 'it provides the terminal'
	BARE_ROOT=$(mktemp -d /var/tmp/packetlog-bare-root.XXXXXX)
	export BARE_ROOT
	inner='' network=''
	remove() {
		[ -z "$inner" ] || kill -KILL "$inner" 2>/dev/null || true
		[ -z "$network" ] || kill "$network" 2>/dev/null || true
		[ "$keep" = yes ] && echo "kept: $BARE_ROOT" || rm -rf --one-file-system "$BARE_ROOT"
	}
	trap remove EXIT
	trap 'exit 130' INT TERM
	ours=$(readlink /proc/self/ns/net)
	unshare --mount --mount-proc --propagation private --pid --net --fork --kill-child "$0" "$@" &
	inner=$!
	while [ "$(readlink "/proc/$inner/ns/net")" = "$ours" ]; do sleep 0.1; done
	slirp4netns --configure --mtu=1500 --disable-host-loopback "$inner" eth0 >"$BARE_ROOT/network.log" 2>&1 &
	network=$!
	code=0
	wait "$inner" || code=$?
	inner=''
	exit "$code"
fi
