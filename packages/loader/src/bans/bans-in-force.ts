/** Keeps the bans that the kernel enforces as the register has them, and the file as the kernel has them. */
import { FIRST_BAN_RULE_ID, type Rule } from '@packetlog/common';
import type { StoredBan } from '../rules/store/bans-file.ts';
import type { BanRegister } from './ban-register.ts';

/** The kernel skips bans that have ended; they are removed together. */
const REMOVE_MS = 60_000;

/** The kernel, as far as it concerns bans. RulesRuntime implements it. */
export interface BansKernel {
  /** Puts these deny rules in force in place of the earlier ones. Rejects with a RulesRejection; then those stay. */
  readonly changeBans: (rules: readonly Rule[]) => Promise<void>;
  /** Ends these rules at once, without waiting for other changes. If it rejects, some may have ended. `keepBans` follows. */
  readonly endBans: (ruleIds: readonly number[]) => Promise<void>;
  /** Lets rules that ended be in force again with the next `changeBans`. */
  readonly resumeBans: (ruleIds: readonly number[]) => void;
  /** Sets the deny rules that are left after some have ended. */
  readonly keepBans: (rules: readonly Rule[]) => void;
}

export class BansInForce {
  readonly #register: BanRegister;
  readonly #kernel: BansKernel;
  #removedMs = Number.NEGATIVE_INFINITY;
  #hasEnded = false;

  constructor(register: BanRegister, kernel: BansKernel) {
    this.#register = register;
    this.#kernel = kernel;
  }

  /** Whether bans have ended that are still among the kernel's rules. */
  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** Call it when bans have ended and are no longer in the register. */
  ended(): void {
    this.#hasEnded = true;
  }

  /** Puts the register's bans in force, of which some are new. Rejects with a RulesRejection; then the earlier ones stay. */
  put(): Promise<void> {
    // First: if the loader is killed in between, the next one puts them in force.
    this.#register.saveReplacement();
    return this.#kernel.changeBans(this.#register.active.rules);
  }

  /** Removes bans that have ended from the kernel's rules, if that is due. `nowMs`: monotonic. */
  async removeEnded(nowMs: number): Promise<void> {
    if (this.#hasEnded && nowMs - this.#removedMs >= REMOVE_MS) await this.replace(nowMs);
  }

  /** Replaces what is in force, where no ban was added. If that fails, it is tried again later. */
  async replace(nowMs: number): Promise<void> {
    this.#removedMs = nowMs;
    this.#hasEnded = false;
    await this.put().catch(() => {
      this.#hasEnded = true;
    });
  }

  /** Ends bans at once, whatever else is being changed. Returns whether the kernel has ended all; then `remove` or `resume` follows. */
  end(decisions: readonly number[]): Promise<boolean> {
    return this.#kernel.endBans(decisions.map((decision) => FIRST_BAN_RULE_ID + decision)).then(
      () => true,
      () => false,
    );
  }

  /** Removes bans that an undo ends. `isEnded`: what `end` returned. Rejects with a RulesRejection; then they stay registered. */
  async remove(bans: readonly StoredBan[], isEnded: boolean): Promise<void> {
    if (isEnded) {
      this.#register.undo(bans);
      this.#kernel.keepBans(this.#register.active.rules);
      this.#hasEnded = true;
      return;
    }
    for (const ban of bans) this.#register.remove(ban);
    try {
      await this.#kernel.changeBans(this.#register.active.rules);
    } catch (error) {
      for (const ban of bans) this.#register.add(ban);
      throw error;
    }
  }

  /** Puts registered bans in force again that the kernel has ended, or may have. */
  async resume(rules: readonly Rule[], nowMs: number): Promise<void> {
    this.#kernel.resumeBans(rules.map(({ id }) => id));
    await this.replace(nowMs);
    // Otherwise they would be missing for as long as bans that have ended may be there.
    if (this.#hasEnded) this.#removedMs = Number.NEGATIVE_INFINITY;
  }
}
