import { type Acknowledgement, MAX_PAST_TOP, type PastFacts } from '@packetlog/common';
import type {
  AskPast,
  NodesAnswered,
  NodeWithout,
  PastAnswers,
  PastCoverage,
  PastEvent,
  PastRequests,
} from '../messages/past-events.ts';
import type { NodeAnswer } from './all-nodes-live.ts';
import { mergeLiveTops, sumLiveRates } from './all-nodes-live.ts';
import { addUpRates } from './all-nodes-rates.ts';
import { AllNodesRows, type RowsNode } from './all-nodes-rows.ts';
import { addUpTops } from './all-nodes-tops.ts';

/** A node that can be asked. */
export interface AskedNode extends RowsNode {
  readonly access: 'recording' | 'no_recorder' | 'unreachable';
}

/** Entries of a top list, if the request does not say. */
const DEFAULT_TOP = 10;

const WITHOUT: Readonly<Record<Exclude<AskedNode['access'], 'recording'>, string>> = {
  no_recorder: 'This node has no recorder: start packetlog there with --record on to keep packets.',
  unreachable: 'This node is not reachable. It is asked when it is back.',
};

/**
 * Asks all nodes as if they were one, and adds up their answers. What only one node can answer is rejected. A node that
 * cannot answer is named in the answer of the others. `nodes` returns the nodes.
 */
export function askAllNodes(nodes: () => readonly AskedNode[]): AskPast {
  const rows = new AllNodesRows();
  return async <Event extends PastEvent>(event: Event, request: PastRequests[Event], unwanted?: AbortSignal) => {
    type Answer = Acknowledgement<PastAnswers[Event]>;
    const each = <Asked extends PastEvent>(asked: readonly AskedNode[], name: Asked, as = request) =>
      Promise.all(
        asked.map(async (node) => ({
          name: node.name,
          answer: await node.askPast(name, as as unknown as PastRequests[Asked], unwanted),
        })),
      );
    const all = nodes();
    const recording = all.filter(({ access }) => access === 'recording');
    const without = all.flatMap(({ name, access }) =>
      access === 'recording' ? [] : [{ name, why: access, message: WITHOUT[access] }],
    );
    const recorded = async <Asked extends PastEvent>(name: Asked, as?: PastRequests[Event]) =>
      partsOf(await each(recording, name, as), without);
    switch (event) {
      case 'live:rates':
        return sumLiveRates(await each(all, 'live:rates')) as Answer;
      case 'live:top':
        return mergeLiveTops(await each(all, 'live:top')) as Answer;
      case 'live:end':
        await each(all, 'live:end');
        return { ok: true, value: { ended: true } } as Answer;
      case 'past:rates':
        return answered(await recorded('past:rates'), (parts, answeredBy) => ({
          ...addUpRates(parts.map(({ value }) => value)),
          coverage: addUpCoverage(parts, answeredBy),
        })) as Answer;
      case 'past:top': {
        const { limit = DEFAULT_TOP } = request as PastRequests['past:top'];
        // A value that no node has among its first ten can be among the first ten of the sum.
        const parts = await recorded('past:top', { ...request, limit: MAX_PAST_TOP });
        return answered(parts, (tops, answeredBy) => addUpTops(tops, addUpCoverage(tops, answeredBy), limit)) as Answer;
      }
      case 'past:rows': {
        if (recording.length === 0) return rejection(without) as Answer;
        return (await rows.page(
          request as PastRequests['past:rows'],
          { nodes: recording, without },
          unwanted,
        )) as Answer;
      }
      case 'past:first_seen':
        return answered(await recorded('past:first_seen'), (parts) =>
          earliest(parts.map(({ value }) => value)),
        ) as Answer;
      case 'past:facts':
        return answered(await recorded('past:facts'), (parts, { without: others }) =>
          addUpFacts(parts, others),
        ) as Answer;
      default:
        return OF_ONE_NODE;
    }
  };
}

