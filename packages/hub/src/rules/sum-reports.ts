/**
 * Sums reports of dry runs on several nodes. Packets, bytes and records are exact. Numbers of sources are those of the
 * nodes added up: a source that several nodes have seen counts for each.
 */
import type { PastDryRunReport } from '@packetlog/common';

const MAX_LISTED = 20;
const MAX_NAMES = 100;

type Report = PastDryRunReport;
interface Volume {
  readonly packets: number;
  readonly bytes: number;
}

const NONE: Volume = { packets: 0, bytes: 0 };

export function emptyReport(): Report {
  return {
    seconds: 0,
    seen: 0,
    judged: 0,
    denied: NONE,
    observed: NONE,
    by_rule: [],
    by_source: [],
    by_port: [],
    lockouts: [],
    from_ns: null,
    to_ns: null,
    first_ns: null,
    last_ns: null,
    records: 0,
    bytes: 0,
    newly_denied: { ...NONE, records: 0, sources: 0 },
    known_good: { sources: 0, packets: 0, by_source: [] },
    looks_established: { sources: 0, packets: 0, by_source: [] },
    examples: [],
    expiring_rules: 0,
    unknown_interfaces: [],
    incomplete: {
      is_partial: false,
      segments: 0,
      evaluated_segments: 0,
      damaged: [],
      gaps: [],
      not_recording: [],
      expired: { segments: 0, records: 0 },
      forgotten_records: 0,
      unreadable_journal_lines: 0,
      uncounted_source_packets: 0,
    },
  };
}

/** Returns the sum of `one` and the report of `node`. Throws TypeError if that is malformed. */
export function sumReports(one: Report, other: Report, node: string): Report {
  const limits = [
    ...(one.limits ?? []),
    ...(other.limits ?? []).map((limit) => ({ ...limit, rule: `${node}: ${limit.rule}` })),
  ];
  return {
    seconds: Math.max(one.seconds, count(other.seconds)),
    seen: one.seen + count(other.seen),
    judged: one.judged + count(other.judged),
    denied: volume(one.denied, other.denied),
    observed: volume(one.observed, other.observed),
    // Rules of a draft are the same everywhere; those in force on nodes have ids of each node.
    by_rule: merge(one.by_rule, other.by_rule, ruleKey, (a, b) => ({ ...a, ...volume(a, b) })),
    by_source: merge(one.by_source, other.by_source, ({ addr }) => addr, withNewly),
    by_port: merge(one.by_port, other.by_port, ({ ip_protocol, port }) => `${ip_protocol} ${port}`, withNewly),
    lockouts: [
      ...new Map([...one.lockouts, ...other.lockouts].map((each) => [`${each.kind} ${each.address}`, each])).values(),
    ].slice(0, MAX_NAMES),
    from_ns: least(one.from_ns, other.from_ns),
    to_ns: greatest(one.to_ns, other.to_ns),
    first_ns: least(one.first_ns, other.first_ns),
    last_ns: greatest(one.last_ns, other.last_ns),
    records: one.records + count(other.records),
    bytes: one.bytes + count(other.bytes),
    newly_denied: {
      ...volume(one.newly_denied, other.newly_denied),
      records: one.newly_denied.records + count(other.newly_denied.records),
      sources: one.newly_denied.sources + count(other.newly_denied.sources),
    },
    ...(limits.length > 0 && { limits: limits.slice(0, MAX_NAMES) }),
    known_good: {
      sources: one.known_good.sources + count(other.known_good.sources),
      packets: one.known_good.packets + count(other.known_good.packets),
      by_source: merge(
        one.known_good.by_source,
        other.known_good.by_source,
        ({ addr }) => addr,
        (a, b) => ({
          ...a,
          ...volume(a, b),
        }),
      ),
    },
    looks_established: {
      sources: one.looks_established.sources + count(other.looks_established.sources),
      packets: one.looks_established.packets + count(other.looks_established.packets),
      by_source: merge(
        one.looks_established.by_source,
        other.looks_established.by_source,
        ({ addr }) => addr,
        (a, b) => ({
          ...a,
          packets: a.packets + count(b.packets),
        }),
      ),
    },
    examples: [...one.examples, ...other.examples.map((example) => ({ node, ...example }))].slice(0, MAX_LISTED),
    expiring_rules: Math.max(one.expiring_rules, count(other.expiring_rules)),
    unknown_interfaces: names(
      one.unknown_interfaces,
      other.unknown_interfaces.map((name) => `${node}: ${name}`),
    ),
    incomplete: incomplete(one.incomplete, other.incomplete, node),
  };
}

function incomplete(one: Report['incomplete'], other: Report['incomplete'], node: string): Report['incomplete'] {
  return {
    is_partial: one.is_partial || other.is_partial,
    segments: one.segments + count(other.segments),
    evaluated_segments: one.evaluated_segments + count(other.evaluated_segments),
    damaged: names(
      one.damaged,
      other.damaged.map((name) => `${node}: ${name}`),
    ),
    gaps: [...one.gaps, ...other.gaps].slice(0, MAX_NAMES),
    not_recording: [...one.not_recording, ...other.not_recording].slice(0, MAX_NAMES),
    expired: {
      segments: one.expired.segments + count(other.expired.segments),
      records: one.expired.records + count(other.expired.records),
    },
    forgotten_records: one.forgotten_records + count(other.forgotten_records),
    unreadable_journal_lines: one.unreadable_journal_lines + count(other.unreadable_journal_lines),
    uncounted_source_packets: one.uncounted_source_packets + count(other.uncounted_source_packets),
  };
}

/** Adds entries with equal keys. Those with the most packets come first. */
function merge<Entry extends { readonly packets: number }>(
  one: readonly Entry[],
  other: readonly Entry[],
  keyOf: (entry: Entry) => string,
  add: (a: Entry, b: Entry) => Entry,
): Entry[] {
  const entries = new Map(one.map((entry) => [keyOf(entry), entry]));
  for (const entry of other) {
    count(entry.packets);
    const known = entries.get(keyOf(entry));
    entries.set(keyOf(entry), known === undefined ? entry : add(known, entry));
  }
  return [...entries.values()].sort((a, b) => b.packets - a.packets).slice(0, MAX_MERGED);
}

/** More than are shown: a source that is rare on each node may be frequent on all of them. */
const MAX_MERGED = 1000;

function ruleKey({ draft, rule }: Report['by_rule'][number]): string {
  return draft === undefined ? rule : `draft ${draft}`;
}

function withNewly<Entry extends Report['by_source'][number] | Report['by_port'][number]>(a: Entry, b: Entry): Entry {
  return { ...a, ...volume(a, b), newly_denied: volume(a.newly_denied, b.newly_denied) };
}

function volume(one: Volume, other: Volume): Volume {
  return { packets: one.packets + count(other.packets), bytes: one.bytes + count(other.bytes) };
}

function names(one: readonly string[], other: readonly string[]): string[] {
  return [...new Set([...one, ...other])].slice(0, MAX_NAMES);
}

function least(one: string | null, other: string | null): string | null {
  if (one === null || other === null) return one ?? other;
  return BigInt(other) < BigInt(one) ? other : one;
}

function greatest(one: string | null, other: string | null): string | null {
  if (one === null || other === null) return one ?? other;
  return BigInt(other) > BigInt(one) ? other : one;
}

function count(value: number): number {
  if (!Number.isFinite(value)) throw new TypeError('not a number');
  return value;
}
