/** Clients are too many, too slow or hostile, and packets come faster than they are read. */
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { startCrowd } from '../../e2e/crowd.ts';
import { LAB_TOKEN, startProcess } from '../../lab/process.ts';
import type { Kind } from '../kind.ts';
import type { ChaosLab } from '../lab.ts';

const HOSTILE = fileURLToPath(new URL('../traffic/hostile.mjs', import.meta.url));

async function guest(lab: ChaosLab) {
  return { origin: await lab.origin(), token: LAB_TOKEN, subscription: {} };
}

/** More frames than the rings of a loader with 64 KiB hold. */
const BURST = 5000;
/** The limit is 1,000 clients (`packages/loader/src/server/access`), and the lab's own is one of them. */
const CROWD = 990;
const CROWD_MS = 15_000;

const ringStalled: Kind = {
  name: 'ring-stalled',
  weight: 2,
  async inject(lab, random) {
    process.kill(lab.pid, 'SIGSTOP');
    await lab.sender.burst(random.integer(1000, BURST));
    return async () => void process.kill(lab.pid, 'SIGCONT');
  },
};

const burst: Kind = {
  name: 'burst',
  weight: 1,
  async inject(lab, random) {
    await lab.sender.burst(random.integer(1000, BURST));
    return async () => {};
  },
};

const serverStalled: Kind = {
  name: 'server-stalled-at-burst',
  weight: 1,
  async inject(lab, random) {
    const { server } = await lab.control.status();
    if (server?.pid == null) throw new Error('no server process');
    process.kill(server.pid, 'SIGSTOP');
    await lab.sender.burst(random.integer(1000, BURST));
    return async () => void process.kill(server.pid as number, 'SIGCONT');
  },
};

const clientStalled: Kind = {
  name: 'client-stalled',
  weight: 2,
  async inject(lab, random) {
    const crowd = await startCrowd(lab.server);
    await crowd.ask('connect', { ...(await guest(lab)), count: 3 });
    await crowd.ask('stall', 2);
    await lab.sender.burst(random.integer(1000, BURST));
    await delay(random.integer(0, 200));
    return async () => {
      await crowd.ask('read', 2);
      await crowd.end();
    };
  },
};

const clientKilled: Kind = {
  name: 'clients-vanish',
  weight: 1,
  async inject(lab, random) {
    const crowd = await startCrowd(lab.server);
    await crowd.ask('connect', { ...(await guest(lab)), count: random.integer(5, 25) });
    process.kill(crowd.pid, 'SIGKILL');
    return async () => {};
  },
};

const thousand: Kind = {
  name: 'clients-1000',
  weight: 1,
  async inject(lab, random) {
    const crowd = await startCrowd(lab.server);
    // They take few rows, because one process reads them all. On a busy machine, some give up, or are late.
    const guests = { ...(await guest(lab)), subscription: { max_rows_per_second: 1 }, count: CROWD };
    const connecting = crowd.ask('connect', guests).catch(() => undefined);
    await Promise.race([connecting, delay(CROWD_MS)]);
    await delay(random.integer(0, 100));
    return () => crowd.end();
  },
};

const hostile: Kind = {
  name: 'hostile-messages',
  weight: 3,
  async inject(lab, random) {
    const argument = JSON.stringify({ origin: await lab.origin(), token: LAB_TOKEN, seed: random.integer(0, 2 ** 31) });
    const sender = startProcess(lab.server, process.execPath, [HOSTILE, argument]);
    const { code } = await sender.exited;
    if (code !== 0) throw new Error(`hostile client: exit code ${code}: ${sender.stderr}`);
    return async () => {};
  },
};

export const CLIENT_KINDS: readonly Kind[] = [
  ringStalled,
  burst,
  serverStalled,
  clientStalled,
  clientKilled,
  thousand,
  hostile,
];
