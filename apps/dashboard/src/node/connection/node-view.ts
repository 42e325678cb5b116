import type { HistoryTop, RulesAnswer, RulesRequest, RulesVerb } from '@packetlog/common';
import type { Store } from '../state/store.ts';
import type { Lookups } from './lookups.ts';

/** Where a node's loader is, and what it wants to hear from those who connect. */
export interface LoaderTarget {
  readonly loader: string;
  /** null: nothing is asked, because nobody has said it. */
  readonly token: string | null;
  readonly adminToken: string | null;
}

/** What the page draws and asks: one node, or all of them together. */
export interface View {
  readonly store: Store;
  readonly names: Lookups;
  /** "Try again", now. */
  retry(): void;
  setPaused(paused: boolean): void;
  /** While paused: lets the next rows in. */
  step(rows: number): void;
  /** Resolves always: what went wrong on the way is an answer too. */
  ask<Verb extends RulesVerb>(verb: Verb, request: RulesRequest<Verb>, withinMs?: number): Promise<RulesAnswer<Verb>>;
  /** Who made that time, ms since the epoch; null where nobody can be asked, or says so. */
  top(fromMs: number, toMs: number): Promise<HistoryTop | null>;
}
