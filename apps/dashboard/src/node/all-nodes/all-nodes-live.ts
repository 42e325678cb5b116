import { type Acknowledgement, type Coverage, HISTORY_COLUMNS, type LiveRates, type LiveTop } from '@packetlog/common';
import type { AskPast, PastAnswers, PastEvent, PastRequests } from '../messages/past-events.ts';
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
  const step_ms = Math.max(...rates.map((each) => each.step_ms));
  const first_at_ms = Math.min(...rates.map((each) => Math.floor(each.first_at_ms / step_ms) * step_ms));
  const stepOf = (each: LiveRates, i: number) =>
    Math.floor((each.first_at_ms + i * each.step_ms - first_at_ms) / step_ms);
  const length = Math.max(0, ...rates.map((each) => stepOf(each, each.columns.packets.length - 1) + 1));
  const columns = Object.fromEntries(
    HISTORY_COLUMNS.map((name) => {
      const sums = new Array<number>(length).fill(0);
      for (const each of rates) {
        for (const [i, count] of each.columns[name].entries()) sums[stepOf(each, i)]! += count;
      }
      return [name, sums];
    }),
  ) as LiveRates['columns'];
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
    step_ms,
    first_at_ms,
    columns,
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

const NO_RECORDER = {
  ok: false,
  error: {
    code: 'unavailable',
    message: 'Each node has its own recorder: select a node above to see its recorded packets.',
  },
} as const;

/** Asks all nodes for live sums, and adds up their answers. `nodes` returns them. */
export function askAllNodes(nodes: () => readonly { readonly name: string; readonly askPast: AskPast }[]): AskPast {
  return async <Event extends PastEvent>(event: Event, request: PastRequests[Event], unwanted?: AbortSignal) => {
    type Answer = Acknowledgement<PastAnswers[Event]>;
    const asked = <Live extends PastEvent>(live: Live) =>
      Promise.all(
        nodes().map(async ({ name, askPast }) => ({
          name,
          answer: await askPast(live, request as PastRequests[Live], unwanted),
        })),
      );
    switch (event) {
      case 'live:rates':
        return sumLiveRates(await asked('live:rates')) as Answer;
      case 'live:top':
        return mergeLiveTops(await asked('live:top')) as Answer;
      case 'live:end':
        await asked('live:end');
        return { ok: true, value: { ended: true } } as Answer;
      default:
        return NO_RECORDER;
    }
  };
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
