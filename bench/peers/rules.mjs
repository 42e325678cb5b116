/**
 * Measures the cost of rules: rules.mjs OBJECT ROUNDS, OBJECT being the compiled traffic/random_source.bpf.c.
 *
 * Runs the complete program in test runs with a random IPv4 source in each frame, with rule sets of several sizes (ten
 * single addresses for each network of /16 to /31), and with the same entries in the kernel's longest-prefix trie.
 * Prints one line of JSON: { "1000": { rules_ns: [..], listed_ns: [..], trie_ns: [..], ... } }, the ns added per packet
 * in each round compared with the same packets without a rule set. `listed_ns`: all packets come from single addresses
 * of the list. "0" is a set without entries.
 */
import { OBJECT_PATH } from '../../packages/bpf/dist/index.js';
import { C, call } from '../../packages/loader/dist/native/ffi.js';
import * as libbpf from '../../packages/loader/dist/native/libbpf.js';
import { compileRules, parseAddressList } from '../../packages/loader/dist/rules/index.js';
import { loadProgram } from '../../packages/loader/dist/xdp/program.js';
import { RuleImages } from '../../packages/loader/dist/xdp/rule-images.js';
import { listText, ruleSources } from './rule-list.mjs';

const [object = '', rounds = '5'] = process.argv.slice(2);
const COUNTS = [0, 1000, 100_000, 1_000_000];
const PACKETS = 200_000;
const RING_BYTES = 64 << 20;
const LOOPBACK_IFINDEX = 1;
/** As in random_source.bpf.c. */
const LISTED = 262_144;

/** @param {{ value: number, errno: number }} outcome */
function need({ value, errno }) {
  if (errno) throw new Error(`errno ${errno}`);
  return value;
}

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

/** An IPv4 UDP frame; the program overwrites its source. */
const frame = Uint8Array.from(
  `020000000002 020000000001 0800 45000032 00004000 4011 0000 c0000201 0a000001 c350 0035 001e 0000 ${'00'.repeat(22)}`
    .replaceAll(' ', '')
    .match(/../g) ?? [],
  (byte) => Number.parseInt(byte, 16),
);

/** Returns the average ns of a program per packet. @param {number} program */
function measure(program) {
  const address = frameMemory();
  const options = new Uint8Array(80); // struct bpf_test_run_opts
  const view = new DataView(options.buffer);
  view.setBigUint64(0, 80n, true);
  view.setBigUint64(8, BigInt(address), true); // data_in
  view.setUint32(24, frame.length, true); // data_size_in
  view.setUint32(60, PACKETS, true); // repeat
  const { value } = call('libbpf', 'bpf_prog_test_run_opts', C.int, [
    [C.int, program],
    [C.bytes, options],
  ]);
  if (value < 0) throw new Error(`test run: errno ${-value}`);
  return view.getUint32(64, true);
}

/** Returns the address of a copy of the frame. */
function frameMemory() {
  const protection = 3;
  const privateAnonymous = 0x22;
  const { value } = call('libc', 'mmap', C.pointer, [
    [C.size, 0],
    [C.size, 4096],
    [C.int, protection],
    [C.int, privateAnonymous],
    [C.int, -1],
    [C.long, 0],
  ]);
  call('libc', 'memcpy', C.pointer, [
    [C.pointer, value],
    [C.bytes, frame],
    [C.size, frame.length],
  ]);
  return value;
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
  const { value } = call('libbpf', 'bpf_map_update_elem', C.int, [
    [C.int, map],
    [C.bytes, new Uint8Array(4)],
    [C.bytes, listed],
    [C.size, 0],
  ]);
  if (value < 0) throw new Error(`fill listed: errno ${-value}`);
}

/** Loads the programs of random_source.bpf.c, which tail-call `program`. @param {number | undefined} program */
function load(program) {
  const opened = need(libbpf.openObject(object));
  need(libbpf.loadObject(opened));
  const fd = (/** @type {string} */ name) => libbpf.programDescriptor(need(libbpf.findProgram(opened, name)));
  const map = (/** @type {string} */ name) => libbpf.mapDescriptor(need(libbpf.findMap(opened, name)));
  if (program !== undefined) need(libbpf.putMap(map('next'), 0, program));
  return {
    alone: fd('source_alone'),
    andProgram: fd('source_and_program'),
    andTrie: fd('source_and_trie'),
    listedAndProgram: fd('listed_and_program'),
    trie: map('trie'),
    listed: map('.data.listed'),
  };
}

const packetlog = loadProgram({
  transport: 'array',
  ringBytes: RING_BYTES,
  logPermits: true,
  sample: 1,
  clock: 'precise',
  objectPath: OBJECT_PATH,
});
packetlog.slots[LOOPBACK_IFINDEX] = 1;
const images = new RuleImages(packetlog.ruleImages);
const chain = load(packetlog.single);

/**
 * Measures the complete program with rings in the polling state, as with a reader at such rates.
 * @param {number} program that tail-calls it
 */
function measurePacketlog(program) {
  const ns = measure(program);
  for (const ring of packetlog.transport.rings) {
    ring.drain(() => {}, RING_BYTES);
    ring.commit(packetlog.transport.canPoll ? 'polling' : 'holdLast');
  }
  return ns;
}

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
    const without = measurePacketlog(chain.andProgram);
    const listedWithout = measurePacketlog(chain.listedAndProgram);
    images.publish('confirmed', image);
    const total = measurePacketlog(chain.andProgram);
    const listed = measurePacketlog(chain.listedAndProgram);
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
