import type {
  BanResults,
  BansListRequest,
  DecisionsRequest,
  LimitLevels,
  LimitsTopRequest,
  RulesError,
  UndoBansRequest,
} from '@packetlog/common';

/** Questions about limits and bans, and requests that end bans (docs/defence.md). */
export interface DefenceRequests {
  'limits:top': LimitsTopRequest;
  'bans:list': BansListRequest;
  'bans:decisions': DecisionsRequest;
  'bans:undo': UndoBansRequest;
}

export interface DefenceAnswers {
  'limits:top': LimitLevels;
  'bans:list': BanResults['list'];
  'bans:decisions': BanResults['decisions'];
  'bans:undo': BanResults['undo'];
}

export type DefenceEvent = keyof DefenceRequests;

export type DefenceAnswer<Event extends DefenceEvent> =
  | { readonly ok: true; readonly value: DefenceAnswers[Event] }
  | { readonly ok: false; readonly error: Pick<RulesError, 'code' | 'message' | 'retry_after_ms'> };

/** Always resolves; failures are answers as well. */
export type AskDefence = <Event extends DefenceEvent>(
  event: Event,
  request: DefenceRequests[Event],
) => Promise<DefenceAnswer<Event>>;
