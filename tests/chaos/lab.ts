/**
 * A lab for faults: a sender, a cable, a loader that denies two of four sources, and a witness behind it.
 *
 * State directory and pins are in a mount namespace of the witness: they end with it, however the run ends. The kernel
 * kills the loaders when the run ends.
 */
import { existsSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type Account, type Crowd, startCrowd } from '../e2e/crowd.ts';
import { run } from '../lab/command.ts';
import { createNamespace, type Namespace } from '../lab/namespace.ts';
import { LAB_ADMIN_TOKEN, LAB_TOKEN, type LabProcess, PACKETLOG, startProcess } from '../lab/process.ts';
import { loaderPids } from '../lab/server-process.ts';
import { Cable, CLIENT_MAC, SERVER_MAC } from './cable.ts';
import { type Control, controlAt, type Status } from './control.ts';
import { type Settings, settingsArgs } from './settings.ts';
import { DENIED, RECEIVER, type Sender, startSender, startWitness, type Witness } from './traffic/traffic.ts';

/** Paths in the witness's mount namespace. */
export const STATE = '/mnt/state';
const PINS = '/mnt/bpf';
export const FILES = '/mnt/files';
const MOUNT = [
  'mount -t tmpfs -o mode=0755 plt-chaos /mnt',
  `mkdir -m 700 ${STATE} ${PINS} ${FILES}`,
  `mount -t tmpfs -o mode=0700,size=8m plt-chaos ${STATE}`,
  `mount -t bpf -o mode=0700 plt-chaos ${PINS}`,
  'exec "$@"',
].join(' && ');

/** What recovery may take on a machine that is busy with other things; how long it takes is measured. */
const RECOVERY_DEADLINE_MS = 60_000;
const POLL_MS = 20;
const ENV = {
  PACKETLOG_STATE_DIR: STATE,
  PACKETLOG_BPFFS: PINS,
  PACKETLOG_PIN: 'auto',
  PACKETLOG_TOKEN: LAB_TOKEN,
  PACKETLOG_ADMIN_TOKEN: LAB_ADMIN_TOKEN,
  // The connection of the machine itself must not protect an address in the lab.
  SSH_CONNECTION: '',
};

/** `outage`: frames may be lost before they reach the interface. `open`: no program is there, so denied ones may pass. */
export interface Window {
  readonly kind: 'outage' | 'open';
  readonly from: number;
  /** Undefined: not over yet. */
  to?: number;
}

export class ChaosLab {
  /** How the next loader is started. */
  settings: Settings;
  readonly client: Namespace;
  readonly server: Namespace;
  readonly cable: Cable;
  readonly sender: Sender;
  readonly witness: Witness;
  /** A client of the loader that takes rows. Its presence makes the loader report each second. */
  readonly viewer: Crowd;
  readonly control: Control;
  /** The loader that should run now. */
  loader: LabProcess | undefined;
  /** Of the current fault. */
  windows: Window[] = [];
  /**
   * What a fault makes the loader forget: with other maps its counters begin at zero, and those of a removed rule are
   * gone.
   */
  readonly forgotten = new Set<'counters' | 'hits'>();
  readonly #processes: LabProcess[] = [];

  private constructor(
    parts: Pick<ChaosLab, 'settings' | 'client' | 'server' | 'cable' | 'sender' | 'witness' | 'viewer'>,
  ) {
    this.settings = parts.settings;
    this.client = parts.client;
    this.server = parts.server;
    this.cable = parts.cable;
    this.sender = parts.sender;
    this.witness = parts.witness;
    this.viewer = parts.viewer;
    this.control = controlAt(this.path(`${STATE}/control.sock`));
  }

  static async create(settings: Settings): Promise<ChaosLab> {
    const [client, server] = [await createNamespace(), await createNamespace()];
    for (const namespace of [client, server]) await quiet(namespace);
    await receiveAt(server);
    const cable = new Cable(client, server);
    const ifindex = await cable.create();
    const witness = await startWitness(server, 'sh', '-c', MOUNT, 'sh');
    const sender = startSender(client, { src: CLIENT_MAC, dst: SERVER_MAC });
    await sender.sendFrom(ifindex);
    const viewer = await startCrowd(server);
    return new ChaosLab({ settings, client, server, cable, sender, witness, viewer });
  }

