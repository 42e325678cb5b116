import type { Acknowledgement, Coverage, LiveRates, LiveTop } from '@packetlog/common';
import { addUpRates } from './all-nodes-rates.ts';
import { mergeTops } from './all-nodes-sums.ts';

/** The answer of one node, with its name. */
export interface NodeAnswer<T> {
  readonly name: string;
  readonly answer: Acknowledgement<T>;
}

/** Adds up the live sums of a filter on several nodes. A node that rejected the question is named among what is missing. */
export function sumLiveRates(answers: readonly NodeAnswer<LiveRates>[]): Acknowledgement<LiveRates> {
  const { values, rejected, first } = split(answers);
  if (values.length === 0) return first;
  const rates = values.map(({ value }) => value);
  const sumOf = (pick: (rates: LiveRates) => Coverage): Coverage => ({
    packets: rates.reduce((sum, each) => sum + pick(each).packets, 0),
    records: rates.reduce((sum, each) => sum + pick(each).records, 0),
    missing: [
      ...values.flatMap(({ name, value }) =>
        pick(value).missing.map((each) => ({ ...each, message: `${name}: ${each.message}` })),
      ),
      ...rejected.map(({ name, message }) => ({ kind: 'not_counted' as const, message: `${name}: ${message}` })),
    ],
  });
  const value: LiveRates = {
    ...addUpRates(rates),
    coverage: sumOf(({ coverage }) => coverage),
    // All nodes count from here on.
    since_ms: Math.max(...rates.map(({ since_ms }) => since_ms)),
    counted_to_ms: Math.max(...rates.map(({ counted_to_ms }) => counted_to_ms)),
    total: sumOf(({ total }) => total),
  };
  return { ok: true, value };
}

/** Merges the top lists of a filter on several nodes, without rules, whose numbers are per node. */
export function mergeLiveTops(answers: readonly NodeAnswer<LiveTop>[]): Acknowledgement<LiveTop> {
  const { values, first } = split(answers);
  const since_ms = Math.max(0, ...values.map(({ value }) => value.since_ms));
  const merged = mergeTops(
    values.map(({ value }) => ({
      ...value,
      sources: value.sources.map((source) => ({ ...source, first_seen_ms: 0 })),
      new_sources: [],
    })),
  );
  return merged === null ? first : { ok: true, value: { ...merged, since_ms } };
}

const NO_NODES = { ok: false, error: { code: 'unavailable', message: 'There are no nodes.' } } as const;

function split<T>(answers: readonly NodeAnswer<T>[]) {
  const values = answers.flatMap(({ name, answer }) => (answer.ok ? [{ name, value: answer.value }] : []));
  const rejected = answers.flatMap(({ name, answer }) => (answer.ok ? [] : [{ name, message: answer.error.message }]));
  const first: Acknowledgement<never> =
    answers.map(({ answer }) => answer).find((answer): answer is Extract<typeof answer, { ok: false }> => !answer.ok) ??
    NO_NODES;
  return { values, rejected, first };
}
