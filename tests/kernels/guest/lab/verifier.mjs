// @ts-check
/** What the kernel's verifier says of the programs, loaded as the loader loads them. */
import { OBJECT_PATH, PROGRAMS } from '@packetlog/bpf';
import { need } from '../../../../packages/loader/dist/native/check.js';
import { C } from '../../../../packages/loader/dist/native/ffi.js';
import {
  BPF_FUNC_XDP_GET_BUFF_LEN,
  closeObject,
  findProgram,
  hasXdpHelper,
  intCall,
  loadObject,
  setVerifierLog,
  silenceLibbpf,
} from '../../../../packages/loader/dist/native/libbpf.js';
import { possibleCpus } from '../../../../packages/loader/dist/system/cpus.js';
import { candidates } from '../../../../packages/loader/dist/transports/choose-transport.js';
import { prepare } from '../../../../packages/loader/dist/xdp/program-object.js';

const LOG_BYTES = 1 << 16;
/** BPF_LOG_STATS of include/linux/bpf_verifier.h: only the sums. */
const LOG_STATS = 4;
/** The programs read these as constants, so that they decide what the verifier sees. */
const OPTIONS = /** @type {const} */ ({ ringBytes: 1 << 20, logPermits: true, clock: 'auto', sample: 0 });

/** @typedef {{ instructions: number, states: number, stack: number, verifyMs: number, loadMs: number }} Cost */

/**
 * Loads both programs of each transport, one at a time. Returns their costs by name; null: the kernel rejects it.
 * @returns {Record<string, Cost | null>}
 */
export function costs() {
  silenceLibbpf();
  const hasFrags = hasXdpHelper(BPF_FUNC_XDP_GET_BUFF_LEN);
  const found = /** @type {Record<string, Cost | null>} */ ({});
  for (const transport of ['array', 'ring', 'perf']) {
    const { single, frags } = PROGRAMS[/** @type {keyof typeof PROGRAMS} */ (transport)];
    for (const name of hasFrags ? [single, frags] : [single]) found[name] = costOf(transport, name);
  }
  return found;
}

/** @param {string} requested @param {string} name @returns {Cost | null} */
function costOf(requested, name) {
  const [transport] = candidates(/** @type {any} */ (requested), false);
  if (transport === undefined) throw new Error(`no transport ${requested}`);
  const object = prepare(OBJECT_PATH, { transport: transport.name, ...OPTIONS }, transport, possibleCpus(), true);
  try {
    for (const each of Object.values(PROGRAMS[transport.name])) {
      const program = need(findProgram(object, each), 'find program', each);
      intCall('bpf_program__set_autoload', [
        [C.pointer, program],
        [C.int, each === name ? 1 : 0],
      ]);
    }
    const program = need(findProgram(object, name), 'find program', name);
    const log = new Uint8Array(LOG_BYTES);
    setVerifierLog(program, log);
    intCall('bpf_program__set_log_level', [
      [C.pointer, program],
      [C.unsigned, LOG_STATS],
    ]);
    const started = performance.now();
    if (loadObject(object).errno !== 0) return null;
    const loadMs = Math.round(performance.now() - started);
    return { ...parsed(Buffer.from(log).toString('latin1')), loadMs };
  } finally {
    closeObject(object);
  }
}

/** @param {readonly number[]} depths of the program and of what it calls */
function deepest([program = 0, ...called]) {
  const [first = 0, second = 0] = called.sort((a, b) => b - a);
  return program + first + second;
}

/** Parses print_verification_stats() of kernel/bpf/verifier.c. @param {string} text */
function parsed(text) {
  const number = (/** @type {RegExp} */ pattern) => Number(pattern.exec(text)?.[1]);
  // One depth for each function, the program first: it calls the others, each of which calls at most one more.
  // Linux 7.3: "max", and the most that functions that call each other use.
  const stack = /stack depth (?:max )?([\d+]+)/.exec(text)?.[1];
  if (stack === undefined) throw new Error(`the verifier's log has no depth of the stack: ${text.split('\0', 1)[0]}`);
  return {
    instructions: number(/processed (\d+) insns/),
    states: number(/total_states (\d+)/),
    stack: deepest(stack.split('+').map(Number)),
    verifyMs: Math.round(number(/verification time (\d+) usec/) / 1000),
  };
}
