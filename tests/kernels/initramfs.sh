# Sourced by prove.sh: builds a root file system for the guest with busybox, Node.js, ip, libbpf and the built loader.

# with_libraries FILE...: copies the shared libraries that the files need.
with_libraries() {
	local library
	for library in $(needed_libraries "$@"); do
		cp -Ln "$library" "$base/lib/$triplet/"
	done
}

# program NAME...: copies programs into /opt/bin, which comes before busybox's in PATH.
program() {
	local name path
	for name in "$@"; do
		path=$(program_path "$name") || fail "no program $name for $machine"
		cp -L "$path" "$base/opt/bin/$name"
		with_libraries "$path"
	done
}

make_base() {
	local libbpf
	base=$work/base-$machine
	mkdir -p "$base"/{bin,sbin,usr/bin,usr/sbin,opt/bin,lib64,proc,sys,dev,run,tmp,etc,modules,"lib/$triplet"}
	cp "$(program_path busybox)" "$base/bin/busybox"
	cp -L "$userland/$interpreter" "$base/$interpreter"
	program node ip setpriv
	# Not with grep -q, which ends before its input does.
	! node "$here/wanted-modules.mjs" "$cases" | grep -x wireguard >/dev/null || program wg
	# packetlog looks there for it. busybox has one with fewer options, and installs it only if there is none.
	cp "$base/opt/bin/setpriv" "$base/usr/bin/setpriv"
	libbpf=$(library_path libbpf.so.1)
	[ -n "$libbpf" ] || fail "libbpf.so.1 is not installed"
	cp -L "$libbpf" "$base/lib/$triplet/libbpf.so.1"
	with_libraries "$libbpf"

	mkdir "$base/packetlog"
	node "$here/production-files.mjs" packages/loader >"$work/files"
	printf '%s\n' tests/package.json tests/lab tests/parser tests/kernels/guest tests/kernels/evaluate/run.mjs >>"$work/files"
	tar -C "$repo" -cf - -T "$work/files" | tar -C "$base/packetlog" -xf -
	if [ -n "$userland" ]; then
		# The native part of ffi-rs for that processor, beside this machine's.
		find "$base/packetlog" -name 'ffi-rs-linux-x64-gnu' | while read -r other; do
			cp -r "$userland"/loader/node_modules/@yuuang/ffi-rs-linux-arm64-gnu "$(dirname "$other")/"
		done
	fi
	find "$base/packetlog" -name "*-${node_cpu[$machine]}-*.node" | while read -r addon; do with_libraries "$addon"; done
	ln -s packetlog/tests/kernels/guest/init "$base/init"
	# What the guest's programs import.
	mkdir -p "$base/packetlog/tests/node_modules/@packetlog"
	ln -s ../../packages/loader/node_modules/ffi-rs "$base/packetlog/tests/node_modules/ffi-rs"
	ln -s -t "$base/packetlog/tests/node_modules/@packetlog" ../../../packages/{bpf,client,common}
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
