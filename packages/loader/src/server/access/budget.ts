/**
 * What clients may cost this thread, in units of about a tenth of a millisecond. A client has its own budget; those that
 * cannot change rules share one, in all and for each address, so that together they leave this thread to the others.
 */
import { LOOPBACK_PEER } from './peer-address.ts';

export interface Allowance {
  readonly atOnce: number;
  readonly perSecond: number;
}

/** Of one client: 1 % of this thread in the long run. */
export const CLIENT: Allowance = { atOnce: 200, perSecond: 100 };
/** Of all read-only clients of one address; not for loopback, where proxies end. */
const PEER: Allowance = { atOnce: 800, perSecond: 400 };
/** Of all read-only clients. */
const READERS: Allowance = { atOnce: 6000, perSecond: 1500 };
/** When a client is listened to again, it has so much for what it says first. */
const AFFORDED = 2;
/** What it costs to say no. */
const REJECTION = 0.25;

export class Budget {
  readonly #allowance: Allowance;
  readonly #now: () => number;
  #left: number;
  #at: number;

  /** `now`: milliseconds. */
  constructor(allowance: Allowance, now: () => number) {
    this.#allowance = allowance;
    this.#now = now;
    this.#left = allowance.atOnce;
    this.#at = now();
  }

  /** Units that are left; below 0, what is owed. */
  get left(): number {
    const now = this.#now();
    const { atOnce, perSecond } = this.#allowance;
    this.#left = Math.min(atOnce, this.#left + ((now - this.#at) / 1000) * perSecond);
    this.#at = now;
    return this.#left;
  }

  get isFull(): boolean {
    return this.left >= this.#allowance.atOnce;
  }

  /** While something is owed: the time until it is paid and a cheap message can be afforded. */
  get debtMs(): number {
    const { left } = this;
    return left < 0 ? ((AFFORDED - left) / this.#allowance.perSecond) * 1000 : 0;
  }

  /** Until `cost` can be afforded, ms. */
  waitMs(cost: number): number {
    return (Math.max(0, cost - this.left) / this.#allowance.perSecond) * 1000;
  }

  charge(cost: number): void {
    this.#left = this.left - cost;
  }
}

export class ClientBudget {
  readonly #own: Budget;
  readonly #all: readonly Budget[];
  /** Its client has gone. */
  readonly end: () => void;

  constructor(own: Budget, shared: readonly Budget[], end = () => {}) {
    this.#own = own;
    this.#all = [own, ...shared];
    this.end = end;
  }

  /** False: it is not done. More than a client may cost at once counts as that much. */
  take(cost: number): boolean {
    const asked = Math.min(cost, CLIENT.atOnce);
    const isEnough = this.#all.every(({ left }) => left >= asked);
    for (const budget of this.#all) budget.charge(isEnough ? asked : REJECTION);
    return isEnough;
  }

  /** The time until this can be afforded, if none of those that share the budget spends more, ms. */
  waitMs(cost: number): number {
    const asked = Math.min(cost, CLIENT.atOnce);
    return Math.ceil(Math.max(...this.#all.map((budget) => budget.waitMs(asked))));
  }

  /** So long nothing more should be read from it. */
  get debtMs(): number {
    return this.#own.debtMs;
  }
}

export class Budgets {
  readonly #now: () => number;
  readonly #readers: Budget;
  readonly #peers = new Map<string, { readonly budget: Budget; clients: number }>();

  constructor(now: () => number) {
    this.#now = now;
    this.#readers = new Budget(READERS, now);
  }

  /** Of a new client at `peer` (peer-address.ts). */
  of(peer: string, isAdmin: boolean): ClientBudget {
    const own = new Budget(CLIENT, this.#now);
    if (isAdmin) return new ClientBudget(own, []);
    if (peer === LOOPBACK_PEER) return new ClientBudget(own, [this.#readers]);
    this.#forget();
    const shared = this.#peers.get(peer) ?? { budget: new Budget(PEER, this.#now), clients: 0 };
    this.#peers.set(peer, shared);
    shared.clients++;
    return new ClientBudget(own, [shared.budget, this.#readers], () => {
      shared.clients--;
    });
  }

  /** Of addresses without clients, whose budget says nothing any more: a new one would be as full. */
  #forget(): void {
    for (const [peer, { budget, clients }] of this.#peers) {
      if (clients === 0 && budget.isFull) this.#peers.delete(peer);
    }
  }
}
