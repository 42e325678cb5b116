/** Both processes of the loader are killed, frozen and replaced. */
import { setTimeout as delay } from 'node:timers/promises';
import { loaderPids, serverPidOf } from '../../lab/server-process.ts';
import { until } from '../../lab/until.ts';
import type { Kind } from '../kind.ts';
import type { ChaosLab } from '../lab.ts';
import type { Random } from '../random.ts';
import type { Settings } from '../settings.ts';

const restart = (lab: ChaosLab) => async () => void lab.start();

/** Kills the loader while requests are on their way, which fail. */
async function killedDuring(lab: ChaosLab, requests: Promise<unknown>, ms: number): Promise<void> {
  const failing = requests.catch(() => undefined);
  await delay(ms);
  await lab.kill();
  await failing;
}

/** Removes what a change that was interrupted may have left. */
async function removeExtra(lab: ChaosLab): Promise<void> {
  await lab.untilHealthy();
  const { rules } = await lab.control.done('list', {});
  const extra = rules.filter(({ source }) => source.startsWith('198.18.')).map(({ id }) => id);
  if (extra.length > 0) await lab.control.done('remove', { ids: extra });
}

/** Adds and removes rules that match no frame of the lab. */
async function changeRules(lab: ChaosLab, random: Random): Promise<void> {
  for (let i = 0; i < 100; i++) {
    const source = `198.18.${random.integer(0, 255)}.${random.integer(0, 255)}`;
    const { rule } = await lab.control.done('add', { rule: { action: 'deny', source } });
    if (random.chance(0.5)) await lab.control.done('remove', { ids: [rule.id] });
  }
}

/** A list that contains the denied source and takes a while to compile. */
export function longList(random: Random, denied: string): string {
  const count = random.integer(1000, 20_000);
  return `${denied}\n${Array.from({ length: count }, (_, i) => `198.18.${i >> 8}.${i & 255}\n`).join('')}`;
}

/** Settings whose maps the running loader's cannot be used for. */
function otherSettings(settings: Settings): Settings {
  return { ...settings, ringSize: settings.ringSize === '64KiB' ? '1MiB' : '64KiB' };
}

const killed: Kind = {
  name: 'core-killed',
  weight: 3,
  async inject(lab, random) {
    await lab.kill();
    await delay(random.integer(0, 150));
    return restart(lab);
  },
};

const killedAtRules: Kind = {
  name: 'core-killed-at-rule-change',
  weight: 3,
  async inject(lab, random) {
    await killedDuring(lab, changeRules(lab, random), random.integer(0, 100));
    return async () => {
      lab.start();
      await removeExtra(lab);
    };
  },
};

const killedAtImport: Kind = {
  name: 'core-killed-at-import',
  weight: 2,
  async inject(lab, random) {
    const { rules } = await lab.control.done('list', {});
    const [set] = rules.filter(({ source }) => source.startsWith('set:'));
    if (!set) throw new Error('no rule with a set');
    const list = longList(random, '2001:db8:bad::66');
    await killedDuring(lab, lab.importSet(list), random.integer(0, 300));
    return async () => {
      lab.start();
      await lab.untilHealthy();
      await lab.importSet();
    };
  },
};

const killedAtTakeOver: Kind = {
  name: 'core-killed-at-take-over',
  weight: 3,
  async inject(lab, random) {
    await lab.kill();
    lab.start();
    await delay(random.integer(0, 1200));
    await lab.kill();
    return restart(lab);
  },
};

const killedAtPinning: Kind = {
  name: 'core-killed-at-pinning',
  weight: 2,
  async inject(lab, random) {
    // Without a rule that denies, nothing is pinned.
    await lab.opens();
    lab.forgotten.add('counters').add('hits');
    const { rules } = await lab.control.done('list', {});
    await lab.control.done('remove', { ids: rules.map(({ id }) => id) });
    await killedDuring(lab, lab.deny(), random.integer(0, 30));
    return async () => {
      await lab.start().untilPrinted(/Waiting for Ctrl-C/);
      const left = await lab.control.done('list', {});
      if (left.rules.length > 0) await lab.control.done('remove', { ids: left.rules.map(({ id }) => id) });
      await lab.deny();
    };
  },
};

