/** Finds what a test or a loader left behind in the kernel. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { runJson } from './command.ts';
import { makerOf } from './lab-name.ts';
import { labNamespaces, type Namespace, namespaceInodes } from './namespace.ts';
import { until } from './until.ts';

/** Each entry is a line that describes one leftover. */
export type Inventory = ReadonlySet<string>;

const PIN_ROOT = '/sys/fs/bpf';
const OURS = /^packetlog/;

/** Environment variable of every process that this one starts, and of their children. */
export const LAB_MARK = 'PACKETLOG_LAB_OF';
process.env[LAB_MARK] = String(process.pid);

interface LinkEntry {
  readonly ifname: string;
  readonly xdp?: { readonly prog?: { readonly id: number; readonly name?: string } };
}

function xdpOf(where: string, links: readonly LinkEntry[]): string[] {
  return links
    .filter(({ xdp }) => xdp)
    .map(({ ifname, xdp }) => `XDP program ${xdp?.prog?.id} on ${ifname} in ${where}`);
}

/**
 * Lists namespaces that this process created, XDP programs on interfaces in them and in the root namespace, packetlog's
 * programs, and pins of loaders in such namespaces. Tests and loaders may run side by side, in other PID namespaces
 * too: a program counts if it is on one of our interfaces or if a process that was started from here holds it.
 */
export async function takeInventory(): Promise<Inventory> {
  const namespaces = (await labNamespaces()).filter((name) => makerOf(name) === process.pid);
  const found = namespaces.map((name) => `namespace ${name}`);
  const root = await runJson<LinkEntry[]>('ip', ['-json', 'link']);
  const programs = await runJson<{ id: number; name?: string }[]>('bpftool', ['-j', 'prog', 'show']);
  const ours = programs.filter(({ name }) => OURS.test(name ?? ''));
  // Holders are found by reading every descriptor of the machine: skip that when there is nothing to attribute.
  const isNothing = ours.length === 0 && root.every(({ xdp }) => xdp === undefined);
  const holders = isNothing ? new Map<number, Holder>() : programHolders();
  const foreign = ({ xdp }: LinkEntry) => holders.get(xdp?.prog?.id ?? 0) === 'others';
  found.push(
    ...xdpOf(
      'the root namespace',
      root.filter((link) => !foreign(link)),
    ),
  );
  for (const name of namespaces) {
    // The namespace may be removed meanwhile.
    const links = await runJson<LinkEntry[]>('ip', ['-n', name, '-json', 'link']).catch(() => []);
    found.push(...xdpOf(name, links));
  }
  const left = ours.filter(({ id }) => holders.get(id) === 'ours');
  found.push(...left.map(({ id, name }) => `program ${name} with id ${id}`));
  found.push(...ourPins().map((path) => `pin ${path}`));
  return new Set(found);
}

/** Loaders pin in a directory per network namespace, with its inode number in the name. */
function ourPins(): string[] {
  const directory = `${PIN_ROOT}/packetlog`;
  if (!existsSync(directory)) return [];
  const names = new Set([...namespaceInodes].map((inode) => `net_${inode}`));
  return readdirSync(directory)
    .filter((name) => names.has(name))
    .map((name) => `${directory}/${name}`);
}

type Holder = 'ours' | 'others';

/**
 * Returns the programs that a file descriptor holds, directly or through a link, and whether the process was started
 * from here.
 */
function programHolders(): Map<number, Holder> {
  const holders = new Map<number, Holder>();
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    const ids = descriptorsOf(pid).map((info) => /^prog_id:\s*(\d+)$/m.exec(info)?.[1]);
    for (const id of ids.filter((each) => each !== undefined)) {
      if (isOurs(pid)) holders.set(Number(id), 'ours');
      else if (!holders.has(Number(id))) holders.set(Number(id), 'others');
    }
  }
  return holders;
}

function isOurs(pid: string): boolean {
  if (Number(pid) === process.pid) return true;
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0').includes(`${LAB_MARK}=${process.pid}`);
  } catch {
    return false;
  }
}

/** Returns the text of each file in /proc/PID/fdinfo; empty if the process ended meanwhile. */
function descriptorsOf(pid: string): string[] {
  const directory = `/proc/${pid}/fdinfo`;
  try {
    return readdirSync(directory).map((fd) => readFileSync(`${directory}/${fd}`, 'utf8'));
  } catch {
    return [];
  }
}

/**
 * Throws an error that lists what exists and was not in `before`. Waits up to the deadline first, because the kernel
 * frees programs and namespaces only after their last readers have finished.
 */
export async function assertNothingLeft(before: Inventory = new Set(), deadlineMs = 30_000): Promise<void> {
  let left: string[] = [];
  await until(
    async () => {
      left = [...(await takeInventory())].filter((entry) => !before.has(entry));
      return left.length === 0;
    },
    { what: 'the kernel to be as before; there is still', deadlineMs, evidence: () => left.join('\n') },
  );
}

/** Returns the XDP program on an interface as iproute2 reports it, undefined if there is none. */
export async function xdpOn(namespace: Namespace, device: string): Promise<LinkEntry['xdp']> {
  const [link] = await namespace.ipJson<LinkEntry[]>('link', 'show', 'dev', device);
  return link?.xdp;
}
