/**
 * Wrong tokens: how many an address may show before it is told to wait. A right token is taken all the same: tokens are too
 * long to be guessed, and wrong ones from one address must not keep out others who come through the same tunnel or proxy.
 */
import { type Allowance, Budget } from './budget.ts';
import { LOOPBACK_PEER } from './peer-address.ts';

const ELSEWHERE: Allowance = { atOnce: 10, perSecond: 0.2 };
const LOOPBACK: Allowance = { atOnce: 50, perSecond: 5 };
/** Addresses that are remembered. */
const MOST_PEERS = 10_000;

export class TokenGuesses {
  readonly #now: () => number;
  /** In the order of their first wrong token. */
  readonly #peers = new Map<string, Budget>();

  /** `now`: milliseconds. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** Seconds that the sender of a wrong token is told to wait; 0: none. */
  waitSeconds(peer: string): number {
    const budget = this.#peers.get(peer);
    if (budget === undefined || budget.left >= 1) return 0;
    return Math.ceil((1 - budget.left) / allowance(peer).perSecond);
  }

  wrong(peer: string): void {
    const budget = this.#peers.get(peer) ?? new Budget(allowance(peer), this.#now);
    budget.charge(1);
    this.#peers.set(peer, budget);
    if (this.#peers.size > MOST_PEERS) this.#forget();
  }

  /** Those that have waited long enough; if there are none, the oldest. */
  #forget(): void {
    for (const [peer, budget] of this.#peers) if (budget.isFull) this.#peers.delete(peer);
    for (const peer of this.#peers.keys()) {
      if (this.#peers.size <= MOST_PEERS) return;
      this.#peers.delete(peer);
    }
  }
}

function allowance(peer: string): Allowance {
  return peer === LOOPBACK_PEER ? LOOPBACK : ELSEWHERE;
}
