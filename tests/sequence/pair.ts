/** A sender of numbered packets and a reader that checks each record, with a ring between them. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { InterfaceLedger } from '@packetlog/common';
import { compileBpf, compileNative } from '../lab/compile.ts';
import { type Dialogue, dialogueWith } from '../lab/dialogue.ts';
import type { Account } from './checker.mjs';

const here = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const PAGE = 4096;

export interface SenderBuild {
  readonly directory: string;
  readonly sender: string;
  readonly object: string;
  /** Of lingering.bpf.c. */
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

/** `how`: what sender.c takes behind the program's id; `sent`: by CPU. */
export async function sendNumbered(
  { sender, object }: SenderBuild,
  program: number,
  how: readonly string[],
): Promise<{ sent: number[] }> {
  const child = spawn(sender, [object, String(program), ...how], { stdio: ['ignore', 'pipe', 'pipe'] });
  let [said, complained] = ['', ''];
  child.stdout.on('data', (data) => (said += data));
  child.stderr.on('data', (data) => (complained += data));
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`sender: ${complained.trim() || `exit code ${code}`}`);
  return JSON.parse(said) as { sent: number[] };
}

/** CPUs that packets are sent from: two at most. */
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
  /** 1: each packet; 0: by how full the ring is. */
  readonly sample?: 0 | 1;
  /** Default: the loader's. */
  readonly object?: string;
}

/** Of one run. */
export interface Outcome {
  readonly sent: number;
  readonly received: number;
  readonly accounts: readonly Account[];
  readonly counted: InterfaceLedger;
  readonly sleeps: number;
  readonly looks: number;
  /** Of them, those after which the reader promised not to sleep; whether it may do so at all. */
  readonly hot: number;
  readonly canPoll: boolean;
}

type Report = Pick<Outcome, 'counted' | 'sleeps' | 'looks' | 'hot' | 'canPoll'> & {
  readonly accounts: Record<string, Account>;
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

  /** To stop and continue it. */
  get readerPid(): number {
    return this.#reader.pid;
  }

  /** `count` on each of the CPUs, as fast as they go. `way`: the reader's, see reader.mjs. */
  flood(way: string, cpus: readonly number[], count: number): Promise<Outcome> {
    return this.#run(way, ['flood', cpus.join(), String(count)]);
  }

  /** One to three at a time, the next up to `pauseUs` after they were read. */
  pingPong(way: string, cpu: number, count: number, pauseUs: number): Promise<Outcome> {
    return this.#run(way, ['pingpong', String(cpu), String(count), String(pauseUs), this.#readCount]);
  }

  async #run(way: string, how: readonly string[]): Promise<Outcome> {
    await this.#reader.ask(`go ${way}`);
    const { sent } = await sendNumbered(this.#build, this.#program, how);
    const { accounts, ...rest } = await this.#reader.ask<Report>('stop');
    const all = Object.values(accounts);
    const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
    return { ...rest, sent: sum(sent), received: sum(all.map(({ received }) => received)), accounts: all };
  }

  /** By force: it may be asleep for ever, or stand still. */
  close(): Promise<void> {
    process.kill(this.#reader.pid, 'SIGKILL');
    return this.#reader.end();
  }
}
