/** The lab of the live sections: a veth pair, frames into it, the real `packetlog` and clients at its other end. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Dialogue } from '../lab/dialogue.ts';
import { createNetwork, type Link, type Network } from '../lab/network.ts';
import { until } from '../lab/until.ts';
import { PRODUCER_CPU, READER_CPU } from './contestant.ts';
import { result, spawnPinned, startDialogue } from './dialogue.ts';
import type { Peers } from './peers.ts';

const PACKETLOG = fileURLToPath(new URL('../../packages/loader/bin/packetlog', import.meta.url));
const CLIENTS = fileURLToPath(new URL('./clients.mjs', import.meta.url));
const TOKEN = 'bench-bench-bench-bench';
const PORT = 7411;

interface Sent {
  readonly sent: number;
  readonly elapsed_ns: number;
}

export interface Received {
  readonly records: number;
  readonly batches: number;
  readonly p50_us: number;
  readonly p99_us: number;
  /** By client, since it subscribed. */
  readonly dropped: readonly number[];
}

/** A process at the receiving end, which ends when told. */
export interface Tool {
  readonly pid: number;
  /** What it has printed on its standard error so far. */
  said(): string;
  /** What it printed on its standard error, complete. */
  stop(): Promise<string>;
}

export class BenchLab {
  readonly network: Network;
  readonly #peers: Peers;
  /** Rules of the machine are none of the benchmark's. */
  readonly #state = mkdtempSync(join(tmpdir(), 'packetlog-bench-state-'));

  private constructor(network: Network, peers: Peers) {
    this.network = network;
    this.#peers = peers;
  }

  static async open(peers: Peers, links = 2): Promise<BenchLab> {
    const network = await createNetwork({ ipv6: false, links });
    for (const { server } of network.links) await network.server.exec(peers.generator, 'gro', server.device);
    return new BenchLab(network, peers);
  }

