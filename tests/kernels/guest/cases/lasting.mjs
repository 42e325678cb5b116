// @ts-check
/** Rules without a loader, take-over, upgrade, unload, in generic mode. rules.mjs uses native mode. */
import { address, CONTROL_RULE, deviceOf } from '../lab/network.mjs';
import { until } from '../lab/until.mjs';

const P = {
  killed: 'denied after kill -9',
  reverted: 'default deny reverts after kill -9',
  ends: 'a rule expires after kill -9',
  takeOver: 'take-over, counters continue',
  upgrade: 'upgrade under traffic',
  unload: 'packetlog unload',
};
export const promises = Object.values(P);
/** @type {readonly string[]} */
export const modules = [];

const COUNT = 8;
const [PORT, DENIED_PORT] = [5000, 5001];
/** Probes that must fit into the time before a change reverts or expires. */
const PROBES = 15;
const PER_SECOND = 100;

/** @typedef {import('../lab/lab.mjs').Lab} Lab */
/** @typedef {import('../lab/network.mjs').Network} Network */

/** @param {Lab} lab */
export async function run(lab) {
  const network = await lab.network();
  await network.addSources(0, [3, 4]);
  for (const port of [PORT, DENIED_PORT]) await network.listen(port);
  /** @type {(host: number) => Promise<number>} */
  const passes = (host) => network.passed({ from: address(0, host), to: address(0, 2), port: PORT, count: COUNT });
  const seconds = await lab.secondsFor(() => passes(1), PROBES);
  const args = ['--mode', 'generic', '--iface', deviceOf(0), '--confirm-within', `${seconds}s`, '--ring-size', '1MiB'];
  const json = [...args, '--print', 'json', '--filter', 'dst port 9', '--sample', 'off'];

  const arrivedBefore = network.arrived(deviceOf(0));
  const first = await lab.packetlog([...args, '--print', 'none']).ready();
  await first.add(CONTROL_RULE);
  const denied = await first.add({ action: 'deny', source: address(0, 3) });
  await first.add({ action: 'permit', source: address(0, 1) });
  const { rule } = await first.ask('add', { rule: { action: 'deny', source: address(0, 4), for: `${seconds}s` } });
  lab.check(P.killed, 'while the loader runs', await passes(3), 0);
  await first.ask('policy', { default_policy: 'deny', force: true });
  lab.check(P.killed, 'exit', await first.end('SIGKILL'), 'SIGKILL');

  lab.check(P.killed, 'from the denied source', await passes(3), 0);
  lab.check(P.killed, 'from a permitted source', await passes(1), COUNT);
  lab.check(P.ends, 'before it expires', await passes(4), 0);
  lab.check(P.ends, 'checked in time', Date.now() < Date.parse(rule.expires_at), true);
  await network.addSources(0, [5]);
  lab.check(P.reverted, 'before it reverts', await passes(5), 0);
  await until(async () => (await passes(5)) > 0, 'the default policy reverts');
  lab.check(P.reverted, 'after it reverted', await passes(5), COUNT);
  await until(async () => (await passes(4)) > 0, 'the rule expires');
  lab.check(P.ends, 'it did not expire early', Date.now() >= Date.parse(rule.expires_at), true);
  lab.check(P.ends, 'after it expired', await passes(4), COUNT);
  lab.check(P.killed, 'from the denied source, still', await passes(3), 0);

  const before = await programOf(network);
  const second = await lab.packetlog(json).ready();
  lab.check(P.takeOver, 'reports the take-over', second.err.includes('Took over'), true);
  lab.check(P.takeOver, 'another program is there', (await programOf(network)) !== before, true);
  lab.check(P.takeOver, 'from the denied source', await passes(3), 0);
  // Three probes under the first loader and without one, and one under this loader.
  await until(async () => (await second.hits(denied)) >= 4 * COUNT, 'the hits are counted', 20).catch(() => {});
  lab.check(P.takeOver, 'hits of all loaders', await second.hits(denied), 4 * COUNT);
  const policy = (await second.ask('list')).default_policy;
  lab.check(P.reverted, 'policy of the next loader', policy, 'permit');
  lab.check(P.takeOver, 'exit code', await second.end('SIGINT'), 0);
  const arrived = network.arrived(deviceOf(0)) - arrivedBefore;
  const { watched0 } = JSON.parse(second.out.trim().split('\n').at(-1) ?? '{}').ledger;
  lab.check(P.takeOver, 'packets counted since the first loader', watched0.seen, arrived);

  await upgrade(lab, network, args);
  const unloaded = await lab.command('unload');
  lab.check(P.unload, 'exit code', unloaded.code, 0);
  lab.check(P.unload, 'prints what it removed', /Removed XDP program \d+ from watched0/.test(unloaded.out), true);
  lab.check(P.unload, 'program on the interface', await programOf(network), 0);
  lab.check(P.unload, 'from the source that was denied', await passes(3), COUNT);
}

/** Upgrades under traffic: rings of another size need new maps, so the link gets a new program with new maps. */
/** @param {Lab} lab @param {Network} network @param {readonly string[]} args */
async function upgrade(lab, network, args) {
  const before = await programOf(network);
  let isOver = false;
  /** @param {number} host @param {number} port */
  const repeat = async (host, port) => {
    let sent = 0;
    const send = { from: address(0, host), address: address(0, 2), ports: [port], sourcePorts: [41_000 + host] };
    while (!isOver) {
      const each = await network.client.ask('sendUdp', {
        ...send,
        count: PER_SECOND,
        perSecond: PER_SECOND,
        payloadBytes: 32,
      });
      sent += each.sent;
    }
    return sent;
  };
  const receivedBefore = await network.received(PORT);
  const sending = Promise.all([repeat(1, PORT), repeat(3, DENIED_PORT)]);
  const loader = lab.packetlog([...args, '--print', 'none', '--ring-size', '2MiB']);
  try {
    await loader.ready();
  } finally {
    isOver = true;
  }
  const [permitted, denied] = await sending;
  await until(async () => (await network.received(PORT)) - receivedBefore >= permitted, 'all arrived', 20).catch(
    () => {},
  );
  lab.check(P.upgrade, 'another program is there', (await programOf(network)) !== before, true);
  lab.check(P.upgrade, `passed of ${permitted} permitted`, (await network.received(PORT)) - receivedBefore, permitted);
  lab.check(P.upgrade, `passed of ${denied} denied`, await network.received(DENIED_PORT), 0);
  lab.check(P.upgrade, 'sent to the denied port during the upgrade', denied > 0, true);
  lab.check(P.upgrade, 'exit', await loader.end('SIGKILL'), 'SIGKILL');
}

/** Returns the id of the XDP program on the server's device, 0 if there is none. @param {Network} network @returns {Promise<number>} */
async function programOf(network) {
  const [link] = JSON.parse(await network.server.ip('-j', 'link', 'show', 'dev', deviceOf(0)));
  return link.xdp?.prog?.id ?? 0;
}
