# Sourced by prove.sh: builds a root file system for the guest with busybox, this machine's node and ip, libbpf and the
# built loader.

libraries=lib/x86_64-linux-gnu

# with_libraries FILE...: copies the shared libraries that the files need.
with_libraries() {
	local library
	for library in $(ldd "$@" | sed -n 's/.*=> \(\/[^ ]*\).*/\1/p' | sort -u); do
		cp -Ln "$library" "$base/$libraries/"
	done
}

# program NAME...: copies programs into /opt/bin, which comes before busybox's in PATH.
program() {
	local name path
	for name in "$@"; do
		path=$(realpath "$(command -v "$name")")
		cp "$path" "$base/opt/bin/$name"
		with_libraries "$path"
	done
}

make_base() {
	local libbpf
	base=$work/base
	mkdir -p "$base"/{bin,sbin,usr/bin,usr/sbin,opt/bin,lib64,proc,sys,dev,run,tmp,etc,modules,"$libraries"}
	cp "$(command -v busybox)" "$base/bin/busybox"
	cp -L /lib64/ld-linux-x86-64.so.2 "$base/lib64/"
	program node ip setpriv wg
	libbpf=$(ldconfig -p | sed -n 's/.*libbpf\.so\.1 .*x86-64.*=> //p' | head -n 1)
	[ -n "$libbpf" ] || fail "libbpf.so.1 is not installed"
	cp -L "$libbpf" "$base/$libraries/libbpf.so.1"
	with_libraries "$libbpf"

	mkdir "$base/packetlog"
	node "$here/production-files.mjs" packages/loader >"$work/files"
	printf '%s\n' tests/lab/agent tests/kernels/guest tests/kernels/evaluate/run.mjs >>"$work/files"
	tar -C "$repo" -cf - -T "$work/files" | tar -C "$base/packetlog" -xf -
	find "$base/packetlog" -name '*.node' | while read -r addon; do with_libraries "$addon"; done
	ln -s packetlog/tests/kernels/guest/init "$base/init"
	# The agent needs ffi-rs to send frames.
	mkdir -p "$base/packetlog/tests/node_modules"
	ln -s ../../packages/loader/node_modules/ffi-rs "$base/packetlog/tests/node_modules/ffi-rs"
}

# make_initramfs KERNEL_DIRECTORY FILE CASES: includes the modules that the cases need. For each module that the kernel
# has, NAME.files lists the files in the order of loading.
make_initramfs() {
	local name module
	rm -rf "${base:?}/modules" && mkdir "$base/modules"
	for name in $(node "$here/wanted-modules.mjs" "$3"); do
		kernel_modules "$1" "$name" >"$work/modules" || continue
		while read -r module; do
			cp "$module" "$base/modules/"
			basename "$module"
		done <"$work/modules" >"$base/modules/$name.files"
	done
	# Not compressed: unpacking is slow where every instruction is emulated.
	(cd "$base" && find . | busybox cpio -o -H newc) >"$2" 2>"$logs/cpio.log"
}
