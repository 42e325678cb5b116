/** Rules and their files change, are damaged and disappear. */
import { mkdirSync, readFileSync, rmSync, truncateSync, unlinkSync, writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type { Kind } from '../kind.ts';
import { type ChaosLab, FILES } from '../lab.ts';
import { DENIED } from '../traffic/traffic.ts';
import { longList } from './processes.ts';

const harmless = (number: number) => ({ action: 'deny' as const, source: `198.18.0.${number % 256}` });

const storm: Kind = {
  name: 'rules-storm',
  weight: 2,
  async inject(lab, random) {
    const count = random.integer(5, 30);
    const add = (i: number) => lab.control.done('add', { rule: harmless(i) });
    const added = await Promise.all(Array.from({ length: count }, (_, i) => add(i)));
    const remove = (id: number) => lab.control.done('remove', { ids: [id] });
    return async () => void (await Promise.all(added.map(({ rule }) => remove(rule.id))));
  },
};

const imported: Kind = {
  name: 'list-imported',
  weight: 1,
  async inject(lab, random) {
    await lab.importSet(longList(random, DENIED.ipv6));
    return () => lab.importSet();
  },
};

const expiring: Kind = {
  name: 'rule-expires-core-frozen',
  weight: 1,
  async inject(lab, random) {
    await lab.control.done('add', { rule: { ...harmless(1), for: '1s' } });
    process.kill(lab.pid, 'SIGSTOP');
    await delay(random.integer(800, 1300));
    return async () => {
      process.kill(lab.pid, 'SIGCONT');
      await untilRules(lab, 2);
    };
  },
};

async function untilRules(lab: ChaosLab, count: number): Promise<void> {
  while ((await lab.control.done('list', {})).rules.length !== count) await delay(20);
}

/** Sends SIGHUP, and waits until the loader has dealt with it. */
async function reload(lab: ChaosLab): Promise<void> {
  const before = lab.loader?.stderr.length ?? 0;
  process.kill(lab.pid, 'SIGHUP');
  await lab.loader?.until(
    ({ stderr }) => /read again|rejected|stay/i.test(stderr.slice(before)),
    'an answer to SIGHUP',
  );
}

/** Damages the rules file in one of several ways. */
function damage(path: string, how: number): void {
  const content = readFileSync(path);
  if (how === 0) writeFileSync(path, 'no rules\0');
  else if (how === 1) truncateSync(path, Math.floor(content.length / 2));
  else if (how === 2) writeFileSync(path, content.subarray(0, 0));
  else {
    content[Math.floor(content.length / 3)] = 0xff;
    writeFileSync(path, content);
  }
}

/** A change of the rules writes the file again. */
async function mend(lab: ChaosLab): Promise<void> {
  const { rule } = await lab.control.done('add', { rule: harmless(2) });
  await lab.control.done('remove', { ids: [rule.id] });
}

const damaged: Kind = {
  name: 'rules-file-damaged',
  weight: 2,
  async inject(lab, random) {
    const path = lab.statePath('rules.json');
    const good = readFileSync(path);
    damage(path, random.integer(0, 3));
    await reload(lab);
    return async () => {
      writeFileSync(path, good);
      await reload(lab);
    };
  },
};

const damagedWhileDead: Kind = {
  name: 'rules-file-damaged-core-dead',
  weight: 2,
  async inject(lab, random) {
    await lab.kill();
    damage(lab.statePath('rules.json'), random.integer(0, 3));
    return async () => {
      lab.start();
      await lab.untilHealthy();
      await mend(lab);
    };
  },
};

const replaced: Kind = {
  name: 'rules-file-replaced',
  weight: 2,
  async inject(lab, random) {
    const path = lab.statePath('rules.json');
    const good = readFileSync(path, 'utf8');
    const document = JSON.parse(good) as { rules: object[] };
    const added = { ...document, rules: [...document.rules, harmless(random.integer(3, 200))] };
    writeFileSync(path, JSON.stringify(added));
    await reload(lab);
    return async () => {
      writeFileSync(path, good);
      await reload(lab);
    };
  },
};

/** The set follows a file of its own until it is imported from the socket again. */
async function follow(lab: ChaosLab): Promise<string> {
  const path = `${FILES}/bad.txt`;
  const entries = `${DENIED.ipv6}\n198.18.0.0/24\n`;
  writeFileSync(lab.path(path), entries);
  await lab.control.done('import', { set: 'bad', entries, file: path });
  return lab.path(path);
}

const setVanishes: Kind = {
  name: 'set-file-vanishes',
  weight: 2,
  async inject(lab, random) {
    const path = await follow(lab);
    const how = random.integer(0, 3);
    if (how === 0) unlinkSync(path);
    else if (how === 1) writeFileSync(path, '');
    else if (how === 2) writeFileSync(path, 'not an address\n');
    else {
      unlinkSync(path);
      mkdirSync(path);
    }
    if (random.chance(0.3)) process.kill(lab.pid, 'SIGHUP');
    await delay(random.integer(50, 400));
    return async () => {
      rmSync(path, { recursive: true, force: true });
      await lab.importSet();
    };
  },
};

const copiesVanish: Kind = {
  name: 'list-copies-vanish',
  weight: 1,
  async inject(lab, random) {
    rmSync(lab.statePath('sets'), { recursive: true });
    await delay(random.integer(0, 100));
    return () => lab.importSet();
  },
};

export const RULES_KINDS: readonly Kind[] = [
  storm,
  imported,
  expiring,
  damaged,
  damagedWhileDead,
  replaced,
  setVanishes,
  copiesVanish,
];
