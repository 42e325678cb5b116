import type { HistoryTop, RulesAnswer, RulesRequest, RulesVerb } from '@packetlog/common';
import type { AskDefence } from '../messages/defence-events.ts';
import type { AskPast } from '../messages/past-events.ts';
import type { Store } from '../state/store.ts';
import type { Lookups } from './lookups.ts';

/** Address of a node's loader, and its tokens. */
export interface LoaderTarget {
  readonly loader: string;
  /** null if no token is known: the page does not connect. */
  readonly token: string | null;
  readonly adminToken: string | null;
}

/** What components read and request: one node, or all of them. */
export interface View {
  readonly store: Store;
  readonly lookups: Lookups;
  /** Reconnects immediately. */
  retry(): void;
  setPaused(paused: boolean): void;
  /** Shows the next rows while paused. */
  step(rows: number): void;
  /** Always resolves; failures are answers as well. */
  ask<Verb extends RulesVerb>(verb: Verb, request: RulesRequest<Verb>, withinMs?: number): Promise<RulesAnswer<Verb>>;
  /** Asks about recorded packets, or for live sums. */
  readonly askPast: AskPast;
  readonly askDefence: AskDefence;
  /** Requests the top lists of a time range, ms since the epoch; null without an answer. */
  top(fromMs: number, toMs: number): Promise<HistoryTop | null>;
}
