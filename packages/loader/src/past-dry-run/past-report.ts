/** Makes the report of a dry run over recorded packets. */

import { type PastDryRunReport, type Rule, ruleSentence } from '@packetlog/common';
import type { TimeRange } from '../past/reading/time-range.ts';
import type { TrialOutcome } from '../rules/safety/limit-trials.ts';
import type { Protected } from '../rules/safety/protected-sources.ts';
import type { IncompleteRange } from './incomplete-range.ts';
import type { KnownGood } from './known-good.ts';
import { exampleObject, type PastDryRun } from './past-dry-run.ts';
import type { Packets } from './source-table.ts';

type WithNewlyDenied = Omit<PastDryRunReport['by_port'][number], 'ip_protocol' | 'port'>;

interface SourcesOf<Entry> {
  readonly sources: number;
  readonly packets: number;
  readonly by_source: readonly Entry[];
}

export interface PastReportFacts {
  readonly dryRun: PastDryRun;
  readonly range: TimeRange;
  readonly rules: readonly Rule[];
  readonly nameOf: (id: number) => { id: number } | { draft: number };
  readonly knownGood: KnownGood;
  readonly lockouts: readonly Protected[];
  readonly expiringRules: number;
  readonly missing: IncompleteRange;
  readonly damaged: readonly string[];
  readonly segments: { readonly all: number; readonly evaluated: number };
  readonly nowMs: number;
}

const MAX_LISTED = 10;
/** Known-good sources: each may be a reason not to add the rules. */
const MAX_KNOWN_GOOD = 100;
const NOTHING: Packets = { packets: 0, bytes: 0 };
const NS_PER_DECISECOND = 100_000_000n;
const NS_PER_MS = 1_000_000n;

export function pastReport(facts: PastReportFacts): PastDryRunReport {
  const { dryRun, range, rules, nowMs } = facts;
  const { sums, evaluated, firstNs, lastNs } = dryRun;
  const byId = new Map(rules.map((rule) => [rule.id, rule]));
  const byRule = [...(sums?.byRule() ?? [])].sort(([, a], [, b]) => b.packets - a.packets);
  const names = new Set(rules.flatMap(({ interface: name }) => name ?? []));
  return {
    seconds: firstNs === undefined || lastNs === undefined ? 0 : Number((lastNs - firstNs) / NS_PER_DECISECOND) / 10,
    from_ns: textOf(range.fromNs),
    to_ns: textOf(range.toNs),
    first_ns: textOf(firstNs),
    last_ns: textOf(lastNs),
    seen: evaluated.packets,
    judged: evaluated.packets,
    records: evaluated.records,
    bytes: evaluated.bytes,
    denied: { ...(sums?.denied ?? NOTHING) },
    newly_denied: { ...(sums?.newlyDenied ?? { ...NOTHING, records: 0 }), sources: sums?.sources.newSources ?? 0 },
    observed: { ...(sums?.observed ?? NOTHING) },
    ...limitsOf(facts),
    by_rule: byRule.flatMap(([id, amount]) => {
      const rule = byId.get(id);
      return rule === undefined ? [] : { ...facts.nameOf(id), rule: ruleSentence(rule, nowMs), ...amount };
    }),
    ...sourcesOf(facts),
    by_port: largest(
      (sums?.byPort() ?? []).map(({ all, newly, ...port }) => ({ ...port, ...all, newly_denied: newly })),
      MAX_LISTED,
    ),
    lockouts: facts.lockouts.map(({ kind, address }) => ({ kind, address })),
    examples: dryRun.examples.map(exampleObject),
    expiring_rules: facts.expiringRules,
    unknown_interfaces: [...names].filter((name) => !dryRun.knownInterfaces.has(name)),
    incomplete: incompleteOf(facts),
  };
}

/** What a limit did in a dry run. */
export interface TriedLimit {
  readonly rule: Rule;
  readonly outcome: TrialOutcome;
}

