/**
 * Measures the cost of rules: rules.mjs OBJECT ROUNDS, OBJECT being the compiled traffic/random_source.bpf.c.
 *
 * Runs the complete program in test runs with a random IPv4 source in each frame, with rule sets of several sizes (ten
 * single addresses for each network of /16 to /31), and with the same entries in the kernel's longest-prefix trie.
 * Prints one line of JSON: { "1000": { rules_ns: [..], listed_ns: [..], trie_ns: [..], ... } }, the ns added per packet
 * in each round compared with the same packets without a rule set. `listed_ns`: all packets come from single addresses
 * of the list. "0" is a set without entries.
 */
import { C, call } from '../../packages/loader/dist/native/ffi.js';
import { compileRules, parseAddressList } from '../../packages/loader/dist/rules/index.js';
import { RuleImages } from '../../packages/loader/dist/xdp/rule-images.js';
import { listText, ruleSources } from './rule-list.mjs';
import { loadPacketlog, loadSources, measure, measurePacketlog, setValue } from './test-run.mjs';

const [object = '', rounds = '5'] = process.argv.slice(2);
const COUNTS = [0, 1000, 100_000, 1_000_000];
/** As in random_source.bpf.c. */
const LISTED = 262_144;

/** @param {number} count @param {import('@packetlog/loader/rules').AddressList} list */
function compile(count, list) {
  const rule = { id: 1, action: 'deny', source: 'set:list', reason: '', created_by: '', created_at: '' };
  return compileRules({
    rules: count > 0 ? [/** @type {import('@packetlog/common').Rule} */ (rule)] : [],
    defaultPolicy: 'permit',
    sets: new Map([['list', list]]),
    interfaceSlots: new Map(),
    counters: { limit: 16, previous: new Map() },
  }).image;
}

/** @param {number} map @param {number} count */
function fill(map, count) {
  const { starts, bits } = ruleSources(count);
  const keys = new Uint8Array(starts.length * 8);
  const view = new DataView(keys.buffer);
  for (let i = 0; i < starts.length; i++) {
    view.setUint32(i * 8, bits[i] ?? 0, true);
    view.setUint32(i * 8 + 4, starts[i] ?? 0);
  }
  const filled = new Uint8Array(Uint32Array.of(starts.length).buffer);
  const { value } = call('libbpf', 'bpf_map_update_batch', C.int, [
    [C.int, map],
    [C.bytes, keys],
    [C.bytes, new Uint8Array(starts.length * 4)],
    [C.bytes, filled],
    [C.size, 0],
  ]);
  if (value < 0) throw new Error(`fill trie: errno ${-value}`);
}

/** Fills the map with the single addresses among the entries, unordered. @param {number} map @param {number} count */
function fillListed(map, count) {
  const { starts, bits } = ruleSources(count);
  const exact = starts.filter((_, i) => bits[i] === 32);
  const listed = new Uint8Array(LISTED * 4);
  const view = new DataView(listed.buffer);
  for (let i = 0; i < LISTED; i++) view.setUint32(i * 4, exact[i % exact.length] ?? 0);
  setValue(map, listed);
}

/** Loads the programs of random_source.bpf.c, which tail-call `program`. @param {number | undefined} program */
function load(program) {
  const { program: fd, map } = loadSources(object, program);
  return {
    alone: fd('source_alone'),
    andProgram: fd('source_and_program'),
    andTrie: fd('source_and_trie'),
    listedAndProgram: fd('listed_and_program'),
    trie: map('trie'),
    listed: map('.data.listed'),
  };
}

const packetlog = loadPacketlog();
const images = new RuleImages(packetlog.ruleImages);
const chain = load(packetlog.single);

/** Returns the result of `work` and its time in ms. @template T @param {() => T} work @returns {[T, number]} */
function timed(work) {
  const start = performance.now();
  const result = work();
  return [result, Math.round((performance.now() - start) * 10) / 10];
}

const compiled = new Map(
  COUNTS.map((count) => {
    const text = listText(count);
    const [{ list }, parse_ms] = timed(() => parseAddressList(text));
    const [image, compile_ms] = timed(() => compile(count, list));
    return [count, { image, parse_ms, compile_ms }];
  }),
);
const tries = new Map(COUNTS.filter((count) => count > 0).map((count) => [count, load(undefined)]));
for (const [count, { trie }] of tries) fill(trie, count);

/** @type {Record<string, Record<'rules_ns' | 'listed_ns' | 'trie_ns' | 'total_ns', number[]> & Record<'image_bytes' | 'parse_ms' | 'compile_ms' | 'publish_ms', number>>} */
const results = {};
for (const [count, { image, parse_ms, compile_ms }] of compiled) {
  const [, publish_ms] = timed(() => images.publish('confirmed', image));
  images.clear('confirmed');
  const once = { image_bytes: image.length, parse_ms, compile_ms, publish_ms };
  results[count] = { rules_ns: [], listed_ns: [], trie_ns: [], total_ns: [], ...once };
}
for (let round = -1; round < Number(rounds); round++) {
  for (const [count, { image }] of compiled) {
    const trie = tries.get(count);
    if (trie) fillListed(chain.listed, count);
    const without = measurePacketlog(packetlog, chain.andProgram);
    const listedWithout = measurePacketlog(packetlog, chain.listedAndProgram);
    images.publish('confirmed', image);
    const total = measurePacketlog(packetlog, chain.andProgram);
    const listed = measurePacketlog(packetlog, chain.listedAndProgram);
    images.clear('confirmed');
    const alone = measure(chain.alone);
    const looked = trie && measure(trie.andTrie);
    if (round < 0) continue;
    results[count]?.total_ns.push(total);
    results[count]?.rules_ns.push(total - without);
    if (looked === undefined) continue;
    results[count]?.listed_ns.push(listed - listedWithout);
    results[count]?.trie_ns.push(looked - alone);
  }
}
process.stdout.write(`${JSON.stringify(results)}\n`);
