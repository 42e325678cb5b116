import type {
  Acknowledgement,
  FirstSeen,
  FirstSeenRequest,
  PastFacts,
  PastRates,
  PastRatesRequest,
  PastRows,
  PastRowsRequest,
  PastTop,
  PastTopRequest,
} from '@packetlog/common';

/** Questions about recorded packets (docs/history.md), with their answers. */
export interface PastRequests {
  'past:facts': Record<string, never>;
  'past:rates': PastRatesRequest;
  'past:top': PastTopRequest;
  'past:rows': PastRowsRequest;
  'past:first_seen': FirstSeenRequest;
}

export interface PastAnswers {
  'past:facts': PastFacts;
  'past:rates': PastRates;
  'past:top': PastTop;
  'past:rows': PastRows;
  'past:first_seen': FirstSeen;
}

export type PastEvent = keyof PastRequests;

/** Always resolves; failures are answers as well. `unwanted`: aborted when the answer is no longer of use. */
export type AskPast = <Event extends PastEvent>(
  event: Event,
  request: PastRequests[Event],
  unwanted?: AbortSignal,
) => Promise<Acknowledgement<PastAnswers[Event]>>;
