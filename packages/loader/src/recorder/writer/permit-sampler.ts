/**
 * Leaves out permitted packets above a rate, without bias: each of them is kept with the same probability 1/N, and the
 * weight of a kept one is N times its own. Denied packets are always kept.
 */
import { ACTIONS, FIELD_OFFSETS, PACKET_LOG_SIZE } from '@packetlog/common';

const WEIGHT = FIELD_OFFSETS.weight / 2;
const ACTION = FIELD_OFFSETS.action;
const WORDS = PACKET_LOG_SIZE / 2;
const MAX_WEIGHT = 0xffff;
const SECOND_MS = 1000;

export class PermitSampler {
  readonly #perSecond: number;
  readonly #random: () => number;
  /** Permits offered in the second before this one, and in this one so far. */
  #before = 0;
  #current = 0;
  #secondStart = Number.NEGATIVE_INFINITY;

  /** `random`: a number from 0 up to 1. */
  constructor(perSecond: number, random: () => number = Math.random) {
    this.#perSecond = perSecond;
    this.#random = random;
  }

  /**
   * Moves the records to keep to the front of `records`, in their order, and sets their weights. Returns their number.
   * `count` records of 64 bytes; `nowMs`: a monotonic clock.
   */
  select(records: Uint8Array, count: number, nowMs: number): number {
    if (this.#perSecond === Number.POSITIVE_INFINITY) return count;
    const n = this.#oneOf(countPermits(records, count), nowMs);
    return n === 1 ? count : this.#thin(records, count, n);
  }

  /** Depends on numbers of packets only, never on their content: otherwise the weights would be biased. */
  #oneOf(permits: number, nowMs: number): number {
    const elapsed = nowMs - this.#secondStart;
    if (elapsed >= SECOND_MS) {
      this.#before = elapsed < 2 * SECOND_MS ? this.#current : 0;
      this.#current = 0;
      this.#secondStart = nowMs;
    }
    this.#current += permits;
    const rate = Math.max(this.#before, this.#current);
    return rate <= this.#perSecond ? 1 : 2 ** Math.ceil(Math.log2(rate / this.#perSecond));
  }

  #thin(records: Uint8Array, count: number, n: number): number {
    const halves = new Uint16Array(records.buffer, records.byteOffset, count * WORDS);
    let kept = 0;
    for (let i = 0; i < count; i++) {
      if (records[i * PACKET_LOG_SIZE + ACTION] !== ACTIONS.deny) {
        const weight = halves[i * WORDS + WEIGHT] as number;
        const times = Math.min(n, Math.floor(MAX_WEIGHT / Math.max(1, weight)));
        if (this.#random() * times >= 1) continue;
        halves[i * WORDS + WEIGHT] = weight * times;
      }
      if (kept !== i) records.copyWithin(kept * PACKET_LOG_SIZE, i * PACKET_LOG_SIZE, (i + 1) * PACKET_LOG_SIZE);
      kept++;
    }
    return kept;
  }
}

function countPermits(records: Uint8Array, count: number): number {
  let permits = 0;
  for (let i = 0; i < count; i++) if (records[i * PACKET_LOG_SIZE + ACTION] !== ACTIONS.deny) permits++;
  return permits;
}