  async close(): Promise<void> {
    await this.network.dispose();
    rmSync(this.#state, { recursive: true, force: true });
  }

  /**
   * As fast as it goes, on CPU 0, receiving included: the kernel receives where it sends. Through the first cable,
   * where the tools are, or the second, where never anything is attached. Gives the ns per packet.
   */
  async sendFast(count: number, cable: 'watched' | 'bare'): Promise<number> {
    const { generator, generatorObject } = this.#peers;
    const link = this.network.links[cable === 'watched' ? 0 : 1] ?? this.network.link;
    const command = [generator, 'fast', generatorObject, link.client.device, String(count)];
    return (await this.#send<{ ns_per_packet: number }>(command)).ns_per_packet;
  }

  /** Live frames, as in `sendFast`, so many a second. */
  sendSteadily(count: number, perSecond: number): Promise<Sent> {
    const { generator, generatorObject } = this.#peers;
    const { device } = this.network.link.client;
    return this.#send<Sent>([generator, 'steady', generatorObject, device, String(count), String(perSecond)]);
  }

  sendPaced(count: number, perSecond: number): Promise<Sent> {
    const { device } = this.network.link.client;
    return this.#send<Sent>([this.#peers.generator, 'paced', device, String(count), String(perSecond)]);
  }

  #send<T>(command: readonly string[]): Promise<T> {
    return result<T>({ cpus: PRODUCER_CPU, namespace: this.network.client }, command);
  }

  /** Frames that the receiving end's interface has counted. */
  async received(): Promise<number> {
    return (await this.network.link.server.counters()).rx.packets;
  }

  /** Resolves when standard error matches; rejects with what it said when it ends before. */
  async start(command: readonly string[], ready: RegExp, env: Record<string, string> = {}): Promise<Tool> {
    const child = spawnPinned(
      {
        cpus: READER_CPU,
        namespace: this.network.server,
        env: { PACKETLOG_STATE_DIR: this.#state, PACKETLOG_PIN: 'never', PACKETLOG_MODE: 'native', ...env },
        stderr: 'pipe',
      },
      command,
    );
    let said = '';
    let ended = false;
    child.stdout?.resume();
    child.stderr?.on('data', (data: Buffer) => {
      said += data.toString();
    });
    const exit = new Promise<void>((resolve) => {
      child.once('close', () => {
        ended = true;
        resolve();
      });
    });
    await until(() => ended || ready.test(said), { what: `${command[0]} to be ready`, evidence: () => said });
    if (ended) throw new Error(said.trim());
    return {
      pid: child.pid ?? 0,
      said: () => said,
      stop: async () => {
        child.kill('SIGINT');
        await exit;
        return said;
      },
    };
  }

  /** An XDP program that lets every packet pass: what the hook itself costs. */
  async startNothing(mode: 'native' | 'generic' = 'native', link: Link = this.network.link): Promise<Dialogue> {
    const { generator, generatorObject } = this.#peers;
    const { device } = link.server;
    const where = { cpus: READER_CPU, namespace: this.network.server };
    const nothing = startDialogue(where, [generator, 'nothing', generatorObject, device, mode]);
    await nothing.ask();
    return nothing;
  }

  /** Native, as the other tools here: generic XDP sees frames that the kernel has merged. */
  startPacketlog(...more: readonly string[]): Promise<Tool> {
    return this.#run(['--ui', 'off', '--mode', 'native', ...more]);
  }

  /** In the mode that it picks itself, which `mode` says. */
  async startPacketlogAsItPicks(): Promise<Tool & { mode: 'native' | 'generic' }> {
    const tool = await this.#run(['--ui', 'off', '--mode', 'auto']);
    return { ...tool, mode: /^Watching \S+ \(generic/m.test(tool.said()) ? 'generic' : 'native' };
  }

  /** The same with its dashboard, at `url` for a browser in the network of the receiving end. */
  async startDashboard(...more: readonly string[]): Promise<Tool & { url: string }> {
    const tool = await this.#run(['--mode', 'native', ...more]);
    return { ...tool, url: `http://127.0.0.1:${PORT}/#token=${TOKEN}` };
  }

  #run(more: readonly string[]): Promise<Tool> {
    const { device } = this.network.link.server;
    const options = ['--iface', device, '--print', 'none', '--listen', `127.0.0.1:${PORT}`];
    const command = [process.execPath, PACKETLOG, ...options, '--ring-size', '64MiB', '--sample', 'off', ...more];
    return this.start(command, /Waiting for Ctrl-C/, { PACKETLOG_TOKEN: TOKEN });
  }

  /** Seconds that `packetlog rules` takes, from its start to its end. */
  async rules(...args: readonly string[]): Promise<number> {
    const from = performance.now();
    await this.network.server.exec(
      'env',
      `PACKETLOG_STATE_DIR=${this.#state}`,
      process.execPath,
      PACKETLOG,
      'rules',
      ...args,
    );
    return (performance.now() - from) / 1000;
  }

  async startClients(count: number, rowsPerSecond: number, cpus = READER_CPU): Promise<Dialogue> {
    const url = `http://127.0.0.1:${PORT}`;
    const command = [process.execPath, CLIENTS, url, TOKEN, String(count), String(rowsPerSecond)];
    const clients = startDialogue({ cpus, namespace: this.network.server }, command);
    await clients.ask();
    return clients;
  }
}

/** Packets that were recorded, or were only to be counted, from what `packetlog` says at its end. */
export function kept(said: string): number {
  const number = (pattern: RegExp) => Number((pattern.exec(said)?.[1] ?? '0').replaceAll(',', ''));
  return number(/([\d,]+) recorded/) + number(/([\d,]+) not recorded/);
}

/** CPU time of all threads of a process so far, and how often they slept. */
export function usage(pid: number): { cpuNs: number; sleeps: number } {
  let cpuNs = 0;
  let sleeps = 0;
  for (const task of readdirSync(`/proc/${pid}/task`)) {
    const read = (name: string) => readFileSync(`/proc/${pid}/task/${task}/${name}`, 'utf8');
    cpuNs += Number(read('schedstat').split(' ')[0]);
    sleeps += Number(/^voluntary_ctxt_switches:\s*(\d+)/m.exec(read('status'))?.[1] ?? 0);
  }
  return { cpuNs, sleeps };
}

/** Resident memory in MiB, shared memory included. */
export function memoryMib(pid: number): number {
  const kib = /^VmRSS:\s*(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(kib ?? Number.NaN) / 1024;
}
