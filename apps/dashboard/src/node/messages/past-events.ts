import type {
  Acknowledgement,
  Bookmark,
  Coverage,
  FirstSeen,
  FirstSeenRequest,
  LiveRates,
  LiveRequest,
  LiveTop,
  Missing,
  PastBookmarkRequest,
  PastDryRunReport,
  PastDryRunRequest,
  PastFacts,
  PastLearned,
  PastLearnRequest,
  PastLimit,
  PastRates,
  PastRatesRequest,
  PastRows,
  PastRowsRequest,
  PastTop,
  PastTopRequest,
  PastUnbookmarkRequest,
} from '@packetlog/common';

/** Questions about recorded packets (docs/history.md) and live sums (docs/filter.md), with their answers. */
export interface PastRequests {
  'live:rates': LiveRequest;
  'live:top': LiveRequest;
  'live:end': Record<string, never>;
  'past:facts': Record<string, never>;
  'past:rates': PastRatesRequest;
  'past:top': PastTopRequest;
  'past:rows': PastRowsRequest;
  'past:first_seen': FirstSeenRequest;
  'past:bookmark': PastBookmarkRequest;
  'past:unbookmark': PastUnbookmarkRequest;
  'past:dry_run': PastDryRunRequest;
  'past:learn': PastLearnRequest;
}

/** The part of a dry run's report that the page shows. */
export type PastTrial = Pick<
  PastDryRunReport,
  'judged' | 'newly_denied' | 'by_source' | 'by_port' | 'known_good' | 'incomplete'
> & {
  readonly limits?: readonly Pick<PastLimit, 'rule' | 'seen' | 'over' | 'buckets' | 'is_upper_estimate'>[] | undefined;
};

/** A node whose packets are not in an answer of several nodes. */
export interface NodeWithout {
  readonly name: string;
  readonly why: 'no_recorder' | 'unreachable' | 'failed';
  /** Why, as a whole sentence. */
  readonly message: string;
}

/** Which of several nodes an answer is of. */
export interface NodesAnswered {
  readonly answered: readonly string[];
  readonly without: readonly NodeWithout[];
  /** Delay before nodes that failed are asked again; absent if none did. */
  readonly retryMs?: number;
}

/** Coverage of one node's answer, or of the sum of several nodes' answers. */
export interface PastCoverage extends Omit<Coverage, 'missing'> {
  /** `node`: where it is missing; absent in the answer of one node. */
  readonly missing: readonly (Missing & { readonly node?: string })[];
  /** Absent in the answer of one node. */
  readonly nodes?: NodesAnswered;
  /** The parts of the nodes; absent in the answer of one node. */
  readonly by_node?: readonly { readonly name: string; readonly packets: number; readonly records: number }[];
}

/**
 * A top list of one node, or the sum of several nodes' lists. A node lists only its largest values, so a sum can be too
 * small (`at_least`), and a value that several nodes have is counted more than once in `distinct` (`at_most`).
 */
export type PastList<Entry> = Omit<PastTop['ports'], 'entries'> & {
  readonly entries: readonly (Entry & { readonly at_least?: true })[];
  readonly at_most?: true;
};
type EntryOf<List extends 'sources' | 'ports' | 'pairs' | 'rules' | 'interfaces'> = PastTop[List]['entries'][number];
type GroupEntry = NonNullable<PastTop['groups']>['entries'][number];

/** Rates of one node, or the sum of several nodes' rates. */
export type PastRatesOf = Omit<PastRates, 'coverage'> & { readonly coverage: PastCoverage };

export interface PastTops extends Pick<PastTop, 'groups_problem'> {
  /** `ports_at_least`: nodes can have counted different ports. */
  readonly sources: PastList<EntryOf<'sources'> & { readonly ports_at_least?: true }>;
  readonly ports: PastList<EntryOf<'ports'>>;
  readonly pairs: PastList<EntryOf<'pairs'>>;
  readonly rules: PastList<EntryOf<'rules'>>;
  /** `on_node`: the name without that of the node, which filters use. */
  readonly interfaces: PastList<EntryOf<'interfaces'> & { readonly on_node?: string }>;
  /** `sources_at_least`: nodes can have counted different sources. */
  readonly groups?: PastList<GroupEntry & { readonly sources_at_least?: true }> | undefined;
  readonly coverage: PastCoverage;
}

export interface PastAnswers {
  'live:rates': LiveRates;
  'live:top': LiveTop;
  'live:end': { ended: boolean };
  /** `nodes`: of each of several nodes, or why it has not answered, as a whole sentence. */
  'past:facts': PastFacts & {
    readonly nodes?: readonly { readonly name: string; readonly facts: PastFacts | string }[];
  };
  'past:rates': PastRatesOf;
  'past:top': PastTops;
  'past:rows': PastRows & { readonly nodes?: NodesAnswered };
  'past:first_seen': FirstSeen;
  'past:bookmark': Bookmark;
  'past:unbookmark': { id: number };
  'past:dry_run': PastTrial;
  'past:learn': PastLearned;
}

export type PastEvent = keyof PastRequests;

/** Always resolves; failures are answers as well. `unwanted`: aborted when the answer is no longer of use. */
export type AskPast = <Event extends PastEvent>(
  event: Event,
  request: PastRequests[Event],
  unwanted?: AbortSignal,
) => Promise<Acknowledgement<PastAnswers[Event]>>;
