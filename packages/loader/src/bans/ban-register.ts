/** The bans in force with their strikes, as they are stored. */
import type { Decision } from '@packetlog/common';
import type { StoredBan } from '../rules/store/bans-file.ts';
import { ActiveBans } from './active-bans.ts';
import { type BanClock, ClockSteps } from './ban-clock.ts';
import type { BansStore } from './bans-store.ts';
import { Strikes } from './strikes.ts';

export class BanRegister {
  readonly active: ActiveBans;
  readonly strikes: Strikes;
  readonly #store: BansStore;
  readonly #clock: BanClock;
  readonly #steps: ClockSteps;
  #nextId: number;

  /** Reads what an earlier loader stored, without bans that have ended. */
  constructor(store: BansStore, clock: BanClock) {
    this.#store = store;
    this.#clock = clock;
    const stored = store.read(clock.wallMs());
    this.#nextId = stored.next_decision;
    this.active = new ActiveBans(stored.bans);
    this.strikes = new Strikes(stored.strikes);
    this.#steps = new ClockSteps(clock, stored.clock);
    this.followClock();
    this.active.removeEnded(clock.wallMs());
  }

  /** Returns the id of a new decision. */
  nextId(): number {
    return this.#nextId++;
  }

  add(ban: StoredBan): void {
    const { source, limit_rule, decision, ends_at_ms } = ban;
    this.active.add(ban);
    this.strikes.add(source, limit_rule, [decision, ends_at_ms], this.#clock.wallMs());
  }

  /** Removes a ban, as if there had been none. */
  remove(ban: StoredBan): void {
    this.active.remove([ban]);
    this.strikes.remove(ban.source, ban.limit_rule, ban.decision);
  }

  /** Moves all ends if the wall clock was set, so that bans last as long as they would have. Returns whether it was. */
  followClock(): boolean {
    const step = this.#steps.step();
    if (step === 0) return false;
    this.active.shift(step);
    this.strikes.shift(step);
    return this.active.size > 0;
  }

  save(): void {
    this.#store.write({
      version: 1,
      next_decision: this.#nextId,
      clock: this.#steps.stored,
      bans: this.active.stored,
      strikes: this.strikes.stored(this.#clock.wallMs()),
    });
  }
}

export function storedBan({ id, source, rule, at_ms, ends_at_ms = at_ms, strike }: Decision): StoredBan {
  return { decision: id, source, limit_rule: rule.id, began_at_ms: at_ms, ends_at_ms, strike };
}
