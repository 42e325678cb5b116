/** Limits with a running loader: what they deny, count and keep. Needs root. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createPinPlace, type PinPlace } from '../lab/pin-place.ts';
import { type LabProcess, startPacketlog } from '../lab/process.ts';
import { requireRoot } from '../lab/root.ts';
import { sendUdp } from '../lab/traffic.ts';
import { until } from '../lab/until.ts';
import { done, listed, makeRulesPlace, type RulesPlace, rules, rulesDone } from './rules-command.ts';
import { eachWithNetwork } from './suite.ts';

/** Of many packets at once, a limit of 20 passes 1.5 times as many, or one less. */
const AT_ONCE = 29;

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

  async function started(): Promise<LabProcess> {
    const args = ['--iface', 'server0', '--listen', 'off', '--print', 'none'];
    const packetlog = suite.own(startPacketlog(suite.network.server, { args, env: place.env }));
    await packetlog.untilPrinted(/Waiting for Ctrl-C/);
    return packetlog;
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

    const enforced = await rulesDone(server, place, 'edit', '1', '--enforce');
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
    expect(await second.end()).toEqual({ code: 0, signal: null });
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

  test('is rejected with the reason if its numbers do not fit', async () => {
    const { server } = suite.network;
    await started();
    const add = (...options: string[]) => rules(server, place, 'add', 'limit', 'any', ...options);
    expect((await add()).stderr).toContain('A limit needs a rate');
    expect((await add('--rate', '20/min', '--then', 'ban:1h')).stderr).toContain('is not available yet');
    for (const port of [1, 2, 3, 4])
      expect(await add('--rate', `${port}/s`, '--burst', '9', '--per', `source/${port}`)).toMatchObject({ code: 0 });
    expect((await add('--rate', '5/s', '--per', 'rule')).stderr).toContain(
      'More than 4 limits match the same packets: rules 1, 2, 3, 4, 5',
    );
  });

  test('of all sources loses nothing when the rules that share the loader change', async () => {
    await started();
    await done(place, 'add', { rule: { action: 'limit', source: 'any', protocol: 'udp', rate: '1000/s' } });
    await send(100);
    expect(await seen(100)).toEqual({ packets: 100, over: 0 });
  });
});
