/**
 * Estimates of distinct values in 256 bytes each (HyperLogLog; Flajolet et al. 2007, with linear counting for few
 * values): standard error 6.5 %.
 */
const REGISTERS = 256;
const ALPHA = 0.7213 / (1 + 1.079 / REGISTERS);

export class DistinctCounts {
  readonly #registers: Uint8Array;

  constructor(size: number) {
    this.#registers = new Uint8Array(size * REGISTERS);
  }

  /** `x` and `y`: two hashes of the value. */
  add(index: number, x: number, y: number): void {
    const at = index * REGISTERS + (x & (REGISTERS - 1));
    const rank = Math.clz32(y) + 1;
    if (rank > this.#registers[at]!) this.#registers[at] = rank;
  }

  clear(index: number): void {
    this.#registers.fill(0, index * REGISTERS, (index + 1) * REGISTERS);
  }

  estimate(index: number): number {
    let sum = 0;
    let zeros = 0;
    for (let i = index * REGISTERS; i < (index + 1) * REGISTERS; i++) {
      const rank = this.#registers[i]!;
      sum += 2 ** -rank;
      if (rank === 0) zeros++;
    }
    const raw = (ALPHA * REGISTERS * REGISTERS) / sum;
    const few = raw <= 2.5 * REGISTERS && zeros > 0;
    return Math.round(few ? REGISTERS * Math.log(REGISTERS / zeros) : raw);
  }
}
