// @ts-check
/**
 * Replaces rule sets that mean the same again and again: replacer.mjs TIMES.
 *
 * Of all sets together: sources whose first byte is odd are denied, the others permitted. One denies the odd ones and
 * permits by default, one permits the even ones and denies by default; they come and go in both slots, in images of
 * different sizes. Answers {"program": id}, and after a line of input, when all is done, {"replaced": n, "counted":
 * what the kernel counted, "by_rules": packets that rules decided on}.
 */
import { writeSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { objectInfo } from '../../packages/loader/dist/native/libbpf.js';
import { compileRules, parseAddressList } from '../../packages/loader/dist/rules/index.js';
import { InterfaceCounters } from '../../packages/loader/dist/xdp/interface-counters.js';
import { loadProgram } from '../../packages/loader/dist/xdp/program.js';
import { RuleCounters } from '../../packages/loader/dist/xdp/rule-counters.js';
import { RuleImages } from '../../packages/loader/dist/xdp/rule-images.js';

const LOOPBACK_IFINDEX = 1;
const LOOPBACK_SLOT = 1;
/** struct bpf_prog_info. */
const PROGRAM_INFO_BYTES = 256;
const PROGRAM_ID = 4;
const FAR_NS = process.hrtime.bigint() + 3_600_000_000_000n;

/** @param {unknown} value */
const answer = (value) => writeSync(1, `${JSON.stringify(value)}\n`);

/** @param {0 | 1} remainder */
const firstBytes = (remainder) => {
  const networks = Array.from({ length: 128 }, (_, i) => `${2 * i + remainder}.0.0.0/8`);
  return parseAddressList(new TextEncoder().encode(networks.join('\n'))).list;
};

/** @param {'deny' | 'permit'} action @param {number} ipv4 bits of its table */
function compile(action, ipv4) {
  const rule = {
    id: action === 'deny' ? 1 : 2,
    action,
    source: 'set:list',
    reason: '',
    created_by: '',
    created_at: '',
  };
  return compileRules({
    rules: [rule],
    defaultPolicy: action === 'deny' ? 'permit' : 'deny',
    sets: new Map([['list', firstBytes(action === 'deny' ? 1 : 0)]]),
    interfaceSlots: new Map(),
    counters: { limit: 16, previous: new Map() },
    untilMonoNs: FAR_NS,
    rootBits: { ipv4 },
  }).image;
}

const program = loadProgram({ transport: 'array', ringBytes: 1 << 16, logPermits: true, sample: 0, clock: 'cached' });
program.slots[LOOPBACK_IFINDEX] = LOOPBACK_SLOT;
const images = new RuleImages(program.ruleImages);
const [denying, permitting, large] = [compile('deny', 8), compile('permit', 9), compile('deny', 14)];
/** @type {(() => void)[]} */
const steps = [
  () => images.publish('confirmed', permitting),
  () => images.publish('provisional', denying),
  () => images.publish('confirmed', large),
  () => images.publish('provisional', permitting),
  () => images.clear('provisional'),
  () => images.publish('confirmed', denying),
];

images.publish('confirmed', denying);
const info = new Uint8Array(PROGRAM_INFO_BYTES);
objectInfo(program.single, info);
answer({ program: new DataView(info.buffer).getUint32(PROGRAM_ID, true) });

for await (const line of createInterface({ input: process.stdin })) {
  if (line === 'replace') {
    const times = Number(process.argv[2]);
    for (let i = 0; i < times; i++) steps[i % steps.length]?.();
    answer({ replaced: times });
  } else {
    const counted = new InterfaceCounters(program.counters, program.cpus).read(LOOPBACK_SLOT);
    const byRules = new RuleCounters(program.ruleCounters, program.cpus).changed();
    answer({ counted, by_rules: byRules.reduce((sum, { packets }) => sum + packets, 0) });
  }
}
