/** What stays in the kernel after a loader ends, and how it is removed. Needs root. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { untilArrived } from '../lab/arrival.ts';
import { xdpOn } from '../lab/leftovers.ts';
import { createPinPlace } from '../lab/pin-place.ts';
import { startPacketlog } from '../lab/process.ts';
import { requireRoot } from '../lab/root.ts';
import { sendUdp } from '../lab/traffic.ts';
import { until } from '../lab/until.ts';
import { readJsonOutput } from './console-output.ts';
import { eachWithPins } from './pinned.ts';

const QUIET = ['--print', 'none'];

describe.skipIf(!requireRoot())('pins', () => {
  const suite = eachWithPins({ links: 2 });
  const pinned = (pattern: RegExp) => suite.place.pins().filter((path) => pattern.test(path));
  const bothInterfaces = () => Promise.all(['server0', 'server1'].map((name) => xdpOn(suite.network.server, name)));

  async function unloaded(): Promise<string> {
    const unload = suite.unload();
    expect(await unload.exited).toEqual({ code: 0, signal: null });
    return unload.stdout;
  }

  test('unload removes everything that stayed and reports what it removed', async () => {
    const packetlog = await suite.started('--iface', 'server0,server1', ...QUIET);
    const ids = (await bothInterfaces()).map((xdp) => xdp?.prog?.id);
    expect(await packetlog.end('SIGTERM')).toEqual({ code: 0, signal: null });
    expect(packetlog.stderr).toContain('The program stays on server0, server1 and keeps running without the loader');
    expect(packetlog.stderr).toContain('packetlog unload removes it.');
    expect((await bothInterfaces()).map((xdp) => xdp?.prog?.id)).toEqual(ids);
    const maps = pinned(/\/map_/).length;
    const said = await unloaded();
    expect(said).toContain(`Removed XDP program ${ids[0]} from server0 (native with frags).\n`);
    expect(said).toContain(`Removed XDP program ${ids[1]} from server1 (native with frags).\n`);
    expect(said).toContain(`Removed ${maps} maps and ${suite.place.path}/packetlog/net_`);
    expect(await bothInterfaces()).toEqual([undefined, undefined]);
    expect(suite.place.pins()).toEqual([]);
    expect(await unloaded()).toBe('Nothing was loaded.\n');
  });

  test('other users have no access to the directory or its contents', async () => {
    const packetlog = await suite.started('--iface', 'server0', ...QUIET);
    const listed = await suite.network.server.exec(
      'find',
      join(suite.place.path, 'packetlog'),
      '-type',
      'd',
      '-printf',
      '%m ',
    );
    expect(listed.trim().split(' ')).toEqual(['700', '700']);
    await packetlog.end();
    await unloaded();
  });

  test('a loader that denies nothing leaves nothing behind, even when it is killed', async () => {
    for (const pin of ['auto', 'never']) {
      const packetlog = await suite.started('--iface', 'server0', '--pin', pin, ...QUIET);
      expect(suite.place.pins()).toEqual([]);
      await packetlog.end('SIGKILL');
      await until(async () => (await xdpOn(suite.network.server, 'server0')) === undefined, {
        what: 'the program to be removed',
      });
    }
    expect(await unloaded()).toBe('Nothing was loaded.\n');
  });

  test('a loader with --pin never takes over, and removes everything when it ends', async () => {
    const { client, link } = suite.network;
    const first = await suite.started('--iface', 'server0', ...QUIET);
    await first.end('SIGKILL');
    await sendUdp(client, { address: link.server.ipv4, count: 10 });
    const second = await suite.started('--pin', 'never', '--print', 'json');
    expect(suite.place.pins()).toEqual([]);
    expect(await second.end('SIGTERM')).toEqual({ code: 0, signal: null });
    expect(readJsonOutput(second.stdout).records).toHaveLength(10);
    expect(second.stderr).not.toContain('keeps running without the loader');
    expect(await xdpOn(suite.network.server, 'server0')).toBeUndefined();
  });

  test('neither a second loader nor unload touches the pins of a running loader', async () => {
    const first = await suite.started('--iface', 'server0', ...QUIET);
    const before = suite.place.pins();
    for (const other of [
      suite.start('--iface', 'server0', ...QUIET),
      suite.start('--iface', 'server1'),
      suite.unload(),
    ]) {
      expect(await other.exited).toEqual({ code: 3, signal: null });
      expect(other.stderr).toContain(`packetlog with pid ${first.pid} is running`);
      expect(other.stderr).toContain(`End it first: kill ${first.pid}.`);
    }
    expect(suite.place.pins()).toEqual(before);
    expect(await bothInterfaces()).toEqual([expect.anything(), undefined]);
    await first.end();
    await unloaded();
  });

  test('a loader says so if the interfaces of the one before are gone, with its counters and records', async () => {
    const { client, server } = suite.network;
    const first = await suite.started('--iface', 'server0', ...QUIET);
    await first.end('SIGKILL');
    await server.ip('link delete server0');
    await client.ip(`link add client0 type veth peer name server0 netns ${server.name}`);
    const second = await suite.started('--iface', 'server0', ...QUIET);
    await second.untilPrinted(/its rules were not in force.*records that waited in its rings are lost/);
    await second.end('SIGKILL');
    const third = await suite.started(...QUIET);
    await third.untilPrinted(/Took over from a loader that ended, without a gap/);
    expect(third.stderr).not.toContain('were not in force');
    await third.end();
    await unloaded();
  });

  test('with another bpf file system, the error names the program that an earlier loader left on the interface', async () => {
    await suite.started('--iface', 'server0', ...QUIET).then((packetlog) => packetlog.end('SIGKILL'));
    await using elsewhere = await createPinPlace();
    const other = suite.start('--iface', 'server0', '--bpf-fs', elsewhere.path, ...QUIET);
    expect(await other.exited).toEqual({ code: 3, signal: null });
    expect(other.stderr).toContain('If an earlier packetlog left it attached, packetlog unload removes it');
    await unloaded();
  });

  test('a loader in another network namespace has separate pins, and unload removes both', async () => {
    const { client, server } = suite.network;
    await suite.started('--iface', 'server0', ...QUIET).then((packetlog) => packetlog.end());
    const env = { PACKETLOG_PIN: 'always', PACKETLOG_BPFFS: suite.place.path };
    const other = suite.own(startPacketlog(client, { args: ['--iface', 'client0', '--listen', 'off', ...QUIET], env }));
    await other.untilPrinted(/Waiting for Ctrl-C/);
    // Its loader runs, the other one does not.
    const unload = suite.unload();
    expect(await unload.exited).toEqual({ code: 3, signal: null });
    expect(unload.stdout).toMatch(/Removed XDP program \d+ from server0/);
    expect([await xdpOn(server, 'server0'), await xdpOn(client, 'client0')]).toEqual([undefined, expect.anything()]);
    await other.end();
    expect(await unloaded()).toMatch(/Removed XDP program \d+ from client0/);
    expect(suite.place.pins()).toEqual([]);
  });

  /** Links are pinned last and unpinned first: a loader that dies in between leaves everything but some of these. */
  const HALVES: [what: string, missing: RegExp, takesOver: boolean][] = [
    ['some maps', /link_|about|map_.*(array|rule)|slot_/, false],
    ['all maps, and what they are', /link_/, false],
    ['all but one of two interfaces', /(link|slot)_2/, true],
    ['all but a map, which a later version may not have', /map_.*_rule_counters/, true],
    ['links without a word on the maps', /about/, true],
  ];

  async function leftHalf(missing: RegExp): Promise<void> {
    const packetlog = await suite.started('--iface', 'server0,server1', ...QUIET);
    await packetlog.end('SIGKILL');
    const gone = pinned(missing);
    expect(gone.length).toBeGreaterThan(0);
    for (const path of gone) rmSync(join(suite.place.path, path));
  }

  test.each(HALVES)('unload removes what a loader left that died when it had pinned %s', async (_, missing) => {
    await leftHalf(missing);
    expect(await unloaded()).toMatch(/Removed \d+ maps? and/);
    expect(suite.place.pins()).toEqual([]);
    await until(async () => !(await bothInterfaces()).some(Boolean), { what: 'the programs to be removed' });
  });

  test.each(HALVES)(
    'a new loader repairs what a loader left that died when it had pinned %s',
    async (_, missing, takesOver) => {
      const { client, link } = suite.network;
      await leftHalf(missing);
      const packetlog = await suite.started('--iface', 'server0,server1', '--print', 'json');
      await sendUdp(client, { address: link.server.ipv4, count: 10 });
      await untilArrived(link.server, 10);
      const all = pinned(/link_/);
      expect(all).toHaveLength(2);
      await packetlog.end();
      expect(packetlog.stderr.includes('Took over')).toBe(takesOver);
      expect(readJsonOutput(packetlog.stdout).records).toHaveLength(10);
      const next = await suite.started(...QUIET);
      await next.untilPrinted(/without a gap; 0 records waited/);
      await next.end();
      expect(pinned(/link_/)).toEqual(all);
      await unloaded();
      expect(suite.place.pins()).toEqual([]);
    },
  );

  test.each([
    [
      'a directory that is no bpf file system',
      '/tmp',
      2,
      'Mount one in an empty directory (mkdir -p DIR && mount -t bpf',
    ],
    ['a directory that is not there', '/nonexistent', 2, 'mkdir -p /nonexistent'],
  ])('%s is rejected with a remedy', async (_, directory, code, words) => {
    const packetlog = suite.start('--iface', 'server0', '--bpf-fs', directory, ...QUIET);
    expect(await packetlog.exited).toEqual({ code, signal: null });
    expect(packetlog.stderr).toContain(words);
  });
});
