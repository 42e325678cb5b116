/** Compiles the C code of the tests and of bench/ for this machine and for the kernel. */
import { fileURLToPath } from 'node:url';
import { run } from './command.ts';

const NATIVE = ['-O2', '-march=native', '-Wall', '-Wextra', '-Werror', '-Wno-sign-compare', '-pthread'];
const BPF = ['-target', 'bpf', '-mcpu=v3', '-O2', '-g', '-Wall', '-Werror'];
/** Debian's directory of asm/types.h, which clang does not search when it compiles for BPF. */
const INCLUDES = { x64: 'x86_64-linux-gnu', arm64: 'aarch64-linux-gnu' } as Partial<Record<string, string>>;

/** Finds other programs and their maps by id; shared by all senders and readers in C. */
const PROGRAM = fileURLToPath(new URL('../../bench/program.c', import.meta.url));

export async function compileNative(output: string, ...sources: readonly string[]): Promise<void> {
  await run('clang', [...NATIVE, PROGRAM, ...sources, '-o', output, '-lbpf']);
}

export async function compileBpf(output: string, source: string): Promise<void> {
  const include = `-I/usr/include/${INCLUDES[process.arch] ?? process.arch}`;
  await run('clang', [...BPF, include, '-c', source, '-o', output]);
}
