/** What a test or a loader may leave behind in the kernel. */
import { readdirSync, readFileSync } from 'node:fs';
import { runJson } from './command.ts';
import { makerOf } from './lab-name.ts';
import { labNamespaces, type Namespace } from './namespace.ts';
import { until } from './until.ts';

/** Each entry is a line that says what is there. */
export type Inventory = ReadonlySet<string>;

const PIN_ROOT = '/sys/fs/bpf';
const OURS = /^packetlog/;

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
 * Namespaces that this process made, XDP programs on interfaces in them and in the root namespace, packetlog's
 * programs, and pins. What other living processes use is theirs: tests and loaders may run side by side.
 */
export async function takeInventory(): Promise<Inventory> {
  const namespaces = (await labNamespaces()).filter((name) => makerOf(name) === process.pid);
  const found = namespaces.map((name) => `namespace ${name}`);
  found.push(...xdpOf('the root namespace', await runJson<LinkEntry[]>('ip', ['-json', 'link'])));
  for (const name of namespaces) {
    // It may go while we look.
    const links = await runJson<LinkEntry[]>('ip', ['-n', name, '-json', 'link']).catch(() => []);
    found.push(...xdpOf(name, links));
  }
  const programs = await runJson<{ id: number; name?: string }[]>('bpftool', ['-j', 'prog', 'show']);
  const foreign = programsOfOthers();
  const left = programs.filter(({ id, name }) => OURS.test(name ?? '') && !foreign.has(id));
  found.push(...left.map(({ id, name }) => `program ${name} with id ${id}`));
  const pins = readdirSync(PIN_ROOT).filter((name) => OURS.test(name));
  found.push(...pins.map((name) => `pin ${PIN_ROOT}/${name}`));
  return new Set(found);
}

/** Ids of programs that a file descriptor of another process holds, itself or through a link. */
function programsOfOthers(): Set<number> {
  const ids = new Set<number>();
  const others = readdirSync('/proc').filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid);
  for (const pid of others) {
    for (const info of descriptorsOf(pid)) {
      const id = /^prog_id:\s*(\d+)$/m.exec(info)?.[1];
      if (id !== undefined) ids.add(Number(id));
    }
  }
  return ids;
}

/** The text of each file in /proc/PID/fdinfo; nothing for what ended while we looked. */
function descriptorsOf(pid: string): string[] {
  const directory = `/proc/${pid}/fdinfo`;
  try {
    return readdirSync(directory).map((fd) => readFileSync(`${directory}/${fd}`, 'utf8'));
  } catch {
    return [];
  }
}

/**
 * Throws a list of what is there and was not in `before`. Waits a while, because the kernel lets go of programs
 * and namespaces only after those who looked at them have passed.
 */
export async function assertNothingLeft(before: Inventory = new Set(), deadlineMs = 5_000): Promise<void> {
  let left: string[] = [];
  await until(
    async () => {
      left = [...(await takeInventory())].filter((entry) => !before.has(entry));
      return left.length === 0;
    },
    { what: 'the kernel to be as before; there is still', deadlineMs, evidence: () => left.join('\n') },
  );
}

/** The XDP program on an interface as iproute2 sees it, undefined if there is none. */
export async function xdpOn(namespace: Namespace, device: string): Promise<LinkEntry['xdp']> {
  const [link] = await namespace.ipJson<LinkEntry[]>('link', 'show', 'dev', device);
  return link?.xdp;
}
