/** What a test or a loader may leave behind in the kernel. */
import { readdirSync } from 'node:fs';
import { run, runJson } from './command.ts';
import { labNamespaces } from './namespace.ts';
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

/** Namespaces of the lab, XDP programs on interfaces, packetlog's programs, and pins. */
export async function takeInventory(): Promise<Inventory> {
  const namespaces = await labNamespaces();
  const found = namespaces.map((name) => `namespace ${name}`);
  found.push(...xdpOf('the root namespace', await runJson<LinkEntry[]>('ip', ['-json', 'link'])));
  for (const name of namespaces) {
    // It may go while we look.
    const links = await runJson<LinkEntry[]>('ip', ['-n', name, '-json', 'link']).catch(() => []);
    found.push(...xdpOf(name, links));
  }
  const programs = await runJson<{ id: number; name?: string }[]>('bpftool', ['-j', 'prog', 'show']);
  found.push(
    ...programs.filter(({ name }) => OURS.test(name ?? '')).map(({ id, name }) => `program ${name} with id ${id}`),
  );
  found.push(
    ...readdirSync(PIN_ROOT)
      .filter((name) => OURS.test(name))
      .map((name) => `pin ${PIN_ROOT}/${name}`),
  );
  return new Set(found);
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

/** Ids of the programs on one interface, by mode, as iproute2 sees it. */
export async function xdpOn(namespaceName: string, device: string): Promise<unknown> {
  const [link] = JSON.parse(
    await run('ip', ['-n', namespaceName, '-json', 'link', 'show', 'dev', device]),
  ) as LinkEntry[];
  return link?.xdp;
}
