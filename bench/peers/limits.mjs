/**
 * Measures the cost of a limit: limits.mjs SOURCES_OBJECT LRU_OBJECT OBJECT OBJECT_WITHOUT_LIMITS ROUNDS, the compiled
 * traffic/random_source.bpf.c, peers/lru_limit.bpf.c, and PacketLog's program with its limits and without them.
 *
 * Runs the complete program in test runs with frames of 1 to 1,000,000 IPv4 sources and of random ones, with a limit of
 * 100 packets/s per source and without one, and an LRU hash that limits alike. Prints one line of JSON:
 * { "added": { "1000": { limit_ns: [..], alone_ns: [..], lru_ns: [..] }, .. }, "cells_full_ns": [..],
 * "no_limit": { "limits_ns": [..], "without_ns": [..] } }: the ns added per packet in each round by the limit to a rule
 * set of one deny rule (`limit_ns`) and to none (`alone_ns`), and by the LRU hash; `no_limit`: the ns in all, with that
 * rule set, of the program with limits and of the one without. 0 sources: random ones.
 */
import { compileRules, EMPTY_ADDRESS_LIST } from '../../packages/loader/dist/rules/index.js';
import { limitShapes } from '../../packages/loader/dist/xdp/limit-shapes.js';
import { LimitStates } from '../../packages/loader/dist/xdp/limit-states.js';
import { RuleImages } from '../../packages/loader/dist/xdp/rule-images.js';
import { load, loadPacketlog, loadSources, measure, measurePacketlog, setValue } from './test-run.mjs';

const [sourcesObject = '', lruObject = '', object = '', objectWithout = '', rounds = '5'] = process.argv.slice(2);
const SOURCES = [1, 1000, 100_000, 1_000_000, 0];
/** So that tables are full when the first round begins. */
const WARM_PACKETS = 4_000_000;
const RATE = '100/s';
/** At most rates of test runs, each cell is full of random sources' packets. */
const SLOW_RATE = '20/min';

/** @typedef {import('@packetlog/common').Rule} Rule */

/** @param {readonly Partial<Rule>[]} given */
function compile(...given) {
  const rules = given.map((rule, i) => {
    return /** @type {Rule} */ ({ id: i + 1, source: 'any', reason: '', created_by: '', created_at: '', ...rule });
  });
  const counters = { limit: 16, previous: new Map() };
  const sets = new Map([['none', EMPTY_ADDRESS_LIST]]);
  return compileRules({ rules, defaultPolicy: 'permit', sets, interfaceSlots: new Map(), counters }).image;
}

/** A program, its sources, and a limit that is in force while it is asked for. */
class Limited {
  #packetlog;
  #images;
  #states;
  #sources;

  /** @param {string} path of the compiled program */
  constructor(path) {
    this.#packetlog = loadPacketlog(path);
    this.#images = new RuleImages(this.#packetlog.ruleImages);
    this.#states = new LimitStates(this.#packetlog.limitStates, { addMap: () => {}, removeMap: () => {} });
    this.#sources = loadSources(sourcesObject, this.#packetlog.single);
  }

  /** @param {number} count */
  useSources(count) {
    setValue(this.#sources.map('.data.source_count'), new Uint8Array(BigUint64Array.of(BigInt(count)).buffer));
  }

  /** @param {Uint8Array} image */
  publish(image) {
    this.#states.prepare(limitShapes(image), new Set());
    this.#images.publish('confirmed', image);
  }

  clear() {
    this.#images.clear('confirmed');
  }

  ns() {
    return measurePacketlog(this.#packetlog, this.#sources.program('source_and_program'));
  }

  /** Fills the levels. */
  warm() {
    measure(this.#sources.program('source_and_program'), WARM_PACKETS);
    this.ns();
  }
}

/** @type {Partial<Rule>} */
const DENY = { action: 'deny', source: '203.0.113.0/24' };
const deny = compile(DENY);
const limitAlone = compile({ action: 'limit', rate: RATE, enforce: true });
const limit = compile(DENY, { action: 'limit', rate: RATE, enforce: true });
const slowLimit = compile(DENY, { action: 'limit', rate: SLOW_RATE, enforce: true });

const program = new Limited(object);
const slow = new Limited(object);
const without = new Limited(objectWithout);
const lru = load(lruObject);
const lruSources = loadSources(sourcesObject, lru.program('lru_limit'));
const plainSources = loadSources(sourcesObject, lru.program('no_limit'));
/** @param {ReturnType<typeof loadSources>} sources @param {number} count */
const use = (sources, count) =>
  setValue(sources.map('.data.source_count'), new Uint8Array(BigUint64Array.of(BigInt(count)).buffer));

/** @type {Record<string, { limit_ns: number[], alone_ns: number[], lru_ns: number[] }>} */
const added = {};
/** @type {number[]} */
const cells_full_ns = [];
/** @type {{ limits_ns: number[], without_ns: number[] }} */
const no_limit = { limits_ns: [], without_ns: [] };

for (const count of SOURCES) {
  /** @type {{ limit_ns: number[], alone_ns: number[], lru_ns: number[] }} */
  const figures = { limit_ns: [], alone_ns: [], lru_ns: [] };
  added[count] = figures;
  program.useSources(count);
  for (const sources of [lruSources, plainSources]) use(sources, count);
  program.publish(limit);
  program.warm();
  measure(lruSources.program('source_and_program'), WARM_PACKETS);
  for (let round = 0; round < Number(rounds); round++) {
    program.publish(deny);
    const denying = program.ns();
    program.publish(limit);
    figures.limit_ns.push(program.ns() - denying);
    program.clear();
    const without = program.ns();
    program.publish(limitAlone);
    figures.alone_ns.push(program.ns() - without);
    const plain = measure(plainSources.program('source_and_program'));
    figures.lru_ns.push(measure(lruSources.program('source_and_program')) - plain);
  }
  program.clear();
}

slow.publish(slowLimit);
slow.warm();
for (let round = 0; round < Number(rounds); round++) {
  slow.publish(deny);
  const denying = slow.ns();
  slow.publish(slowLimit);
  cells_full_ns.push(slow.ns() - denying);
}

program.useSources(0);
for (const each of [program, without]) {
  each.publish(deny);
  each.warm();
}
for (let round = 0; round < Number(rounds); round++) {
  const [first, second] = round % 2 === 0 ? [program, without] : [without, program];
  const [one, other] = [first.ns(), second.ns()];
  no_limit.limits_ns.push(first === program ? one : other);
  no_limit.without_ns.push(first === program ? other : one);
}

process.stdout.write(`${JSON.stringify({ added, cells_full_ns, no_limit })}\n`);
