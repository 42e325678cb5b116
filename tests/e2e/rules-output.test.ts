/** Commands whose reader is slow or stopped, and a loader that starts meanwhile. Needs root. */
import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { PACKETLOG, startPacketlog, startProcess } from '../lab/process.ts';
import { requireRoot } from '../lab/root.ts';
import { until } from '../lab/until.ts';
import {
  holdsLock,
  listed,
  makeRulesPlace,
  type RulesPlace,
  rules,
  rulesDone,
  startEnforcing,
} from './rules-command.ts';
import { eachWithNetwork } from './suite.ts';

const NETWORKS = 20_000;
const RULES = 500;
/** Pipes hold 64 KiB. */
const PIPE_BYTES = 65_536;

describe.skipIf(!requireRoot())('a command that prints', () => {
  const suite = eachWithNetwork({ ipv6: false });
  let place: RulesPlace;
  beforeEach(() => {
    place = makeRulesPlace();
  });
  afterEach(() => place.remove());

  const server = () => suite.network.server;
  const shell = (script: string) =>
    suite.own(startProcess(server(), 'sh', ['-c', script, process.execPath, PACKETLOG], place.env));
  async function importList(): Promise<void> {
    await rulesDone(server(), place, 'import', writeList(NETWORKS), '--set', 'big', '--once');
  }

  function writeList(networks: number): string {
    const path = place.path('list.txt');
    const list = Array.from({ length: networks }, (_, i) => `198.18.${i >> 8}.${i & 255}\n`);
    writeFileSync(path, list.join(''));
    return path;
  }

  /** Writes more rules than a pipe or terminal buffers. */
  function writeManyRules(): void {
    const rule = (_: unknown, i: number) => ({
      id: i + 1,
      action: 'deny',
      source: '192.0.2.1',
      protocol: 'tcp',
      destination_port: i + 1,
      reason: 'x'.repeat(200),
      created_by: 'root',
      created_at: '2026-01-01T00:00:00.000Z',
    });
    const file = { version: 1, default_policy: 'permit', rules: Array.from({ length: RULES }, rule), sets: {} };
    writeFileSync(place.path('rules.json'), JSON.stringify(file));
  }

  test('ends when a slow reader has all of it', async () => {
    await importList();
    const exported = shell('"$0" "$1" rules export --set big | { sleep 1; wc -l; }');
    expect(await exported.exited).toMatchObject({ code: 0 });
    expect(Number(exported.stdout)).toBe(NETWORKS);
    const copied = shell('"$0" "$1" rules export --set big | "$0" "$1" rules import - --set copy');
    expect(await copied.exited).toMatchObject({ code: 0 });
    expect(copied.stdout).toMatch(/^Set copy has 20,000 networks/);
  });

  test('succeeds when its reader has ended, and fails when the disk is full', async () => {
    writeManyRules();
    const cut = shell('{ "$0" "$1" rules list --json; echo "code $?" >&2; } | head -c 10');
    await cut.exited;
    expect(cut.stderr).toMatch(/^code 0$/m);
    expect(cut.stderr).not.toMatch(/write|unexpected/);
    const full = shell('"$0" "$1" rules list --json > /dev/full');
    expect(await full.exited).toMatchObject({ code: 1 });
    expect(full.stderr).toMatch(/write to standard output: ENOSPC/);
  });

  test('does not keep a loader from starting while its terminal is not read', async () => {
    writeManyRules();
    const { stdout } = await rules(server(), place, 'list', '--json');
    expect(stdout.length).toBeGreaterThan(PIPE_BYTES);
    rmSync(place.path('rules.lock'));
    // script(1) gives it a terminal, from which nothing is read once the pipe is full.
    const list = `echo \\$\\$ > ${place.path('list.pid')}; exec $0 $1 rules list --json`;
    const listing = shell(`script -qec "${list}" /dev/null < /dev/null | sleep 300`);
    await until(() => existsSync(place.path('rules.lock')), {
      what: 'a command that reads the rules',
      evidence: () => listing.stderr,
    });
    const loader = suite.own(await startEnforcing(server(), place));
    await loader.untilPrinted(/Waiting for Ctrl-C/);
    expect(isRunning(Number(readFileSync(place.path('list.pid'), 'utf8')))).toBe(true);
  });

  test('is named by the loader that waits for it when it is stopped during a change', async () => {
    const import_ = ['rules', 'import', writeList(50_000), '--set', 'big', '--once'];
    const command = suite.own(startPacketlog(server(), { args: import_, env: place.env }));
    await until(() => holdsLock(command, place, '.'), { what: 'a command that changes the rules' });
    process.kill(command.pid, 'SIGSTOP');
    const stopped = suite.own(await startEnforcing(server(), place));
    const [, pid] = await stopped.untilPrinted(/Waiting for packetlog rules \(pid (\d+)\) to finish/);
    expect(Number(pid)).toBe(command.pid);
    await stopped.end();
    expect(await stopped.exited).toMatchObject({ code: 0 });
    const waiting = suite.own(await startEnforcing(server(), place));
    await waiting.untilPrinted(/Waiting for packetlog rules/);
    process.kill(command.pid, 'SIGCONT');
    await waiting.untilPrinted(/Waiting for Ctrl-C/);
    expect(await command.exited).toMatchObject({ code: 0 });
    expect((await listed(place)).sets).toMatchObject([{ name: 'big', entries: 50_000 }]);
  });

  test('a loader holds its directory until it has written the rule counters', async () => {
    writeManyRules();
    const loader = suite.own(
      startPacketlog(server(), {
        args: ['--iface', 'server0', '--listen', 'off'],
        env: place.env,
        nodeOptions: ['--import', `data:text/javascript,${encodeURIComponent(PRINT_LOCKS)}`],
      }),
    );
    await loader.untilPrinted(/Waiting for Ctrl-C/);
    await loader.end();
    const { ino } = statSync(place.directory);
    const locks = loader.stderr.match(/counts written under .*/g) ?? [];
    expect(locks.length).toBeGreaterThan(1);
    for (const held of locks) expect(held).toContain(`:${ino} `);
  });
});

/** Returns false for a process that has ended, also if its parent has not collected it. */
function isRunning(pid: number): boolean {
  const stat = `/proc/${pid}/stat`;
  return existsSync(stat) && !/\) [ZX] /.test(readFileSync(stat, 'utf8'));
}

/** Runs in the loader: prints which locks are held when counts.json is renamed into place. */
const PRINT_LOCKS = `
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
const rename = fs.renameSync;
fs.renameSync = (from, to) => {
  if (String(to).endsWith('/counts.json')) {
    const held = fs.readFileSync('/proc/locks', 'utf8').split('\\n').filter((line) => line.includes(' ' + process.pid + ' '));
    process.stderr.write('counts written under ' + held.join('; ') + '\\n');
  }
  rename(from, to);
};
syncBuiltinESMExports();
`;
