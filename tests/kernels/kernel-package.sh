# Sourced by prove.sh: downloads Debian's cloud kernels into $cache and unpacks them; never installs them.
# apt uses a private directory there, with this machine's mirror and keyring.

# Releases with cloud kernels; those that the mirror no longer has are skipped.
releases=(bullseye bookworm trixie trixie-backports)

# Debian's name of the processor that the packages are for.
machine=amd64

private_apt() {
	local command=$1 apt=$cache/apt-$machine
	shift
	# Images for containers switch pkgcache.bin off: each command would then read all lists again.
	"$command" -q -o Dir::Cache::pkgcache=pkgcache.bin -o Dir::Cache::srcpkgcache=srcpkgcache.bin \
		-o Dir::Etc::sourcelist="$apt/sources.list" -o Dir::Etc::sourceparts=- -o Dir::State="$apt" \
		-o Dir::State::Lists="$apt/lists" -o Dir::State::status="$apt/status" -o Dir::Cache="$apt/cache" \
		-o APT::Architecture=$machine -o APT::Architectures=$machine -o APT::Sandbox::User=root "$@"
}

prepare_apt() {
	local apt=$cache/apt-$machine mirror keyring release
	# The mirror may no longer have the packages that older lists name.
	[ -n "$(find "$apt/ready" -mtime -1 2>/dev/null)" ] && return
	rm -f "$apt/ready"
	mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial"
	: >"$apt/status"
	mirror=$(mirror_of_this_machine)
	keyring=$(apt_field Signed-By)
	: >"$apt/all.list"
	for release in "${releases[@]}"; do
		echo "deb ${keyring:+[signed-by=$keyring] }$mirror $release main" >"$apt/sources.list"
		# Without cleanup, the lists of the other releases stay.
		if private_apt apt-get -o APT::Get::List-Cleanup=0 update >"$logs/apt-$release.log" 2>&1 && ! grep -q '^Err' "$logs/apt-$release.log"; then
			cat "$apt/sources.list" >>"$apt/all.list"
		else
			echo "release $release: not on this machine's mirror" >&2
		fi
	done
	mv "$apt/all.list" "$apt/sources.list"
	# Only checks that they are current, and deletes others.
	private_apt apt-get update >"$logs/apt.log" 2>&1
	touch "$apt/ready"
}

# newest_kernel VERSION: prints the newest linux-image package of 5.10, 6.1, ..., or of all versions for "current".
newest_kernel() {
	local version=${1//./\\.}
	[ "$1" != current ] || version='[0-9]*\.[0-9]*'
	private_apt apt-cache search --names-only "^linux-image-$version\.[0-9].*-cloud-$machine\$" |
		cut -d ' ' -f 1 | sort -V | tail -n 1
}

# unpack_packages DIRECTORY PACKAGE[/RELEASE]...: downloads them in one run of apt-get, which reads its lists each time.
unpack_packages() {
	local directory=$1 package debs=$cache/debs-$machine log
	shift
	log=$logs/${1%/*}.log
	mkdir -p "$debs"
	(cd "$debs" && private_apt apt-get download "$@") >"$log" 2>&1 || { cat "$log" >&2 && return 1; }
	for package in "$@"; do dpkg-deb -x "$debs/${package%/*}_"*.deb "$directory"; done
}

# unpack_kernel PACKAGE DIRECTORY: unpacks /boot and /lib/modules. Newer kernels consist of three packages.
unpack_kernel() {
	local package found=()
	for package in "$1" "${1/linux-image-/linux-binary-}" "${1/linux-image-/linux-modules-}"; do
		! private_apt apt-cache show "$package" >/dev/null 2>&1 || found+=("$package")
	done
	unpack_packages "$2" "${found[@]}"
}

# kernel_modules DIRECTORY NAME: prints the files of a module and of its dependencies in the order of loading; none if it
# is built in. Fails if the kernel does not have it.
kernel_modules() {
	local file needed
	file=$(find "$1" -path '*/modules/*' -name "${2//_/[-_]}.ko*" | head -n 1)
	if [ -z "$file" ]; then
		find "$1" -name modules.builtin -exec grep -q "/${2//_/[-_]}\.ko\$" {} +
		return
	fi
	case $file in
	*.xz) xz -d "$file" && file=${file%.xz} ;;
	*.zst) zstd -q -d --rm "$file" && file=${file%.zst} ;;
	esac
	for needed in $(grep -az '^depends=' "$file" | tr '\0,' '  ' | sed 's/depends=//'); do kernel_modules "$1" "$needed"; done
	echo "$file"
}