const OF_ONE_NODE = {
  ok: false,
  error: { code: 'unavailable', message: 'Each node answers this for itself: select a node above.' },
} as const;

/** Delay before a node is asked again that failed without saying when. */
const RETRY_MS = 30_000;

interface Parts<T> {
  readonly values: readonly { readonly name: string; readonly value: T }[];
  readonly nodes: NodesAnswered;
}

function partsOf<T>(answers: readonly NodeAnswer<T>[], without: readonly NodeWithout[]): Parts<T> {
  const values = answers.flatMap(({ name, answer }) => (answer.ok ? [{ name, value: answer.value }] : []));
  const failed = answers.flatMap(({ name, answer }) => (answer.ok ? [] : [{ name, error: answer.error }]));
  const waits = failed.map(({ error }) => error.retry_after_ms ?? RETRY_MS);
  return {
    values,
    nodes: {
      answered: values.map(({ name }) => name),
      without: [
        ...without,
        ...failed.map(({ name, error }) => ({ name, why: 'failed' as const, message: error.message })),
      ],
      ...(waits.length > 0 && { retryMs: Math.min(...waits) }),
    },
  };
}

/** Adds up the answers of those nodes that have answered; rejected if none has. */
function answered<T, Sum>(
  { values, nodes }: Parts<T>,
  addUp: (values: Parts<T>['values'], nodes: NodesAnswered) => Sum,
): Acknowledgement<Sum> {
  if (values.length === 0) return rejection(nodes.without, nodes.retryMs);
  return { ok: true, value: addUp(values, nodes) };
}

function rejection(without: readonly NodeWithout[], retryMs?: number): Extract<Acknowledgement<never>, { ok: false }> {
  const message = without.map(({ name, message: why }) => `${name}: ${why}`).join(' ');
  return {
    ok: false,
    error: { code: 'unavailable', message, ...(retryMs !== undefined && { retry_after_ms: retryMs }) },
  };
}

function addUpCoverage(
  parts: readonly { readonly name: string; readonly value: { readonly coverage: PastCoverage } }[],
  nodes: NodesAnswered,
): PastCoverage {
  return {
    packets: parts.reduce((sum, { value }) => sum + value.coverage.packets, 0),
    records: parts.reduce((sum, { value }) => sum + value.coverage.records, 0),
    missing: parts.flatMap(({ name, value }) => value.coverage.missing.map((each) => ({ ...each, node: name }))),
    nodes,
    by_node: parts.map(({ name, value: { coverage } }) => ({
      name,
      packets: coverage.packets,
      records: coverage.records,
    })),
  };
}

function earliest(answers: readonly PastAnswers['past:first_seen'][]): PastAnswers['past:first_seen'] {
  const first: Record<string, number> = {};
  for (const [address, ms] of answers.flatMap((each) => Object.entries(each))) {
    first[address] = Math.min(ms, first[address] ?? ms);
  }
  return first;
}

/** Bookmarks are omitted: their numbers are per node. */
function addUpFacts(
  parts: readonly { readonly name: string; readonly value: PastFacts }[],
  without: readonly NodeWithout[],
): PastAnswers['past:facts'] {
  const values = parts.map(({ value }) => value);
  const sum = (pick: (facts: PastFacts) => number) => values.reduce((total, facts) => total + pick(facts), 0);
  const oldest = values.map(({ oldest_ms }) => oldest_ms).filter((ms) => ms > 0);
  return {
    oldest_ms: oldest.length === 0 ? 0 : Math.min(...oldest),
    newest_ms: Math.max(...values.map(({ newest_ms }) => newest_ms)),
    bytes: sum(({ bytes }) => bytes),
    max_bytes: sum(({ max_bytes }) => max_bytes),
    is_anonymized: values.some(({ is_anonymized }) => is_anonymized),
    bookmarks: [],
    nodes: [
      ...parts.map(({ name, value }) => ({ name, facts: value })),
      ...without.map(({ name, message }) => ({ name, facts: message })),
    ],
  };
}