  /** The path, as this process sees it, of a path in the witness's mount namespace. */
  path(inside: string): string {
    return `/proc/${this.witness.pid}/root${inside}`;
  }

  statePath(name: string): string {
    return this.path(`${STATE}/${name}`);
  }

  /** Runs a command where the loaders run. */
  spawn(...command: string[]): LabProcess {
    const inside = ['--pdeathsig', 'KILL', 'nsenter', '--mount', `--target=${this.witness.pid}`, ...command];
    const process = startProcess(this.server, 'setpriv', inside, ENV);
    this.#processes.push(process);
    return process;
  }

  packetlog(...args: string[]): LabProcess {
    return this.spawn(process.execPath, PACKETLOG, ...args);
  }

  /** Starts the loader that the lab should have from now on. `prefix`: a command that starts it. */
  start(...prefix: string[]): LabProcess {
    this.loader = this.spawn(...prefix, process.execPath, PACKETLOG, ...this.args());
    return this.loader;
  }

  /** Its arguments. */
  args(): string[] {
    const args = ['--iface', 'server0', '--listen', '127.0.0.1:0', '--ui', 'off', '--print', 'none'];
    return [...args, ...settingsArgs(this.settings)];
  }

  /** The running loader's pid. */
  get pid(): number {
    if (!this.loader) throw new Error('no loader was started');
    return this.loader.pid;
  }

  async kill(): Promise<void> {
    await this.loader?.end('SIGKILL');
  }

  /** Denies two of the sources: one with a rule, one with a set that follows a file. */
  async deny(): Promise<void> {
    await this.control.done('add', { rule: { action: 'deny', source: DENIED.ipv4 } });
    await this.importSet();
  }

  /** Confirms a risky change, such as a much shorter list: otherwise it would revert during a later fault. */
  async importSet(entries = `${DENIED.ipv6}\n`): Promise<void> {
    const { pending } = await this.control.done('import', { set: 'bad', entries });
    if (pending) await this.control.done('confirm', {});
  }

  /**
   * Waits until the loader reports that it watches the interface and that its rules are in force, and its server serves.
   * Throws when it ends, or at the deadline.
   */
  async untilHealthy(): Promise<void> {
    const { loader, pid } = this;
    const deadline = performance.now() + RECOVERY_DEADLINE_MS;
    let ended = false;
    void loader?.exited.then(() => {
      ended = true;
    });
    for (let why = ''; ; await delay(POLL_MS)) {
      why = await this.#illness(pid).catch((error: Error) => error.message);
      if (why === '') return;
      if (!ended && performance.now() < deadline) continue;
      const when = ended ? 'the loader ended' : `after ${RECOVERY_DEADLINE_MS} ms`;
      throw new Error(`did not recover: ${when}: ${why}\n${loader?.stderr.slice(-2000)}`);
    }
  }

  /** Connects the viewer again if it was disconnected, and returns what it received since it is connected. */
  async view(): Promise<Account> {
    const [seen] = await this.viewer.accounts();
    if (seen?.connected) return seen;
    if (seen) await this.viewer.ask('leave', 1);
    await this.viewer.ask('connect', { origin: await this.origin(), token: LAB_TOKEN, count: 1, subscription: {} });
    return this.view();
  }

  async origin(): Promise<string> {
    const [text = ''] = (await this.loader?.untilPrinted(/http:\/\/\S+/)) ?? [];
    return new URL(text).origin;
  }

