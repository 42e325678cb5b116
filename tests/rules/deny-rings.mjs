// @ts-check
/**
 * The loader's program and rings, with rules: deny-rings.mjs array|ring|perf. Answers {"program": id}; then, a line each:
 *
 *   rules none|odd|all   what is denied: nothing, sources whose first byte is odd, everything
 *   count                what the kernel counted
 *   drain                takes all records; how many there were, by ring and action
 *   sleep                as the drain thread does before it sleeps, then answers {"asleep": true}, and {"slept_ms"} when woken
 */
import { writeSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { PacketLogView } from '../../packages/common/dist/index.js';
import { objectInfo } from '../../packages/loader/dist/native/libbpf.js';
import { createEpoll, epollWait } from '../../packages/loader/dist/native/libc.js';
import { compileRules, parseAddressList } from '../../packages/loader/dist/rules/index.js';
import { InterfaceCounters } from '../../packages/loader/dist/xdp/interface-counters.js';
import { loadProgram } from '../../packages/loader/dist/xdp/program.js';
import { RuleImages } from '../../packages/loader/dist/xdp/rule-images.js';

const LOOPBACK_IFINDEX = 1;
const LOOPBACK_SLOT = 1;
/** struct bpf_prog_info. */
const PROGRAM_INFO_BYTES = 256;
const PROGRAM_ID = 4;
const ALL_BYTES = 1 << 30;
const ACTION_NAMES = ['aborted', 'deny', 'permit'];
const LONGEST_SLEEP_MS = 20_000;

/** @param {unknown} value */
const answer = (value) => writeSync(1, `${JSON.stringify(value)}\n`);

/** @param {number} step */
function denying(step) {
  const networks = Array.from({ length: 256 / step }, (_, i) => `${step * (i + 1) - 1}.0.0.0/8`);
  const rule = { id: 7, action: /** @type {const} */ ('deny'), source: 'set:list' };
  return compileRules({
    rules: [{ ...rule, reason: '', created_by: '', created_at: '' }],
    defaultPolicy: 'permit',
    sets: new Map([['list', parseAddressList(new TextEncoder().encode(networks.join('\n'))).list]]),
    interfaceSlots: new Map(),
    counters: { limit: 16, previous: new Map() },
  }).image;
}

const transport = /** @type {'array' | 'ring' | 'perf'} */ (process.argv[2]);
const program = loadProgram({ transport, ringBytes: 1 << 16, logPermits: true, sample: 1, clock: 'precise' });
program.slots[LOOPBACK_IFINDEX] = LOOPBACK_SLOT;
const { rings, descriptors, woken } = program.transport;
const images = new RuleImages(program.ruleImages);
const all = createEpoll(descriptors);

function drain() {
  /** @type {Record<string, number>} */
  const found = {};
  rings.forEach((ring, i) => {
    const kind = i < rings.length / 2 ? 'permits' : 'denies';
    ring.drain((memory, start, count) => {
      const view = new PacketLogView(memory.subarray(start), {
        count,
        stride: ring.stride,
        recordOffset: ring.recordOffset,
      });
      for (let record = 0; record < count; record++) {
        const name = `${kind}: ${ACTION_NAMES[view.action(record)]} by rule ${view.ruleId(record)}`;
        found[name] = (found[name] ?? 0) + 1;
      }
    }, ALL_BYTES);
  });
  return found;
}

const commands = {
  rules: (/** @type {string} */ what) => {
    if (what === 'none') images.clear('confirmed');
    else images.publish('confirmed', denying(what === 'all' ? 1 : 2));
    answer({});
  },
  count: () => answer(new InterfaceCounters(program.counters, program.cpus).read(LOOPBACK_SLOT)),
  drain: () => {
    answer(drain());
    for (const ring of rings) ring.commit('holdLast');
  },
  sleep: () => {
    for (const ring of rings) ring.commit('wakeOnNext');
    drain();
    answer({ asleep: true });
    const start = performance.now();
    epollWait(all, LONGEST_SLEEP_MS);
    woken();
    answer({ slept_ms: performance.now() - start });
  },
};

const info = new Uint8Array(PROGRAM_INFO_BYTES);
objectInfo(program.single, info);
answer({ program: new DataView(info.buffer).getUint32(PROGRAM_ID, true) });
for await (const line of createInterface({ input: process.stdin })) {
  const [name, what = ''] = line.split(' ');
  commands[/** @type {keyof typeof commands} */ (name)](what);
}
