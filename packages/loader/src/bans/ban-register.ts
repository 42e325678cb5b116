/** The bans in force with their strikes, as they are stored. */
import type { Decision } from '@packetlog/common';
import { endedEarly, type StoredBan } from '../rules/store/bans-file.ts';
import { ActiveBans } from './active-bans.ts';
import { type BanClock, ClockSteps } from './ban-clock.ts';
import type { BansStore } from './bans-store.ts';
import { UndoneEpisodes } from './repeats.ts';
import { Strikes } from './strikes.ts';

export class BanRegister {
  readonly active: ActiveBans;
  readonly strikes: Strikes;
  readonly undone: UndoneEpisodes;
  readonly #store: BansStore;
  readonly #clock: BanClock;
  readonly #steps: ClockSteps;
  #nextId: number;
  /** Bans that were undone, but which the kernel's image still has. */
  #leftover: readonly StoredBan[] = [];

  /** Reads what an earlier loader stored, without bans that have ended. */
  constructor(store: BansStore, clock: BanClock) {
    this.#store = store;
    this.#clock = clock;
    const stored = store.read(clock.wallMs());
    this.#nextId = stored.next_decision;
    this.active = new ActiveBans(stored.bans);
    this.strikes = new Strikes(stored.strikes);
    // The kernel's clock began again with the boot, and so did the levels of limits.
    this.undone = new UndoneEpisodes(stored.clock?.boot_id === clock.bootId ? stored.undone : []);
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

  /** Removes bans whose nodes the kernel's image still has, with an end in the past. */
  undo(bans: readonly StoredBan[]): void {
    for (const ban of bans) this.remove(ban);
    this.#leftover = [...this.#leftover, ...bans.map(endedEarly)];
  }

  /** Moves all ends if the wall clock was set, so that bans last as long as they would have. Returns whether it was. */
  followClock(): boolean {
    const step = this.#steps.step();
    if (step === 0) return false;
    this.active.shift(step);
    this.strikes.shift(step);
    return this.active.size > 0;
  }

  /** Stores what replaces the image in the kernel. Call it before that: otherwise what was undone would be unknown there. */
  saveReplacement(): void {
    this.#leftover = [];
    this.save();
  }

  /** Stores what the image in the kernel has, or has had since. */
  save(): void {
    this.#store.write({
      version: 1,
      next_decision: this.#nextId,
      clock: this.#steps.stored,
      bans: [...this.active.stored, ...this.#leftover],
      strikes: this.strikes.stored(this.#clock.wallMs()),
      undone: this.undone.stored,
    });
  }
}

export function storedBan(
  { id, source, rule, at_ms, ends_at_ms = at_ms, strike }: Decision,
  overSinceNs: bigint,
): StoredBan {
  const ban = { decision: id, source, limit_rule: rule.id, began_at_ms: at_ms, ends_at_ms, strike };
  return { ...ban, over_since_ns: String(overSinceNs) };
}
