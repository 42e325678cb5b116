import type { HistoryTop, RulesAnswer, RulesRequest, RulesVerb } from '@packetlog/common';
import type { Store } from './store.ts';

/** What the page draws and asks: one node, or all of them together. */
export interface View {
  readonly store: Store;
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
