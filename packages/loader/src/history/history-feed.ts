/** What a second's messages add to the past. */
import type { Summary } from '@packetlog/common';
import type { DrainLedger } from '../drain/messages.ts';
import type { History, RuleHits } from './history.ts';

export class HistoryFeed {
  readonly #history: History;
  #lost = 0;

  constructor(history: History) {
    this.#history = history;
  }

  second(
    ledger: Pick<DrainLedger, 'interfaces' | 'queue' | 'ring'>,
    summary: Summary,
    rules?: readonly RuleHits[],
  ): void {
    let lost = ledger.queue.dropped + ledger.ring.dropped;
    for (const { counters } of ledger.interfaces) lost += counters.ring_full;
    this.#history.add(summary, Math.max(0, lost - this.#lost), rules);
    this.#lost = lost;
  }
}
