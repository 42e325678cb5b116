/** A sender of numbered packets, a ring, and a reader that checks each record. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { InterfaceLedger } from '@packetlog/common';
import { compileBpf, compileNative } from '../lab/compile.ts';
import { type Dialogue, dialogueWith } from '../lab/dialogue.ts';
import type { Tally } from './checker.mjs';

const here = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const PAGE = 4096;

export interface SenderBuild {
  readonly directory: string;
  readonly sender: string;
  readonly object: string;
  /** The object of lingering.bpf.c. */
  readonly lingering: string;
  remove(): void;
}

export async function buildSender(): Promise<SenderBuild> {
  const directory = mkdtempSync(join(tmpdir(), 'packetlog-sequence-'));
  const [sender, object, lingering] = ['sender', 'number.bpf.o', 'lingering.bpf.o'].map((name) =>
    join(directory, name),
  ) as [string, string, string];
  await compileNative(sender, here('./sender.c'));
  await compileBpf(object, here('./number.bpf.c'));
  await compileBpf(lingering, here('./lingering.bpf.c'));
  return { directory, sender, object, lingering, remove: () => rmSync(directory, { recursive: true }) };
}

/** Runs sender.c; `args`: its arguments after the program's id. `sent`: packets by CPU. */
export async function sendNumbered(
  { sender, object }: SenderBuild,
  program: number,
  args: readonly string[],
): Promise<{ sent: number[] }> {
  const child = spawn(sender, [object, String(program), ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (data) => (stdout += data));
  child.stderr.on('data', (data) => (stderr += data));
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`sender: ${stderr.trim() || `exit code ${code}`}`);
  return JSON.parse(stdout) as { sent: number[] };
}

/** Returns the CPUs that packets are sent from: at most two. */
export function sendingCpus(): number[] {
  const parts = readFileSync('/sys/devices/system/cpu/online', 'utf8').trim().split(',');
  const cpus = parts.flatMap((part) => {
    const [first = 0, last = first] = part.split('-').map(Number);
    return Array.from({ length: last - first + 1 }, (_, i) => first + i);
  });
  return cpus.slice(0, 2);
}

export interface PairOptions {
  readonly transport: 'array' | 'ring' | 'perf';
  readonly ringBytes: number;
  /** 1: every packet; 0: by the fill level of the ring. */
  readonly sample?: 0 | 1;
  /** Path; default: the loader's object. */
  readonly object?: string;
}

/** Outcome of one run. */
export interface Outcome {
  readonly sent: number;
  readonly received: number;
  readonly tallies: readonly Tally[];
  readonly counted: InterfaceLedger;
  readonly sleeps: number;
  readonly polls: number;
  /** Polls after which the reader's polling flag was set. */
  readonly polling: number;
  /** Whether the transport has a polling flag. */
  readonly canPoll: boolean;
}

type Report = Pick<Outcome, 'counted' | 'sleeps' | 'polls' | 'polling' | 'canPoll'> & {
  readonly tallies: Record<string, Tally>;
};

export class Pair {
  readonly #build: SenderBuild;
  readonly #reader: Dialogue;
  readonly #program: number;
  readonly #readCount: string;

  private constructor(build: SenderBuild, reader: Dialogue, program: number, readCount: string) {
    this.#build = build;
    this.#reader = reader;
    this.#program = program;
    this.#readCount = readCount;
  }

  static async open(build: SenderBuild, { transport, ringBytes, sample = 1, object }: PairOptions): Promise<Pair> {
    const file = join(build.directory, `read-${transport}`);
    writeFileSync(file, new Uint8Array(PAGE));
    const args = [
      here('./reader.mjs'),
      transport,
      String(ringBytes),
      String(sample),
      file,
      ...(object ? [object] : []),
    ];
    const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    const reader = dialogueWith(child, 'reader');
    const { program } = await reader.ask<{ program: number }>();
    return new Pair(build, reader, program, file);
  }

  /** For signals that stop and continue it. */
  get readerPid(): number {
    return this.#reader.pid;
  }

  /** Sends `count` packets on each CPU as fast as possible. `mode`: how the reader reads, see reader.mjs. */
  flood(mode: string, cpus: readonly number[], count: number): Promise<Outcome> {
    return this.#run(mode, ['flood', cpus.join(), String(count)]);
  }

  /** Sends one to three packets at a time, and the next ones up to `pauseUs` after these were read. */
  pingPong(mode: string, cpu: number, count: number, pauseUs: number): Promise<Outcome> {
    return this.#run(mode, ['pingpong', String(cpu), String(count), String(pauseUs), this.#readCount]);
  }

  async #run(mode: string, args: readonly string[]): Promise<Outcome> {
    await this.#reader.ask(`go ${mode}`);
    const { sent } = await sendNumbered(this.#build, this.#program, args);
    const { tallies, ...rest } = await this.#reader.ask<Report>('stop');
    const all = Object.values(tallies);
    const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
    return { ...rest, sent: sum(sent), received: sum(all.map(({ received }) => received)), tallies: all };
  }

  /** Kills the reader: it may sleep without a timeout, or be stopped. */
  close(): Promise<void> {
    process.kill(this.#reader.pid, 'SIGKILL');
    return this.#reader.end();
  }
}
