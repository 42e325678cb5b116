/** The whole of the rules as one value that never changes: every change makes another. */
import type { DefaultPolicy, Rule } from '@packetlog/common';
import type { AddressList } from '../lists/address-list.ts';

/** Where the networks of a set come from, and go to when the rules are written. */
export type SetOrigin =
  /** Read from here, again when it changes. */
  | { readonly kind: 'file'; readonly path: string }
  /** Kept by the loader. */
  | { readonly kind: 'copy' }
  /** In the rules file itself. */
  | { readonly kind: 'inline'; readonly entries: readonly string[] };

export interface NamedSet {
  readonly name: string;
  readonly origin: SetOrigin;
  readonly list: AddressList;
  /** What the list was read from; kept so that it can be written. Not for `inline`. */
  readonly text: Uint8Array | undefined;
  readonly loadedAtMs: number;
}

export interface Ruleset {
  readonly defaultPolicy: DefaultPolicy;
  readonly rules: readonly Rule[];
  readonly sets: ReadonlyMap<string, NamedSet>;
  /** Addresses and networks that no rule may deny. */
  readonly protect: readonly string[];
  /** Greater than every id that was ever given. */
  readonly nextId: number;
}

export const EMPTY_RULESET: Ruleset = {
  defaultPolicy: 'permit',
  rules: [],
  sets: new Map(),
  protect: [],
  nextId: 1,
};

export function isExpired(rule: Pick<Rule, 'expires_at'>, nowMs: number): boolean {
  return rule.expires_at !== undefined && Date.parse(rule.expires_at) <= nowMs;
}

/** Name of the set that a rule is about, or undefined. */
export function setOf(rule: Pick<Rule, 'source'>): string | undefined {
  return rule.source.startsWith('set:') ? rule.source.slice('set:'.length) : undefined;
}

/** Whether the list of both comes from the same place; false if one of them is not there. */
export function hasSameOrigin(one: NamedSet | undefined, { origin }: NamedSet): boolean {
  return one !== undefined && JSON.stringify(one.origin) === JSON.stringify(origin);
}

/** Whether the kernel has anything to decide. */
export function saysSomething({ rules, defaultPolicy }: Ruleset): boolean {
  return rules.length > 0 || defaultPolicy === 'deny';
}

/** Whether some packet may be denied: what must go on without the loader. */
export function denies({ rules, defaultPolicy }: Ruleset): boolean {
  return defaultPolicy === 'deny' || rules.some(({ action }) => action === 'deny');
}
