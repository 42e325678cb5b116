// @ts-check
/** Limits with a running loader, in native mode. */
import { address } from '../lab/network.mjs';
import { until } from '../lab/until.mjs';
import { begin } from './rules.mjs';

export const P = {
  limit: 'a limit denies what is over it, and counts it',
  observed: 'a limit that observes marks and passes',
  connections: 'a limit of connections counts those that the kernel verified, and denies the rest',
};
export const promises = Object.values(P);
/** @type {readonly string[]} */
export const modules = [];

const COUNT = 8;
const TCP_PORT = 5200;
/** A connection that is denied has no answer. */
const UNANSWERED_MS = 3000;

/** @typedef {import('./rules.mjs').Parts} Parts */

/** @param {import('../lab/lab.mjs').Lab} lab */
export async function run(lab) {
  const parts = await begin(lab);
  for (const part of [enforce, observeLimit, connections]) await part(parts);
  lab.check(P.observed, 'exit code', await parts.loader.end('SIGINT'), 0);
}

/** One packet an hour, so that it does not matter how long the test takes. @param {Parts} parts */
export async function enforce({ lab, loader, passes, passes6 }) {
  const rule = { action: 'limit', source: 'any', protocol: 'udp', rate: '1/h', enforce: true };
  const { id } = (await loader.ask('add', { rule, now: true })).rule;
  await loader.ask('confirm');
  lab.check(P.limit, 'from a source', await passes(3), 1);
  lab.check(P.limit, 'from another', await passes(17), 1);
  lab.check(P.limit, 'IPv6', await passes6(3), 1);
  await countsAre(lab, P.limit, loader, id, { packets: 3 * COUNT, over: 3 * (COUNT - 1) });
  // Other rules change, and the levels stay.
  const other = await loader.add({ action: 'deny', source: address(0, 19) });
  lab.check(P.limit, 'after another rule was added', await passes(3), 0);
  await loader.ask('remove', { ids: [id, other] });
  lab.check(P.limit, 'after it was removed', await passes(3), COUNT);
}

/** @param {Parts} parts */
export async function observeLimit({ lab, loader, passes }) {
  const source = address(0, 3);
  const id = await loader.add({ action: 'limit', source, protocol: 'udp', rate: '1/h' });
  lab.check(P.observed, 'from the source', await passes(3), COUNT);
  await countsAre(lab, P.observed, loader, id, { packets: COUNT, over: COUNT - 1 });
  await loader.ask('remove', { ids: [id] });
}

/** Two connections an hour. Datagrams and connections of another source are not affected. @param {Parts} parts */
async function connections({ lab, loader, network, passes }) {
  await network.server.ask('listenTcp', { address: '0.0.0.0', port: TCP_PORT });
  const rule = { action: 'limit', source: 'any', protocol: 'tcp', rate: '2/h', measure: 'connections', enforce: true };
  const { id } = (await loader.ask('add', { rule, now: true })).rule;
  await loader.ask('confirm');
  /** @param {number} host @param {number} timeoutMs */
  const answered = (host, timeoutMs) =>
    network.client.ask('tryTcp', {
      ...{ address: address(0, 2), port: TCP_PORT },
      ...{ localAddress: address(0, host), timeoutMs },
    });
  for (const nth of ['first', 'second']) lab.check(P.connections, `the ${nth}`, await answered(3, 60_000), true);
  lab.check(P.connections, 'the third', await answered(3, UNANSWERED_MS), false);
  lab.check(P.connections, 'another source', await answered(17, 60_000), true);
  lab.check(P.connections, 'datagrams', await passes(3), COUNT);
  const verified = async () => {
    const { rules } = await loader.ask('list');
    const limit = rules.find((/** @type {{ id: number }} */ each) => each.id === id);
    return (limit?.packets ?? 0) - (limit?.over_packets ?? 0);
  };
  await until(async () => (await verified()) >= 3, 'the connections are counted', 20).catch(() => {});
  lab.check(P.connections, 'verified', await verified(), 3);
  await loader.ask('remove', { ids: [id] });
}

/**
 * Checks the counts of a limit, which the loader reads once a second.
 * @param {import('../lab/lab.mjs').Lab} lab @param {string} promise @param {import('../lab/loader.mjs').Loader} loader
 * @param {number} id @param {{ packets: number, over: number }} should
 */
async function countsAre(lab, promise, loader, id, should) {
  const counts = async () => {
    const { rules } = await loader.ask('list');
    const rule = rules.find((/** @type {{ id: number }} */ each) => each.id === id);
    return { packets: rule?.packets, over: rule?.over_packets ?? 0 };
  };
  const read = async () => (await counts()).packets >= should.packets;
  await until(read, 'the packets are counted', 20).catch(() => {});
  lab.check(promise, 'counts', await counts(), should);
}
