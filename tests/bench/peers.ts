/** Compiles what is compared, and the traffic, from bench/ into a directory of its own. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from '../lab/command.ts';

const SOURCES = fileURLToPath(new URL('../../bench/', import.meta.url));
const NATIVE = ['-O2', '-march=native', '-Wall', '-Wextra', '-Werror', '-Wno-sign-compare', '-pthread'];
/** Where Debian keeps asm/types.h, which clang does not look for when it compiles for BPF. */
const INCLUDES = { x64: 'x86_64-linux-gnu', arm64: 'aarch64-linux-gnu' } as Partial<Record<string, string>>;

export interface Peers {
  /** The readers in C. */
  readonly reader: string;
  /** PacketLog's reader, for the same protocol. */
  readonly packetlogReader: string;
  readonly producer: string;
  readonly generator: string;
  /** The generator's own XDP programs. */
  readonly generatorObject: string;
  remove(): void;
}

export async function buildPeers(): Promise<Peers> {
  const directory = mkdtempSync(join(tmpdir(), 'packetlog-bench-'));
  const source = (name: string) => join(SOURCES, name);
  const native = async (name: string, ...sources: string[]) => {
    const output = join(directory, name);
    await run('clang', [...NATIVE, ...['program.c', ...sources].map(source), '-o', output, '-lbpf']);
    return output;
  };
  const generatorObject = join(directory, 'generate.bpf.o');
  const include = `-I/usr/include/${INCLUDES[process.arch] ?? process.arch}`;
  const bpf = ['-target', 'bpf', '-mcpu=v3', '-O2', '-g', '-Wall', '-Werror', include];
  await run('clang', [...bpf, '-c', source('traffic/generate.bpf.c'), '-o', generatorObject]);
  return {
    reader: await native('reader', 'peers/reader.c', 'peers/way_callback.c', 'peers/way_span.c'),
    packetlogReader: source('peers/packetlog-reader.mjs'),
    producer: await native('producer', 'traffic/producer.c'),
    generator: await native('generator', 'traffic/generator.c'),
    generatorObject,
    remove: () => rmSync(directory, { recursive: true }),
  };
}
