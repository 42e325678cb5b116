/** The lab of the live sections: a veth pair, a generator of frames, and `packetlog` and clients at the other end. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Dialogue } from '../lab/dialogue.ts';
import { createNetwork, type Link, type Network } from '../lab/network.ts';
import { loaderPids } from '../lab/server-process.ts';
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
  /** Records lost by each client since it subscribed. */
  readonly dropped: readonly number[];
}

/** A process at the receiving end. */
export interface Tool {
  readonly pid: number;
  /** Milliseconds from its start until it was ready. */
  readonly readyMs: number;
  /** Returns the tool's standard error so far. */
  said(): string;
  /** Ends it and returns its complete standard error. */
  stop(): Promise<string>;
}

export class BenchLab {
  readonly network: Network;
  readonly #peers: Peers;
  /** A state directory of the benchmark: the machine's rules do not apply. */
  readonly #state = mkdtempSync(join(tmpdir(), 'packetlog-bench-state-'));
  readonly #emptyState = mkdtempSync(join(tmpdir(), 'packetlog-bench-state-'));

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
    for (const directory of [this.#state, this.#emptyState]) rmSync(directory, { recursive: true, force: true });
  }

  /**
   * Sends as fast as possible on CPU 0, which also receives: the kernel receives on the CPU that sends. Uses the first
   * cable, with the tools, or the second, where nothing is ever attached. Returns the ns per packet.
   */
  async sendFast(count: number, cable: 'watched' | 'bare'): Promise<number> {
    const { generator, generatorObject } = this.#peers;
    const link = this.network.links[cable === 'watched' ? 0 : 1] ?? this.network.link;
    const command = [generator, 'fast', generatorObject, link.client.device, String(count)];
    return (await this.#send<{ ns_per_packet: number }>(command)).ns_per_packet;
  }

  /** Sends valid frames to the watched cable's host as `sendFast` does, so that its IP layer sees them. */
  async sendDenied(count: number, sources = 1000): Promise<number> {
    const { generator, generatorObject } = this.#peers;
    const { client, server } = this.network.link;
    const command = [generator, 'fast', generatorObject, client.device, String(count), server.mac, String(sources)];
    return (await this.#send<{ ns_per_packet: number }>(command)).ns_per_packet;
  }

  /** Sends live frames as `sendFast` does, at a fixed rate per second. */
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

  /** Returns the frames that the interface of the receiving end has counted. */
  async received(): Promise<number> {
    return (await this.network.link.server.counters()).rx.packets;
  }

  /** Starts a tool. Resolves when its standard error matches `ready`; rejects with standard error if it ends first. */
  async start(
    command: readonly string[],
    ready: RegExp,
    env: Record<string, string> = {},
    cpus = READER_CPU,
  ): Promise<Tool> {
    const from = performance.now();
    let readyMs = Number.NaN;
    const child = spawnPinned(
      {
        cpus,
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
      if (Number.isNaN(readyMs) && ready.test(said)) readyMs = performance.now() - from;
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
      readyMs,
      said: () => said,
      stop: async () => {
        child.kill('SIGINT');
        await exit;
        return said;
      },
    };
  }

  /** Attaches an XDP program that passes every packet, to measure the hook alone. */
  startPassing(mode: 'native' | 'generic' = 'native', link: Link = this.network.link): Promise<Dialogue> {
    return this.#attach('pass', mode, link);
  }

  /** Attaches an XDP program that drops every packet. */
  startDropping(): Promise<Dialogue> {
    return this.#attach('drop', 'native', this.network.link);
  }

  /** Attaches peers/lru_limit.bpf.c. */
  startLimiting(object: string): Promise<Dialogue> {
    return this.#attach('lru_limit', 'native', this.network.link, object);
  }

  async #attach(
    program: 'pass' | 'drop' | 'lru_limit',
    mode: 'native' | 'generic',
    link: Link,
    object = this.#peers.generatorObject,
  ): Promise<Dialogue> {
    const { generator } = this.#peers;
    const where = { cpus: READER_CPU, namespace: this.network.server };
    const attached = startDialogue(where, [generator, program, object, link.server.device, mode]);
    await attached.ask();
    return attached;
  }

  /** Starts packetlog in native mode, as the other tools: generic XDP sees frames that the kernel has merged. */
  startPacketlog(...more: readonly string[]): Promise<Tool> {
    return this.#run(['--ui', 'off', '--mode', 'native', ...more]);
  }

  /** Starts packetlog in the mode that `--mode auto` selects; `mode` in the result names it. */
  async startPacketlogAsItPicks(): Promise<Tool & { mode: 'native' | 'generic' }> {
    const tool = await this.#run(['--ui', 'off', '--mode', 'auto']);
    return { ...tool, mode: /^Watching \S+ \(generic/m.test(tool.said()) ? 'generic' : 'native' };
  }

  /** Starts packetlog with its dashboard, at `url` for a browser in the network of the receiving end. */
  async startDashboard(...more: readonly string[]): Promise<Tool & { url: string }> {
    const tool = await this.#run(['--mode', 'native', ...more]);
    return { ...tool, url: `http://127.0.0.1:${PORT}/#token=${TOKEN}` };
  }

  /** Starts packetlog as a user does: its command, on any CPU, with the dashboard, and with rings of 4 MiB. */
  startAsInstalled(): Promise<Tool> {
    const options = ['--iface', this.network.link.server.device, '--print', 'none', '--listen', `127.0.0.1:${PORT}`];
    const command = [PACKETLOG, ...options, '--mode', 'native', '--ring-size', '4MiB'];
    return this.start(command, /Waiting for Ctrl-C/, { PACKETLOG_TOKEN: TOKEN }, `${PRODUCER_CPU},${READER_CPU}`);
  }

  /** The same with a state directory that has no rules. */
  startWithoutRules(...more: readonly string[]): Promise<Tool> {
    return this.#run(['--ui', 'off', '--mode', 'native', ...more], { PACKETLOG_STATE_DIR: this.#emptyState });
  }

  #run(more: readonly string[], env: Record<string, string> = {}): Promise<Tool> {
    const { device } = this.network.link.server;
    const options = ['--iface', device, '--print', 'none', '--listen', `127.0.0.1:${PORT}`];
    const command = [process.execPath, PACKETLOG, ...options, '--ring-size', '64MiB', '--sample', 'off', ...more];
    return this.start(command, /Waiting for Ctrl-C/, { PACKETLOG_TOKEN: TOKEN, ...env });
  }

  /** Returns the seconds that a `packetlog rules` command takes. */
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

/** Returns the packets that were recorded, or only counted, from the last message of `packetlog`. */
export function kept(said: string): number {
  const number = (pattern: RegExp) => Number((pattern.exec(said)?.[1] ?? '0').replaceAll(',', ''));
  return number(/([\d,]+) recorded/) + number(/([\d,]+) not recorded/);
}

/** Returns the CPU time of all threads so far, and how often they slept; of a loader, its server process included. */
export function usage(pid: number): { cpuNs: number; sleeps: number } {
  let cpuNs = 0;
  let sleeps = 0;
  for (const task of loaderPids(pid).flatMap((each) => readdirSync(`/proc/${each}/task`))) {
    const read = (name: string) => readFileSync(`/proc/${task}/${name}`, 'utf8');
    cpuNs += Number(read('schedstat').split(' ')[0]);
    sleeps += Number(/^voluntary_ctxt_switches:\s*(\d+)/m.exec(read('status'))?.[1] ?? 0);
  }
  return { cpuNs, sleeps };
}

/**
 * Returns the resident memory in MiB, including shared memory; of a loader, its server process included. The pages of
 * the Node.js binary that both processes map count twice.
 */
export function memoryMib(pid: number): number {
  const kib = loaderPids(pid).map((each) => {
    const status = readFileSync(`/proc/${each}/status`, 'utf8');
    return Number(/^VmRSS:\s*(\d+)/m.exec(status)?.[1] ?? Number.NaN);
  });
  return kib.reduce((sum, each) => sum + each, 0) / 1024;
}
