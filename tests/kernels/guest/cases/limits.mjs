// @ts-check
/** Limits with a running loader, in native mode. */
import { address } from '../lab/network.mjs';
import { until } from '../lab/until.mjs';
import { begin } from './rules.mjs';

export const P = {
  limit: 'a limit denies what is over it, and counts it',
  observed: 'a limit that observes marks and passes',
};
export const promises = Object.values(P);
/** @type {readonly string[]} */
export const modules = [];

const COUNT = 8;

/** @typedef {import('./rules.mjs').Parts} Parts */

/** @param {import('../lab/lab.mjs').Lab} lab */
export async function run(lab) {
  const parts = await begin(lab);
  for (const part of [enforce, observeLimit]) await part(parts);
  lab.check(P.observed, 'exit code', await parts.loader.end('SIGINT'), 0);
}

/** One packet an hour, so that it does not matter how long the test takes. @param {Parts} parts */
export async function enforce({ lab, loader, passes, passes6 }) {
  const rule = { action: 'limit', source: 'any', protocol: 'udp', rate: '1/h', enforce: true };
  const id = await loader.add(rule);
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
