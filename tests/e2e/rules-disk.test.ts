/** Rules on disks that are full or read-only, and files that are no lists: the rules in force stay, with an error. Needs root. */
import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { run } from '../lab/command.ts';
import { type LabProcess, startPacketlog } from '../lab/process.ts';
import { requireRoot } from '../lab/root.ts';
import { receiveUdp, sendUdp, type UdpReceiver } from '../lab/traffic.ts';
import { until } from '../lab/until.ts';
import { ask, done, listed, makeRulesPlace, type RulesPlace } from './rules-command.ts';
import { eachWithNetwork } from './suite.ts';

const [FIRST, SECOND] = [5000, 5001];
const EACH = 10;

describe.skipIf(!requireRoot())('rules on a disk', () => {
  const suite = eachWithNetwork({ ipv6: false });
  let place: RulesPlace;
  let packetlog: LabProcess;
  beforeEach(() => {
    place = makeRulesPlace();
  });
  const cleanUp: (() => unknown)[] = [];
  afterEach(async () => {
    for (const act of cleanUp.splice(0).reverse()) await act();
    place.remove();
  });

  const server = () => suite.network.server;
  const source = () => suite.network.link.client.ipv4;
  const deny = (destination_port: number) =>
    ({ action: 'deny', source: source(), protocol: 'udp', destination_port }) as const;

  /** Mounts a file system at the state directory. */
  async function mountState(): Promise<void> {
    await run('mount', ['-t', 'tmpfs', '-o', 'size=256k,mode=0700', 'plt-state', place.directory]);
    // The loader's mount namespace may still contain it.
    cleanUp.push(() => run('umount', ['-l', place.directory]));
  }

  async function start(...args: string[]): Promise<LabProcess> {
    const all = ['--iface', 'server0', '--listen', 'off', '--print', 'none', ...args];
    packetlog = suite.own(startPacketlog(server(), { args: all, env: place.env }));
    await packetlog.untilPrinted(/Waiting for Ctrl-C/);
    return packetlog;
  }

  /** Returns which of the two ports is denied, as seen by the receiver. */
  async function watchPorts(): Promise<() => Promise<{ first: boolean; second: boolean }>> {
    const { client, link } = suite.network;
    const open: UdpReceiver[] = [];
    for (const port of [FIRST, SECOND, SECOND + 1]) open.push(await receiveUdp(server(), link.server.ipv4, port));
    await client.agent();
    return async () => {
      const received = async () => await Promise.all(open.map(async (each) => (await each.received()).received));
      const before = await received();
      const ports = [FIRST, SECOND, SECOND + 1];
      await sendUdp(client, { address: link.server.ipv4, count: EACH * ports.length, ports });
      // The third packet is never denied and arrives last.
      const after = await until(
        async () => {
          const now = await received();
          return (now[2] ?? 0) === (before[2] ?? 0) + EACH && now;
        },
        { what: 'the permitted packet to arrive', evidence: () => packetlog.stderr },
      );
      const arrived = after.map((count, i) => count - (before[i] ?? 0));
      expect(
        arrived.every((count) => count === 0 || count === EACH),
        String(arrived),
      ).toBe(true);
      return { first: arrived[0] === 0, second: arrived[1] === 0 };
    };
  }

  test('a change that fails on a full disk is neither written nor in force', async () => {
    await mountState();
    const denied = await watchPorts();
    await start();
    await done(place, 'add', { rule: deny(FIRST) });
    const files = ['rules.json', 'rules.last-good.json', 'rules.state.json'];
    const contents = () => files.map((name) => readFileSync(place.path(name), 'utf8'));
    const before = contents();

    const filler = openSync(place.path('filler'), 'w');
    // While the disk has room for a page, one file may be written and the next one not.
    for (let pages = 0; ; pages++) {
      try {
        writeSync(filler, Buffer.alloc(4096));
      } catch {
        break;
      }
      if (pages < 40) continue;
      const answer = await ask(place, 'add', { rule: deny(SECOND) });
      if (answer.ok) {
        await done(place, 'undo', {});
        expect(JSON.parse(contents()[0] as string).rules).toHaveLength(1);
        continue;
      }
      expect(answer.error.message).toMatch(/cannot be written: ENOSPC.*Nothing was changed/);
      expect(JSON.parse(readFileSync(place.path('rules.json'), 'utf8')).rules).toHaveLength(1);
      expect(JSON.parse(readFileSync(place.path('rules.last-good.json'), 'utf8')).rules).toHaveLength(1);
    }
    closeSync(filler);
    expect(await ask(place, 'add', { rule: deny(SECOND) })).toMatchObject({ ok: false, error: { code: 'internal' } });
    expect(await ask(place, 'policy', { default_policy: 'deny', force: true })).toMatchObject({ ok: false });
    expect(await denied()).toEqual({ first: true, second: false });
    expect(JSON.parse(contents()[0] as string).rules).toEqual(JSON.parse(before[0] as string).rules);
    expect(readdirSync(place.directory).filter((name) => name.endsWith('.tmp'))).toEqual([]);

    unlinkSync(place.path('filler'));
    await done(place, 'add', { rule: deny(SECOND) });
    expect(await denied()).toEqual({ first: true, second: true });
    expect((await listed(place)).alarms).toBeUndefined();
  });

  test('if no copy can be kept, the rules file is in force, not an older copy', async () => {
    await mountState();
    const other = makeRulesPlace();
    cleanUp.push(() => other.remove());
    const file = other.path('rules.json');
    const denied = await watchPorts();
    await start('--rules', file);
    await done(place, 'add', { rule: deny(FIRST) });
    await packetlog.end();
    const edited = JSON.parse(readFileSync(file, 'utf8'));
    writeFileSync(file, JSON.stringify({ ...edited, rules: [...edited.rules, deny(SECOND)] }));
    await run('mount', ['-o', 'remount,ro', place.directory]);
    await start('--rules', file);
    expect(await denied()).toEqual({ first: true, second: true });
    expect(packetlog.stderr).toMatch(/The rules are in force, but no copy of them can be stored: EROFS/);
    expect(packetlog.stderr).not.toMatch(/rules file .* cannot be/);
  });

  test('a followed file that is no list raises an alarm and blocks nothing', async () => {
    const denied = await watchPorts();
    const list = place.path('list.txt');
    const replace = (make: (path: string) => unknown) => {
      make(`${list}.new`);
      renameSync(`${list}.new`, list);
    };
    const entries = '198.18.0.0/15\n203.0.113.0/24\n';
    writeFileSync(list, entries);
    await start();
    await done(place, 'import', { set: 'list', file: list, entries });
    await done(place, 'add', { rule: deny(FIRST) });

    const kinds: [words: RegExp, make: (path: string) => unknown][] = [
      [/is a FIFO, not a regular file/, (path) => execFileSync('mkfifo', [path])],
      [/is a device, not a regular file/, (path) => symlinkSync('/dev/zero', path)],
      [
        /has 1099511627776 bytes, more than/,
        (path) => {
          writeFileSync(path, '');
          truncateSync(path, 2 ** 40);
        },
      ],
      [/holds no network/, (path) => writeFileSync(path, '# nothing\n')],
      [/cannot be read.*<html>/, (path) => writeFileSync(path, '<html>404</html>\n')],
      [
        /is a directory/,
        (path) => {
          unlinkSync(list);
          mkdirSync(path);
        },
      ],
    ];
    for (const [words, make] of kinds) {
      replace(make);
      await packetlog.untilPrinted(words);
      const { alarms } = await listed(place);
      expect(alarms).toMatchObject([{ code: 'set_file', message: expect.stringMatching(words) }]);
    }
    expect(await denied()).toEqual({ first: true, second: false });
    expect((await listed(place)).sets).toMatchObject([{ name: 'list', entries: 2 }]);
  });

  test('a list that is being written is in force only when it is complete', async () => {
    const list = place.path('list.txt');
    const block = (from: number) => Array.from({ length: 256 }, (_, i) => `198.18.${from}.${i}\n`).join('');
    writeFileSync(list, block(0));
    await start();
    await done(place, 'import', { set: 'list', file: list, entries: block(0) });
    const entries = async () => (await listed(place)).sets[0]?.entries;

    // The writer keeps the file open, and pauses for longer than the settle time.
    const writer = openSync(list, 'w');
    writeSync(writer, block(0) + block(1));
    const seen = new Set<number | undefined>();
    const from = performance.now();
    await until(
      async () => {
        seen.add(await entries());
        return performance.now() - from > 8000;
      },
      { what: 'a writer that pauses' },
    );
    writeSync(writer, `${block(2)}203.0.113.7`);
    closeSync(writer);
    await until(
      async () => {
        seen.add(await entries());
        return performance.now() - from > 16_000;
      },
      { what: 'a list that ends inside a line' },
    );
    // One network more than in the truncated list.
    appendFileSync(list, '7\n203.0.113.200\n');
    await until(
      async () => {
        seen.add(await entries());
        return seen.has(770);
      },
      { what: 'the whole list', evidence: () => packetlog.stderr },
    );
    expect([...seen]).toEqual([256, 770]);
  });
});
