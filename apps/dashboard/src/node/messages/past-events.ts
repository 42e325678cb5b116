import type {
  Acknowledgement,
  Bookmark,
  FirstSeen,
  FirstSeenRequest,
  LiveRates,
  LiveRequest,
  LiveTop,
  PastBookmarkRequest,
  PastDryRunReport,
  PastDryRunRequest,
  PastFacts,
  PastLearned,
  PastLearnRequest,
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
>;

export interface PastAnswers {
  'live:rates': LiveRates;
  'live:top': LiveTop;
  'live:end': { ended: boolean };
  'past:facts': PastFacts;
  'past:rates': PastRates;
  'past:top': PastTop;
  'past:rows': PastRows;
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
