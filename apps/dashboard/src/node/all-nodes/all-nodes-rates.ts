import { HISTORY_COLUMNS, type PastRates } from '@packetlog/common';

type Rates = Pick<PastRates, 'step_ms' | 'first_at_ms' | 'columns'>;

/**
 * Adds up rates by time, at least of one node. Steps are as long as the longest of all nodes; a shorter one counts in the
 * step in which it begins. Times are those of each node's own clock.
 */
export function addUpRates(rates: readonly Rates[]): Rates {
  const step_ms = Math.max(...rates.map((each) => each.step_ms));
  const first_at_ms = Math.min(...rates.map((each) => Math.floor(each.first_at_ms / step_ms) * step_ms));
  const stepOf = (each: Rates, i: number) => Math.floor((each.first_at_ms + i * each.step_ms - first_at_ms) / step_ms);
  const length = Math.max(0, ...rates.map((each) => stepOf(each, each.columns.packets.length - 1) + 1));
  const columns = Object.fromEntries(
    HISTORY_COLUMNS.map((name) => {
      const sums = new Array<number>(length).fill(0);
      for (const each of rates) {
        for (const [i, count] of each.columns[name].entries()) sums[stepOf(each, i)]! += count;
      }
      return [name, sums];
    }),
  ) as Rates['columns'];
  return { step_ms, first_at_ms, columns };
}