export function triedLimits(rules: readonly Rule[], { limits, firstNs = 0n, lastNs = 0n }: PastDryRun): TriedLimit[] {
  const forMs = Number((lastNs - firstNs) / NS_PER_MS);
  return rules.flatMap((rule) => {
    const limit = limits?.limits.get(rule.id);
    if (limit === undefined) return [];
    const { seen: packets, over, overBuckets: sources } = limit;
    return [{ rule, outcome: { forMs, packets, over, ...(limit.numbers.per.kind === 'source' && { sources }) } }];
  });
}

/** Each limit alone, as if it observed. */
function limitsOf({ dryRun, rules, nameOf, nowMs }: PastReportFacts): Pick<PastDryRunReport, 'limits'> {
  const replay = dryRun.limits;
  if (replay === undefined) return {};
  const limits = rules.flatMap((rule) => {
    const limit = replay.limits.get(rule.id);
    if (limit === undefined) return [];
    const { seen, over, overBuckets, notEvaluated, numbers } = limit;
    return [
      {
        ...nameOf(rule.id),
        rule: ruleSentence(rule, nowMs),
        seen,
        over,
        buckets: overBuckets,
        first_over_ns: textOf(replay.firstOverNs(limit)),
        by_bucket: limit.largest(),
        not_evaluated: notEvaluated,
        is_upper_estimate: numbers.measure === 'connections',
      },
    ];
  });
  return { limits };
}

function sourcesOf({
  dryRun: { sums },
  knownGood,
  nowMs,
}: PastReportFacts): Pick<PastDryRunReport, 'by_source' | 'known_good' | 'looks_established'> {
  const sources = sums?.sources;
  const good: PastDryRunReport['known_good']['by_source'][number][] = [];
  const established: { source: number; packets: number }[] = [];
  for (let source = 0; source < (sources?.size ?? 0); source++) {
    const packets = sources?.established(source) ?? 0;
    if (packets > 0) established.push({ source, packets });
    if (sources === undefined || knownGood.isEmpty || sources.newlyDenied(source) === 0) continue;
    const because = knownGood.reasons(sources.address(source), nowMs);
    if (because.length === 0) continue;
    const { addr, newly } = sources.entry(source);
    good.push({ addr, ...newly, because });
  }
  const { by_source, ...open } = summary(established, MAX_LISTED);
  return {
    by_source: (sources?.largest(MAX_LISTED) ?? []).map(({ addr, all, newly }) => ({
      addr,
      ...all,
      newly_denied: newly,
    })),
    known_good: summary(good, MAX_KNOWN_GOOD),
    looks_established: {
      ...open,
      by_source: by_source.map(({ source, packets }) => ({ addr: sources?.entry(source).addr ?? '', packets })),
    },
  };
}

function incompleteOf(facts: PastReportFacts): PastDryRunReport['incomplete'] {
  const { missing, damaged, segments, dryRun } = facts;
  const period = ({ from_ns, to_ns }: { from_ns: bigint; to_ns: bigint }) => ({
    from_ns: String(from_ns),
    to_ns: String(to_ns),
  });
  return {
    is_partial: segments.evaluated + damaged.length < segments.all,
    segments: segments.all,
    evaluated_segments: segments.evaluated,
    damaged,
    gaps: missing.gaps.map(({ records, cause, ...gap }) => ({ ...period(gap), records, cause })),
    not_recording: missing.notRecording.map(period),
    expired: missing.expired,
    forgotten_records: missing.forgotten,
    unreadable_journal_lines: missing.unreadable,
    uncounted_source_packets: dryRun.sums?.sources.beyond ?? 0,
  };
}

function largest<Entry extends WithNewlyDenied>(entries: Entry[], count: number): Entry[] {
  const order = (a: Entry, b: Entry) => b.newly_denied.packets - a.newly_denied.packets || b.packets - a.packets;
  return entries.sort(order).slice(0, count);
}

function summary<Entry extends { packets: number }>(entries: Entry[], count: number): SourcesOf<Entry> {
  const packets = entries.reduce((sum, entry) => sum + entry.packets, 0);
  return {
    sources: entries.length,
    packets,
    by_source: entries.sort((a, b) => b.packets - a.packets).slice(0, count),
  };
}

function textOf(ns: bigint | undefined): string | null {
  return ns === undefined ? null : String(ns);
}
