/** All rules as one immutable value: each change creates a new one. */
import type { DefaultPolicy, Rule } from '@packetlog/common';
import type { AddressList } from '../lists/address-list.ts';

/** Where a set's networks come from, and where they are stored when the rules are written. */
export type SetOrigin =
  /** Read from this file, and again when it changes. */
  | { readonly kind: 'file'; readonly path: string }
  /** Stored by the loader. */
  | { readonly kind: 'copy' }
  /** In the rules file itself. */
  | { readonly kind: 'inline'; readonly entries: readonly string[] };

export interface NamedSet {
  readonly name: string;
  readonly origin: SetOrigin;
  readonly list: AddressList;
  /** The text of the list, kept to write the copy; undefined for `inline`. */
  readonly text: Uint8Array | undefined;
  readonly loadedAtMs: number;
}

export interface Ruleset {
  readonly defaultPolicy: DefaultPolicy;
  /** The node's own default policy, while a generation of the fleet sets `defaultPolicy`. */
  readonly ownPolicy?: DefaultPolicy;
  readonly rules: readonly Rule[];
  readonly sets: ReadonlyMap<string, NamedSet>;
  /** Addresses and networks that no rule may deny. */
  readonly protect: readonly string[];
  /** Greater than every id that was ever used. */
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

/** Returns the name of the set in a rule's source, or undefined. */
export function setOf(rule: Pick<Rule, 'source'>): string | undefined {
  return rule.source.startsWith('set:') ? rule.source.slice('set:'.length) : undefined;
}

/** Returns whether both lists have the same origin; false if one does not exist. */
export function hasSameOrigin(one: NamedSet | undefined, { origin }: NamedSet): boolean {
  return one !== undefined && JSON.stringify(one.origin) === JSON.stringify(origin);
}

/** Returns whether the rules can change a verdict: otherwise every packet is permitted, and no image is needed. */
export function saysSomething({ rules, defaultPolicy }: Ruleset): boolean {
  return rules.length > 0 || defaultPolicy === 'deny';
}

/** Returns whether any packet may be denied: enforcement must then continue without the loader. */
export function denies({ rules, defaultPolicy }: Ruleset): boolean {
  return (
    defaultPolicy === 'deny' ||
    rules.some(({ action, enforce }) => action === 'deny' || (action === 'limit' && enforce === true))
  );
}
