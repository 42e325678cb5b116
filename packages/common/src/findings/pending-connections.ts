/**
 * Connections whose SYN arrived and whose first ACK did not: a tag for each, at the place of its hash. A newer SYN
 * overwrites an older one, so at a high rate of SYN some completed connections go unnoticed (CERTAIN_SYNS).
 */
const SLOTS = 2 ** 17;
/** A client repeats its SYN after 1, 2, 4, 8, 16 and 32 s (tcp_syn_retries of ip-sysctl in the kernel's documentation). */
const REPEATED_S = 35;

export class PendingConnections {
  readonly #tags = new Int32Array(SLOTS);
  /** Time of the newest SYN, in seconds modulo 2^16. */
  readonly #seconds = new Uint16Array(SLOTS);

  /** Notes a SYN; returns false if it repeats one that still waits. */
  opened(place: number, tag: number, second: number): boolean {
    const slot = place & (SLOTS - 1);
    const isSame = this.#tags[slot] === tag && ((second - this.#seconds[slot]!) & 0xffff) < REPEATED_S;
    this.#tags[slot] = tag;
    this.#seconds[slot] = second;
    return !isSame;
  }

  /** Returns whether this packet is the first after a SYN of the same connection. */
  completed(place: number, tag: number): boolean {
    const slot = place & (SLOTS - 1);
    if (this.#tags[slot] !== tag) return false;
    this.#tags[slot] = 0;
    return true;
  }
}
