/**
 * Limits wrong tokens per address: beyond the limit the sender has to wait. A right token is accepted regardless:
 * tokens are too long to guess, and wrong tokens from one address must not block other users of the same tunnel or
 * proxy.
 */
import { type Allowance, Budget } from './budget.ts';
import { LOOPBACK_PEER } from './peer-address.ts';

const ELSEWHERE: Allowance = { atOnce: 10, perSecond: 0.2 };
const LOOPBACK: Allowance = { atOnce: 50, perSecond: 5 };
/** Maximum number of addresses to remember. */
const MAX_PEERS = 10_000;

export class TokenGuesses {
  readonly #now: () => number;
  /** In the order of their first wrong token. */
  readonly #peers = new Map<string, Budget>();

  /** `now` returns milliseconds. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** Seconds that the sender of a wrong token has to wait; 0: no wait. */
  waitSeconds(peer: string): number {
    const budget = this.#peers.get(peer);
    if (budget === undefined || budget.left >= 1) return 0;
    return Math.ceil((1 - budget.left) / allowance(peer).perSecond);
  }

  wrong(peer: string): void {
    const budget = this.#peers.get(peer) ?? new Budget(allowance(peer), this.#now);
    budget.charge(1);
    this.#peers.set(peer, budget);
    if (this.#peers.size > MAX_PEERS) this.#forget();
  }

  /** Removes addresses that have waited long enough, then the oldest ones while there are still too many. */
  #forget(): void {
    for (const [peer, budget] of this.#peers) if (budget.isFull) this.#peers.delete(peer);
    for (const peer of this.#peers.keys()) {
      if (this.#peers.size <= MAX_PEERS) return;
      this.#peers.delete(peer);
    }
  }
}

function allowance(peer: string): Allowance {
  return peer === LOOPBACK_PEER ? LOOPBACK : ELSEWHERE;
}
