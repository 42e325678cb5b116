/** The bans in force. */
import {
  type Ban,
  type CheckedBansRequest,
  FIRST_BAN_RULE_ID,
  type Network,
  parseNetwork,
  type Rule,
  unmapped,
} from '@packetlog/common';
import { includesSource } from '../rules/safety/permit-cover.ts';
import { banRule, type StoredBan } from '../rules/store/bans-file.ts';
import { keyOf } from './strikes.ts';

export class ActiveBans {
  /** By decision, oldest first. */
  readonly #bans = new Map<number, StoredBan>();
  readonly #decisions = new Map<string, number>();
  /** Made once for each ban: the compiler knows them again. */
  readonly #rules = new Map<number, Rule>();

  constructor(stored: readonly StoredBan[] = []) {
    for (const ban of stored) this.add(ban);
  }

  get size(): number {
    return this.#bans.size;
  }

  get stored(): StoredBan[] {
    return [...this.#bans.values()];
  }

  /** The deny rules of all bans. */
  get rules(): Rule[] {
    return [...this.#rules.values()];
  }

  get(decision: number): StoredBan | undefined {
    return this.#bans.get(decision);
  }

  has(source: string, limitRule: number): boolean {
    return this.#decisions.has(keyOf(source, limitRule));
  }

  add(ban: StoredBan): void {
    this.#bans.set(ban.decision, ban);
    this.#decisions.set(keyOf(ban.source, ban.limit_rule), ban.decision);
    this.#rules.set(ban.decision, banRule(ban));
  }

  remove(bans: readonly StoredBan[]): void {
    for (const { decision, source, limit_rule } of bans) {
      this.#bans.delete(decision);
      this.#decisions.delete(keyOf(source, limit_rule));
      this.#rules.delete(decision);
    }
  }

  /** Removes the bans that have ended, and returns them. */
  removeEnded(nowMs: number): StoredBan[] {
    const ended = this.stored.filter(({ ends_at_ms }) => ends_at_ms <= nowMs);
    this.remove(ended);
    return ended;
  }

  /** Moves all ends, as the wall clock was set: each ban still lasts as long. */
  shift(ms: number): void {
    for (const ban of this.stored) {
      this.add({ ...ban, began_at_ms: ban.began_at_ms + ms, ends_at_ms: ban.ends_at_ms + ms });
    }
  }

  /** Returns the deny rules of these decisions. */
  rulesOf(decisions: ReadonlySet<number>): Rule[] {
    return [...decisions].flatMap((decision) => this.#rules.get(decision) ?? []);
  }

  /** Returns the bans that a request names: of a decision, a source, a limit, or of the last minutes. */
  select(
    { id, limit_rule, last_ms }: CheckedBansRequest<'undo'>,
    network: Network | undefined,
    nowMs: number,
  ): StoredBan[] {
    return this.stored.filter(
      (ban) =>
        ban.decision === id ||
        ban.limit_rule === limit_rule ||
        (network !== undefined && concerns(ban.source, network)) ||
        (last_ms !== undefined && ban.began_at_ms >= nowMs - last_ms),
    );
  }

  /** Returns the newest bans, of a network, or before a decision. `packets`: returns how many packets a rule denied. */
  newest(
    limit: number,
    packets: (ruleId: number) => number,
    network?: Network,
    before = Number.POSITIVE_INFINITY,
  ): Ban[] {
    const chosen = this.stored
      .reverse()
      .filter(({ source, decision }) => decision < before && (network === undefined || concerns(source, network)));
    return chosen.slice(0, limit).map(({ over_since_ns: _, ...ban }) => {
      const ban_rule = FIRST_BAN_RULE_ID + ban.decision;
      return { ...ban, ban_rule, packets: packets(ban_rule) };
    });
  }
}

/** Returns whether one of both contains the other. */
export function concerns(source: string, network: Network): boolean {
  const other = unmapped(parseNetwork(source));
  return includesSource(other, network) || includesSource(network, other);
}
