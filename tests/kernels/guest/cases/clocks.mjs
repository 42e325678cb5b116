// @ts-check
/**
 * The wall clock is set by a day, both ways. Deadlines of unconfirmed changes are monotonic; the end of a rule is a time
 * of the wall clock; records have the wall clock's time (docs/decisions/clock.md).
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readOutput } from '../lab/ledger.mjs';
import { address, CONTROL_RULE, deviceOf } from '../lab/network.mjs';
import { until } from '../lab/until.mjs';
import { stepClock } from '../lab/wall-clock.mjs';

const P = {
  records: 'records have the time that was set',
  forward: 'unconfirmed, the clock is set forward',
  back: 'unconfirmed, the clock is set back',
  killed: 'unconfirmed, kill -9, the clock is set back',
  rules: 'a rule ends at its time',
};
export const promises = Object.values(P);
/** @type {readonly string[]} */
export const modules = [];
export const guestOnly = true;

const COUNT = 8;
const PORT = 5000;
const [FORWARD_PORT, BACK_PORT] = [5001, 5002];
const HOUR_S = 3600;
const DAY_S = 24 * HOUR_S;
/** What may pass until a probe sees that a change has reverted; a day is what a wrong clock makes of it. */
const LATE_S = 60;
/** Probes that must fit into the time before a change reverts. */
const PROBES = 6;

/** @typedef {import('../lab/lab.mjs').Lab} Lab */
/** @typedef {import('../lab/loader.mjs').Loader} Loader */

/** @param {Lab} lab */
export async function run(lab) {
  const network = await lab.network();
  await network.addSources(0, [3, 4, 5]);
  for (const port of [PORT, FORWARD_PORT, BACK_PORT]) await network.listen(port);
  /** @type {(host: number, port?: number) => Promise<number>} */
  const passes = (host, port = PORT) =>
    network.passed({ from: address(0, host), to: address(0, 2), port, count: COUNT });
  const seconds = await lab.secondsFor(() => passes(1), PROBES);
  const args = ['--mode', 'native', '--iface', deviceOf(0), '--print', 'json', '--sample', 'off'];
  const start = async () => {
    const loader = await lab.packetlog([...args, '--confirm-within', `${seconds}s`]).ready();
    await loader.add(CONTROL_RULE);
    return loader;
  };

  const loader = await start();
  const arrived = network.arrived(deviceOf(0));
  await records(lab, loader, passes);
  await reverts(lab, P.forward, loader, passes, { seconds, step: DAY_S });
  await reverts(lab, P.back, loader, passes, { seconds, step: -DAY_S });
  await rules(lab, loader, passes);
  lab.check(P.records, 'exit code', await loader.end('SIGINT'), 0);
  const output = readOutput(loader.out);
  lab.check(P.records, 'records of all', output.records.length, network.arrived(deviceOf(0)) - arrived);
  lab.check(P.records, 'lost', output.ledger.watched0.ring_full + output.ledger.delivered.dropped, 0);

  const second = await start();
  await reverts(lab, P.killed, second, passes, { seconds, step: -DAY_S, isKilled: true });
  stepClock(DAY_S);
}

/** Sets the clock and waits until the loader has noticed. @param {Loader} loader @param {number} by seconds */
async function step(loader, by) {
  const notices = () => loader.err.split('The wall clock was set').length;
  const before = notices();
  stepClock(by);
  await until(() => notices() > before, 'the loader notices that the clock was set');
}

/** @param {Lab} lab @param {Loader} loader @param {(host: number, port: number) => Promise<number>} passes */
async function records(lab, loader, passes) {
  for (const [by, port] of /** @type {const} */ ([
    [DAY_S, FORWARD_PORT],
    [-DAY_S, BACK_PORT],
  ])) {
    await step(loader, by);
    const from = Date.now();
    lab.check(P.records, 'passed', await passes(1, port), COUNT);
    const to = Date.now();
    const found = () => readOutput(loader.out).records.filter(({ dst_port }) => dst_port === port);
    await until(() => found().length >= COUNT, 'the records', 20).catch(() => {});
    const times = found().map(({ timestamp_ns }) => Number(BigInt(timestamp_ns) / 1_000_000n));
    // The loader measures the difference of the clocks to a few microseconds; here both ends are whole milliseconds.
    lab.check(P.records, 'records in time', times.filter((ms) => ms >= from - 1 && ms <= to + 1).length, COUNT);
  }
}

/**
 * Denies by default without a confirmation, sets the clock, and checks that the change reverts as if it had not been set.
 * @param {Lab} lab @param {string} promise @param {Loader} loader @param {(host: number) => Promise<number>} passes
 * @param {{ seconds: number, step: number, isKilled?: boolean }} options
 */
async function reverts(lab, promise, loader, passes, { seconds, step: by, isKilled = false }) {
  const before = performance.now();
  await loader.ask('policy', { default_policy: 'deny', force: true });
  const after = performance.now();
  if (isKilled) {
    lab.check(promise, 'exit', await loader.end('SIGKILL'), 'SIGKILL');
    stepClock(by);
  } else await step(loader, by);
  const denied = await passes(1);
  const isEarly = performance.now() < before + seconds * 1000;
  lab.check(promise, 'after the step', [denied, isEarly], [0, true]);
  await until(async () => (await passes(1)) > 0, 'the default policy reverts', seconds + LATE_S).catch(() => {});
  const reverted = performance.now();
  lab.check(promise, 'not before its time', reverted >= before + seconds * 1000, true);
  lab.check(promise, 'at its time', reverted <= after + (seconds + LATE_S) * 1000, true);
  lab.check(promise, 'afterwards', await passes(1), COUNT);
}

/** @param {Lab} lab @param {Loader} loader @param {(host: number) => Promise<number>} passes */
async function rules(lab, loader, passes) {
  const add = (/** @type {number} */ host, /** @type {number} */ forSeconds) =>
    loader.add({ action: 'deny', source: address(0, host), for: `${forSeconds}s` });
  await add(3, HOUR_S);
  await add(4, 2 * DAY_S);
  lab.check(P.rules, 'both deny', (await passes(3)) + (await passes(4)), 0);
  await step(loader, DAY_S);
  lab.check(P.rules, 'after a day: the rule of an hour', await passes(3), COUNT);
  lab.check(P.rules, 'after a day: the rule of two days', await passes(4), 0);
  // The list leaves it out at once.
  const isStored = () => readFileSync(join(lab.state, 'rules.json'), 'utf8').includes(`"${address(0, 3)}"`);
  await until(() => !isStored(), 'the rule that ended is removed');
  await step(loader, -DAY_S);
  lab.check(P.rules, 'set back: the rule that ended', await passes(3), COUNT);
  lab.check(P.rules, 'set back: the rule of two days', await passes(4), 0);

  await add(5, HOUR_S);
  await step(loader, -DAY_S);
  lab.check(P.rules, 'set back: the rule of an hour', await passes(5), 0);
  await step(loader, DAY_S + HOUR_S + 1);
  lab.check(P.rules, 'an hour later than at first', await passes(5), COUNT);
  await step(loader, -HOUR_S - 1);
}
