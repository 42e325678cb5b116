# Sourced by prove.sh: creates a bare root in $root, with git, Node, npm and this machine's settings for package archives.
# Uses the machine's own release and mirror, so that it works where only those can be reached.

# apt_field NAME: the first value of a deb822 field, such as URIs, in the machine's sources.
apt_field() {
	cat /etc/apt/sources.list.d/*.sources 2>/dev/null | sed -n "s/^$1:[[:space:]]*\([^[:space:]]*\).*/\1/p" | head -n 1
}

mirror_of_this_machine() {
	local uri
	uri=$(apt_field URIs)
	# The older one-line form: deb [options] URI suite component
	[ -n "$uri" ] || uri=$(cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list 2>/dev/null |
		sed -n 's/^deb[[:space:]]\{1,\}\(\[[^]]*\][[:space:]]*\)\{0,1\}\([^[:space:]]*\).*/\2/p' | head -n 1)
	echo "$uri"
}

# copy PATH...: files and directories that exist, to the same place in the root.
copy() {
	local path
	for path in "$@"; do
		[ -e "$path" ] || continue
		mkdir -p "$root$(dirname "$path")"
		rm -rf "${root:?}$path"
		cp -aL "$path" "$root$path"
	done
}

# make_debian_root [--include=PACKAGE,...]: Debian's smallest root, with this machine's way to the archives.
make_debian_root() {
	local release mirror keyring
	release=$(. /etc/os-release && echo "$VERSION_CODENAME")
	mirror=$(mirror_of_this_machine)
	keyring=$(apt_field Signed-By)
	debootstrap --variant=minbase "$@" ${keyring:+"--keyring=$keyring"} \
		"$release" "$root" "$mirror" >"$logs/debootstrap.log" 2>&1 ||
		{ tail -n 20 "$logs/debootstrap.log" "$root/debootstrap/debootstrap.log" >&2 && return 1; }

	rm "$root/etc/apt/sources.list"
	copy /etc/apt/sources.list /etc/apt/sources.list.d /etc/apt/trusted.gpg.d /etc/apt/keyrings /etc/apt/auth.conf.d
	copy ${keyring:+"$keyring"} /etc/resolv.conf /etc/hosts /etc/ssl/certs
	# Settings for reaching archives, without the hooks of desktop packages.
	find /etc/apt -path '*/apt.conf*' -type f -exec grep -l '^[[:space:]]*Acquire' {} + | while read -r file; do copy "$file"; done
}

make_bare_root() {
	local node prefix
	make_debian_root --include=git

	# Debian's Node may be too old: copy the machine's.
	node=$(node -p process.execPath)
	prefix=$(dirname "$(dirname "$node")")
	mkdir -p "$root/usr/local/bin" "$root/usr/local/lib/node_modules" "$root/usr/local/etc"
	cp -L "$node" "$root/usr/local/bin/node"
	cp -a "$(dirname "$(dirname "$(realpath "$(command -v npm)")")")" "$root/usr/local/lib/node_modules/npm"
	ln -s ../lib/node_modules/npm/bin/npm-cli.js "$root/usr/local/bin/npm"
	ln -s ../lib/node_modules/npm/bin/npx-cli.js "$root/usr/local/bin/npx"
	[ ! -e "$prefix/etc/npmrc" ] || cp "$prefix/etc/npmrc" "$root/usr/local/etc/npmrc"
	[ ! -e "$HOME/.npmrc" ] || cp "$HOME/.npmrc" "$root/root/.npmrc"
}

# Called in separate mount and network namespaces. Mounts the control groups as this machine does, and no bpf file system,
# as in a container.
mount_kernel_filesystems() {
	mount --bind "$root" "$root"
	mount -t proc proc "$root/proc"
	mount -t sysfs sysfs "$root/sys"
	mount --rbind /sys/fs/cgroup "$root/sys/fs/cgroup"
	mount --rbind /dev "$root/dev"
	mount -t tmpfs tmpfs "$root/run"
	mount -t tmpfs tmpfs "$root/tmp"
	separate_root
}

# separate_root: sets $holder to a process in a mount namespace whose root is the bare root and in which nothing of this
# machine's root is mounted. In a chroot, nsenter and /proc/PID/fd would lead to the machine's files. Later mounts belong
# inside.
separate_root() {
	unshare --mount --propagation private sh -ec 'cd "$1" && pivot_root . mnt && cd / && umount -l mnt && exec sleep infinity' \
		sh "$root" </dev/null >"$logs/holder.log" 2>&1 &
	holder=$!
	until [ "$(cat "/proc/$holder/comm" 2>/dev/null)" = sleep ]; do
		kill -0 "$holder" 2>/dev/null || { cat "$logs/holder.log" >&2 && return 1; }
		sleep 0.1
	done
}

# inside COMMAND...: runs it in the root, with only the environment variables that are needed to reach the archives.
inside() {
	local name settings=()
	while read -r name; do settings+=("$name=${!name}"); done < <(
		compgen -e | grep -iE '^(npm_config_.*|(https?|no|all)_proxy|node_extra_ca_certs|ssl_cert_(file|dir))$' || true
	)
	nsenter --target "$holder" --mount /usr/bin/env -i HOME=/root "TERM=${TERMINAL:-dumb}" LANG=C.UTF-8 PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
		"${settings[@]}" /bin/sh -c 'cd /root/packetlog 2>/dev/null || cd /; exec "$@"' sh "$@"
}