const upgraded: Kind = {
  name: 'upgraded',
  weight: 2,
  async inject(lab) {
    await lab.loader?.end('SIGTERM');
    return restart(lab);
  },
};

const upgradedToOtherMaps: Kind = {
  name: 'upgraded-to-other-maps',
  weight: 2,
  async inject(lab, random) {
    await lab.loader?.end(random.pick(['SIGTERM', 'SIGKILL'] as const));
    lab.forgotten.add('counters').add('hits');
    lab.settings = otherSettings(lab.settings);
    return restart(lab);
  },
};

const killedAtUpgrade: Kind = {
  name: 'core-killed-at-upgrade',
  weight: 2,
  async inject(lab, random) {
    await lab.loader?.end('SIGTERM');
    lab.forgotten.add('counters').add('hits');
    lab.settings = otherSettings(lab.settings);
    lab.start();
    await delay(random.integer(200, 1500));
    await lab.kill();
    return restart(lab);
  },
};

const raced: Kind = {
  name: 'two-loaders-race',
  weight: 2,
  async inject(lab, random) {
    await lab.kill();
    return async () => {
      const first = lab.start();
      await delay(random.integer(0, 200));
      const second = lab.start();
      const loser = await Promise.race([first.exited.then(() => first), second.exited.then(() => second)]);
      const { code } = await loser.exited;
      if (code !== 3) throw new Error(`the loader that came second ended with ${code}:\n${loser.stderr}`);
      lab.loader = loser === first ? second : first;
    };
  },
};

/** Kills the server process. Resolves with a function that waits for the next one. */
async function killServer(lab: ChaosLab): Promise<() => Promise<void>> {
  // One that was killed before may still be there for a moment.
  const killedPid = await until(() => loaderPids(lab.pid)[1], { what: 'a server process' });
  killUnlessGone(killedPid);
  const isReplaced = async () => {
    const { server } = await lab.control.status();
    return server?.is_running === true && server.pid !== killedPid;
  };
  return async () => void (await until(isReplaced, { what: 'another server process' }));
}

const serverKilled: Kind = {
  name: 'server-killed',
  weight: 3,
  inject: killServer,
};

const serverKilledOften: Kind = {
  name: 'server-killed-often',
  weight: 1,
  async inject(lab, random) {
    for (let i = random.integer(1, 2); i > 0; i--) {
      await killServer(lab);
      await delay(random.integer(0, 300));
    }
    return killServer(lab);
  },
};

const stopped: Kind = {
  name: 'core-frozen',
  weight: 2,
  async inject(lab, random) {
    process.kill(lab.pid, 'SIGSTOP');
    await delay(random.integer(50, 600));
    return async () => void process.kill(lab.pid, 'SIGCONT');
  },
};

const serverStopped: Kind = {
  name: 'server-frozen',
  weight: 2,
  async inject(lab, random) {
    const server = serverPidOf(lab.pid);
    process.kill(server, 'SIGSTOP');
    await delay(random.integer(50, 600));
    return async () => void process.kill(server, 'SIGCONT');
  },
};

const bothKilled: Kind = {
  name: 'both-killed',
  weight: 2,
  async inject(lab, random) {
    const pids = [lab.pid, serverPidOf(lab.pid)];
    for (const pid of random.chance(0.5) ? pids : pids.reverse()) killUnlessGone(pid);
    await lab.loader?.exited;
    return restart(lab);
  },
};

/** The server ends with its core, and may do so before the signal. */
function killUnlessGone(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

export const PROCESS_KINDS: readonly Kind[] = [
  killed,
  killedAtRules,
  killedAtImport,
  killedAtTakeOver,
  killedAtPinning,
  upgraded,
  upgradedToOtherMaps,
  killedAtUpgrade,
  raced,
  stopped,
  serverKilled,
  serverKilledOften,
  serverStopped,
  bothKilled,
];
