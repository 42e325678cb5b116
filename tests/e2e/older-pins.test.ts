// biome-ignore-all lint/suspicious/noThenProperty: a field of rules, never awaited
/** Pins of a version with other maps, simulated by their description, are recognised. Needs root. */
import { readlinkSync, symlinkSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createPinPlace, type PinPlace } from '../lab/pin-place.ts';
import { type LabProcess, startPacketlog } from '../lab/process.ts';
import { requireRoot } from '../lab/root.ts';
import { receiveUdp, sendUdp } from '../lab/traffic.ts';
import { until } from '../lab/until.ts';
import { done, listed, makeRulesPlace, type RulesPlace, rules } from './rules-command.ts';
import { eachWithNetwork } from './suite.ts';

/** Packets that the limit permits at once. */
const LIMIT = 20;

describe.skipIf(!requireRoot())('pins of another version', () => {
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

  async function started(): Promise<LabProcess> {
    const args = ['--iface', 'server0', '--listen', 'off', '--print', 'none'];
    const packetlog = suite.own(startPacketlog(suite.network.server, { args, env: place.env }));
    await packetlog.untilPrinted(/Waiting for Ctrl-C/);
    return packetlog;
  }

  const pinned = (name: RegExp) => pins.pins().filter((path) => name.test(path));

  /** Says of the pins that their maps have another layout. */
  function describeOtherLayout(): void {
    const [about = ''] = pinned(/about$/);
    const path = join(pins.path, about);
    const described = { ...JSON.parse(readlinkSync(path)), layout: '0123456789abcdef' };
    unlinkSync(path);
    symlinkSync(JSON.stringify(described), path);
  }

  test('keep their maps until they are replaced; rules stay in force, and new ones are accepted', async () => {
    const { client, server, link } = suite.network;
    const first = await started();
    await done(place, 'add', { rule: { action: 'deny', source: '198.51.100.0/24' } });
    await first.end('SIGKILL');
    describeOtherLayout();
    const old = pinned(/map_/);
    const list = await rules(server, place, 'list');
    expect(list.stderr).toMatch(/version/);

    const second = await started();
    await second.untilPrinted(
      /rules stayed in force without a gap\. Rings, counters and levels of limits start empty, because the previous/,
    );
    expect(pinned(/map_/).filter((map) => old.includes(map))).toEqual([]);
    await done(place, 'add', { rule: { action: 'deny', source: link.client.ipv4 } });
    await sendUdp(client, { address: link.server.ipv4, count: 3 });
    await until(async () => (await listed(place)).rules[1]?.packets === 3, { what: 'hits of the new rule' });
    expect((await listed(place)).in_force).toMatchObject({ by: 'loader', is_current: true });
    expect(await second.end()).toEqual({ code: 0, signal: null });
  });

  test('keep limits in force until they are replaced; then the levels start empty, and a notice says so', async () => {
    const { client, server, link } = suite.network;
    const first = await started();
    const receiver = await receiveUdp(server, link.server.ipv4);
    const rule = { action: 'limit', source: 'any', protocol: 'udp', destination_port: receiver.port } as const;
    await done(place, 'add', {
      rule: { ...rule, rate: `${LIMIT}/h`, then: 'block:10m', enforce: true, reason: 'lab' },
      now: true,
    });
    await done(place, 'confirm', {});
    const send = () => sendUdp(client, { address: link.server.ipv4, count: 2 * LIMIT, ports: [receiver.port] });
    let sent = 0;
    /** Sends twice the limit, and returns how much has passed since the start when all of it has arrived. */
    const passed = async () => {
      sent += (await send()).sent;
      await until(async () => (await link.server.counters()).rx.packets === sent, { what: `${sent} packets` });
      return (await receiver.received()).received;
    };
    expect(await passed()).toBe(LIMIT);
    await first.end('SIGKILL');
    expect(await passed()).toBe(LIMIT);
    describeOtherLayout();

    const second = await started();
    await second.untilPrinted(
      /rules stayed in force without a gap\. .*levels of limits start empty, because the previous/,
    );
    expect(await listed(place)).toMatchObject({
      rules: [{ id: 1, action: 'limit', enforce: true, reason: 'lab' }],
      in_force: { by: 'loader', is_current: true },
    });
    expect(await passed()).toBe(2 * LIMIT);
    const over = async () => (await listed(place)).rules[0]?.over_packets;
    await until(async () => (await over()) === LIMIT, { what: 'what is over the new levels' });
    expect(await second.end()).toEqual({ code: 0, signal: null });
  });
});
