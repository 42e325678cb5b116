/** What a loader holds, and what its lab contains: none of it may grow from one fault to the next. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { helperPids, serverPidOf } from '../lab/server-process.ts';
import type { ChaosLab } from './lab.ts';

/** Threads that exist for a while, such as the one that reads lists, have descriptors of their own. */
const PASSING = 24;
/** Held by nothing that comes and goes: one more is a leak. */
const EXACT = ['anon_inode:bpf-map', 'anon_inode:bpf-prog', 'anon_inode:bpf-link', 'memfd'];

export interface Holdings {
  readonly core: ReadonlyMap<string, number>;
  readonly server: ReadonlyMap<string, number>;
  readonly pins: readonly string[];
  /** Processes in the namespace of the loader that are neither its own nor the lab's, with their names. */
  readonly strangers: readonly string[];
  /** Names in the state directory. */
  readonly files: readonly string[];
}

/** Throws if the loader has no server process. */
export async function holdingsOf(lab: ChaosLab): Promise<Holdings> {
  const core = lab.loader?.pid ?? 0;
  const server = serverPidOf(core);
  const known = new Set([core, server, ...helperPids(core), ...lab.ownPids()]);
  const pids = (await lab.pidsInside()).filter((pid) => !known.has(pid));
  return {
    core: descriptorsOf(core),
    server: descriptorsOf(server),
    pins: lab.pins(),
    strangers: pids.map((pid) => `${commandOf(pid)} (${pid})`),
    files: readdirSync(lab.statePath('.')).sort(),
  };
}

/** Returns what the loader holds now and did not hold `before`, as sentences. `before`: of the same loader, or none. */
export function leaks(before: Holdings | undefined, after: Holdings): string[] {
  const found = after.strangers.map((name) => `the process ${name} was left behind`);
  const temporary = after.files.filter((name) => /tmp|\.new|~$/.test(name));
  found.push(...temporary.map((name) => `${name} was left in the state directory`));
  if (!before) return found;
  for (const process of ['core', 'server'] as const) {
    for (const what of EXACT) {
      const [then, now] = [before[process].get(what) ?? 0, after[process].get(what) ?? 0];
      if (now > then) found.push(`the ${process} holds ${now} × ${what}, and held ${then}`);
    }
    const [then, now] = [total(before[process]), total(after[process])];
    if (now > then + PASSING) found.push(`the ${process} holds ${now} descriptors, and held ${then}`);
  }
  if (before.pins.join() !== after.pins.join())
    found.push(`pinned are ${after.pins.join(', ')}, and were ${before.pins.join(', ')}`);
  return found;
}

const total = (counts: ReadonlyMap<string, number>) => [...counts.values()].reduce((sum, count) => sum + count, 0);

function descriptorsOf(pid: number): Map<string, number> {
  const counts = new Map<string, number>();
  for (const fd of readdirSync(`/proc/${pid}/fd`)) {
    // The kernel has two names for a link's descriptor (kernel/bpf/syscall.c, bpf_link_prime and bpf_link_new_fd).
    const target = targetOf(`/proc/${pid}/fd/${fd}`).replace('bpf_link', 'bpf-link');
    const kind = target.startsWith('/memfd:')
      ? 'memfd'
      : target.startsWith('/')
        ? 'file'
        : target.replace(/:\[\d+\]$/, '');
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  return counts;
}

/** A descriptor may be closed meanwhile. */
function targetOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return 'closed';
  }
}

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
  } catch {
    return 'ended';
  }
}
