// @ts-check
/** Compares all 64 bytes of each record with the number that number.bpf.c gave its packet. */

const WORDS = 16;
/** As in number.bpf.c. */
const MIX = 0x9e3779b1 | 0;
/** The last 32 bits of the prefix ::ffff:0:0/96 as a little-endian word. */
const MAPPED = 0xffff0000 | 0;
const IFINDEX_LOOPBACK = 1;
const FRAME_BYTES = 60;
/** EtherType IPv4, no VLAN. */
const IPV4 = 0x0800;
/** UDP, no TCP flags, action permit, no reason. */
const UDP_PERMIT = 0x00_02_00_11;

/**
 * The tally of one CPU: `received` records; `missing`: numbers that were skipped; `backwards`: records whose number is
 * not above the one before; `early`: records whose time is before the one before; `wrong`: records with other bytes than
 * were written. `weights` and `variance`: the sums of the weights w, and of w * (w - 1). `sameTime`: records in a row with
 * the time of the last one; `longestSameTime`: its maximum.
 * @typedef {{ received: number, next: number, missing: number, backwards: number, early: number, wrong: number,
 *   weights: number, variance: number, sameTime: number, longestSameTime: number, firstWrong: string | null,
 *   lastHigh: number, lastLow: number }} Tally
 */

/** @returns {Tally} */
const emptyTally = () => ({
  ...{ received: 0, next: 0, missing: 0, backwards: 0, early: 0, wrong: 0 },
  ...{ weights: 0, variance: 0, sameTime: 0, longestSameTime: 0, firstWrong: null, lastHigh: 0, lastLow: 0 },
});

export class Checker {
  /** @type {Map<number, Tally>} by CPU */
  tallies = new Map();

  /**
   * Adds records of one CPU, in the order in which they were read.
   * @param {Int32Array} words the memory that contains them
   * @param {number} start word of the first
   * @param {number} count
   * @param {number} stride words from one to the next
   */
  check(words, start, count, stride) {
    const ports = words[start + 13] ?? 0;
    const cpu = ports & 0xffff;
    const tally = this.#tally(cpu);
    let { next, sameTime, longestSameTime, lastHigh, lastLow } = tally;
    let [missing, weights, variance] = [0, 0, 0];
    for (let i = 0, at = start; i < count; i++, at += stride) {
      const number = /** @type {number} */ (words[at + 5]) >>> 0;
      if (number !== next) {
        if (number > next) missing += number - next;
        else tally.backwards++;
      }
      next = number + 1;
      const low = /** @type {number} */ (words[at]) >>> 0;
      const high = /** @type {number} */ (words[at + 1]) >>> 0;
      if (high < lastHigh || (high === lastHigh && low < lastLow)) tally.early++;
      sameTime = high === lastHigh && low === lastLow ? sameTime + 1 : 1;
      if (sameTime > longestSameTime) longestSameTime = sameTime;
      lastHigh = high;
      lastLow = low;
      const weight = /** @type {number} */ (words[at + 12]) >>> 16;
      weights += weight;
      variance += weight * (weight - 1);
      if (!isAsWritten(words, at, number, cpu)) {
        tally.wrong++;
        tally.firstWrong ??= `number ${number} of CPU ${cpu}: ${words.slice(at, at + WORDS).join(' ')}`;
      }
    }
    tally.received += count;
    tally.missing += missing;
    tally.weights += weights;
    tally.variance += variance;
    Object.assign(tally, { next, sameTime, longestSameTime, lastHigh, lastLow });
  }

  /** @param {number} cpu */
  #tally(cpu) {
    const known = this.tallies.get(cpu);
    if (known) return known;
    const tally = emptyTally();
    this.tallies.set(cpu, tally);
    return tally;
  }
}

/**
 * Returns whether all fields except time and weight are those of this number and CPU.
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
