/** A loaded program with a reader, and runs of it: BPF_PROG_TEST_RUN on CPU 0, the reader on CPU 1. */
import type { Dialogue } from '../lab/dialogue.ts';
import { result, startDialogue } from './dialogue.ts';
import type { Peers } from './peers.ts';

export const PRODUCER_CPU = '0';
export const READER_CPU = '1';
export const RING_BYTES = 64 << 20;

export type Transport = 'array' | 'ring' | 'perf';
export type Clock = 'precise' | 'cached';
/** `packetlog`: the loader's modules; the others are readers in C. */
export type ReaderName = 'packetlog' | 'perf' | 'poll' | 'shared' | 'span' | 'array';

export interface ContestantOptions {
  readonly transport: Transport;
  readonly clock: Clock;
  readonly reader: ReaderName;
}

interface Produced {
  elapsed_ns: number[];
  xdp_ns: number[];
  seen: number;
  emitted: number;
  ring_full: number;
}

export interface Load {
  readonly packets: number;
  readonly cpus?: string;
  /** 0: as fast as possible. */
  readonly perSecond?: number;
}

export interface Outcome {
  readonly sent: number;
  /** Records read. */
  readonly kept: number;
  /** The program's counters. */
  readonly produced: Produced;
  /** CPU time of the reader over the whole run. */
  readonly cpuNs: number;
  /** The kernel's average per packet in XDP, including the harness, on the first CPU. */
  readonly xdpNs: number;
}

export class Contestant {
  readonly #peers: Peers;
  readonly #program: number;
  readonly #host: Dialogue;
  readonly #reader: Dialogue;

  private constructor(peers: Peers, program: number, host: Dialogue, reader: Dialogue) {
    this.#peers = peers;
    this.#program = program;
    this.#host = host;
    this.#reader = reader;
  }

  /** Loads the program with the loader's modules for every reader, so that only the readers differ. */
  static async open(peers: Peers, { transport, clock, reader }: ContestantOptions): Promise<Contestant> {
    const where = { cpus: READER_CPU };
    const bytes = transport === 'perf' ? RING_BYTES / 16 : RING_BYTES;
    const host = startDialogue(where, [process.execPath, peers.packetlogReader, transport, String(bytes), clock]);
    const { program } = await host.ask<{ program: number }>();
    if (reader === 'packetlog') return new Contestant(peers, program, host, host);
    const dialogue = startDialogue(where, [peers.reader, String(program), reader]);
    await dialogue.ask();
    return new Contestant(peers, program, host, dialogue);
  }

  /** Sends packets while the reader reads. */
  async run(load: Load): Promise<Outcome> {
    await this.#reader.ask('go');
    const produced = await this.produce(load);
    const { records, cpu_ns } = await this.#reader.ask<{ records: number; cpu_ns: number }>('stop');
    const sent = load.packets * produced.xdp_ns.length;
    return { sent, kept: records, produced, cpuNs: cpu_ns, xdpNs: produced.xdp_ns[0] ?? Number.NaN };
  }

  /** Sends packets without a reader, and empties the rings afterwards. */
  async runUnread(load: Load): Promise<Produced> {
    const produced = await this.produce(load);
    await this.#reader.ask('go');
    await this.#reader.ask('stop');
    return produced;
  }

  async close(): Promise<void> {
    if (this.#reader !== this.#host) await this.#reader.end();
    await this.#host.end();
  }

  private produce({ packets, cpus = PRODUCER_CPU, perSecond = 0 }: Load): Promise<Produced> {
    return produce(this.#peers, this.#program, { packets, cpus, perSecond });
  }
}

export function produce(peers: Peers, program: number, load: Required<Load>): Promise<Produced> {
  const { packets, cpus, perSecond } = load;
  const command = [peers.producer, String(program), cpus, String(packets), String(perSecond)];
  return result<Produced>({ cpus }, command);
}
