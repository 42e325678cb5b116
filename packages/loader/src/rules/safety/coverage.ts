/** Measures the share of the address space that all deny rules cover: many narrow networks may add up to a wide one. */
import { parseRuleSource, type Rule } from '@packetlog/common';
import type { AddressList } from '../lists/address-list.ts';
import { perRule } from '../ruleset/per-rule.ts';
import { type Ruleset, setOf } from '../ruleset/ruleset.ts';

const MAPPED_BITS = 96;
/**
 * The first threshold, as an exponent of two: 1/16 of the IPv4 space, a /18 of IPv6. Each doubling of it is another
 * threshold.
 */
const FIRST_THRESHOLD = { ipv4: -4, ipv6: -18 } as const;

/** Below this share of the space, overlaps are ignored: a list counts as the sum of its networks. */
const SMALL = 2 ** -10;

type Family = 'ipv4' | 'ipv6';

/** A half-open range of addresses, as shares of the space. */
type Range = readonly [from: number, to: number];

/** The coverage of one source in one family. `ranges` may overlap, and are computed on request. */
interface Covered {
  readonly sum: number;
  readonly ranges: () => readonly Range[];
}

/**
 * Returns, as text, the share of all addresses that `after` denies, if it reaches a threshold that `before` had not
 * reached: 1/16, 1/8, 1/4, 1/2 of IPv4; a /18, /17 and so on of IPv6.
 */
export function widerCoverage(before: Ruleset, after: Ruleset): string | undefined {
  for (const family of ['ipv4', 'ipv6'] as const) {
    if (thresholdOf(sumOf(after, family), family) < FIRST_THRESHOLD[family]) continue;
    const share = unionOf(after, family);
    if (thresholdOf(share, family) <= thresholdOf(unionOf(before, family), family)) continue;
    return `${percent(share)} of all ${family === 'ipv4' ? 'IPv4' : 'IPv6'} addresses`;
  }
  return undefined;
}

/**
 * Returns the highest threshold that the share reaches, as an exponent of two; minus infinity if it reaches none.
 */
function thresholdOf(share: number, family: Family): number {
  const exponent = Math.floor(Math.log2(share));
  return exponent < FIRST_THRESHOLD[family] ? Number.NEGATIVE_INFINITY : exponent;
}

/** Returns an upper bound of the coverage: the sum without merging overlaps. */
function sumOf(ruleset: Ruleset, family: Family): number {
  return deniedBy(ruleset, family).reduce((all, { sum }) => all + sum, 0);
}

function unionOf(ruleset: Ruleset, family: Family): number {
  const covered = deniedBy(ruleset, family);
  const small = covered.filter(({ sum }) => sum < SMALL).reduce((all, { sum }) => all + sum, 0);
  const ranges = merged(covered.flatMap(({ sum, ranges }) => (sum < SMALL ? [] : ranges())));
  return ranges.reduce((all, [from, to]) => all + (to - from), small);
}

/** Returns the coverage of each denied source. Leaves out `any`, which counts as wide by itself. */
function deniedBy({ rules, sets }: Ruleset, family: Family): Covered[] {
  const sources = new Map<string, Rule>();
  for (const rule of rules) if (rule.action === 'deny') sources.set(rule.source, rule);
  return [...sources.values()].flatMap((rule): Covered[] => {
    const name = setOf(rule);
    if (name === undefined) return sourceCoverage(rule)[family];
    const list = sets.get(name)?.list;
    return list === undefined ? [] : [listCoverage(list, family)];
  });
}

/** Returns the coverage of a rule for an address or a network. */
const sourceCoverage = perRule(({ source }): Readonly<Record<Family, Covered[]>> => {
  const parsed = parseRuleSource(source);
  if (parsed.kind !== 'network') return { ipv4: [], ipv6: [] };
  const { family, bytes, bits } = parsed.network;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const covers = (at: number, own: number): Covered[] => [
    { sum: 2 ** -own, ranges: () => [range(view.getUint32(at), own)] },
  ];
  return family === 4 ? { ipv4: covers(12, bits - MAPPED_BITS), ipv6: [] } : { ipv4: [], ipv6: covers(0, bits) };
});

/** Returns the range of a network, from its first word only: the rest of a longer IPv6 prefix is negligible. */
function range(firstWord: number, bits: number): Range {
  const from = firstWord / 2 ** 32;
  return [from, from + 2 ** -bits];
}

/** Cached by list: a list never changes, and a long one is expensive to measure. */
const known = new WeakMap<object, Covered>();

function listCoverage({ ipv4, ipv6 }: AddressList, family: Family): Covered {
  const list = family === 'ipv4' ? ipv4 : ipv6;
  const before = known.get(list);
  if (before !== undefined) return before;
  const { bits } = list;
  let sum = 0;
  for (const own of bits) sum += 2 ** -own;
  let made: readonly Range[] | undefined;
  const wordOf = (i: number) => (family === 'ipv4' ? ipv4.starts[i] : ipv6.words[4 * i]) as number;
  const ranges = () => (made ??= merged(Array.from(bits, (own, i) => range(wordOf(i), own))));
  const covered = { sum, ranges };
  known.set(list, covered);
  return covered;
}

function merged(ranges: readonly Range[]): Range[] {
  const result: [number, number][] = [];
  for (const [from, to] of [...ranges].sort((a, b) => a[0] - b[0])) {
    const last = result.at(-1);
    if (last !== undefined && from <= last[1]) last[1] = Math.max(last[1], to);
    else result.push([from, to]);
  }
  return result;
}

function percent(share: number): string {
  const value = share * 100;
  return `${value >= 10 ? Math.round(value) : value.toPrecision(2)} %`;
}
