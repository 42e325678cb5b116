/**
 * Limits what clients may cost this thread, in units of about 0.1 ms. Each client has its own budget. Read-only clients
 * also share one budget per address and one in all, so that together they leave time for the other clients.
 */
import { LOOPBACK_PEER } from './peer-address.ts';
import { ReadTurns } from './read-turns.ts';

export interface Allowance {
  readonly atOnce: number;
  readonly perSecond: number;
}

/** Budget of one client: 1 % of this thread on average. */
export const CLIENT: Allowance = { atOnce: 200, perSecond: 100 };
/** Shared by all read-only clients of one address. Does not apply to loopback, from where proxies connect. */
const PEER: Allowance = { atOnce: 800, perSecond: 400 };
/** Shared by all read-only clients. */
const READERS: Allowance = { atOnce: 6000, perSecond: 1500 };
/** Units a client has for its first messages when reading from it resumes. */
const AFFORDED = 2;
/** Cost of rejecting a message: it was parsed, and is answered. */
const REJECTION = 1;
/** Bytes of a message that cost a unit to receive and parse; a shorter one costs nothing more. */
const BYTES_PER_UNIT = 8 * 1024;

export class Budget {
  readonly #allowance: Allowance;
  readonly #now: () => number;
  #balance: number;
  #refilledAt: number;

  /** `now` returns milliseconds. */
  constructor(allowance: Allowance, now: () => number) {
    this.#allowance = allowance;
    this.#now = now;
    this.#balance = allowance.atOnce;
    this.#refilledAt = now();
  }

  /** Units left; negative values are debt. */
  get left(): number {
    const now = this.#now();
    const { atOnce, perSecond } = this.#allowance;
    this.#balance = Math.min(atOnce, this.#balance + ((now - this.#refilledAt) / 1000) * perSecond);
    this.#refilledAt = now;
    return this.#balance;
  }

  get isFull(): boolean {
    return this.left >= this.#allowance.atOnce;
  }

  /** Time until a debt is paid and a cheap message is affordable, ms; 0 without debt. */
  get debtMs(): number {
    const { left } = this;
    return left < 0 ? ((AFFORDED - left) / this.#allowance.perSecond) * 1000 : 0;
  }

  /** Time until `cost` is affordable, ms. */
  waitMs(cost: number): number {
    return (Math.max(0, cost - this.left) / this.#allowance.perSecond) * 1000;
  }

  charge(cost: number): void {
    this.#balance = this.left - cost;
  }
}

export class ClientBudget {
  readonly #client: Budget;
  readonly #all: readonly Budget[];
  readonly #turns: ReadTurns;
  /** Call it when the client has disconnected. */
  readonly end: () => void;

  constructor(own: Budget, shared: readonly Budget[], turns: ReadTurns, end = () => {}) {
    this.#client = own;
    this.#all = [own, ...shared];
    this.#turns = turns;
    this.end = end;
  }

  /** Charges a message that has arrived. */
  received(bytes: number): void {
    for (const budget of this.#all) budget.charge(Math.floor(bytes / BYTES_PER_UNIT));
  }

  /**
   * Charges `cost`, capped at what a client may spend at once. Returns false, and charges only the rejection, if a
   * budget is too low.
   */
  take(cost: number): boolean {
    const capped = Math.min(cost, CLIENT.atOnce);
    const isEnough = this.#all.every(({ left }) => left >= capped);
    for (const budget of this.#all) budget.charge(isEnough ? capped : REJECTION);
    return isEnough;
  }

  /** Time until `cost` is affordable if no client that shares the budgets spends more, ms. */
  waitMs(cost: number): number {
    const capped = Math.min(cost, CLIENT.atOnce);
    return Math.ceil(Math.max(...this.#all.map((budget) => budget.waitMs(capped))));
  }

  /** Time for which the server should read nothing more from the client, ms. */
  get debtMs(): number {
    let ms = 0;
    for (const budget of this.#all) ms = Math.max(ms, budget.debtMs);
    return ms;
  }

  /** Calls `resume` once the debt is paid, and after other clients that have cost less. */
  whenPaid(resume: () => void): void {
    this.#turns.wait({ debtMs: () => this.debtMs, left: () => this.#client.left, resume });
  }
}

export class Budgets {
  readonly #now: () => number;
  readonly #readers: Budget;
  readonly #turns: ReadTurns;
  readonly #adminTurns: ReadTurns;
  readonly #peers = new Map<string, { readonly budget: Budget; clients: number }>();

  constructor(now: () => number) {
    this.#now = now;
    this.#readers = new Budget(READERS, now);
    this.#turns = new ReadTurns(now);
    this.#adminTurns = new ReadTurns(now);
  }

  /** Creates the budget of a new client at `peer` (see peer-address.ts). */
  of(peer: string, isAdmin: boolean): ClientBudget {
    const own = new Budget(CLIENT, this.#now);
    if (isAdmin) return new ClientBudget(own, [], this.#adminTurns);
    if (peer === LOOPBACK_PEER) return new ClientBudget(own, [this.#readers], this.#turns);
    this.#forget();
    const shared = this.#peers.get(peer) ?? { budget: new Budget(PEER, this.#now), clients: 0 };
    this.#peers.set(peer, shared);
    shared.clients++;
    return new ClientBudget(own, [shared.budget, this.#readers], this.#turns, () => {
      shared.clients--;
    });
  }

  /** Removes addresses without clients whose budget is full again: a new budget would be the same. */
  #forget(): void {
    for (const [peer, { budget, clients }] of this.#peers) {
      if (clients === 0 && budget.isFull) this.#peers.delete(peer);
    }
  }
}
