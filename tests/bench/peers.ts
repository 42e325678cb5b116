/** Compiles readers and generators from bench/ into a temporary directory. */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { compileBpf, compileNative } from '../lab/compile.ts';

const SOURCES = fileURLToPath(new URL('../../bench/', import.meta.url));
const PROGRAM = fileURLToPath(new URL('../../packages/bpf/src/xdp/', import.meta.url));
/** The condition in rule_verdict.h under which limits are asked. */
const ASKS = 'if (limits && ';

export interface Peers {
  /** The readers in C. */
  readonly reader: string;
  /** PacketLog's reader, with the same protocol. */
  readonly packetlogReader: string;
  readonly producer: string;
  /** The script that measures the cost of rules. */
  readonly rules: string;
  /** The script that measures the cost of a limit, and what it compares. */
  readonly limits: string;
  readonly lruLimitObject: string;
  /** PacketLog's program, and the same without limits, compiled alike. */
  readonly packetlogObject: string;
  readonly withoutLimitsObject: string;
  /** The XDP programs that these scripts run before PacketLog's. */
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
  const bpf = async (name: string, path = source(`traffic/${name}.bpf.c`)) => {
    const output = join(directory, `${name}.o`);
    await compileBpf(output, path);
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
    limits: source('peers/limits.mjs'),
    lruLimitObject: await bpf('lru_limit', source('peers/lru_limit.bpf.c')),
    packetlogObject: await bpf('packetlog', join(PROGRAM, 'packetlog.bpf.c')),
    withoutLimitsObject: await bpf('without_limits', withoutLimits(join(directory, 'without-limits'))),
    randomSourceObject: await bpf('random_source'),
    remove: () => rmSync(directory, { recursive: true }),
  };
}

/** Copies PacketLog's program, changed so that limits never decide. Returns the path of its main file. */
function withoutLimits(directory: string): string {
  cpSync(PROGRAM, directory, { recursive: true });
  const path = join(directory, 'rule_verdict.h');
  const text = readFileSync(path, 'utf8');
  if (!text.includes(ASKS))
    throw new Error('rule_verdict.h asks for limits in another way: change tests/bench/peers.ts');
  writeFileSync(path, text.replace(ASKS, 'if (0 && '));
  return join(directory, 'packetlog.bpf.c');
}