  /** Returns what is missing, or nothing. */
  async #illness(pid: number): Promise<string> {
    const status = await this.control.status();
    if (status.pid !== pid) return `another loader answers, with pid ${status.pid}`;
    // It is replaced a moment after its end.
    if (status.server?.is_running !== true || !loaderPids(pid).includes(status.server.pid ?? 0))
      return 'the server process does not run';
    const { enforcing, pinned, in_force } = await this.control.done('list', {});
    const isAttached = in_force?.interfaces.some(({ name }) => name === this.cable.device) ?? false;
    if (!(enforcing && pinned && in_force?.is_current && isAttached)) {
      return `rules: ${JSON.stringify({ enforcing, pinned, in_force })}`;
    }
    await this.view();
    return unattached(status);
  }

  async outage<T>(act: () => Promise<T>): Promise<T> {
    const window: Window = { kind: 'outage', from: await this.sender.now() };
    this.windows.push(window);
    const value = await act();
    window.to = await this.sender.now();
    return value;
  }

  /** From now until the loader claims again that its rules are in force. */
  async opens(): Promise<void> {
    this.windows.push({ kind: 'open', from: await this.sender.now() });
  }

  async closeWindows(): Promise<void> {
    const to = await this.sender.now();
    for (const window of this.windows) window.to ??= to;
  }

  /** Paths of all pins, in the witness's mount namespace. */
  pinPaths(): string[] {
    const [root, prefix] = [this.path(PINS), this.path('')];
    return readdirSync(root, { recursive: true, withFileTypes: true })
      .filter((entry) => !(entry.isDirectory() || entry.name.endsWith('.debug')))
      .map(({ parentPath, name }) => join(parentPath, name).slice(prefix.length));
  }

  /** Names of all pins, without the part that differs for each load. */
  pins(): string[] {
    return this.pinPaths()
      .map((path) => basename(path).replace(/^map_[0-9a-f]+_/, 'map_'))
      .sort();
  }

  /** Processes of the lab that may be in the loader's namespace. */
  ownPids(): number[] {
    return [this.witness.pid, this.viewer.pid, ...this.#processes.map(({ pid }) => pid)];
  }

  async pidsInside(): Promise<number[]> {
    const text = await run('ip', ['netns', 'pids', this.server.name]);
    return text.split('\n').filter(Boolean).map(Number);
  }

  /** Whether another process removed a namespace of the lab: then no result of it means anything. */
  get isSpoiled(): boolean {
    return [this.client, this.server].some(({ name }) => !existsSync(`/run/netns/${name}`));
  }

  async dispose(): Promise<void> {
    await this.viewer.end();
    for (const process of this.#processes) await process.dispose();
    for (const namespace of [this.client, this.server]) {
      const removing = namespace.dispose();
      await (this.isSpoiled ? removing.catch(() => undefined) : removing);
    }
    if (existsSync(`/proc/${this.witness.pid}`)) process.kill(this.witness.pid, 'SIGKILL');
  }
}

function unattached({ interfaces }: Status): string {
  const away = interfaces.filter(({ state }) => state !== 'attached');
  return away.map(({ name, state }) => `${name} is ${state}`).join(', ');
}

/** Interfaces that are created later send no packet of their own. */
async function quiet(namespace: Namespace): Promise<void> {
  const NO_LINK_LOCAL = 1;
  await namespace.setSysctls({
    'net/ipv4/conf/all/rp_filter': 0,
    'net/ipv4/conf/default/rp_filter': 0,
    'net/ipv6/conf/default/addr_gen_mode': NO_LINK_LOCAL,
    'net/ipv6/conf/default/accept_dad': 0,
    'net/ipv6/conf/default/accept_ra': 0,
    'net/ipv6/conf/default/autoconf': 0,
    'net/ipv6/conf/default/router_solicitations': 0,
  });
  await namespace.ip('link set dev lo up');
}

/** Gives the namespace the receiver's addresses, and no reason to answer. */
export async function receiveAt(namespace: Namespace): Promise<void> {
  await namespace.ip(
    `address add ${RECEIVER.ipv4}/32 dev lo`,
    `address add ${RECEIVER.ipv6}/128 dev lo nodad`,
    'route add default dev lo',
  );
}
