// @ts-check
/** Compares mode, ledger and every record of a capture with the packets sent and the interface's counters. */
import { COUNT } from '../guest/cases/capture.mjs';
import { atLeast } from './run.mjs';

const MEMLOCK_COUNTS_UNTIL = /** @type {const} */ ([5, 11]);
/** First kernel with BPF's atomic exchange, which the array ring needs. */
const XCHG_SINCE = /** @type {const} */ ([5, 12]);
const FRAGS_SINCE = /** @type {const} */ ([5, 18]);
const HEADERS = 14 + 20 + 8;
const PORTS = [53, 443, 5000, 65_535];
const SOURCE_PORTS = [40_001, 40_002, 40_003];

/** @param {import('./run.mjs').Facts} seen @param {string} kernel @returns {{ cell: string, problems: string[] }} */
export function evaluateCapture({ promise, facts }, kernel) {
  if (promise === 'ulimit -l 64' && !atLeast(kernel, MEMLOCK_COUNTS_UNTIL)) {
    return evaluateRejection(facts, 4, 'ulimit -l unlimited');
  }
  if (promise === 'native, array ring' && !atLeast(kernel, XCHG_SINCE)) {
    return evaluateRejection(facts, 6, 'use --transport auto');
  }
  if (promise === 'jumbo frames, native' && !atLeast(kernel, FRAGS_SINCE)) {
    return evaluateRejection(facts, 6, 'the MTU is too large for one buffer. Lower the MTU');
  }
  return evaluateRecords(facts, expectedMode(promise, kernel));
}

/**
 * Returns the mode that the loader must report; `auto` prefers generic mode on veth.
 * @param {string} promise
 * @param {string} kernel
 */
function expectedMode(promise, kernel) {
  if (promise.startsWith('generic') || promise.endsWith('--mode auto')) return 'generic';
  return atLeast(kernel, FRAGS_SINCE) ? 'native with frags' : 'native';
}

/**
 * Checks that a loader that rejects a mode or transport prints the reason and the next action.
 * @param {Record<string, any>} facts @param {number} code @param {string} words
 */
function evaluateRejection({ exit, out, err }, code, words) {
  const problems = [];
  if (exit !== code) problems.push(`exit code ${exit}, not ${code}`);
  if (!err.some((/** @type {string} */ line) => line.includes(words))) problems.push(`no line contains ${words}`);
  if (out.length > 0) problems.push('something was printed');
  return { cell: 'rejected, with the reason', problems };
}

/** @param {Record<string, any>} facts @param {string} mode */
function evaluateRecords(facts, mode) {
  const problems = /** @type {string[]} */ ([]);
  /** @type {(what: string, is: unknown, should: unknown) => void} */
  const same = (what, is, should) => {
    if (is !== should) problems.push(`${what}: ${is}, not ${should}`);
  };
  same('mode', /^Watching \S+ \(([^,)]*)/m.exec(facts['err'].join('\n'))?.[1], mode);
  same('exit code', facts['exit'], 0);
  same('programs left on the interface', facts['left'], 0);
  same('sent', facts['sent'], COUNT);
  same('received by the interface', facts['received'], COUNT);

  const lines = facts['out'].map(parsed);
  const { delivered, ...interfaces } = lines.pop()?.ledger ?? {};
  const c = interfaces.watched0 ?? {};
  const length = HEADERS + facts['payload'];
  same('seen', c.seen, facts['received']);
  same('bytes', c.bytes, COUNT * length);
  same('permitted + denied + aborted', c.permitted + c.denied + c.aborted, c.seen);
  same('emitted + not recorded + lost', c.emitted + c.sampled_out + c.filtered_out + c.ring_full, c.seen);
  same('lost in the ring', c.ring_full, 0);
  same('console + dropped', delivered?.console + delivered?.dropped, c.emitted);
  same('records', lines.length, COUNT);
  same('records printed, by the ledger', delivered?.console, lines.length);
  const isRight = recordOf(length, facts);
  same('wrong records', lines.filter((/** @type {any} */ record) => !isRight(record)).length, 0);
  return { cell: mode.replace(' with ', '+'), problems };
}

/** @param {number} length @param {Record<string, any>} facts @returns {(record: any) => boolean} */
function recordOf(length, facts) {
  const expected = Object.entries({
    src_addr: '10.77.0.1',
    dst_addr: '10.77.0.2',
    length,
    ether_type: 0x0800,
    vlan_id: 0,
    ip_protocol: 17,
    weight: 1,
    action: 'permit',
    reason: 'none',
    interface: 'watched0',
  });
  return (record) => {
    const second = Number(BigInt(record?.timestamp_ns ?? 0) / 1_000_000_000n);
    return (
      expected.every(([key, value]) => record?.[key] === value) &&
      PORTS.includes(record.dst_port) &&
      SOURCE_PORTS.includes(record.src_port) &&
      second >= facts['from'] - 1 &&
      second <= facts['to'] + 1
    );
  };
}

/** @param {string} text @returns {any} */
function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
