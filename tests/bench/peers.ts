/** Compiles readers and generators from bench/ into a temporary directory. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { compileBpf, compileNative } from '../lab/compile.ts';

const SOURCES = fileURLToPath(new URL('../../bench/', import.meta.url));

export interface Peers {
  /** The readers in C. */
  readonly reader: string;
  /** PacketLog's reader, with the same protocol. */
  readonly packetlogReader: string;
  readonly producer: string;
  /** The script that measures the cost of rules. */
  readonly rules: string;
  /** The XDP programs that it runs before PacketLog's. */
  readonly randomSourceObject: string;
  readonly generator: string;
  /** TCP connections that send in turns. */
  readonly stream: string;
  /** The XDP programs of the generator. */
  readonly generatorObject: string;
  remove(): void;
}

export async function buildPeers(): Promise<Peers> {
  const directory = mkdtempSync(join(tmpdir(), 'packetlog-bench-'));
  const source = (name: string) => join(SOURCES, name);
  const native = async (name: string, ...sources: string[]) => {
    const output = join(directory, name);
    await compileNative(output, ...sources.map(source));
    return output;
  };
  const bpf = async (name: string) => {
    const output = join(directory, `${name}.o`);
    await compileBpf(output, source(`traffic/${name}.bpf.c`));
    return output;
  };
  return {
    reader: await native('reader', 'peers/reader.c', 'peers/reader_callback.c', 'peers/reader_span.c'),
    packetlogReader: source('peers/packetlog-reader.mjs'),
    producer: await native('producer', 'traffic/producer.c'),
    generator: await native('generator', 'traffic/generator.c'),
    stream: await native('stream', 'traffic/stream.c'),
    generatorObject: await bpf('generate'),
    rules: source('peers/rules.mjs'),
    randomSourceObject: await bpf('random_source'),
    remove: () => rmSync(directory, { recursive: true }),
  };
}
