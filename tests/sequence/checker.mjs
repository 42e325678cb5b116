// @ts-check
/** Holds each record, all 64 bytes of it, against the number that number.bpf.c gave its packet. */

const WORDS = 16;
/** number.bpf.c's. */
const MIX = 0x9e3779b1 | 0;
/** Of ::ffff:0:0/96 as a little-endian word. */
const MAPPED = 0xffff0000 | 0;
const IFINDEX_LOOPBACK = 1;
const FRAME_BYTES = 60;
/** EtherType IPv4, no VLAN. */
const IPV4 = 0x0800;
/** UDP, no TCP flags, action permit, no reason. */
const UDP_PERMIT = 0x00_02_00_11;

/**
 * What came of one CPU's packets: `received` records, of which `missing` numbers in between were not there,
 * `backwards` were not after the one before, `early` had a time before it, and `wrong` were not as written.
 * `weights` and `variance`: the sum of weights w, and of w * (w - 1). `alike`: in a row, with the time of the last one, and
 * `mostAlike`: at any time.
 * @typedef {{ received: number, next: number, missing: number, backwards: number, early: number, wrong: number,
 *   weights: number, variance: number, alike: number, mostAlike: number, firstWrong: string | null, lastHigh: number,
 *   lastLow: number }} Account
 */

/** @returns {Account} */
const emptyAccount = () => ({
  ...{ received: 0, next: 0, missing: 0, backwards: 0, early: 0, wrong: 0 },
  ...{ weights: 0, variance: 0, alike: 0, mostAlike: 0, firstWrong: null, lastHigh: 0, lastLow: 0 },
});

export class Checker {
  /** @type {Map<number, Account>} by CPU */
  accounts = new Map();

  /**
   * Records of one CPU, in the order in which they were read.
   * @param {Int32Array} words the memory they lie in
   * @param {number} start word of the first
   * @param {number} count
   * @param {number} stride words from one to the next
   */
  check(words, start, count, stride) {
    const ports = words[start + 13] ?? 0;
    const cpu = ports & 0xffff;
    const account = this.#account(cpu);
    let { next, alike, mostAlike, lastHigh, lastLow } = account;
    let [missing, weights, variance] = [0, 0, 0];
    for (let i = 0, at = start; i < count; i++, at += stride) {
      const number = /** @type {number} */ (words[at + 5]) >>> 0;
      if (number !== next) {
        if (number > next) missing += number - next;
        else account.backwards++;
      }
      next = number + 1;
      const low = /** @type {number} */ (words[at]) >>> 0;
      const high = /** @type {number} */ (words[at + 1]) >>> 0;
      if (high < lastHigh || (high === lastHigh && low < lastLow)) account.early++;
      alike = high === lastHigh && low === lastLow ? alike + 1 : 1;
      if (alike > mostAlike) mostAlike = alike;
      lastHigh = high;
      lastLow = low;
      const weight = /** @type {number} */ (words[at + 12]) >>> 16;
      weights += weight;
      variance += weight * (weight - 1);
      if (!isAsWritten(words, at, number, cpu)) {
        account.wrong++;
        account.firstWrong ??= `number ${number} of CPU ${cpu}: ${words.slice(at, at + WORDS).join(' ')}`;
      }
    }
    account.received += count;
    account.missing += missing;
    account.weights += weights;
    account.variance += variance;
    Object.assign(account, { next, alike, mostAlike, lastHigh, lastLow });
  }

  /** @param {number} cpu */
  #account(cpu) {
    const known = this.accounts.get(cpu);
    if (known) return known;
    const account = emptyAccount();
    this.accounts.set(cpu, account);
    return account;
  }
}

/**
 * All but time and weight.
 * @param {Int32Array} words
 * @param {number} at
 * @param {number} number
 * @param {number} cpu
 */
function isAsWritten(words, at, number, cpu) {
  return (
    words[at + 9] === Math.imul(number, MIX) &&
    words[at + 13] === (cpu | ((~number & 0xffff) << 16)) &&
    (words[at + 12] ?? 0) << 16 === FRAME_BYTES << 16 &&
    words[at + 2] === 0 &&
    words[at + 3] === 0 &&
    words[at + 4] === MAPPED &&
    words[at + 6] === 0 &&
    words[at + 7] === 0 &&
    words[at + 8] === MAPPED &&
    words[at + 10] === 0 &&
    words[at + 11] === IFINDEX_LOOPBACK &&
    words[at + 14] === IPV4 &&
    words[at + 15] === UDP_PERMIT
  );
}
