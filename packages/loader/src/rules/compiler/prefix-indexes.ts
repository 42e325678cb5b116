/**
 * Places: what the prefixes around an address say, as a list of rules in the order in which they decide. Most addresses
 * of a blocklist are in one of very few places.
 *
 * At one place, permit precedes deny, deny limits, and these observe; then the longest prefix decides; then the lowest id. The rules of a
 * longer prefix therefore precede those with the same action, and no prefix length needs to be kept.
 */
import { isOutlived, LIMIT_RANK, type PreparedRule, RANKED_ACTIONS, UNCONDITIONAL } from './prepared-rules.ts';

/** The place outside every prefix. */
export const NOWHERE = 0;

const KEY_FACTOR = 2 ** 26;

/** Returns a number for both conditions of a rule. */
const conditionKey = (condition: number, packetCondition: number) => condition * KEY_FACTOR + packetCondition;

export class Places {
  readonly #rules: readonly PreparedRule[];
  readonly #lists: (readonly number[])[] = [[]];
  readonly #byList = new Map<string, number>([['', NOWHERE]]);
  readonly #entered = new Map<number, number>();
  /** Rules that share a prefix, by group number. */
  readonly #groups: (readonly number[])[] = [];
  readonly #joined = new Map<number, number>();
  #lastKey = -1;
  #lastPlace = NOWHERE;

  constructor(rules: readonly PreparedRule[]) {
    this.#rules = rules;
  }

  get count(): number {
    return this.#lists.length;
  }

  /** Returns the rules of a place: the first that holds and has not expired decides. */
  rulesAt(place: number): readonly number[] {
    return this.#lists[place] as readonly number[];
  }

  /** Returns a number for rules with the same networks. */
  addGroup(rules: readonly number[]): number {
    return this.#groups.push(rules) - 1;
  }

  /** Returns the group for a network that is in both. */
  joinGroups(a: number, b: number): number {
    if (a === b) return a;
    const key = a * KEY_FACTOR + b;
    const known = this.#joined.get(key);
    if (known !== undefined) return known;
    const rules = new Set([...(this.#groups[a] as number[]), ...(this.#groups[b] as number[])]);
    const group = this.addGroup([...rules].sort((x, y) => x - y));
    this.#joined.set(key, group);
    return group;
  }

  /** Returns the place inside a prefix of `group`, entered from a shorter prefix. */
  enter(outside: number, group: number): number {
    const key = outside * KEY_FACTOR + group;
    if (key === this.#lastKey) return this.#lastPlace;
    let place = this.#entered.get(key);
    if (place === undefined) {
      place = this.#placeOf(this.#inside(outside, group));
      this.#entered.set(key, place);
    }
    this.#lastKey = key;
    this.#lastPlace = place;
    return place;
  }

  #inside(outside: number, group: number): number[] {
    const added = this.#groups[group] as readonly number[];
    const here = new Set(added);
    const kept = this.rulesAt(outside).filter((rule) => !here.has(rule));
    const list: number[] = [];
    for (let rank = 0; rank < RANKED_ACTIONS.length; rank++) {
      for (const rule of added) if (this.#rules[rule]?.rank === rank) list.push(rule);
      for (const rule of kept) if (this.#rules[rule]?.rank === rank) list.push(rule);
    }
    return this.#withoutIdle(list);
  }

  /** Removes rules that never decide: an earlier rule holds wherever they hold, and as long. */
  #withoutIdle(list: readonly number[]): number[] {
    const until = new Map<number, number>();
    return list.filter((place) => {
      const rule = this.#rules[place] as PreparedRule;
      const { condition, packetCondition, expiresMs, rank, isBan } = rule;
      const wider = [condition, UNCONDITIONAL].flatMap((each) => [
        conditionKey(each, packetCondition),
        conditionKey(each, UNCONDITIONAL),
      ]);
      if (wider.some((key) => isOutlived(rule, until.get(key) ?? -Infinity))) return false;
      if (rank !== LIMIT_RANK && !isBan) until.set(conditionKey(condition, packetCondition), expiresMs);
      return true;
    });
  }

  #placeOf(list: readonly number[]): number {
    const key = list.join();
    const known = this.#byList.get(key);
    if (known !== undefined) return known;
    const place = this.#lists.push(list) - 1;
    this.#byList.set(key, place);
    return place;
  }
}
