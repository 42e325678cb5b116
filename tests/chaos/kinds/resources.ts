/** Disk, descriptors, memory and processor time run out. */
import { closeSync, openSync, readdirSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { startCrowd } from '../../e2e/crowd.ts';
import { run } from '../../lab/command.ts';
import { LAB_TOKEN, startProcess } from '../../lab/process.ts';
import { serverPidOf } from '../../lab/server-process.ts';
import type { Kind } from '../kind.ts';
import type { ChaosLab } from '../lab.ts';
import { DENIED } from '../traffic/traffic.ts';
import { longList } from './processes.ts';

const FILLER = 'filler';
const PAGE = Buffer.alloc(4096);

/** Fills the state directory's file system, except for `free` pages. */
function fillDisk(lab: ChaosLab, free: number): void {
  const file = openSync(lab.statePath(FILLER), 'w');
  let pages = 0;
  try {
    for (;;) pages += writeSync(file, PAGE) / PAGE.length;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
  } finally {
    closeSync(file);
  }
  if (free > 0) {
    const kept = openSync(lab.statePath(FILLER), 'w');
    for (let page = 0; page < pages - free; page++) writeSync(kept, PAGE);
    closeSync(kept);
  }
}

/** Changes that the loader may carry out or reject, and removes what it carried out. */
async function tryChanges(lab: ChaosLab): Promise<void> {
  const answers = [];
  for (let i = 0; i < 3; i++) {
    answers.push(await lab.control.ask('add', { rule: { action: 'deny', source: `198.18.9.${i}` } }));
  }
  for (const answer of answers) {
    if (answer.ok) await lab.control.ask('remove', { ids: [answer.value.rule.id] });
  }
}

async function freeDisk(lab: ChaosLab): Promise<void> {
  rmSync(lab.statePath(FILLER), { force: true });
  await lab.untilHealthy();
  const { rules } = await lab.control.done('list', {});
  const left = rules.filter(({ source }) => source.startsWith('198.18.')).map(({ id }) => id);
  if (left.length > 0) await lab.control.done('remove', { ids: left });
}

const diskFull: Kind = {
  name: 'disk-full',
  weight: 3,
  async inject(lab, random) {
    fillDisk(lab, random.integer(0, 6));
    await tryChanges(lab);
    return () => freeDisk(lab);
  },
};

const diskFullAtStart: Kind = {
  name: 'disk-full-at-start',
  weight: 1,
  async inject(lab, random) {
    await lab.kill();
    fillDisk(lab, random.integer(0, 6));
    return async () => {
      lab.start();
      await lab.untilHealthy();
      await tryChanges(lab);
      await freeDisk(lab);
    };
  },
};

const limits = (pid: number) => {
  const line = /^Max open files\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/limits`, 'utf8'));
  return Number(line?.[1]);
};

/** Sets limits of a process with its own user's rights: in a container, root may lack CAP_SYS_RESOURCE. */
async function limit(pid: number, ...args: string[]): Promise<void> {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const [uid, gid] = [/^Uid:\t(\d+)/m, /^Gid:\t(\d+)/m].map((pattern) => pattern.exec(status)?.[1]);
  const user = ['--reuid', `${uid}`, '--regid', `${gid}`, '--clear-groups'];
  await run('setpriv', [...user, 'prlimit', `--pid=${pid}`, ...args]);
}

/** Leaves a process `spare` descriptors, and returns how to give it back what it had. */
async function limitDescriptors(pid: number, spare: number): Promise<() => Promise<void>> {
  const before = limits(pid);
  const highest = Math.max(...readdirSync(`/proc/${pid}/fd`).map(Number));
  const set = (descriptors: number) => limit(pid, `--nofile=${descriptors}:`);
  await set(highest + 1 + spare);
  return () => set(before);
}

const coreDescriptors: Kind = {
  name: 'core-descriptors-exhausted',
  weight: 2,
  async inject(lab, random) {
    const restore = await limitDescriptors(lab.pid, random.integer(0, 3));
    await Promise.all(Array.from({ length: 8 }, () => tryChanges(lab).catch(() => undefined)));
    return async () => {
      await restore();
      await freeDisk(lab);
    };
  },
};

const serverDescriptors: Kind = {
  name: 'server-descriptors-exhausted',
  weight: 2,
  async inject(lab, random) {
    const restore = await limitDescriptors(serverPidOf(lab.pid), random.integer(0, 3));
    const crowd = await startCrowd(lab.server);
    const guests = { origin: await lab.origin(), token: LAB_TOKEN, subscription: {}, count: 10 };
    const connecting = crowd.ask('connect', guests).catch(() => undefined);
    await Promise.race([connecting, delay(300)]);
    await crowd.end();
    return restore;
  },
};

const serverMemory: Kind = {
  name: 'server-memory-limited',
  weight: 1,
  async inject(lab, random) {
    const pid = serverPidOf(lab.pid);
    const used = Number(/^VmSize:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024;
    await limit(pid, `--as=${used + random.integer(0, 8) * 2 ** 20}:`);
    const crowd = await startCrowd(lab.server);
    const guests = { origin: await lab.origin(), token: LAB_TOKEN, subscription: {}, count: 25 };
    await Promise.race([crowd.ask('connect', guests).catch(() => undefined), delay(400)]);
    await crowd.end();
    // It may have ended, and another one may have been started.
    return () => limit(pid, '--as=unlimited:').catch(() => undefined);
  },
};

const coreMemory: Kind = {
  name: 'core-memory-limited',
  weight: 1,
  async inject(lab, random) {
    const { pid } = lab;
    const used = Number(/^VmSize:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024;
    await limit(pid, `--as=${used + random.integer(0, 64) * 2 ** 20}:`);
    await lab.importSet(longList(random, DENIED.ipv6)).catch(() => undefined);
    const ended = lab.loader?.exited.then(() => true);
    if (await Promise.race([ended, delay(50, false)])) {
      return async () => {
        lab.start();
        await lab.untilHealthy();
        await lab.importSet();
      };
    }
    return async () => {
      await limit(pid, '--as=unlimited:');
      await lab.importSet();
    };
  },
};

const starved: Kind = {
  name: 'processor-starved',
  weight: 1,
  async inject(lab, random) {
    const pids = [lab.pid, serverPidOf(lab.pid)];
    for (const pid of pids) await run('chrt', ['--all-tasks', '--idle', '--pid', '0', String(pid)]);
    const spin = `const end = Date.now() + ${random.integer(100, 500)}; while (Date.now() < end);`;
    const spinners = [0, 1].map(() => startProcess(lab.client, process.execPath, ['-e', spin]));
    await lab.sender.burst(random.integer(500, 3000));
    for (const spinner of spinners) await spinner.exited;
    return async () => {
      for (const pid of pids) await run('chrt', ['--all-tasks', '--other', '--pid', '0', String(pid)]);
    };
  },
};

export const RESOURCE_KINDS: readonly Kind[] = [
  diskFull,
  diskFullAtStart,
  coreDescriptors,
  serverDescriptors,
  serverMemory,
  coreMemory,
  starved,
];
