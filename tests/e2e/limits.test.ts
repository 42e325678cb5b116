// biome-ignore-all lint/suspicious/noThenProperty: a field of rules, never awaited
/** Limits with a running loader: what they deny, count and keep. Needs root. */
import { connect } from '@packetlog/client';
import { limitLevelsSchema } from '@packetlog/common';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createPinPlace, type PinPlace } from '../lab/pin-place.ts';
import { LAB_TOKEN, type LabProcess, startPacketlog } from '../lab/process.ts';
import { requireRoot } from '../lab/root.ts';
import { forwardPort, sendUdp } from '../lab/traffic.ts';
import { until } from '../lab/until.ts';
import { done, listed, makeRulesPlace, type RulesPlace, rules, rulesDone } from './rules-command.ts';
import { eachWithNetwork } from './suite.ts';

/** Of many packets at once, a limit of 20 passes 1.5 times as many, or one less. */
const AT_ONCE = 29;
/** A limit's time is early by up to a tick of the kernel; clocks in ms are rounded. */
const MAX_TICK_MS = 11;

describe.skipIf(!requireRoot())('a limit', () => {
  let pins: PinPlace;
  let place: RulesPlace;
  beforeEach(async () => {
    pins = await createPinPlace();
    const { env, ...made } = makeRulesPlace();
    place = { ...made, env: { ...env, PACKETLOG_PIN: 'auto', PACKETLOG_BPFFS: pins.path } };
  });
  const suite = eachWithNetwork({ ipv6: false });
  afterEach(async () => {
    await pins.dispose();
    place.remove();
  });

  async function started(...served: string[]): Promise<LabProcess> {
    const args = ['--iface', 'server0', '--print', 'none', ...(served.length === 0 ? ['--listen', 'off'] : served)];
    const packetlog = suite.own(startPacketlog(suite.network.server, { args, env: place.env }));
    await packetlog.untilPrinted(/Waiting for Ctrl-C/);
    return packetlog;
  }

  /** Runs a command and returns its standard output. Throws its output if it fails. */
  async function commandOutput(...args: string[]): Promise<string> {
    const command = suite.own(startPacketlog(suite.network.server, { args, env: place.env }));
    const { code } = await command.exited;
    if (code !== 0)
      throw new Error(`packetlog ${args.join(' ')}: exit code ${code}\n${command.stdout}${command.stderr}`);
    return command.stdout;
  }

  const send = (count: number) => sendUdp(suite.network.client, { address: suite.network.link.server.ipv4, count });

  /** Waits until the limit has seen `packets`, and returns its counts. */
  const seen = (packets: number) =>
    until(
      async () => {
        const [limit] = (await listed(place)).rules;
        return limit?.packets === packets && { packets, over: limit.over_packets ?? 0 };
      },
      { what: `${packets} packets of the limit` },
    );

  test('observes at first, is enforced by a change that must be confirmed, and keeps its levels through all that', async () => {
    const { server } = suite.network;
    const first = await started();
    const add = ['add', 'limit', 'any', '--protocol', 'udp', '--port', '4242', '--rate', '20/h', '--reason', 'lab'];
    expect(await rulesDone(server, place, ...add)).toContain(
      'Added rule 1: limit any source to udp port 4242 to 20 packets/h per source (/64) [observing].',
    );
    const sendTo = (count: number) =>
      sendUdp(suite.network.client, { address: suite.network.link.server.ipv4, count, ports: [4242] });
    await sendTo(50);
    const { over } = await seen(50);
    expect([50 - AT_ONCE, 50 - AT_ONCE - 1]).toContain(over);
    expect(await rulesDone(server, place, 'list')).toContain(`${over} over of 50`);

    const untried = await rules(server, place, 'enforce', '1');
    expect(untried).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/Rule 1 has observed for .* rules enforce 1\./),
    });
    const enforced = await rulesDone(server, place, 'enforce', '1', '--now');
    expect(enforced).toContain('Rule 1 now denies what is over its limit');
    await done(place, 'confirm', {});
    await done(place, 'add', { rule: { action: 'deny', source: '198.51.100.0/24' } });
    await sendTo(10);
    expect(await seen(60)).toEqual({ packets: 60, over: over + 10 });

    await first.end('SIGKILL');
    await sendTo(10);
    const second = await started();
    await sendTo(10);
    expect(await seen(80)).toEqual({ packets: 80, over: over + 30 });
    expect((await listed(place)).in_force).toMatchObject({ is_current: true });
    const { limits } = limitLevelsSchema.parse(JSON.parse(await commandOutput('limits', 'top', '1', '--json')));
    expect(limits).toMatchObject([
      { rule: 1, followed: 1, over: 1, top: [{ bucket: suite.network.link.client.ipv4 }] },
    ]);
    expect(await second.end()).toEqual({ code: 0, signal: null });
  });

  test('has levels that its commands, clients and metrics show, and a block that ends when they say', async () => {
    const { server, link } = suite.network;
    const served = ['--listen', '127.0.0.1:0', '--ui', 'off', '--metrics', 'same'];
    const packetlog = await started(...served);
    const [, url = ''] = await packetlog.untilPrinted(/Metrics: (http:\S+)/);
    const rule = { action: 'limit' as const, source: 'any', protocol: 'udp', destination_port: 4242 };
    await done(place, 'add', { rule: { ...rule, rate: '20/h', then: 'block:10m' } });
    const before = Date.now();
    await sendUdp(suite.network.client, { address: link.server.ipv4, count: 30, ports: [4242] });
    await seen(30);
    const top = await commandOutput('limits', 'top', '--json');
    const after = Date.now();
    const { limits } = limitLevelsSchema.parse(JSON.parse(top));
    const [bucket] = limits[0]?.top ?? [];
    expect(limits).toMatchObject([{ rule: 1, followed: 1, over: 1, evicted: 0 }]);
    expect(bucket).toMatchObject({ bucket: link.client.ipv4, level: 1, is_over: true });
    const began = (bucket?.blocked_until_ms ?? 0) - 600_000;
    expect(began).toBeGreaterThanOrEqual(before - MAX_TICK_MS);
    expect(began).toBeLessThanOrEqual(after + MAX_TICK_MS);

    const text = await commandOutput('limits', 'top', '1', '-n', '1');
    expect(text).toContain('Packets: 30 seen, 10 over (would be denied). Buckets: 1 followed, 1 over.');
    expect(text).toMatch(new RegExp(`${link.client.ipv4} +100 % +would be blocked for `));
    const wrong = suite.own(startPacketlog(server, { args: ['limits', 'top', '9'], env: place.env }));
    expect(await wrong.exited).toMatchObject({ code: 2 });
    expect(wrong.stderr).toContain('Rule 9 is no limit in force.');

    const forward = await forwardPort(server, Number(new URL(url).port));
    const client = await connect(new URL(url).origin, { token: LAB_TOKEN });
    try {
      expect((await client.limits()).limits).toMatchObject([
        { rule: 1, followed: 1, top: [{ level: 1, is_over: true }] },
      ]);
      await expect(client.limits({ rule: 9 })).rejects.toMatchObject({ code: 'invalid' });
      const metrics = await fetch(url, { headers: { Authorization: `Bearer ${LAB_TOKEN}` } });
      const lines = (await metrics.text()).split('\n').filter((line) => line.startsWith('packetlog_limit_'));
      expect(lines).toContain('packetlog_limit_followed_buckets{rule="1"} 1');
      expect(lines).toContain('packetlog_limit_over_buckets{rule="1"} 1');
      expect(lines).toContain('packetlog_limit_evicted_buckets_total{rule="1"} 0');
      expect(lines).toContain('packetlog_limit_over_packets_total{rule="1"} 10');
    } finally {
      await client.close();
      await forward.close();
    }
  });

  test('has levels in the kernel until it is removed', async () => {
    await started();
    // The maps are pinned while a rule denies.
    await done(place, 'add', { rule: { action: 'deny', source: '198.51.100.0/24' } });
    const pin = await until(async () => pins.pins().find((path) => path.endsWith('limit_states')), {
      what: 'pinned levels',
    });
    const levels = async () => {
      const path = `${pins.path}/${pin}`;
      const entries = JSON.parse(await suite.network.server.exec('bpftool', '-j', 'map', 'dump', 'pinned', path));
      return entries.filter(({ value }: { value: object }) => !('error' in value)).length;
    };
    for (const rate of ['10/s', '20/s', '30/s']) {
      await done(place, 'add', { rule: { action: 'limit', source: 'any', protocol: 'udp', rate } });
      expect(await levels()).toBe(1);
      const limit = (await listed(place)).rules.find(({ action }) => action === 'limit');
      await done(place, 'remove', { ids: [limit?.id ?? 0] });
      expect(await levels()).toBe(0);
    }
  });

  test('begins with empty levels when it measures something else, also when that change reverts', async () => {
    await started();
    await done(place, 'add', {
      rule: { action: 'limit', source: 'any', protocol: 'udp', rate: '20/h', enforce: true },
      now: true,
    });
    await done(place, 'confirm', {});
    await send(50);
    const { over } = await seen(50);
    await done(place, 'edit', { id: 1, changes: { measure: 'ports' }, now: true });
    // All to one port.
    await send(50);
    expect(await seen(100)).toEqual({ packets: 100, over });
    await done(place, 'revert', {});
    await send(50);
    const after = (await seen(150)).over - over;
    expect([50 - AT_ONCE, 50 - AT_ONCE - 1]).toContain(after);
  });

  test('is rejected with the reason if its numbers do not fit', async () => {
    const { server } = suite.network;
    await started();
    const add = (...options: string[]) => rules(server, place, 'add', 'limit', 'any', ...options);
    expect((await add()).stderr).toContain('A limit needs a rate');
    expect((await add('--rate', '20/min', '--then', 'ban:1h')).stderr).toContain('A forged source could be banned');
    for (const port of [1, 2, 3, 4])
      expect(await add('--rate', `${port}/s`, '--burst', '9', '--per', `source/${port}`)).toMatchObject({ code: 0 });
    expect((await add('--rate', '5/s', '--per', 'rule')).stderr).toContain(
      'More than 4 limits match the same packets: rules 1, 2, 3, 4, 5',
    );
  });

  test('is added from a preset, as visible rules that observe', async () => {
    const { server } = suite.network;
    await started();
    const added = await rulesDone(server, place, 'add', 'limit', 'any', '--preset', 'ssh', '--port', '2222');
    expect(added).toContain('Added rule 1: limit any source to tcp port 2222 to 20 connections/min per source (/64)');
    await rulesDone(server, place, 'add', 'limit', '192.0.2.0/24', '--preset', 'icmp');
    expect((await listed(place)).rules.map(({ source, protocol, enforce }) => [source, protocol, enforce])).toEqual([
      ['any', 'tcp', undefined],
      ['192.0.2.0/24', 'icmp', undefined],
    ]);
    expect(await rulesDone(server, place, 'presets')).toContain('limit any source with tcp to 100 SYN/s per source');
    const wrong = await rules(server, place, 'add', 'deny', 'any', '--preset', 'ssh');
    expect(wrong).toMatchObject({ code: 2, stderr: expect.stringContaining('a preset is a limit of one source') });
  });

  test('of all sources loses nothing when the rules that share the loader change', async () => {
    await started();
    await done(place, 'add', { rule: { action: 'limit', source: 'any', protocol: 'udp', rate: '1000/s' } });
    await send(100);
    expect(await seen(100)).toEqual({ packets: 100, over: 0 });
  });
});
