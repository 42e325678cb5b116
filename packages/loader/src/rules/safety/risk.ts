/** Detects changes that may deny more than intended: they revert unless they are confirmed. */
import { limitText, packetCondition, parseRuleSource, type Rule } from '@packetlog/common';
import { type AddressList, addressListLength } from '../lists/address-list.ts';
import { perRule } from '../ruleset/per-rule.ts';
import { type Ruleset, setOf } from '../ruleset/ruleset.ts';
import { widerCoverage } from './coverage.ts';

/** A network with a shorter prefix than this is wide. */
const WIDE = { ipv4: 8, ipv6: 32 } as const;
const MAPPED_BITS = 96;

/**
 * Returns why `after` is risky compared with `before`, as a clause; undefined if it is not. `tried`: returns what a limit
 * did when it was tried, as a clause.
 */
export function riskOf(
  before: Ruleset,
  after: Ruleset,
  tried: (limit: Rule) => string | undefined = () => undefined,
): string | undefined {
  if (after.defaultPolicy === 'deny' && before.defaultPolicy !== 'deny') {
    return 'the default policy now denies all packets that no rule permits';
  }
  const known = new Set(before.rules.filter(({ action }) => action === 'deny').map(matchOf));
  for (const rule of after.rules) {
    if (rule.action !== 'deny') continue;
    const wide = widthOf(after, rule);
    if (wide === undefined) continue;
    // The set of a known rule may have become wide.
    if (known.has(matchOf(rule)) && widthOf(before, rule) !== undefined) continue;
    return `rule ${rule.id} denies ${wide}`;
  }
  const [limit] = newlyEnforced(before, after);
  if (limit !== undefined) {
    const outcome = tried(limit);
    return `rule ${limit.id} now denies what is over its limit${outcome === undefined ? '' : `: ${outcome}`}`;
  }
  const coverage = widerCoverage(before, after);
  if (coverage !== undefined) return `all deny rules together cover ${coverage}`;
  return removedOpening(before, after) ?? shrunkenSet(before, after);
}

/** Finds limits that now deny, or that are enforced with other numbers. */
export function newlyEnforced(before: Ruleset, after: Ruleset): Rule[] {
  const enforced = ({ action, enforce }: Rule) => action === 'limit' && enforce === true;
  const known = new Set(before.rules.filter(enforced).map(limitOf));
  return after.rules.filter((each) => enforced(each) && !known.has(limitOf(each)));
}

/** Finds a set that lost more than half of its networks: an incomplete download is likelier than an intended change. */
function shrunkenSet(before: Ruleset, after: Ruleset): string | undefined {
  for (const [name, { list }] of after.sets) {
    const old = before.sets.get(name);
    if (old === undefined || old.list === list) continue;
    const [from, to] = [addressListLength(old.list), addressListLength(list)];
    if (2 * to < from) return `the set ${name} shrinks from ${count(from)} networks to ${count(to)}, by more than half`;
  }
  return undefined;
}

function count(networks: number): string {
  return networks.toLocaleString('en-US');
}

/** Describes the wide part of the address space that a rule covers. */
function widthOf(ruleset: Ruleset, rule: Rule): string | undefined {
  const set = setOf(rule);
  if (set !== undefined) {
    const list = ruleset.sets.get(set)?.list;
    return list !== undefined && isWide(list)
      ? `the set ${set}, which holds a network wider than /8 or /32`
      : undefined;
  }
  return sourceWidth(rule);
}

const sourceWidth = perRule(({ source: text }): string | undefined => {
  const source = parseRuleSource(text);
  if (source.kind === 'any') return 'any source';
  if (source.kind === 'set') return undefined;
  const { family, bits } = source.network;
  const isWider = family === 4 ? bits - MAPPED_BITS < WIDE.ipv4 : bits < WIDE.ipv6;
  return isWider ? `${text}, wider than /${family === 4 ? WIDE.ipv4 : WIDE.ipv6}` : undefined;
});

/** Cached by list: a list never changes, and a long one is expensive to check. */
const wideLists = new WeakMap<AddressList, boolean>();

function isWide(list: AddressList): boolean {
  const known = wideLists.get(list);
  if (known !== undefined) return known;
  const { ipv4, ipv6 } = list;
  const wide = ipv4.bits.some((bits) => bits < WIDE.ipv4) || ipv6.bits.some((bits) => bits < WIDE.ipv6);
  wideLists.set(list, wide);
  return wide;
}

/** Finds a wide permit rule that was removed while nearly everything is denied: it may be what permits access. */
function removedOpening(before: Ruleset, after: Ruleset): string | undefined {
  const isClosed =
    after.defaultPolicy === 'deny' ||
    after.rules.some((rule) => rule.action === 'deny' && widthOf(after, rule) !== undefined);
  if (!isClosed) return undefined;
  const permits = new Set(after.rules.filter(({ action }) => action === 'permit').map(matchOf));
  const removed = before.rules.find(
    (rule) => rule.action === 'permit' && !permits.has(matchOf(rule)) && widthOf(before, rule) !== undefined,
  );
  return removed && `rule ${removed.id} no longer permits ${widthOf(before, removed)}, and the rest is denied`;
}

const limitOf = perRule((rule) => JSON.stringify([matchOf(rule), limitText(rule), rule.per]));

const matchOf = perRule((rule) => {
  const { source, protocol, destination_port, interface: name } = rule;
  return JSON.stringify([source, protocol, destination_port, name, packetCondition(rule)]);
});
