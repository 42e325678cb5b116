/** Adds the messages of each second to the history. */
import type { Summary } from '@packetlog/common';
import type { DrainLedger } from '../ipc/messages.ts';
import type { RuleHits } from '../ipc/rule-counts.ts';
import type { History } from './history.ts';

export class HistoryFeed {
  readonly #history: History;
  #lost = 0;
  #decided: readonly RuleHits[] = [];

  constructor(history: History) {
    this.#history = history;
  }

  /** Stores the counts of the rules until the next call of `second`. */
  decided(hits: readonly RuleHits[]): void {
    this.#decided = [...this.#decided, ...hits];
  }

  second(ledger: Pick<DrainLedger, 'interfaces' | 'unwatched' | 'queue' | 'ring'>, summary: Summary): void {
    let lost = ledger.queue.dropped + ledger.ring.dropped + (ledger.unwatched?.counters.ring_full ?? 0);
    for (const { counters } of ledger.interfaces) lost += counters.ring_full;
    this.#history.add(summary, Math.max(0, lost - this.#lost), this.#decided);
    this.#lost = lost;
    this.#decided = [];
  }
}
