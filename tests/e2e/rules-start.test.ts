/** Commands while a loader starts: it has already read the rules, but does not answer yet. Needs root. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type LabProcess, startPacketlog } from '../lab/process.ts';
import { requireRoot } from '../lab/root.ts';
import { until } from '../lab/until.ts';
import {
  hasEnded,
  holdsLock,
  listed,
  makeRulesPlace,
  type RulesPlace,
  rulesDone,
  startEnforcing,
} from './rules-command.ts';
import { eachWithNetwork } from './suite.ts';

const TRIES = 10;

describe.skipIf(!requireRoot())('while a loader starts', () => {
  const suite = eachWithNetwork({ ipv6: false });
  let place: RulesPlace;
  beforeEach(() => {
    place = makeRulesPlace();
  });
  afterEach(() => place.remove());

  const server = () => suite.network.server;

  /** Starts a loader and stops it between reading the rules and serving. */
  async function startAndStop(): Promise<LabProcess> {
    for (let tries = 0; tries < TRIES; tries++) {
      const loader = suite.own(await startEnforcing(server(), place));
      await until(() => holdsLock(loader, place, '.'), {
        what: 'a loader that holds its directory',
        evidence: () => loader.stderr,
      });
      process.kill(loader.pid, 'SIGSTOP');
      if (!existsSync(place.path('control.sock'))) return loader;
      process.kill(loader.pid, 'SIGCONT');
      await loader.untilPrinted(/Waiting for Ctrl-C/);
      await loader.end();
    }
    throw new Error(`it served sooner than it could be stopped, ${TRIES} times`);
  }

  test('a command waits, and changes the rules of the loader, not only the file', async () => {
    // Long enough that reading and compiling it takes a while.
    const list = Array.from({ length: 50_000 }, (_, i) => `198.18.${i >> 8}.${i & 255}\n`).join('');
    writeFileSync(place.path('list.txt'), list);
    await rulesDone(server(), place, 'import', place.path('list.txt'), '--set', 'long', '--once');
    const loader = await startAndStop();
    const command = suite.own(
      startPacketlog(server(), { args: ['rules', 'add', 'deny', '192.0.2.7'], env: place.env }),
    );
    await until(async () => (await hasEnded(command)) || holdsLock(command, place, 'rules.lock'), {
      what: 'a command that waits for the loader',
      evidence: () => command.stderr,
    });
    process.kill(loader.pid, 'SIGCONT');
    expect(await command.exited).toMatchObject({ code: 0 });
    expect(command.stderr).not.toMatch(/not running/);
    const sources = ['set:long', '192.0.2.7'];
    expect((await listed(place)).rules.map(({ source }) => source)).toEqual(sources);
    const file = JSON.parse(readFileSync(place.path('rules.json'), 'utf8')) as { rules: { source: string }[] };
    expect(file.rules.map(({ source }) => source)).toEqual(sources);
  });
});
