/** Compiles src/xdp/packetlog.bpf.c with clang into dist/packetlog.bpf.o. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');
const source = fileURLToPath(new URL('../../src/xdp/packetlog.bpf.c', import.meta.url));
const object = fileURLToPath(new URL('../packetlog.bpf.o', import.meta.url));

/** Debian keeps `asm/types.h` in a directory per architecture, which clang does not search for `-target bpf`. */
const MULTIARCH: Partial<Record<NodeJS.Architecture, string>> = {
  x64: 'x86_64-linux-gnu',
  arm64: 'aarch64-linux-gnu',
  riscv64: 'riscv64-linux-gnu',
  s390x: 's390x-linux-gnu',
  ppc64: 'powerpc64le-linux-gnu',
};

function includeFlags(): string[] {
  const directory = `/usr/include/${MULTIARCH[process.arch] ?? `${process.arch}-linux-gnu`}`;
  return existsSync(directory) ? [`-I${directory}`] : [];
}

const clang = process.env['CLANG'] ?? 'clang';
// -mcpu=v3: 32-bit jumps and registers, Linux 5.1 and later. -g: BTF.
// The prefix map: the object must not depend on the directory of the checkout.
const flags = [
  ...['-target', 'bpf', '-mcpu=v3', '-O2', '-g', `-ffile-prefix-map=${root}=.`, '-fdebug-compilation-dir=.'],
  ...['-Wall', '-Wextra', '-Werror', ...includeFlags()],
];
const result = spawnSync(clang, [...flags, '-c', source, '-o', object], { stdio: 'inherit' });

if (result.error) {
  process.stderr.write(
    `compile ${source}: ${clang}: ${result.error.message}. Install clang (Debian: apt-get install clang libbpf-dev).\n`,
  );
}
process.exitCode = result.status ?? 1;
