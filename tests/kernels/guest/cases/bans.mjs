// @ts-check
// biome-ignore-all lint/suspicious/noThenProperty: a field of rules, never awaited
/**
 * A ban of real connections, while the wall clock is set by a day, both ways, with a loader and without one, and after
 * kill -9: it lasts as long as it would have.
 */
import { address, deviceOf } from '../lab/network.mjs';
import { until } from '../lab/until.mjs';
import { stepClock } from '../lab/wall-clock.mjs';

const P = {
  bans: 'a source that is over a limit of connections is banned, and no other',
  clock: 'a ban lasts as long as it would have when the clock is set',
  killed: 'a ban outlives kill -9, also when the clock is set meanwhile',
  ends: 'a ban ends at its time',
};
export const promises = Object.values(P);
/** @type {readonly string[]} */
export const modules = [];
export const guestOnly = true;

const COUNT = 8;
const [PORT, TCP_PORT] = [5000, 5200];
const DAY_S = 24 * 3600;
/** The ban, and the ban that is waited for. */
const [LONG_S, SHORT_S] = [3600, 60];
/** A probe may wait so long until it sees an end. */
const LATE_S = 60;
/** A ban may end so much earlier. */
const EARLY_S = 60;
const UNANSWERED_MS = 3000;

/** @param {import('../lab/lab.mjs').Lab} lab */
export async function run(lab) {
  const network = await lab.network();
  await network.addSources(0, [3, 17]);
  await network.listen(PORT);
  await network.server.ask('listenTcp', { address: '0.0.0.0', port: TCP_PORT });
  /** @param {number} host @returns {Promise<number>} */
  const passes = (host) => network.passed({ from: address(0, host), to: address(0, 2), port: PORT, count: COUNT });
  const start = () => lab.packetlog(['--mode', 'native', '--iface', deviceOf(0), '--print', 'none']).ready();
  /** @param {import('../lab/loader.mjs').Loader} loader @param {number} seconds */
  const limit = async (loader, seconds) => {
    const numbers = { rate: '2/h', measure: 'connections', then: `ban:${seconds}s`, enforce: true };
    const rule = { action: 'limit', source: 'any', protocol: 'tcp', ...numbers };
    const { id } = (await loader.ask('add', { rule, now: true })).rule;
    await loader.ask('confirm');
    return id;
  };
  /** Connects until the source is banned. @param {import('../lab/loader.mjs').Loader} loader @param {number} host */
  const banned = async (loader, host) => {
    const connection = { address: address(0, 2), port: TCP_PORT, localAddress: address(0, host) };
    for (let i = 0; i < 3; i++) await network.client.ask('tryTcp', { ...connection, timeoutMs: UNANSWERED_MS });
    const active = async () => (await loader.bans('list')).bans;
    await until(async () => (await active()).length > 0, 'the ban', 60).catch(() => {});
    return active();
  };

  let loader = await start();
  const id = await limit(loader, LONG_S);
  const bans = await banned(loader, 3);
  lab.check(
    P.bans,
    'bans',
    bans.map((/** @type {{ source: string, limit_rule: number }} */ each) => [each.source, each.limit_rule]),
    [[address(0, 3), id]],
  );
  lab.check(P.bans, 'of the banned source', await passes(3), 0);
  lab.check(P.bans, 'of another', await passes(17), COUNT);
  const left = async () => Math.round(((await loader.bans('list')).bans[0]?.ends_at_ms - Date.now()) / 1000);
  /** @param {string} promise @param {string} when */
  const lasts = async (promise, when) => {
    lab.check(promise, `${when}: passes`, await passes(3), 0);
    const seconds = await left();
    lab.check(promise, `${when}: the end is at its time`, seconds > LONG_S - 20 * 60 && seconds <= LONG_S, true);
  };
  for (const by of [DAY_S, -DAY_S]) {
    const notices = () => loader.err.split('The wall clock was set').length;
    const before = notices();
    stepClock(by);
    await until(() => notices() > before, 'the loader notices that the clock was set');
    // Until the loader has moved the end, the kernel sees it as passed: docs/defence.md.
    const isMoved = async () => Math.abs((await left()) - LONG_S) < DAY_S / 2 && (await passes(3)) === 0;
    await until(isMoved, 'the end moves', 20).catch(() => {});
    await lasts(P.clock, `set by ${by / DAY_S} day`);
  }
  for (const by of [DAY_S, -DAY_S]) {
    lab.check(P.killed, 'exit', await loader.end('SIGKILL'), 'SIGKILL');
    lab.check(P.killed, 'without a loader', await passes(3), 0);
    stepClock(by);
    loader = await start();
    await lasts(P.killed, `set by ${by / DAY_S} day`);
  }

  await loader.bans('undo', { limit_rule: id });
  await loader.ask('remove', { ids: [id] });
  lab.check(P.ends, 'after the undo', await passes(3), COUNT);
  await limit(loader, SHORT_S);
  const before = performance.now();
  const [ban] = await banned(loader, 17);
  const known = performance.now();
  lab.check(P.ends, 'before its end', [ban?.source, await passes(17)], [address(0, 17), 0]);
  await until(async () => (await passes(17)) > 0, 'the ban ends', SHORT_S + LATE_S).catch(() => {});
  const ended = performance.now();
  lab.check(P.ends, 'not more than a minute early', ended >= before + (SHORT_S - EARLY_S) * 1000, true);
  lab.check(P.ends, 'not late', ended <= known + (SHORT_S + LATE_S) * 1000, true);
  lab.check(P.ends, 'afterwards', await passes(17), COUNT);
  lab.check(P.ends, 'exit code', await loader.end('SIGINT'), 0);
}
