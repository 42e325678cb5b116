/** Rules stay in force without a loader: denied sources stay denied, and packets are counted. Needs root. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { untilArrived } from '../lab/arrival.ts';
import { buildGenerator, type Generator } from '../lab/generator.ts';
import { xdpOn } from '../lab/leftovers.ts';
import { type LabProcess, startPacketlog } from '../lab/process.ts';
import { requireRoot } from '../lab/root.ts';
import { receiveUdp, sendUdp } from '../lab/traffic.ts';
import { until } from '../lab/until.ts';
import { discrepancies, readJsonOutput } from './console-output.ts';
import { eachWithPins } from './pinned.ts';
import { done, listed, makeRulesPlace, type RulesPlace, rulesDone } from './rules-command.ts';

/** Packets per second: of the client's sockets (half of them denied), and of the generator (all denied). */
const SOCKETS = 20_000;
const FRAMES = 80_000;
/** Source of the generator's frames. */
const GENERATED = '198.18.0.0/15';
/** Time to start on a machine that is busy with packets. */
const BUSY_MS = 60_000;
const [DENIED, PERMITTED] = [5000, 5001];
const [ENDING, LASTING] = [5002, 5003];

describe.skipIf(!requireRoot())('rules without a loader', () => {
  const suite = eachWithPins({ ipv6: false });
  let generator: Generator;
  let rules: RulesPlace;
  beforeAll(async () => {
    generator = await buildGenerator();
  });
  afterAll(() => generator?.remove());
  beforeEach(() => {
    rules = makeRulesPlace();
  });
  afterEach(() => rules.remove());

  const server = () => suite.network.server;
  const add = (rule: Parameters<typeof done<'add'>>[2]['rule']) => done(rules, 'add', { rule });

  async function enforcing(...args: string[]): Promise<LabProcess> {
    const env = { ...rules.env, PACKETLOG_PIN: 'auto', PACKETLOG_BPFFS: suite.place.path };
    const packetlog = suite.own(startPacketlog(server(), { args: ['--listen', 'off', ...args], env }));
    await packetlog.untilPrinted(/Waiting for Ctrl-C/, BUSY_MS);
    return packetlog;
  }

  test('a loader is killed and replaced under 100,000 packets per second: no denied packet passes, and every permitted packet arrives', async () => {
    const { client, link } = suite.network;
    const [denied, permitted] = [
      await receiveUdp(server(), link.server.ipv4, DENIED),
      await receiveUdp(server(), link.server.ipv4, PERMITTED),
    ];
    const first = await enforcing('--iface', 'server0', '--print', 'none');
    expect(suite.place.pins()).toEqual([]);
    await add({ action: 'deny', source: link.client.ipv4, protocol: 'udp', destination_port: DENIED });
    await add({ action: 'deny', source: GENERATED });
    expect(await listed(rules)).toMatchObject({ enforcing: true, pinned: true });
    expect(suite.place.pins().some((path) => path.includes('/link_'))).toBe(true);

    let wanted = true;
    onTestFinished(() => {
      wanted = false;
    });
    const repeat = async (send: () => Promise<{ sent: number }>) => {
      let sent = 0;
      while (wanted) sent += (await send()).sent;
      return sent;
    };
    const ports = [DENIED, PERMITTED];
    const sockets = repeat(() =>
      sendUdp(client, { address: link.server.ipv4, count: SOCKETS, ports, perSecond: SOCKETS }),
    );
    const frames = repeat(() => generator.sendPaced(link.client, FRAMES, FRAMES));
    // If the test fails first, these fail with their namespace.
    for (const sending of [sockets, frames]) sending.catch(() => {});
    const arrived = async () => (await link.server.counters()).rx.packets;
    const more = async (packets: number) => {
      const from = await arrived();
      await until(async () => (await arrived()) > from + packets, { what: `${packets} packets more` });
    };
    await more(SOCKETS + FRAMES);
    process.kill(first.pid, 'SIGKILL');
    await first.exited;
    await more(SOCKETS + FRAMES);
    const second = await enforcing('--print', 'json', '--filter', 'dst port 1', '--sample', 'off');
    await more(SOCKETS + FRAMES);
    wanted = false;
    const [ofSockets, ofFrames] = [await sockets, await frames];
    const all = ofSockets + ofFrames;
    // Every packet that arrived was denied by a rule or received by the server. On a busy machine the veth queue may
    // have been full: its counters include that, and packets that were sent again.
    let before = 0;
    let said = '';
    const { rx, counted } = await until(
      async () => {
        const { tx } = await link.client.counters();
        const { rx } = await link.server.counters();
        const { rules: list } = await listed(rules);
        const judged = list.reduce((sum, { packets }) => sum + packets, (await permitted.received()).received);
        const isWhole = rx.packets <= all && rx.packets + tx.dropped >= all && rx.packets === before;
        before = rx.packets;
        said = `${all} sent, ${judged} judged, tx ${JSON.stringify(tx)}, rx ${JSON.stringify(rx)}`;
        return (
          isWhole && judged === rx.packets && { rx, counted: new Map(list.map(({ id, packets }) => [id, packets])) }
        );
      },
      { what: 'all packets', evidence: () => said },
    );
    const [ofSocketsDenied = 0, ofFramesDenied = 0] = [counted.get(1), counted.get(2)];
    expect(ofSockets / 2 - ofSocketsDenied).toBeGreaterThanOrEqual(0);
    expect(ofFrames - ofFramesDenied).toBeGreaterThanOrEqual(0);
    expect(all - rx.packets).toBeLessThan(all / 100);
    expect(await denied.received()).toMatchObject({ received: 0 });
    expect(await second.end('SIGINT')).toEqual({ code: 0, signal: null });
    expect(second.stderr).toContain('The program stays on server0 and keeps running without the loader');
    const { ledger } = readJsonOutput(second.stdout);
    const deniedByRules = ofSocketsDenied + ofFramesDenied;
    expect(ledger.interfaces['server0']).toMatchObject({
      seen: rx.packets,
      denied: deniedByRules,
      permitted: rx.packets - deniedByRules,
    });
    expect(discrepancies(ledger)).toEqual([]);
  });

  test('pins are removed with the last rule that denies, even if it was removed while no loader ran', async () => {
    const first = await enforcing('--iface', 'server0', '--print', 'none');
    await add({ action: 'deny', source: '198.51.100.0/24' });
    await add({ action: 'observe', source: 'any' });
    expect(suite.place.pins()).not.toEqual([]);
    await done(rules, 'remove', { ids: [1] });
    await until(() => suite.place.pins().length === 0, { what: 'the pins to be removed' });
    await add({ action: 'deny', source: '198.51.100.0/24' });
    expect(suite.place.pins()).not.toEqual([]);
    await first.end('SIGTERM');
    expect(await xdpOn(server(), 'server0')).toBeDefined();
    await rulesDone(server(), rules, 'remove', '3');
    const second = await enforcing('--print', 'none');
    await until(() => suite.place.pins().length === 0, { what: 'the pins to be removed' });
    await second.end('SIGTERM');
    expect(second.stderr).not.toContain('keeps running without the loader');
    expect(await xdpOn(server(), 'server0')).toBeUndefined();
  });

  test('a rule keeps its count from one loader to the next, and a new rule begins at zero', async () => {
    const { client, link } = suite.network;
    const send = (count: number) => sendUdp(client, { address: link.server.ipv4, count, ports: [DENIED] });
    const counts = async () => (await listed(rules)).rules.map(({ id, packets }) => [id, packets]);
    const first = await enforcing('--iface', 'server0', '--print', 'none');
    await add({ action: 'deny', source: '203.0.113.0/24' });
    await add({ action: 'deny', source: link.client.ipv4, protocol: 'udp' });
    await done(rules, 'remove', { ids: [1] });
    await send(100);
    await first.end('SIGKILL');
    await send(10);
    const second = await enforcing('--print', 'none');
    await add({ action: 'deny', source: '203.0.113.0/24' });
    await send(1);
    await until(async () => JSON.stringify(await counts()) === '[[2,111],[3,0]]', {
      what: 'the counts',
      evidence: () => second.stderr,
    });
    await second.end('SIGTERM');
    expect(await suite.unload().exited).toEqual({ code: 0, signal: null });
  });

  test('a rule expires on time although the loader was killed; a rule with no expiry stays in force', async () => {
    const { client, link } = suite.network;
    const [ending, lasting] = [
      await receiveUdp(server(), link.server.ipv4, ENDING),
      await receiveUdp(server(), link.server.ipv4, LASTING),
    ];
    await client.agent();
    let sent = 0;
    const send = async (toEach: number) => {
      const ports = [ENDING, LASTING];
      sent += (await sendUdp(client, { address: link.server.ipv4, count: toEach * ports.length, ports })).sent;
      await untilArrived(link.server, sent);
    };
    const first = await enforcing('--iface', 'server0', '--print', 'none');
    const rule = { action: 'deny' as const, source: link.client.ipv4, protocol: 'udp' };
    await add({ ...rule, destination_port: LASTING });
    const { rule: added } = await add({ ...rule, destination_port: ENDING, for: '10s' });
    const endsMs = Date.parse(added.expires_at ?? '');
    await send(100);
    await first.end('SIGKILL');
    const deadSinceMs = Date.now();
    await send(100);
    await until(
      async () => {
        await send(1);
        return (await ending.received()).received > 0;
      },
      { what: 'denied packets to pass', evidence: () => `the rule expires at ${endsMs}` },
    );
    const before = (await ending.received()).received;
    await send(100);
    await until(async () => (await ending.received()).received === before + 100, { what: 'all to pass' });
    expect(await lasting.received()).toMatchObject({ received: 0 });

    // The rings kept the verdict and the time of each packet while no loader ran.
    const second = await enforcing('--print', 'json', '--sample', 'off');
    const counts = async () => (await listed(rules)).rules.map(({ id, packets }) => [id, packets]);
    await until(async () => JSON.stringify(await counts()) === `[[1,${sent / 2}]]`, {
      what: 'only the rule with no expiry, with its count',
      evidence: () => second.stderr,
    });
    await second.end('SIGINT');
    const { records, ledger } = readJsonOutput(second.stdout);
    const ofEnding = records.filter(({ dst_port }) => dst_port === ENDING);
    const timesMs = (action: string) =>
      ofEnding.filter((record) => record.action === action).map(({ timestamp_ns }) => Number(timestamp_ns) / 1e6);
    const [denied, permitted] = [timesMs('deny'), timesMs('permit')];
    expect(permitted).toHaveLength(before + 100);
    expect(Math.min(...permitted)).toBeGreaterThanOrEqual(endsMs);
    expect(Math.max(...denied)).toBeLessThan(endsMs);
    expect(denied.filter((ms) => ms > deadSinceMs).length).toBeGreaterThanOrEqual(100);
    const { received } = await ending.received();
    expect(ledger.interfaces['server0']).toMatchObject({ seen: sent, permitted: received, denied: sent - received });
    expect(discrepancies(ledger)).toEqual([]);
    expect(await suite.unload().exited).toEqual({ code: 0, signal: null });
    expect(suite.place.pins()).toEqual([]);
  });
});
